#include "src/replica/snapshots.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "raft/check.h"

namespace skiff {

namespace {

// A timer may be late by so much; what was not done meanwhile is made up for.
constexpr raft::Time kMoment = 10_ms;

}  // namespace

void Pace::spend(raft::Time now, uint64_t amount) {
  if (per_s_ == 0) return;
  ready_at_ = std::max(ready_at_, now - std::min(now, kMoment)) + amount * 1_s / per_s_;
}

raft::SnapshotMark mark_of(const store::Kv& kv, const raft::Raft& raft) {
  const raft::Index index = kv.applied();
  CHECK(index > 0);
  return {.position = {.term = raft.log().term_at(index), .index = index},
          .configuration = raft::Payload::of(raft::encode(raft.configuration_at(index)))};
}

ReplicaSnapshots::ReplicaSnapshots(SnapshotConfig config, const store::Kv& kv, Environment& environment)
    : config_(std::move(config)), kv_(kv), environment_(environment), pace_(config_.bytes_per_s) {
  CHECK(config_.block_bytes > 0);
  CHECK(config_.trailing_percent <= 100);
}

void ReplicaSnapshots::tick(raft::Time now, const raft::Raft& raft) {
  if (now < pace_.ready_at()) return;
  if (maker_ && maker_waits_) make_next(now);
  if (fetching_ && fetching_->waits) ask(now, raft);
}

raft::Time ReplicaSnapshots::next_deadline() const {
  const bool waits = (maker_ && maker_waits_) || (fetching_ && fetching_->waits);
  return waits ? pace_.ready_at() : raft::kNever;
}

// ---- making

void ReplicaSnapshots::note_applied(uint64_t bytes) {
  ++entries_since_;
  bytes_since_ += bytes;
}

bool ReplicaSnapshots::is_due() const {
  const bool is_long = (config_.every_entries > 0 && entries_since_ >= config_.every_entries) ||
                       (config_.every_bytes > 0 && bytes_since_ >= config_.every_bytes);
  return is_long && bytes_since_ >= made_bytes_ / 100 * config_.size_percent;
}

void ReplicaSnapshots::make_if_due(raft::Time now, const raft::Raft& raft) {
  const raft::Index index = kv_.applied();
  if (fetching_ && fetching_->mark.position.index <= index) fetching_.reset();  // the log has brought it after all
  const bool must_make = must_make_at_ && index > 0 && index >= *must_make_at_;
  const bool is_wanted = must_make || (is_due() && index > raft.snapshot().position.index);
  if (maker_ || fetching_ || !is_wanted) return;
  if (must_make) must_make_at_.reset();
  const uint64_t trailing = entries_since_ * config_.trailing_percent / 100;
  trailing_ = is_due() ? trailing : std::max(trailing, trailing_);  // made out of turn, it follows few
  trailing_bytes_ = bytes_since_ * config_.trailing_percent / 100;
  begin(now, raft);
}

// An estimate: the bytes of the entries behind the last snapshot are not counted again.
uint64_t ReplicaSnapshots::log_memory_bytes(const raft::Raft& raft) const {
  const uint64_t entries = raft.log().last().index - raft.log().base().index;
  return entries * config_.entry_overhead_bytes + bytes_since_ + trailing_bytes_;
}

// A snapshot that failed is not tried again before something has been applied.
bool ReplicaSnapshots::make_at_rest(raft::Time now, const raft::Raft& raft) {
  if (maker_ || fetching_) return true;
  const bool has_news = entries_since_ > 0 && kv_.applied() > raft.snapshot().position.index;
  const uint64_t bytes = log_memory_bytes(raft);
  const bool is_worth_it =
      config_.rest_bytes > 0 && bytes >= config_.rest_bytes && bytes >= made_bytes_ / 100 * config_.size_percent;
  if (!has_news || !is_worth_it) return false;
  CHECK(kv_.applied() >= raft.log().base().index);
  CHECK(bytes > 0);
  const uint64_t entries = kv_.applied() - raft.log().base().index;
  trailing_bytes_ = std::min(bytes, config_.rest_trailing_bytes);
  trailing_ = entries * trailing_bytes_ / bytes;
  begin(now, raft);
  return true;
}

void ReplicaSnapshots::begin(raft::Time now, const raft::Raft& raft) {
  CHECK(!maker_);
  CHECK(!fetching_);
  entries_since_ = bytes_since_ = 0;
  maker_.emplace(kv_, mark_of(kv_, raft), config_.cluster);
  config_.begun.reset();  // it is written over
  made_bytes_ = 0;
  make_next(now);
}

void ReplicaSnapshots::replace_damaged(raft::Index at) {
  const bool is_being_made = maker_ && maker_->mark().position.index >= at;
  if (!is_being_made) must_make_at_ = std::min(at, must_make_at_.value_or(at));
}

void ReplicaSnapshots::make_next(raft::Time now) {
  CHECK(maker_.has_value());
  CHECK(!maker_->is_done());
  maker_waits_ = false;
  environment_.block_begins();
  auto block = raft::Payload::of(maker_->next(config_.block_bytes));
  CHECK(!block->empty());
  const uint64_t offset = std::exchange(made_bytes_, made_bytes_ + block->size());
  pace_.spend(now, block->size());
  environment_.write_snapshot({.mark = maker_->mark(),
                               .offset = offset,
                               .bytes = std::move(block),
                               .is_last = maker_->is_done(),
                               .is_fetched = false});
}

// ---- fetching

// A transfer that still moves is brought to its end. Otherwise none would arrive where snapshots are made faster than
// they travel.
void ReplicaSnapshots::want(raft::Time now, const raft::Fetch& fetch, const raft::Raft& raft) {
  const bool is_stuck =
      fetching_ && !fetching_->is_writing && !fetching_->waits && now >= fetching_->asked_at + config_.retry_after;
  if (fetching_ && !is_stuck) return;
  if (!fetching_) begin_to_fetch(fetch, raft);
  fetching_->from = fetch.from;
  ask(now, raft);
}

// A transfer that was begun before this start is brought to its end first, if its snapshot is still of use.
void ReplicaSnapshots::begin_to_fetch(const raft::Fetch& fetch, const raft::Raft& raft) {
  CHECK(!fetching_);
  stop_making();
  fetching_ = Fetching{.from = fetch.from, .mark = fetch.snapshot};
  std::optional<store::BegunSnapshot> begun = std::exchange(config_.begun, std::nullopt);
  const bool is_wanted = begun && begun->mark.position.index > raft.log().committed() &&
                         begun->mark.position.index <= fetch.snapshot.position.index &&
                         raft::decode_configuration(*begun->mark.configuration);
  if (!is_wanted) return;
  fetching_->mark = std::move(begun->mark);
  fetching_->offset = begun->end;
  ++counts_.resumed;
}

void ReplicaSnapshots::ask(raft::Time now, const raft::Raft& raft) {
  CHECK(fetching_.has_value());
  CHECK(!fetching_->is_writing);
  fetching_->asked_at = now;
  fetching_->waits = false;
  environment_.send({.from = raft.status().id,
                     .to = fetching_->from,
                     .term = raft.term(),
                     .body = SnapshotAsk{.position = fetching_->mark.position, .offset = fetching_->offset}});
}

void ReplicaSnapshots::received(raft::Time now, raft::NodeId from, const SnapshotPiece& piece) {
  const bool is_next = fetching_ && !fetching_->is_writing && from == fetching_->from &&
                       piece.position == fetching_->mark.position && piece.offset == fetching_->offset;
  if (!is_next) return;
  if (raft::bytes_of(piece.bytes) == 0) {  // it is not there any more
    ++counts_.given_up;
    fetching_.reset();
    return;
  }
  fetching_->is_writing = true;
  fetching_->waits = false;  // also if it came unasked, before the pace let this node ask
  fetching_->asked_at = now;
  pace_.spend(now, piece.bytes->size());
  environment_.write_snapshot({.mark = fetching_->mark,
                               .offset = piece.offset,
                               .bytes = piece.bytes,
                               .is_last = piece.is_last,
                               .is_fetched = true});
}

// A complete snapshot is on the disk, also if its transfer was given up meanwhile.
std::optional<raft::Event> ReplicaSnapshots::written(raft::Time now, const SnapshotWritten& written,
                                                     const raft::Raft& raft) {
  const bool has_ended = written.is_last || written.has_failed;
  if (written.is_fetched) {
    fetched(written, has_ended);
  } else if (maker_ && written.mark.position == maker_->mark().position) {
    maker_waits_ = !has_ended;
    if (has_ended) maker_.reset();
  }
  tick(now, raft);
  if (written.has_failed) ++counts_.given_up;
  if (written.has_failed || !written.is_last) return std::nullopt;
  ++(written.is_fetched ? counts_.fetched : counts_.made);
  if (written.is_fetched) return raft::SnapshotArrived{written.mark};
  return taken(raft, written.mark.position.index);
}

void ReplicaSnapshots::fetched(const SnapshotWritten& written, bool has_ended) {
  if (!fetching_ || !fetching_->is_writing || written.mark.position != fetching_->mark.position) return;
  fetching_->is_writing = false;
  fetching_->offset = written.end;
  fetching_->waits = true;
  if (has_ended) fetching_.reset();
}

raft::Event ReplicaSnapshots::taken(const raft::Raft& raft, raft::Index index) const {
  CHECK(index <= kv_.applied());
  const raft::Index forget_to = index - std::min(index, trailing_);
  return raft::SnapshotTaken{.index = index, .forget_to = std::max(forget_to, raft.log().base().index)};
}

// ---- serving

void ReplicaSnapshots::asked(raft::NodeId by, const SnapshotAsk& ask) {
  if (!reading_for_.insert(by).second) return;  // it has asked twice
  environment_.read_snapshot(by, ask.position, ask.offset);
}

void ReplicaSnapshots::read(const raft::Raft& raft, raft::NodeId for_node, SnapshotPiece piece) {
  reading_for_.erase(for_node);
  // The snapshot that this node offers cannot be read: another must be made, to be offered instead.
  const raft::LogPosition offered = raft.snapshot().position;
  if (raft::bytes_of(piece.bytes) == 0 && piece.position == offered && offered.index > 0) must_make_at_ = 0;
  environment_.send({.from = raft.status().id, .to = for_node, .term = raft.term(), .body = std::move(piece)});
}

}  // namespace skiff
