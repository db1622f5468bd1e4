// The core: a leader of three takes a write, learns that its disk and one follower have it, and commits.
#include <memory>
#include <variant>

#include "bench/micro/micro.h"
#include "raft/check.h"
#include "raft/raft.h"

namespace skiff::micro {
namespace {

using namespace raft;

// Its peers and its disk are played here.
class LoneLeader {
 public:
  LoneLeader() : raft_({.id = 1, .founders = founded_by({1, 2, 3})}, 0_s) {
    saved();
    now_ = std::max(now_, raft_.next_deadline());
    step(TimePassed{});
    receive(PreVoteReply{.round = 1, .granted = true});
    saved();
    receive(VoteReply{.granted = true});
    CHECK(raft_.is_leader());
    commit();
  }

  // Everything that one write makes the leader do, and then some: the log forgets it once it is many.
  void write(const Payload& command) {
    step(Proposed{.proposals = {{.id = ++proposals_, .command = command}}});
    commit();
    if (proposals_ % kForgetEvery == 0) {
      const Index index = raft_.log().committed();
      step(SnapshotTaken{.index = index, .forget_to = index});
    }
  }
  void write_batch(const Payload& command, uint64_t count) {
    Proposed proposed;
    for (uint64_t i = 0; i < count; ++i) proposed.proposals.push_back({.id = ++proposals_, .command = command});
    step(std::move(proposed));
    commit();
    const Index index = raft_.log().committed();
    if (raft_.log().last().index - raft_.log().base().index > kForgetEvery) {
      step(SnapshotTaken{.index = index, .forget_to = index});
    }
  }
  void read() {
    step(ReadAsked{.id = {.incarnation = 1, .number = ++reads_}});
    CHECK(round_ > 0);
    receive(HeartbeatReply{.round = round_, .sent_at = now_, .clock = now_, .start = kFollowerStart});
    CHECK(confirmed_ == reads_);
  }

 private:
  static constexpr uint64_t kForgetEvery = 4096;
  static constexpr uint64_t kFollowerStart = 20;  // without one, a reply counts for nothing (raft/starts.cc)

  void step(const Event& event) {
    raft_.step(now_, event);
    const Effects effects = raft_.take_effects();
    if (effects.save != 0) save_ = effects.save;
    committed_ += effects.committed.size();
    confirmed_ += effects.reads.size();
    for (const Message& message : effects.messages) {
      if (const auto* heartbeat = std::get_if<Heartbeat>(&message.body)) round_ = heartbeat->round;
    }
  }
  void receive(MessageBody body) {
    step(Received{.message = {.from = 2, .to = 1, .term = raft_.term(), .body = std::move(body)}});
  }
  void saved() { step(Persisted{.save = save_}); }
  void commit() {
    saved();
    const Index last = raft_.log().last().index;
    receive(AppendReply{.accepted = true, .match = last, .refused = {}, .hint = {}, .start = kFollowerStart});
    CHECK(raft_.log().committed() == last);
  }

  Raft raft_;
  Time now_;
  uint64_t save_ = 0;
  uint64_t proposals_ = 0;
  uint64_t reads_ = 0;
  uint64_t confirmed_ = 0;
  uint64_t committed_ = 0;
  uint64_t round_ = 0;
};

Payload command() { return Payload::of(std::string(300, 'x')); }

Repeat write_one() {
  return [leader = std::make_shared<LoneLeader>(), written = command()](uint64_t times) {
    for (uint64_t i = 0; i < times; ++i) leader->write(written);
  };
}

Repeat write_batches() {
  constexpr uint64_t kBatch = 64;
  return [leader = std::make_shared<LoneLeader>(), written = command()](uint64_t times) {
    for (uint64_t i = 0; i < times; i += kBatch) leader->write_batch(written, kBatch);
  };
}

Repeat read_one() {
  return [leader = std::make_shared<LoneLeader>()](uint64_t times) {
    for (uint64_t i = 0; i < times; ++i) leader->read();
  };
}

}  // namespace

std::vector<Subject> core_subjects() {
  return {{"core-write", "one write through the leader of three: proposed, saved, acknowledged, committed", write_one},
          {"core-write-batch", "one write of a batch of 64, the same way", write_batches},
          {"core-read", "one linearizable read through the leader of three", read_one}};
}

}  // namespace skiff::micro
