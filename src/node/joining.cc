#include "src/node/joining.h"

#include <fmt/format.h>

#include <csignal>
#include <memory>
#include <utility>

#include "src/base/log.h"
#include "src/base/try.h"
#include "store/files/files.h"
#include "transport/peers/newcomer.h"

namespace skiff {
namespace {

Error never(const Options& options, transport::Refusal refusal) {
  switch (refusal) {
    case transport::Refusal::removed:
      return {Error::Code::invalid,
              fmt::format("node {} was removed from that cluster, and an id never comes back: add this node under "
                          "another one",
                          options.id)};
    case transport::Refusal::taken:
      return {
          Error::Code::invalid,
          fmt::format("node {} is a voter of that cluster already, and there is nothing in {}: if its data is lost, "
                      "remove it (DELETE /members/{}), and add this node under another id",
                      options.id, options.data_dir, options.id)};
    case transport::Refusal::other_data_dir_id:
      return {Error::Code::invalid,
              fmt::format(
                  "node {} has been in that cluster already, with another data directory than {}: remove it (DELETE "
                  "/members/{}), and add this node under another id",
                  options.id, options.data_dir, options.id)};
    default: return {Error::Code::invalid, std::string(transport::describe(refusal))};
  }
}

store::Identity identity_from(const Options& options, const transport::Welcome& welcome) {
  store::Identity identity{.cluster = welcome.cluster, .node = options.id, .founders = {}};
  for (const transport::Welcome::Member& member : welcome.members) {
    if (member.id != options.id) identity.founders.push_back({.id = member.id, .address = member.address});
  }
  return identity;
}

}  // namespace

Result<bool> must_join(const Options& options) {
  if (!options.join) return false;
  TRY(const bool exists, store::posix_files()->exists(store::join(options.data_dir, store::kIdentityName)));
  return !exists;
}

Result<std::optional<store::Identity>> join(transport::Loop& loop, const Options& options) {
  std::optional<transport::Welcome> welcome;
  std::optional<transport::Refusal> refusal;
  bool is_stopped = false;
  transport::Signal interrupted(loop, SIGINT, [&] { is_stopped = true; });
  transport::Signal terminated(loop, SIGTERM, [&] { is_stopped = true; });
  transport::Newcomer newcomer(loop, options.id, others_of(options), {},
                               {.welcomed = [&](transport::Welcome&& said) { welcome = std::move(said); },
                                .refused = [&](transport::Refusal said) { refusal = said; }});
  log::info("joins: asks the members which cluster this is");
  while (!welcome && !refusal && !is_stopped) loop.run_once();
  if (refusal) return tl::unexpected(never(options, *refusal));
  if (!welcome) return std::optional<store::Identity>();
  log::info(fmt::format("is welcome in cluster {:016x}", welcome->cluster));
  return std::optional(identity_from(options, *welcome));
}

}  // namespace skiff
