// Mistakes of a replica's owner end the process: each precondition of its calls.
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "src/replica/backups.h"
#include "src/replica/waiting.h"
#include "tests/support/catch.h"
#include "tests/support/dies.h"
#include "tests/support/replica_cluster.h"

namespace skiff::replica_mistakes_test {

void require_dies(const char* condition, const std::function<void()>& act) {
  INFO(condition);
  REQUIRE(dies_saying(act).find(std::string("broken invariant: ") + condition) != std::string::npos);
}

TEST_CASE("a replica refuses to work for an owner that breaks its preconditions") {
  ReplicaCluster cluster(1);
  cluster.elect();
  cluster.settle();
  Replica& replica = cluster[1];
  const raft::Time now = cluster.now();
  const auto propose = [&](Request request) { replica.propose(now, {std::move(request)}); };
  const auto write = [](std::string key) {
    return Write{.ticket = {}, .operation = store::Put{.key = std::move(key), .value = {}}};
  };

  require_dies("now >= now_", [&] { replica.tick(now - 1_ns); });
  require_dies("store::check(operation)", [&] { propose(write("")); });
  require_dies("store::check(operation)", [&] { propose(write(std::string(store::kKeyBytesMax + 1, '/'))); });
  require_dies("barrier.timeout > 0", [&] { propose(Barrier{}); });
  require_dies("request.node != 0", [&] { replica.ask_admin(now, {}, {}); });
  require_dies("save > 0", [&] { replica.persisted(now, 0); });
  require_dies("number <= last_number_", [&] { replica.backups().next(1, 100); });
}

TEST_CASE("no block of a backup follows the last one") {
  ReplicaCluster cluster(1);
  cluster.elect();
  cluster.settle();
  ReplicaBackups& backups = cluster[1].backups();
  const auto number = cluster[1].begin_backup();
  while (!backups.next(*number, 1'000)->is_last) {
  }
  require_dies("!found->second.is_done()", [&] { backups.next(*number, 1'000); });
}

TEST_CASE("requests that wait are added once, with the next number and bytes to submit") {
  WaitingWrites writes;
  const auto command = raft::Payload::of("xyz");
  require_dies("write.number == next_number()", [&] { writes.add({.number = 2, .ticket = {}, .command = command}); });
  require_dies("write.command != nullptr", [&] { writes.add({.number = 1, .ticket = {}, .command = {}}); });
  WaitingBarriers barriers;
  require_dies("has_held()", [&] { barriers.ask_held({1, 1}, 0_s); });
  require_dies("!batch.empty()", [&] { barriers.hold({}); });
}

}  // namespace skiff::replica_mistakes_test
