#include "src/replica/scrub_schedule.h"

#include <algorithm>

#include "raft/check.h"

namespace skiff {

ScrubSchedule::ScrubSchedule(ScrubConfig config, uint64_t now_ns)
    : config_(config),
      pass_at_(config.every_ns == 0 ? raft::kNever : now_ns + std::min(config.every_ns, config.first_ns)),
      piece_at_(raft::kNever),
      pause_ns_(config.pause_ns) {
  CHECK(config_.piece_bytes > 0);
  CHECK(config_.every_ns == 0 || config_.replace_again_ns > 0);
}

uint64_t ScrubSchedule::next_deadline() const {
  if (task_) return raft::kNever;
  return std::min(counts_.is_under_way ? piece_at_ : pass_at_, replace_again_at_);
}

std::optional<ScrubSchedule::Task> ScrubSchedule::due(uint64_t now_ns) {
  if (now_ns < next_deadline()) return std::nullopt;
  CHECK(!task_);
  task_ = Task{};
  if (counts_.is_under_way) {
    task_->bytes = piece_at_ <= now_ns ? config_.piece_bytes : 0;
  } else {
    task_->begins = pass_at_ <= now_ns;
  }
  return task_;
}

std::optional<raft::Index> ScrubSchedule::done(uint64_t now_ns, const store::Snapshots::Scrubbed& scrubbed) {
  CHECK(task_.has_value());
  if (task_->begins) pass_at_ = now_ns + config_.every_ns;
  task_.reset();
  if (scrubbed.is_under_way && !counts_.is_under_way) {
    const uint64_t pieces = scrubbed.pass_bytes / config_.piece_bytes + 1;
    pause_ns_ = std::min(config_.pause_ns, config_.every_ns / 2 / pieces);
    CHECK(pause_ns_ <= config_.pause_ns);
  }
  counts_.is_under_way = scrubbed.is_under_way;
  piece_at_ = now_ns + pause_ns_;
  if (scrubbed.has_ended) {
    ++counts_.passes;
    counts_.last_ended_ns = now_ns;
    pass_at_ = std::max(pass_at_, now_ns + config_.every_ns / 2);
  }
  return note(now_ns, scrubbed);
}

std::optional<raft::Index> ScrubSchedule::note(uint64_t now_ns, const store::Snapshots::Scrubbed& scrubbed) {
  counts_.files += scrubbed.files;
  counts_.bytes += scrubbed.bytes;
  counts_.found += scrubbed.found.size();
  counts_.recovered += scrubbed.recovered.size();
  counts_.is_damaged = scrubbed.is_damaged;
  const bool is_news = !scrubbed.found.empty() || now_ns >= replace_again_at_;
  if (!scrubbed.is_damaged) {
    replace_again_at_ = raft::kNever;
  } else if (is_news || replace_again_at_ == raft::kNever) {
    replace_again_at_ = now_ns + config_.replace_again_ns;
  }
  return is_news ? scrubbed.replaced_at : std::nullopt;
}

void ScrubSchedule::put_off(uint64_t now_ns) {
  CHECK(task_.has_value());
  task_.reset();
  for (uint64_t* at : {&pass_at_, &piece_at_, &replace_again_at_}) *at = std::max(*at, now_ns + config_.pause_ns);
}

}  // namespace skiff
