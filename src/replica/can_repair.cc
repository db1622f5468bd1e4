#include "src/replica/can_repair.h"

#include <algorithm>
#include <optional>

#include "raft/membership.h"

namespace skiff {

// A node that waits to be added has no founders; everything that it holds was sent to it.
bool can_repair(const store::Identity& identity, const raft::Payload& configuration) {
  if (configuration) {
    if (auto members = raft::decode_configuration(*configuration)) {
      auto everybody = members->everybody();
      return std::any_of(everybody.begin(), everybody.end(),
                         [&](raft::NodeId id) { return id != identity.node && members->is_voter(id); });
    }
  }
  const auto& founders = identity.founders;
  return founders.empty() || std::any_of(founders.begin(), founders.end(),
                                         [&](const store::Founder& founder) { return founder.id != identity.node; });
}

}  // namespace skiff
