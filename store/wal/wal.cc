#include "store/wal/wal.h"

#include <algorithm>
#include <utility>

#include "raft/check.h"
#include "raft/mutant.h"
#include "src/base/try.h"

namespace skiff::store {
namespace {

// The effect of a failure on earlier writes.
constexpr char kHarmed[] = "the content of the disk is not known any more";
constexpr char kUnharmed[] = "it was for a new segment, and nothing that is in the log was touched";

// The spare had its room already, so this failure is not about space.
tl::unexpected<Error> fail_for_good(Error error) { return fail_as(Error::Code::io, std::move(error)); }

uint64_t round_up_to_block(uint64_t bytes) { return (bytes + kBlockBytes - 1) / kBlockBytes * kBlockBytes; }

}  // namespace

Wal::Wal(DataDir dir, WalOptions options)
    : dir_(std::move(dir)), options_(options), spare_(dir_.files, dir_.path, options.segment_bytes) {
  CHECK(options_.segment_bytes >= kBlockBytes);
  CHECK(options_.segment_bytes % kBlockBytes == 0);
}

Result<std::unique_ptr<Wal>> Wal::create(DataDir dir, WalOptions options) {
  return begin_anew(std::move(dir), options, 1, {});
}

Result<std::unique_ptr<Wal>> Wal::begin_anew(DataDir dir, WalOptions options, uint64_t sequence,
                                             const WalState& state) {
  std::unique_ptr<Wal> wal(new Wal(std::move(dir), options));
  wal->end_.sequence = sequence - 1;
  wal->state_ = state;
  TRY(wal->roll(0));
  CHECK(wal->end_.sequence == sequence);
  return wal;
}

Result<std::unique_ptr<Wal>> Wal::resume(DataDir dir, WalOptions options, WalPosition end, WalState state) {
  CHECK(end.sequence >= 1);
  CHECK(end.offset >= kHeaderEnd);
  std::unique_ptr<Wal> wal(new Wal(std::move(dir), options));
  TRY(wal->file_, wal->dir_.files.open(wal->dir_.path_of(segment_name(end.sequence)), OpenMode::existing));
  TRY(wal->file_bytes_, wal->file_->size());
  wal->salt_ = segment_salt(wal->dir_.owner, end.sequence);
  wal->end_ = end;
  wal->state_ = state;
  wal->note_room();
  return wal;
}

Result<> Wal::append(std::span<const Batch> batches) {
  if (failed_) return tl::unexpected(*failed_);
  Result<> done = add(batches);
  if (done) done = flush();
  if (done) CHECK(buffer_.empty());
  if (done) added_ = 0;
  if (!done && done.error().code != Error::Code::no_space) failed_ = done.error();
  return done;
}

Result<> Wal::start(uint64_t incarnation) {
  CHECK(incarnation == state_.incarnation + 1);
  if (failed_) return tl::unexpected(*failed_);
  CHECK(buffer_.empty());
  Result<> done = add_record(encode(Start{incarnation}), {});
  state_.incarnation = incarnation;
  if (done) done = flush();
  if (!done) failed_ = done.error();
  return done;
}

Result<> Wal::add(std::span<const Batch> batches) {
  uint64_t index = 0;
  auto add_if_new = [&](const auto& record) -> Result<> {
    if (index++ < added_) return {};
    auto added = add(record);
    if (added) ++added_;
    return added;
  };
  for (const Batch& batch : batches) {
    if (batch.hard_state) TRY(add_if_new(*batch.hard_state));
    if (batch.restart) TRY(add_if_new(Restart{*batch.restart}));
    for (const raft::Entry& entry : batch.entries) {
      TRY(add_if_new(entry));
    }
  }
  CHECK(index >= added_);
  return {};
}

Result<> Wal::add(const raft::HardState& hard_state) {
  CHECK(may_follow(state_.hard_state, hard_state));
  TRY(add_record(encode(hard_state), {}));
  state_.hard_state = hard_state;
  return {};
}

Result<> Wal::add(const Restart& restart) {
  CHECK(restart.base.index >= 1);
  CHECK(restart.base.term >= 1);
  CHECK(restart.base.term <= state_.hard_state.term);
  TRY(add_record(encode(restart), {}));
  state_.last_index = restart.base.index;
  return {};
}

Result<> Wal::add(const raft::Entry& entry) {
  CHECK(entry.position.index >= 1);
  CHECK(entry.position.index <= state_.last_index + 1);
  CHECK(entry.position.term >= 1);
  CHECK(entry.position.term <= state_.hard_state.term);
  std::string_view payload = entry.payload ? std::string_view(*entry.payload) : std::string_view();
  TRY(add_record(encode_head(entry), payload));
  state_.last_index = entry.position.index;
  ++counters_.entries;
  return {};
}

// The first record of a batch adds the mark before it, so no batch is a mark alone.
Result<> Wal::add_record(std::string_view head, std::string_view body) {
  uint64_t bytes = head.size() + body.size();
  auto end_from = [&](uint64_t offset, bool with_mark) {
    return end_of_record(with_mark ? end_of_record(offset, kMarkBytes) : offset, bytes);
  };
  if (end_from(end_.offset + buffer_.size(), buffer_.empty()) > file_bytes_) {
    TRY(flush());
    TRY(roll(end_from(kHeaderEnd, true)));
  }
  if (buffer_.empty()) append_fragments(buffer_, end_.offset, salt_, encode(Mark{end_, state_.last_index}), {});
  append_fragments(buffer_, end_.offset, salt_, head, body);
  CHECK(end_.offset + buffer_.size() <= file_bytes_);
  return {};
}

Result<> Wal::flush() {
  if (buffer_.empty()) return {};
  CHECK(!failed_);
  CHECK(file_ != nullptr);
  CHECK(end_.offset + buffer_.size() <= file_bytes_);
  Result<> done = file_->write_at(end_.offset, buffer_);
  if (done && !MUTANT(no_sync)) done = file_->sync();
  if (!done && MUTANT(failed_sync_tried_again)) done = file_->sync();
  if (!done) return fail(Error::Code::io, done.error().what, kHarmed);
  ++counters_.syncs;
  ++counters_.batches;
  counters_.bytes += buffer_.size();
  end_.offset += buffer_.size();
  buffer_.clear();
  if (buffer_.capacity() > options_.segment_bytes) buffer_.shrink_to_fit();
  note_room();
  return {};
}

// Starts a new segment of at least `bytes_min`. Requires: everything before is durable.
Result<> Wal::roll(uint64_t bytes_min) {
  CHECK(!failed_);
  CHECK(buffer_.empty());
  uint64_t sequence = end_.sequence + 1;
  uint64_t bytes = std::max(options_.segment_bytes, round_up_to_block(bytes_min));
  SegmentHeader header{dir_.owner, sequence, end_.offset, state_};
  auto file = make_segment(header, bytes);
  if (!file) return fail(file.error().code, file.error().what, kUnharmed);
  file_ = std::move(*file);
  file_bytes_ = bytes;
  salt_ = segment_salt(dir_.owner, sequence);
  CHECK(sequence > end_.sequence);
  end_ = {sequence, kHeaderEnd};
  note_room();
  return {};
}

Result<std::unique_ptr<File>> Wal::make_segment(const SegmentHeader& header, uint64_t bytes) {
  CHECK(bytes >= options_.segment_bytes);
  CHECK(bytes % kBlockBytes == 0);
  std::string path = dir_.path_of(segment_name(header.sequence)), aside = path + kAsideSuffix;
  TRY(preallocate(aside, bytes));
  TRY(auto file, dir_.files.open(aside, OpenMode::existing));
  std::string first;
  append_fragments(first, 0, segment_salt(dir_.owner, header.sequence), encode(header), {});
  CHECK(first.size() == kHeaderEnd);
  Result<> done = file->write_at(0, first);
  if (done) done = file->sync();
  if (done) done = dir_.files.rename(aside, path);
  if (done && !MUTANT(names_not_synced)) done = dir_.files.sync_directory(dir_.path);
  if (!done) return fail_for_good(done.error());
  ++counters_.syncs;
  ++counters_.segments;
  return dir_.files.open(path, OpenMode::existing);  // under its final name, for error messages
}

// Renames the spare, if it is there and large enough; else writes the zeros now.
Result<> Wal::preallocate(const std::string& aside, uint64_t bytes) {
  if (bytes == options_.segment_bytes) {
    auto moved = spare_.move_to(aside);
    if (!moved) return fail_for_good(moved.error());
    if (*moved) return {};
  }
  return make_zeros(dir_.files, aside, bytes);
}

bool may_follow(const raft::HardState& before, const raft::HardState& after) {
  if (after.term != before.term) return after.term > before.term;
  return before.vote == 0 || after.vote == before.vote;
}

}  // namespace skiff::store
