// When a follower hears of a commit: with the next entries, or a little later, or at once if a client waits there.
#include "tests/raft/lone_core.h"
#include "tests/support/catch.h"

namespace skiff::commit_notice_test {

using namespace skiff::raft_test;

constexpr Time kDelay = 2_ms;

struct Leader : LoneCore {
  explicit Leader(const Config& config = Leader::config()) : LoneCore(config) {
    lead_and_commit();
    now += kDelay;
    step(TimePassed{});
  }
  static Config config() {
    Config config = node_1_of(3);
    config.commit_notice_delay = kDelay;
    return config;
  }
  // One write, committed by our disk and by 2.
  Effects commit_one() {
    propose("x");
    save();
    return acknowledge(2);
  }
  Effects after(Time time) {
    now += time;
    return step(TimePassed{});
  }
};

TEST_CASE("a commit waits for the next entries to take it along") {
  Leader leader;
  Effects committed = leader.commit_one();
  REQUIRE(committed.committed.size() == 1);
  REQUIRE(committed.messages.empty());

  leader.now += kDelay / 2;
  const auto appends = all_of<AppendEntries>(leader.propose("y").messages);
  REQUIRE(appends.size() == 2);
  for (const AppendEntries& append : appends) REQUIRE(append.commit == leader.raft.log().committed());
  REQUIRE(leader.after(kDelay).messages.empty());
}

TEST_CASE("a commit that no entries follow is told after a while, once, to the follower that has the entry") {
  Leader leader;
  leader.commit_one();
  REQUIRE(leader.raft.next_deadline() == leader.now + kDelay);
  REQUIRE(leader.after(kDelay - 1_ns).messages.empty());
  const Effects told = leader.after(1_ns);
  REQUIRE(told.messages.size() == 1);
  REQUIRE(told.messages.at(0).to == 2);
  REQUIRE(std::get<Heartbeat>(told.messages.at(0).body).commit == leader.raft.log().committed());
  REQUIRE(leader.raft.next_deadline() > leader.now + kDelay);
  REQUIRE(leader.after(kDelay).messages.empty());

  // 3 has its turn from when it has the entry itself.
  REQUIRE(leader.acknowledge(3).messages.empty());
  REQUIRE(leader.after(kDelay).messages.at(0).to == 3);
}

TEST_CASE("a follower that has passed on a write hears of its commit at once") {
  Leader leader;
  leader.receive(2, leader.raft.term(), ForwardProposals{.commands = {payload("theirs")}});
  leader.save();
  const Effects committed = leader.acknowledge(2);
  REQUIRE(committed.messages.size() == 1);
  REQUIRE(committed.messages.at(0).to == 2);
  REQUIRE(std::get<Heartbeat>(committed.messages.at(0).body).commit == leader.raft.log().committed());
  REQUIRE(leader.commit_one().messages.empty());  // that was that
}

TEST_CASE("a follower whose read waits for an entry hears of its commit as soon as it has it") {
  Leader leader;
  leader.commit_one();  // by 1 and 2; 3 lacks the entry
  const Effects asked = leader.receive(3, leader.raft.term(), ReadIndexRequest{.id = {.incarnation = 1, .number = 1}});
  const uint64_t round = all_of<Heartbeat>(asked.messages).at(0).round;
  leader.receive(2, leader.raft.term(), HeartbeatReply{.round = round});

  const Effects caught_up = leader.acknowledge(3);
  REQUIRE(all_of<Heartbeat>(caught_up.messages).at(0).commit == leader.raft.log().committed());
}

TEST_CASE("a lease answers a follower's read without a round, and tells it of the commit as well") {
  Config config = Leader::config();
  config.lease_reads = true;
  Leader leader(config);
  // Until the clock of 2 is known well enough.
  const Time end = leader.now + 10 * config.election_timeout;
  while (leader.now < end) {
    for (const Heartbeat& beat : all_of<Heartbeat>(leader.deadline().messages)) {
      const HeartbeatReply reply{.round = beat.round, .sent_at = beat.sent_at, .clock = leader.now};
      if (beat.sent_at != 0_s) leader.receive(2, leader.raft.term(), reply);
    }
  }
  REQUIRE(leader.commit_one().messages.empty());
  const Effects read = leader.receive(2, leader.raft.term(), ReadIndexRequest{.id = {.incarnation = 1, .number = 1}});
  const Index committed = leader.raft.log().committed();
  REQUIRE(all_of<ReadIndexReply>(read.messages).at(0).index == committed);
  REQUIRE(all_of<Heartbeat>(read.messages).at(0).commit == committed);
}

}  // namespace skiff::commit_notice_test
