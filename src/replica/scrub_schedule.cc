#include "src/replica/scrub_schedule.h"

#include <algorithm>

#include "raft/check.h"

namespace skiff {

ScrubSchedule::ScrubSchedule(ScrubConfig config, raft::Time now)
    : config_(config),
      pass_at_(config.every == 0_s ? raft::kNever : now + std::min(config.every, config.first)),
      piece_at_(raft::kNever),
      pause_(config.pause) {
  CHECK(config_.piece_bytes > 0);
  CHECK(config_.every == 0_s || config_.replace_again > 0_s);
}

raft::Time ScrubSchedule::next_deadline() const {
  if (task_) return raft::kNever;
  return std::min(counts_.is_under_way ? piece_at_ : pass_at_, replace_again_at_);
}

std::optional<ScrubSchedule::Task> ScrubSchedule::due(raft::Time now) {
  if (now < next_deadline()) return std::nullopt;
  CHECK(!task_);
  task_ = Task{};
  if (counts_.is_under_way) {
    task_->bytes = piece_at_ <= now ? config_.piece_bytes : 0;
  } else {
    task_->begins = pass_at_ <= now;
  }
  return task_;
}

std::optional<raft::Index> ScrubSchedule::done(raft::Time now, const store::Snapshots::Scrubbed& scrubbed) {
  CHECK(task_.has_value());
  if (task_->begins) pass_at_ = now + config_.every;
  task_.reset();
  if (scrubbed.is_under_way && !counts_.is_under_way) {
    const uint64_t pieces = scrubbed.pass_bytes / config_.piece_bytes + 1;
    pause_ = std::min(config_.pause, config_.every / 2 / pieces);
    CHECK(pause_ <= config_.pause);
  }
  counts_.is_under_way = scrubbed.is_under_way;
  piece_at_ = now + pause_;
  if (scrubbed.has_ended) {
    ++counts_.passes;
    counts_.last_ended = now;
    pass_at_ = std::max(pass_at_, now + config_.every / 2);
  }
  return note(now, scrubbed);
}

std::optional<raft::Index> ScrubSchedule::note(raft::Time now, const store::Snapshots::Scrubbed& scrubbed) {
  counts_.files += scrubbed.files;
  counts_.bytes += scrubbed.bytes;
  counts_.found += scrubbed.found.size();
  counts_.recovered += scrubbed.recovered.size();
  counts_.is_damaged = scrubbed.is_damaged;
  const bool is_news = !scrubbed.found.empty() || now >= replace_again_at_;
  if (!scrubbed.is_damaged) {
    replace_again_at_ = raft::kNever;
  } else if (is_news || replace_again_at_ == raft::kNever) {
    replace_again_at_ = now + config_.replace_again;
  }
  return is_news ? scrubbed.replaced_at : std::nullopt;
}

void ScrubSchedule::put_off(raft::Time now) {
  CHECK(task_.has_value());
  task_.reset();
  for (raft::Time* at : {&pass_at_, &piece_at_, &replace_again_at_}) *at = std::max(*at, now + config_.pause);
}

}  // namespace skiff
