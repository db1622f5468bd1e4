#include "src/replica/waiting.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "raft/check.h"

namespace skiff {

// ---- writes

void WaitingWrites::add(WaitingWrite write) {
  CHECK(write.number == next_number());
  CHECK(write.command != nullptr);
  CHECK(write.submissions == 0);
  if (!writes_.empty() && writes_.back()) CHECK(write.deadline >= writes_.back()->deadline);
  ++size_;
  bytes_ += write.command->size();
  writes_.emplace_back(std::move(write));
}

WaitingWrite* WaitingWrites::find(uint64_t number) {
  if (number < first_ || number >= next_number()) return nullptr;
  auto& place = writes_[number - first_];
  return place ? &*place : nullptr;
}

std::optional<WaitingWrite> WaitingWrites::take(uint64_t number) {
  if (find(number) == nullptr) return std::nullopt;
  std::optional<WaitingWrite> taken = std::exchange(writes_[number - first_], std::nullopt);
  const uint64_t bytes = taken->command->size();
  CHECK(size_ > 0);
  CHECK(bytes_ >= bytes);
  --size_;
  bytes_ -= bytes;
  if (number < next_to_submit_) {
    CHECK(submitted_bytes_ >= bytes);
    submitted_bytes_ -= bytes;
  }
  drop_answered();
  return taken;
}

std::vector<WaitingWrite> WaitingWrites::take_expired(raft::Time now) {
  std::vector<WaitingWrite> expired;
  while (!writes_.empty() && writes_.front()->deadline <= now) expired.push_back(*take(first_));
  return expired;
}

std::vector<WaitingWrite> WaitingWrites::take_unsubmitted() {
  std::vector<WaitingWrite> taken;
  const uint64_t end = next_number();
  for (uint64_t number = std::max(first_, next_to_submit_); number < end; ++number) {
    const WaitingWrite* write = find(number);
    if (write != nullptr && write->submissions == 0) taken.push_back(*take(number));
  }
  return taken;
}

WaitingWrite* WaitingWrites::submit_next(uint64_t window_bytes) {
  next_to_submit_ = std::max(next_to_submit_, first_);
  while (next_to_submit_ < next_number()) {
    WaitingWrite* write = find(next_to_submit_);
    if (write != nullptr && has_submitted() && submitted_bytes_ + write->command->size() > window_bytes) return nullptr;
    ++next_to_submit_;
    if (write == nullptr) continue;
    submitted_bytes_ += write->command->size();
    CHECK(submitted_bytes_ <= bytes_);
    ++write->submissions;
    return write;
  }
  return nullptr;
}

void WaitingWrites::resubmit_from(uint64_t number) {
  for (uint64_t submitted = std::max(number, first_); submitted < next_to_submit_; ++submitted) {
    const WaitingWrite* write = find(submitted);
    if (write == nullptr) continue;
    CHECK(submitted_bytes_ >= write->command->size());
    submitted_bytes_ -= write->command->size();
  }
  next_to_submit_ = std::min(next_to_submit_, number);
}

void WaitingWrites::drop_answered() {
  while (!writes_.empty() && !writes_.front()) {
    writes_.pop_front();
    ++first_;
  }
  CHECK(size_ <= writes_.size());
  if (writes_.empty()) CHECK(bytes_ == 0);
}

// ---- barriers

void WaitingBarriers::hold(Batch batch) {
  CHECK(!batch.empty());
  size_ += batch.size();
  note_deadlines(batch);
  std::move(batch.begin(), batch.end(), std::back_inserter(held_));
}

void WaitingBarriers::ask_held(raft::RequestId id, raft::Time now) {
  CHECK(has_held());
  const bool is_new = asked_.emplace(id, Asked{.at = now, .batch = std::exchange(held_, {})}).second;
  CHECK(is_new);
}

void WaitingBarriers::hold_asked_until(raft::Time limit) {
  // In the order of their ids, which is the order of asking.
  while (!asked_.empty() && asked_.begin()->second.at <= limit) refused(asked_.begin()->first);
}

void WaitingBarriers::refused(raft::RequestId id) {
  auto found = asked_.find(id);
  if (found == asked_.end()) return;
  std::move(found->second.batch.begin(), found->second.batch.end(), std::back_inserter(held_));
  asked_.erase(found);
}

void WaitingBarriers::confirmed(raft::RequestId id, raft::Index index) {
  auto found = asked_.find(id);
  if (found == asked_.end()) return;
  Batch& batch = confirmed_[index];
  std::move(found->second.batch.begin(), found->second.batch.end(), std::back_inserter(batch));
  asked_.erase(found);
}

WaitingBarriers::Batch WaitingBarriers::take_ready(raft::Index applied, size_t most) {
  Batch ready;
  while (has_ready(applied) && ready.size() < most) {
    Batch& batch = confirmed_.begin()->second;
    const auto end = batch.begin() + static_cast<std::ptrdiff_t>(std::min(batch.size(), most - ready.size()));
    std::move(batch.begin(), end, std::back_inserter(ready));
    batch.erase(batch.begin(), end);
    if (batch.empty()) confirmed_.erase(confirmed_.begin());
  }
  CHECK(ready.size() <= most);
  CHECK(size_ >= ready.size());
  size_ -= ready.size();
  return ready;
}

WaitingBarriers::Batch WaitingBarriers::take_expired(raft::Time now) {
  Batch expired;
  if (now < next_deadline()) return expired;
  earliest_ = raft::kNever;
  expire(held_, now, expired);
  for (auto& [id, asked] : asked_) expire(asked.batch, now, expired);
  for (auto& [index, batch] : confirmed_) expire(batch, now, expired);
  std::erase_if(asked_, [](const auto& entry) { return entry.second.batch.empty(); });
  std::erase_if(confirmed_, [](const auto& entry) { return entry.second.empty(); });
  CHECK(size_ >= expired.size());
  size_ -= expired.size();
  return expired;
}

void WaitingBarriers::expire(Batch& batch, raft::Time now, Batch& expired) {
  auto late = std::stable_partition(batch.begin(), batch.end(),
                                    [now](const WaitingBarrier& barrier) { return barrier.deadline > now; });
  std::move(late, batch.end(), std::back_inserter(expired));
  batch.erase(late, batch.end());
  note_deadlines(batch);
}

void WaitingBarriers::note_deadlines(const Batch& batch) {
  for (const WaitingBarrier& barrier : batch) earliest_ = std::min(earliest_, barrier.deadline);
}

}  // namespace skiff
