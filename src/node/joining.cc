#include "src/node/joining.h"

#include <fmt/format.h>

#include <csignal>
#include <memory>
#include <utility>

#include "src/base/log.h"
#include "src/base/try.h"
#include "store/files/files.h"
#include "transport/peers/join_client.h"

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

store::Identity identity_from(const Options& options, const transport::JoinReply& join_reply) {
  store::Identity identity{.cluster = join_reply.cluster, .node = options.id, .founders = {}};
  for (const transport::JoinReply::Member& member : join_reply.members) {
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
  std::optional<transport::JoinReply> join_reply;
  std::optional<transport::Refusal> refusal;
  bool is_stopped = false;
  transport::Signal interrupted(loop, SIGINT, [&] { is_stopped = true; });
  transport::Signal terminated(loop, SIGTERM, [&] { is_stopped = true; });
  transport::JoinClient joining_peer(
      loop, options.id, others_of(options), {},
      {.got_join_reply = [&](transport::JoinReply&& said) { join_reply = std::move(said); },
       .refused = [&](transport::Refusal said) { refusal = said; }});
  log::info("joins: asks the members which cluster this is");
  while (!join_reply && !refusal && !is_stopped) loop.run_once();
  if (refusal) return tl::unexpected(never(options, *refusal));
  if (!join_reply) return std::optional<store::Identity>();
  log::info(fmt::format("joins cluster {:016x}", join_reply->cluster));
  return std::optional(identity_from(options, *join_reply));
}

}  // namespace skiff
