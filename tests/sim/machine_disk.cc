// The disk of a machine: how long operations take, the faults in them, and what a machine asks of it. Decisions about
// it are Housekeeping's, as in a node.
#include <algorithm>
#include <utility>

#include "tests/sim/checker.h"
#include "tests/sim/machine.h"

namespace skiff::sim {

// An inline save ends before anything else happens to the process, unless it takes so long that another thread goes on
// with the loop (src/node/loop_handoff.h).
void Machine::start_saving(bool is_inline) {
  saving_ = std::exchange(waiting_, {});
  saving_up_to_ = last_save_;
  save_takes_ = world_.about(world_.weather.sync);
  if (!world_.is_healed && world_.chance(world_.weather.stall_permille)) {
    world_.count(Fault::stalled_sync);
    save_takes_ += world_.between(1_ms, 3_s);
  }
  if (stalled_until_ > world_.now()) save_takes_ += stalled_until_ - world_.now();
  const bool is_at_once = is_inline && save_takes_ <= limits::kLoopHeldUp;
  later(is_at_once ? 0_s : save_takes_, [this] { finish_saving(); });
}

void Machine::prepare_disk_faults(uint64_t operations_left) {
  if (dies_in_save_) {
    world_.count(Fault::torn);
    files_.stop_at(files_.operations() + world_.between(1, operations_left));
  }
  files_.set_full(full_until_ > world_.now());
}

bool Machine::died_of(const Result<>& done) {
  if (dies_in_save_) return lose_power(testing::MemoryFiles::Loss::random), true;
  if (done) return false;
  trace([&] { return " stops: " + done.error().what; });
  kill();
  return true;
}

void Machine::finish_saving() {
  prepare_disk_faults(3);
  if (!std::exchange(is_save_blocked_, false)) checker_.saving(id_, saving_);
  const Result<> saved = storage_->save(saving_);
  if (!dies_in_save_ && !saved && saved.error().code == Error::Code::no_space) {
    is_save_blocked_ = true;
    return housekeeping_->space().save_blocked(local_now(), saved.error().what);
  }
  if (died_of(saved)) return;
  checker_.saved(id_);
  if (std::any_of(saving_.begin(), saving_.end(), [](const store::Batch& batch) { return batch.is_intact; })) {
    trace([] { return " is intact again"; });
    is_recovering_ = false;
    ++world_.repaired;
  }
  const uint64_t up_to = saving_up_to_;
  inline_saves_->note_saved(save_takes_);
  saving_.clear();
  if (!waiting_.empty()) start_saving(false);
  step([&](Replica& replica) { replica.persisted(local_now(), up_to); });
  housekeeping_->space().saved();
}

// ---- full disks

void Machine::make_spare() {
  later(2 * world_.about(world_.weather.sync), [this] {
    prepare_disk_faults(4);
    const Result<> made = storage_->spare().make();
    if (!dies_in_save_ && !made && made.error().code == Error::Code::no_space) {
      return housekeeping_->space().spare_failed(local_now(), made.error().what);
    }
    if (!died_of(made)) housekeeping_->space().spare_made();
  });
}

void Machine::retry_save() {
  later(world_.about(world_.weather.sync), [this] {
    if (is_save_blocked_) finish_saving();
  });
}

void Machine::disk_full(const std::string& error, bool) {
  trace([&] { return " is full: " + error; });
  ++world_.full_disks;
  step([&](Replica& replica) { replica.disk_space(local_now(), storage_->counters().room); });
}

void Machine::disk_has_space() {
  trace([] { return " has space again"; });
  step([&](Replica& replica) { replica.disk_space(local_now(), std::nullopt); });
}

// ---- damage at rest

void Machine::scrub(const ScrubSchedule::Task& task) {
  later(world_.about(world_.weather.sync / 4 + 1_us), [this, task] {
    if (!snapshot_waiting_.empty() && world_.chance(500)) return housekeeping_->scrub().put_off(local_now());
    housekeeping_->scrub().scrubbed(local_now(), snapshots_->scrub(task.begins, task.bytes));
  });
}

void Machine::note_disk_news() {
  if (snapshots_->has_news()) housekeeping_->scrub().noted(local_now(), snapshots_->news());
}

void Machine::damage_found(const store::Damage& damage) {
  trace([&] { return " finds damage at rest: " + damage.what; });
  checker_.found_damage(id_, damage);
  ++world_.at_rest.found;
}

void Machine::damage_removed(const store::Damage& damage) {
  trace([&] { return " has removed the damaged " + damage.name; });
  ++world_.at_rest.recovered;
}

void Machine::replace_damaged(raft::Index at) {
  step([&](Replica& replica) { replica.replace_damaged(local_now(), at); });
}

// ---- memory

bool Machine::shorten_log() {
  bool is_under_way = false;
  step([&](Replica& replica) { is_under_way = replica.shorten_log(local_now()); });
  return is_under_way;
}

bool Machine::free_some(size_t count_max) {
  bool has_more = false;
  step([&](Replica& replica) { has_more = replica.free_some(count_max); });
  return has_more;
}

}  // namespace skiff::sim
