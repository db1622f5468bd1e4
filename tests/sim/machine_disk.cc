// The disk of a machine: saves, the segment that the log goes on in, and what it does when there is no room for one. As
// in src/node/disk_thread.cc and src/node/space.cc.
#include <algorithm>
#include <utility>

#include "tests/sim/checker.h"
#include "tests/sim/machine.h"

namespace skiff::sim {

void Machine::start_saving() {
  saving_ = std::exchange(waiting_, {});
  saving_up_to_ = last_save_;
  Time takes = world_.about(world_.weather.sync);
  if (!world_.is_healed && world_.chance(world_.weather.stall_permille)) {
    world_.count(Fault::stalled_sync);
    takes += world_.between(kMillisecond, 3 * kSecond);
  }
  if (stalled_until_ > world_.now()) takes += stalled_until_ - world_.now();
  later(takes, [this] { finish_saving(); });
}

void Machine::prepare_disk_faults(uint64_t operations_left) {
  if (dies_in_save_) {
    world_.count(Fault::torn);
    files_.stop_at(files_.operations() + world_.between(1, operations_left));
  }
  files_.set_full(full_until_ > world_.now());
}

void Machine::finish_saving() {
  prepare_disk_faults(3);
  if (!std::exchange(has_save_without_room_, false)) checker_.saving(id_, saving_);
  auto saved = storage_->save(saving_);
  if (dies_in_save_) return lose_power(testing::MemoryFiles::Loss::random);
  if (!saved && saved.error().code == Error::Code::no_space) {
    has_save_without_room_ = true;
    return found_no_room(saved.error().what);
  }
  if (!saved) {
    world_.trace([&] { return std::to_string(id_) + " stops: " + saved.error().what; });
    return kill();
  }
  checker_.saved(id_);
  if (std::any_of(saving_.begin(), saving_.end(), [](const store::Batch& batch) { return batch.is_intact; })) {
    world_.trace([&] { return std::to_string(id_) + " is whole again"; });
    is_recovering_ = false;
    ++world_.repaired;
  }
  uint64_t up_to = saving_up_to_;
  saving_.clear();
  if (!waiting_.empty()) start_saving();
  step([&](Replica& replica) { replica.persisted(local_now(), up_to); });
  ensure_spare_segment();
}

// ---- full disks

void Machine::ensure_spare_segment() {
  if (is_making_spare_) return;
  if (storage_->spare().is_there()) return found_room();
  is_making_spare_ = true;
  later(2 * world_.about(world_.weather.sync), [this] { make_spare(); });
}

void Machine::make_spare() {
  is_making_spare_ = false;
  prepare_disk_faults(4);
  auto made = storage_->spare().make();
  if (dies_in_save_) return lose_power(testing::MemoryFiles::Loss::random);
  if (!made && made.error().code == Error::Code::no_space) return found_no_room(made.error().what);
  if (!made) {
    world_.trace([&] { return std::to_string(id_) + " stops: " + made.error().what; });
    return kill();
  }
  found_room();
}

// What is larger than a segment may have found none all the same; and what found none may not have needed a segment.
void Machine::found_room() {
  if (has_save_without_room_) return finish_saving();
  if (!replica_->raft().is_full()) return;
  world_.trace([&] { return std::to_string(id_) + " has room again"; });
  step([&](Replica& replica) { replica.disk_space(local_now(), std::nullopt); });
}

void Machine::found_no_room(const std::string& error) {
  world_.trace([&] { return std::to_string(id_) + " is full: " + error; });
  ++world_.full_disks;
  step([&](Replica& replica) { replica.disk_space(local_now(), storage_->counters().room); });
  if (std::exchange(is_making_spare_, true)) return;
  later(kSecond, [this] { make_spare(); });
}

// ---- damage at rest

ScrubConfig scrub_config(const Weather& weather) {
  return {.every_ns = weather.scrub_every,
          .first_ns = weather.scrub_every,
          .piece_bytes = weather.scrub_piece_bytes,
          .pause_ns = weather.scrub_every / 4,
          .replace_again_ns = weather.scrub_every};
}

void Machine::arm_scrub() {
  const Time deadline = scrubbing_->next_deadline();
  if (deadline == raft::kNever) return;
  later(deadline > world_.now() ? deadline - world_.now() : 0, [this] { scrub(); });
}

void Machine::scrub() {
  auto order = scrubbing_->due(world_.now());
  if (!order) return arm_scrub();
  later(world_.about(world_.weather.sync / 4 + 1'000), [this, order] {
    if (!snapshot_waiting_.empty() && world_.chance(500)) {
      scrubbing_->put_off(world_.now());
    } else {
      const auto scrubbed = snapshots_->scrub(order->begins, order->bytes);
      replace_damaged(scrubbed, scrubbing_->done(world_.now(), scrubbed));
    }
    arm_scrub();
  });
}

void Machine::note_damage_found() {
  if (!snapshots_->has_news()) return;
  const auto news = snapshots_->news();
  replace_damaged(news, scrubbing_->note(world_.now(), news));
}

void Machine::replace_damaged(const store::Snapshots::Scrubbed& scrubbed, std::optional<raft::Index> at) {
  for (const store::Damage& damage : scrubbed.found) {
    world_.trace([&] { return std::to_string(id_) + " finds damage at rest: " + damage.what; });
    checker_.found_damage(id_, damage);
    ++world_.at_rest.found;
  }
  for (const store::Damage& damage : scrubbed.recovered) {
    world_.trace([&] { return std::to_string(id_) + " has mended " + damage.name; });
    ++world_.at_rest.recovered;
  }
  if (at) step([&](Replica& replica) { replica.replace_damaged(local_now(), *at); });
}

}  // namespace skiff::sim
