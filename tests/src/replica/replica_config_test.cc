// The configuration that a replica begins with.
#include "src/replica/replica_config.h"

#include "tests/support/catch.h"

namespace skiff::replica_config_test {

const ReplicaSettings kSettings{.heartbeat_interval = 50_ns, .election_timeout = 500_ns, .request_timeout = 5'000_ns};

store::Recovered recovered_by(raft::NodeId node) {
  store::Recovered recovered;
  recovered.identity = {.cluster = 7, .node = node, .founders = {{1, "http://a:9021"}, {2, "http://b:9021"}}};
  recovered.incarnation = 3;
  recovered.entries.resize(4);
  return recovered;
}

TEST_CASE("a founder knows its founders, and a node that was added waits to be told") {
  store::Recovered founder = recovered_by(2), added = recovered_by(3);
  REQUIRE(is_founder(founder.identity));
  REQUIRE_FALSE(is_founder(added.identity));
  const ReplicaConfig config = replica_config(kSettings, founder, 11, 12);
  REQUIRE(config.raft.id == 2);
  REQUIRE(config.raft.founders.members.size() == 2);
  REQUIRE(config.raft.founders.find(1)->address == "http://a:9021");
  REQUIRE(replica_config(kSettings, added, 11, 12).raft.founders.members.empty());
}

TEST_CASE("the log is taken out of what was recovered, and damage makes the start a recovering one") {
  store::Recovered recovered = recovered_by(1);
  recovered.damage = "a hole";
  const ReplicaConfig config = replica_config(kSettings, recovered, 11, 12);
  REQUIRE(config.raft.entries.size() == 4);
  REQUIRE(recovered.entries.empty());
  REQUIRE(config.incarnation == 3);
  REQUIRE(config.raft.start == 11);
  REQUIRE(config.raft.seed == 12);
  REQUIRE(config.raft.recovering == 11);
  store::Recovered whole = recovered_by(1);
  REQUIRE(replica_config(kSettings, whole, 11, 12).raft.recovering == 0);
}

}  // namespace skiff::replica_config_test
