#include "raft/save_queue.h"

#include <utility>

#include "raft/check.h"

namespace skiff::raft {

void SaveQueue::hand_over(Save save, Effects& effects) {
  CHECK(effects.save == 0);
  CHECK(under_way_.empty() || under_way_.back().handed_at <= save.handed_at);
  save.number = ++last_number_;
  effects.save = save.number;
  if (std::exchange(is_hard_state_unsaved_, false)) effects.hard_state = save.hard_state;
  effects.restart = std::exchange(restart_, std::nullopt);
  under_way_.push_back(save);
}

void SaveQueue::confirmed(uint64_t number) {
  CHECK(number <= last_number_);
  while (!under_way_.empty() && under_way_.front().number <= number) {
    durable_hard_state_ = under_way_.front().hard_state;
    under_way_.erase(under_way_.begin());
  }
}

bool SaveQueue::is_older(Time longest, Time now) const {
  return !under_way_.empty() && now >= under_way_.front().handed_at + longest;
}

uint64_t SaveQueue::bytes_under_way() const {
  uint64_t bytes = 0;
  for (const Save& save : under_way_) bytes += save.bytes;
  return bytes;
}

}  // namespace skiff::raft
