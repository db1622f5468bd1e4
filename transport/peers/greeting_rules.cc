#include "transport/peers/greeting_rules.h"

#include "raft/check.h"

namespace skiff::transport {

Greeting greeting_to(raft::NodeId node, const PeerIdentity& us) {
  CHECK(node != 0);
  CHECK(us.self != 0);
  Greeting greeting{kProtocolVersion, us.cluster, us.self, node, us.incarnation, us.data_dir_id, us.address};
  if (us.known) greeting.known = us.known->of_members();
  greeting.process = us.process;
  greeting.port = us.port;
  CHECK(greeting.known.size() <= kKnownDataDirsMax);
  return greeting;
}

std::optional<Refusal> objection(const Greeting& greeting, const PeerIdentity& us) {
  if (greeting.protocol != kProtocolVersion) return Refusal::other_version;
  if (greeting.cluster != us.cluster) return Refusal::other_cluster;
  if (greeting.to != us.self) return Refusal::other_node;
  return std::nullopt;
}

std::optional<Refusal> objection(const DataDirMatch& match) {
  if (match.peer_differs) return Refusal::other_data_dir_id;
  if (match.own_differs) return Refusal::unexpected_data_dir;
  if (match.others_differ) return Refusal::other_founding;
  CHECK(match.is_match());
  return std::nullopt;
}

DataDirMatch match_of(Refusal refusal) {
  return {.peer_differs = refusal == Refusal::unexpected_data_dir,
          .own_differs = refusal == Refusal::other_data_dir_id,
          .others_differ = refusal == Refusal::other_founding};
}

}  // namespace skiff::transport
