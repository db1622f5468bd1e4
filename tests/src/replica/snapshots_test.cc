// Making, fetching and serving snapshots, beside a core that only looks on.
#include "src/replica/snapshots.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "store/state/command.h"
#include "tests/support/catch.h"

namespace skiff::replica_snapshots_test {

using raft::Time;

struct World : Environment {
  std::vector<PeerMessage> sent;
  std::vector<SnapshotBytes> written;

  void send(PeerMessage&& message) override { sent.push_back(std::move(message)); }
  void persist(uint64_t, std::optional<raft::HardState>, std::optional<raft::LogPosition>, bool,
               std::vector<raft::Entry>) override {}
  void committed() override {}
  void write_snapshot(SnapshotBytes bytes) override { written.push_back(std::move(bytes)); }
  void read_snapshot(raft::NodeId, raft::LogPosition, uint64_t) override {}
  void drop(store::Kv) override {}
  void admin_ended(const raft::AdminResult&) override {}
  void admin_answered(const Ticket&, AdminAnswer) override {}
  void withdrawn(const Withdrawn&) override {}
  void members_changed() override {}
  void state_differs(raft::NodeId, raft::Index, bool) override {}
  void removed() override {}
  void peer_forgot(const raft::ForgetfulPeer&) override {}
  void forgot(const raft::Forgotten&) override {}

  SnapshotAsk last_ask() const { return std::get<SnapshotAsk>(sent.back().body); }
};

// Node 1 of three, with `applied` entries in its log and its map.
struct Node {
  explicit Node(raft::Index applied, SnapshotConfig config = {})
      : raft(core(applied), 1_ns), snapshots(prepared(std::move(config)), kv, world) {
    apply_to(applied);
  }

  static raft::Entry entry(raft::Index index) {
    store::Origin origin{.node = 1, .incarnation = 1, .number = index};
    std::string command = store::encode({origin, store::PutView{"/k" + std::to_string(index), "0123456789"}});
    return {.position = {.term = 1, .index = index},
            .kind = raft::EntryKind::command,
            .payload = raft::Payload::of(std::move(command))};
  }
  static raft::Config core(raft::Index entries) {
    raft::Config config{.id = 1, .founders = raft::founded_by({1, 2, 3}), .hard_state = {.term = 1, .vote = 0}};
    for (raft::Index index = 1; index <= entries + 100; ++index) config.entries.push_back(entry(index));
    return config;
  }
  static SnapshotConfig prepared(SnapshotConfig config) {
    if (config.every_entries == 0) config.every_entries = 10;
    config.block_bytes = 100;
    config.retry_after = 500_ms;
    return config;
  }
  void apply_to(raft::Index index) {
    while (kv.applied() < index) {
      raft::Entry next = entry(kv.applied() + 1);
      kv.apply(next.position.index, next.payload);
      snapshots.note_applied(next.bytes());
    }
    snapshots.make_if_due(now, raft);
  }
  // The disk has taken what it was given last.
  std::optional<raft::Event> took_it(bool has_failed = false) {
    const SnapshotBytes& last = world.written.back();
    return snapshots.written(now,
                             {.mark = last.mark,
                              .end = last.offset + last.bytes->size(),
                              .is_last = last.is_last && !has_failed,
                              .is_fetched = last.is_fetched,
                              .has_failed = has_failed},
                             raft);
  }
  void want(raft::Index index) { snapshots.want(now, {.from = 2, .snapshot = mark(index)}, raft); }
  static raft::SnapshotMark mark(raft::Index index) {
    return {.position = {.term = 1, .index = index},
            .configuration = raft::Payload::of(raft::encode(raft::founded_by({1, 2, 3})))};
  }
  // The next piece arrives.
  void piece(const std::string& bytes, bool is_last = false) {
    const SnapshotAsk ask = world.last_ask();
    SnapshotPiece answer{
        .position = ask.position, .offset = ask.offset, .is_last = is_last, .bytes = raft::Payload::of(bytes)};
    snapshots.received(now, 2, answer);
  }

  Time now = 1_ns;
  World world;
  store::Kv kv;
  raft::Raft raft;
  ReplicaSnapshots snapshots;
};

TEST_CASE("a snapshot is made block by block, each when the disk has the one before") {
  Node node(10);
  REQUIRE(node.world.written.size() == 1);
  std::optional<raft::Event> event;
  while (!node.world.written.back().is_last) {
    const size_t before = node.world.written.size();
    REQUIRE_FALSE(node.took_it().has_value());
    REQUIRE(node.world.written.size() == before + 1);
    const SnapshotBytes& last = node.world.written[before - 1];
    REQUIRE(node.world.written[before].offset == last.offset + last.bytes->size());
  }
  event = node.took_it();
  REQUIRE(std::get<raft::SnapshotTaken>(*event).index == 10);
  REQUIRE(node.snapshots.counts().made == 1);
}

// S15: a snapshot is made while another arrives
// bug-27: a snapshot is made right after one that failed to arrive
TEST_CASE("no snapshot is begun while one arrives, and the one being made gives way", "[S15][bug-27]") {
  Node node(10);
  REQUIRE(node.world.written.size() == 1);
  node.want(200);
  node.took_it();  // of the one it was making: no further block
  REQUIRE(node.world.written.size() == 1);
  node.apply_to(40);  // enough for another
  REQUIRE(node.world.written.size() == 1);

  // The one that arrives fails; the next that is due is made from its beginning.
  node.piece("rubbish");
  REQUIRE(node.world.written.back().is_fetched);
  node.took_it(true);
  REQUIRE(node.snapshots.counts().given_up == 1);
  node.apply_to(50);
  REQUIRE_FALSE(node.world.written.back().is_fetched);
  REQUIRE(node.world.written.back().offset == 0);
  REQUIRE(node.world.written.back().mark.position.index == 50);
}

// S9: either side dies while a snapshot is on its way
TEST_CASE("a piece that is late, repeated or of another snapshot is not written", "[S9]") {
  Node node(5);
  node.want(200);
  REQUIRE(node.world.last_ask().offset == 0);
  node.piece("abc");
  node.piece("abc");  // again, before the disk has the first
  REQUIRE(node.world.written.size() == 1);
  node.took_it();
  REQUIRE(node.world.last_ask().offset == 3);
  SnapshotPiece old{.position = {1, 200}, .offset = 0, .bytes = raft::Payload::of("abc")};
  node.snapshots.received(node.now, 2, old);
  SnapshotPiece other{.position = {1, 199}, .offset = 3, .bytes = raft::Payload::of("x")};
  node.snapshots.received(node.now, 2, other);
  SnapshotPiece next{.position = {1, 200}, .offset = 3, .bytes = raft::Payload::of("def")};
  node.snapshots.received(node.now, 3, next);
  REQUIRE(node.world.written.size() == 1);
  node.piece("def", true);
  auto event = node.took_it();
  REQUIRE(std::get<raft::SnapshotArrived>(*event).snapshot.position == raft::LogPosition{1, 200});
}

// S9: either side dies while a snapshot is on its way
// bug-31: a follower restarts in the middle of a snapshot
TEST_CASE("what was fetched before a restart is not fetched again", "[S9][bug-31]") {
  SnapshotConfig config;
  config.begun = store::BegunSnapshot{.mark = Node::mark(200), .end = 70};
  SECTION("of the snapshot that is offered") {
    Node node(5, config);
    node.want(200);
    REQUIRE(node.world.last_ask().offset == 70);
    REQUIRE(node.snapshots.counts().resumed == 1);
  }
  SECTION("of an older one, as long as somebody has it") {
    Node node(5, config);
    node.want(300);
    REQUIRE(node.world.last_ask().position.index == 200);
    REQUIRE(node.world.last_ask().offset == 70);
    node.piece("");  // nobody has
    node.want(300);
    REQUIRE(node.world.last_ask().position.index == 300);
    REQUIRE(node.world.last_ask().offset == 0);
  }
  SECTION("but what the log has reached meanwhile is of no use") {
    config.begun->mark.position.index = 40;
    Node node(5, config);
    raft::Message heartbeat{.from = 2, .to = 1, .term = 1, .body = raft::Heartbeat{.commit = 50, .start = 1}};
    node.raft.step(2_ns, raft::Received{heartbeat});
    node.want(200);
    REQUIRE(node.world.last_ask().position.index == 200);
    REQUIRE(node.world.last_ask().offset == 0);
  }
  SECTION("nor is what was written over since") {
    Node node(10, config);
    while (!node.world.written.back().is_last) node.took_it();
    node.took_it();
    node.want(200);
    REQUIRE(node.world.last_ask().offset == 0);
  }
}

TEST_CASE("neither making nor fetching goes faster than it may") {
  SnapshotConfig config;
  config.bytes_per_s = 1'000;
  SECTION("making") {
    Node node(10, config);
    node.now = 1_s;
    node.took_it();  // the first was free, the second is due after it
    REQUIRE(node.world.written.size() == 2);
    node.took_it();
    REQUIRE(node.world.written.size() == 2);
    const Time due = node.snapshots.next_deadline();
    REQUIRE(due > node.now);
    node.snapshots.tick(due - 1_ns, node.raft);
    REQUIRE(node.world.written.size() == 2);
    node.snapshots.tick(due, node.raft);
    REQUIRE(node.world.written.size() == 3);
    REQUIRE(node.snapshots.next_deadline() == raft::kNever);  // the disk has the word
  }
  SECTION("fetching") {
    Node node(5, config);
    node.now = 1_s;
    node.want(200);
    const size_t asked = node.world.sent.size();
    node.piece(std::string(1'000, 'x'));
    node.took_it();
    REQUIRE(node.world.sent.size() == asked);
    const Time due = node.snapshots.next_deadline();
    REQUIRE(due >= node.now + 980_ms);
    node.now = due - 1_ns;
    node.want(200);  // the offer is repeated: no reason to hurry
    REQUIRE(node.world.sent.size() == asked);
    node.snapshots.tick(due, node.raft);
    REQUIRE(node.world.last_ask().offset == 1'000);
  }
}

TEST_CASE("a piece that comes unasked while the pace holds the next question back is written, and nothing is asked") {
  SnapshotConfig config;
  config.bytes_per_s = 1'000;
  Node node(5, config);
  node.now = 1_s;
  node.want(200);
  node.piece(std::string(1'000, 'x'));
  node.took_it();
  const Time due = node.snapshots.next_deadline();
  const size_t asked = node.world.sent.size(), written = node.world.written.size();
  SnapshotPiece unasked{.position = {1, 200}, .offset = 1'000, .bytes = raft::Payload::of(std::string(10, 'y'))};
  node.snapshots.received(node.now, 2, unasked);
  REQUIRE(node.world.written.size() == written + 1);
  REQUIRE(node.snapshots.next_deadline() == raft::kNever);  // the disk has the word
  node.snapshots.tick(due + 100_s, node.raft);
  REQUIRE(node.world.sent.size() == asked);
}

// S17: a piece, or the file, of a snapshot is damaged
TEST_CASE("who cannot read the snapshot that it offers makes another", "[S17]") {
  Node node(10);
  while (!node.world.written.back().is_last) node.took_it();
  node.raft.step(2_ns,
                 raft::Received{{.from = 2, .to = 1, .term = 1, .body = raft::Heartbeat{.commit = 10, .start = 1}}});
  node.raft.take_effects();
  node.raft.step(3_ns, *node.took_it());
  REQUIRE(node.raft.snapshot().position.index == 10);
  const size_t before = node.world.written.size();
  SECTION("although nothing has been written since") {
    node.snapshots.read(node.raft, 2, {.position = node.raft.snapshot().position, .offset = 0});
    node.snapshots.make_if_due(node.now, node.raft);
    REQUIRE(node.world.written.size() == before + 1);
    REQUIRE(node.world.written.back().mark.position.index == 10);
  }
  SECTION("but an older one is only gone") {
    node.snapshots.read(node.raft, 2, {.position = {1, 5}, .offset = 0});
    node.snapshots.make_if_due(node.now, node.raft);
    REQUIRE(node.world.written.size() == before);
  }
}

// D12: files rot while their node runs
TEST_CASE("damage on the disk has a snapshot made at once, though none is due", "[D12]") {
  Node node(5);
  REQUIRE(node.world.written.empty());
  SECTION("of what is applied") {
    node.snapshots.replace_damaged(5);
    node.snapshots.make_if_due(node.now, node.raft);
    REQUIRE(node.world.written.size() == 1);
    REQUIRE(node.world.written.back().mark.position.index == 5);
    // Said again, it is being made already.
    node.snapshots.replace_damaged(3);
    while (!node.world.written.back().is_last) node.took_it();
    node.took_it();
    const size_t made = node.world.written.size();
    node.snapshots.make_if_due(node.now, node.raft);
    REQUIRE(node.world.written.size() == made);
    // Said once more, it was in vain.
    node.snapshots.replace_damaged(3);
    node.snapshots.make_if_due(node.now, node.raft);
    REQUIRE(node.world.written.size() == made + 1);
  }
  SECTION("when what the damaged file holds is applied") {
    node.snapshots.replace_damaged(8);
    node.apply_to(7);
    REQUIRE(node.world.written.empty());
    node.apply_to(8);
    REQUIRE(node.world.written.back().mark.position.index == 8);
  }
  SECTION("and another one, if one is being made that does not reach so far") {
    node.snapshots.replace_damaged(0);
    node.apply_to(6);
    REQUIRE(node.world.written.size() == 1);
    node.snapshots.replace_damaged(7);
    node.apply_to(7);
    REQUIRE(node.world.written.back().mark.position.index == 6);
    while (!node.world.written.back().is_last) node.took_it();
    node.took_it();
    node.snapshots.make_if_due(node.now, node.raft);
    REQUIRE(node.world.written.back().mark.position.index == 7);
    REQUIRE(node.world.written.back().offset == 0);
  }
}

// D12: files rot while their node runs
TEST_CASE("a snapshot made out of turn leaves those who are a little behind as much of the log", "[D12]") {
  Node node(50, {.trailing_percent = 50});
  auto forget_to = [&] {
    std::optional<raft::Event> event;
    while (!event) event = node.took_it();
    return std::get<raft::SnapshotTaken>(*event).forget_to;
  };
  REQUIRE(forget_to() == 25);
  node.apply_to(54);
  node.snapshots.replace_damaged(54);
  node.snapshots.make_if_due(node.now, node.raft);
  REQUIRE(forget_to() == 29);
  node.apply_to(64);
  REQUIRE(forget_to() == 59);  // half of those since
}

// D12: files rot while their node runs
TEST_CASE("where nothing is applied there is nothing to make a snapshot of", "[D12]") {
  Node node(0);
  node.snapshots.replace_damaged(0);
  node.snapshots.make_if_due(node.now, node.raft);
  REQUIRE(node.world.written.empty());
  node.apply_to(1);
  REQUIRE(node.world.written.size() == 1);
}

TEST_CASE("a piece that is lost is asked for again, of whoever offers it now") {
  Node node(5);
  node.want(200);
  const size_t asked = node.world.sent.size();
  node.want(200);
  REQUIRE(node.world.sent.size() == asked);
  node.now += 501_ms;
  node.snapshots.want(node.now, {.from = 3, .snapshot = Node::mark(200)}, node.raft);
  REQUIRE(node.world.sent.size() == asked + 1);
  REQUIRE(node.world.sent.back().to == 3);

  // A newer offer is no reason to throw away what is there already.
  node.now += 501_ms;
  node.snapshots.want(node.now, {.from = 3, .snapshot = Node::mark(300)}, node.raft);
  REQUIRE(node.world.last_ask().position.index == 200);
}

TEST_CASE("at rest a long log is summed up, little of it stays, and it is done once") {
  SnapshotConfig config{.every_entries = 1'000, .rest_bytes = 2'000, .rest_trailing_bytes = 1'000};
  config.entry_overhead_bytes = 50;
  Node node(20, config);
  REQUIRE(node.world.written.empty());
  REQUIRE(node.snapshots.make_at_rest(node.now, node.raft));
  REQUIRE(node.snapshots.make_at_rest(node.now, node.raft));  // it is under way
  std::optional<raft::Event> event;
  while (!event) event = node.took_it();
  const auto taken = std::get<raft::SnapshotTaken>(*event);
  REQUIRE(taken.index == 20);
  REQUIRE(taken.forget_to >= 5);
  REQUIRE(taken.forget_to < 20);

  const size_t blocks = node.world.written.size();
  REQUIRE_FALSE(node.snapshots.make_at_rest(node.now, node.raft));
  REQUIRE(node.world.written.size() == blocks);
}

TEST_CASE("at rest a short log stays as it is, and a snapshot that failed is not tried again for nothing") {
  SnapshotConfig config{.every_entries = 1'000, .rest_bytes = 1'000'000};
  Node small(20, config);
  REQUIRE_FALSE(small.snapshots.make_at_rest(small.now, small.raft));

  config.rest_bytes = 100;
  Node node(20, config);
  REQUIRE(node.snapshots.make_at_rest(node.now, node.raft));
  node.took_it(true);
  REQUIRE_FALSE(node.snapshots.make_at_rest(node.now, node.raft));
  node.apply_to(25);
  REQUIRE(node.snapshots.make_at_rest(node.now, node.raft));
}

}  // namespace skiff::replica_snapshots_test
