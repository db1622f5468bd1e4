#include "src/tool/new_cluster.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "raft/check.h"
#include "raft/membership.h"

namespace skiff::tool {
namespace {

// FNV-1a, 64 bits.
uint64_t hash(std::string_view text) {
  uint64_t hash = 0xcbf29ce484222325u;
  for (char byte : text) hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3u;
  return hash;
}

}  // namespace

uint64_t name_cluster(std::string_view story, const std::vector<uint64_t>& used) {
  std::string told(story);
  while (std::find(used.begin(), used.end(), hash(told)) != used.end()) told += '.';
  return hash(told);
}

NewCluster found_from(store::Kv& kv, raft::LogPosition position, store::Identity identity) {
  CHECK(kv.applied() == position.index);
  CHECK(position.index >= 1);
  CHECK(position.term >= 1);
  CHECK(!identity.founders.empty());
  kv.forget_origins();
  raft::Configuration members;
  for (const store::Founder& founder : identity.founders) {
    members.members.push_back({.id = founder.id, .role = raft::MemberRole::voter, .address = founder.address});
  }
  return {.identity = std::move(identity),
          .mark = {.position = position, .configuration = raft::Payload::of(raft::encode(members))}};
}

// The disk may have failed meanwhile, and a snapshot that cannot be read is passed over with a note.
Result<> check_read_back(const store::Recovered& found, const NewCluster& made, const store::Kv& kv) {
  if (found.identity == made.identity && found.snapshot.position == made.mark.position &&
      found.kv.digest() == kv.digest()) {
    return {};
  }
  std::string what = "the new directory does not hold what was written to it";
  for (const std::string& note : found.notes) what += "; " + note;
  return fail(Error::Code::corrupt, what, "try another disk");
}

std::string show(const std::vector<store::Founder>& founders) {
  std::string text;
  for (const store::Founder& founder : founders) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", founder.id, founder.address);
  }
  return text;
}

std::string show_cluster(uint64_t cluster) { return fmt::format("{:016x}", cluster); }

}  // namespace skiff::tool
