#include "src/replica/space_keeper.h"

#include <utility>

#include "raft/check.h"

namespace skiff {

SpaceKeeper::SpaceKeeper(raft::Time look_every, SpaceActions& actions) : look_every_(look_every), actions_(actions) {
  CHECK(look_every_ > 0_s);
}

void SpaceKeeper::ensure_spare() {
  if (is_making_spare_) return;
  if (actions_.has_spare()) return found_spare();
  is_making_spare_ = true;
  actions_.make_spare();
}

void SpaceKeeper::saved() {
  has_blocked_save_ = false;
  ensure_spare();
}

void SpaceKeeper::save_blocked(raft::Time now, const std::string& error) {
  has_blocked_save_ = true;
  found_none(now, error);
}

void SpaceKeeper::spare_made() {
  CHECK(is_making_spare_);
  is_making_spare_ = false;
  found_spare();
}

void SpaceKeeper::spare_failed(raft::Time now, const std::string& error) {
  CHECK(is_making_spare_);
  is_making_spare_ = false;
  found_none(now, error);
}

void SpaceKeeper::tick(raft::Time now) {
  if (now < look_at_) return;
  look_at_ = raft::kNever;
  ensure_spare();
  CHECK(!has_blocked_save_ || is_full_);
}

void SpaceKeeper::found_none(raft::Time now, const std::string& error) {
  CHECK(now < raft::kNever - look_every_);
  look_at_ = now + look_every_;
  actions_.disk_full(error, !std::exchange(is_full_, true));
}

// A blocked save goes first: it may be larger than a segment and find no space all the same. The replica is told about
// the space once that save is durable.
void SpaceKeeper::found_spare() {
  if (has_blocked_save_) {
    CHECK(is_full_);
    return actions_.retry_save();
  }
  if (!std::exchange(is_full_, false)) return;
  look_at_ = raft::kNever;
  actions_.disk_has_space();
}

}  // namespace skiff
