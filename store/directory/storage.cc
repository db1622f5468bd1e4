#include "store/directory/storage.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "raft/check.h"
#include "raft/mutant.h"
#include "src/base/try.h"
#include "store/directory/directories.h"
#include "store/files/read_file.h"
#include "store/files/read_only_files.h"
#include "store/wal/recover.h"

namespace skiff::store {
namespace {

// The name of a directory with an identity is durable already: founding begins with that.
Result<> make_directory_if_missing(Files& files, const std::string& directory) {
  TRY(const bool is_founded, files.exists(join(directory, kIdentityName)));
  if (is_founded) return {};
  return make_directories(files, directory);
}

Result<> remove_unfinished(Files& files, const std::string& directory) {
  TRY(const auto names, files.list(directory));
  for (const std::string& name : names) {
    if (!name.ends_with(kAsideSuffix)) continue;
    const bool is_ours = name.starts_with("wal-") || name.starts_with(kIdentityName) || name.starts_with(kRepairName);
    if (!is_ours) continue;
    TRY(files.remove(join(directory, name)));
  }
  return {};
}

// Whether a segment has nothing but its header, as founding writes it.
Result<bool> is_unused(Files& files, const std::string& path) {
  TRY(const std::string bytes, read_file(files, path));
  return bytes.size() <= kHeaderEnd || is_zero(std::string_view(bytes).substr(kHeaderEnd));
}

// Removes the files of a founding that was not finished. An error if there is any other file.
Result<> clear_for_founding(Files& files, const std::string& directory) {
  TRY(const auto names, files.list(directory));
  for (const std::string& name : names) {
    if (name == kLockName || name == "lost+found") continue;
    std::string path = join(directory, name);
    if (segment_sequence(name) != 1) {
      return fail(Error::Code::invalid,
                  "found a data directory in " + directory + ": there is " + name + " in it, but no identity",
                  "choose an empty directory, or give it back its identity from a copy");
    }
    TRY(const bool has_nothing, is_unused(files, path));
    if (!has_nothing) {
      return fail(Error::Code::corrupt, "open data directory " + directory + ": there is a log in it, but no identity",
                  "nothing was changed: give it back its identity from a copy");
    }
    TRY(files.remove(path));
  }
  return {};
}

// The identity comes last: a directory that has one is founded.
Result<> found_directory(Files& files, const std::string& directory, const Identity& wanted, WalOptions options) {
  TRY(clear_for_founding(files, directory));
  TRY(std::ignore, Wal::create({files, directory, {wanted.cluster, wanted.node}}, options));
  return write_identity(files, directory, wanted);
}

Result<Identity> find_identity(Files& files, const std::string& directory, const Identity& wanted, WalOptions options) {
  TRY(const bool exists, files.exists(join(directory, kIdentityName)));
  if (!exists) TRY(found_directory(files, directory, wanted, options));
  // Read back even if just written: the next start will find the same.
  auto identity = read_identity(files, directory);
  if (identity && identity->node != wanted.node) {
    return fail(Error::Code::invalid, "open data directory " + directory + ": it belongs to node " +
                                          std::to_string(identity->node) + ", this is node " +
                                          std::to_string(wanted.node));
  }
  return identity;
}

Result<std::unique_ptr<Lock>> lock_directory(Files& files, const std::string& directory) {
  auto lock = files.lock(join(directory, kLockName));
  if (!lock && lock.error().code == Error::Code::unavailable) {
    return fail(Error::Code::unavailable,
                "open data directory " + directory + ": another process uses it (" + lock.error().what + ")");
  }
  return lock;
}

// Whether the log holds the entry of the snapshot, as far as the log can tell. Terms rise along a log, so an entry
// behind the snapshot that has an older term belongs to a log that was replaced.
bool reaches(const RecoveredWal& log, raft::LogPosition snapshot) {
  if (snapshot.index > log.state.last_index) return false;
  if (snapshot.index > log.base.index) {
    CHECK(snapshot.index - log.base.index <= log.entries.size());
    return log.entries[snapshot.index - log.base.index - 1].position.term == snapshot.term;
  }
  if (log.base.term != 0) return log.base.term == snapshot.term;
  return log.entries.empty() || log.entries.front().position.term >= snapshot.term;
}

// Finds out whether a refused log can be repaired, and notes the repair before anything is changed. Returns the damage
// as the error if it cannot.
Result<Repair> begin_repair(const DataDir& dir, const std::optional<Repair>& before, Error damage,
                            const CanRepair& can_repair, const Recovered& recovered) {
  if (damage.code != Error::Code::corrupt || !can_repair) return tl::unexpected(std::move(damage));
  auto survey = survey_log(dir);
  if (!survey) return tl::unexpected(std::move(damage));
  const bool has_log = survey->sequence > 0;
  if (!has_log && !(before && before->is_under_way())) return tl::unexpected(std::move(damage));
  const raft::Payload& newest = survey->configuration ? survey->configuration : recovered.snapshot.configuration;
  if (!can_repair(recovered.identity, newest)) {
    damage.advice += ". This node knows of no other member: there is none to fetch the log from";
    return tl::unexpected(std::move(damage));
  }
  Repair repair = plan_repair(*survey, before, damage.what);
  TRY(write_repair(dir.files, dir.path, repair));
  return repair;
}

// Recovers the log, and repairs it if need be.
Result<RecoveredWal> recover_or_repair(const DataDir& dir, WalOptions options, const CanRepair& can_repair,
                                       Recovered& recovered) {
  const raft::Index snapshot = recovered.snapshot.position.index;
  TRY(auto repair, read_repair(dir.files, dir.path));
  const bool is_in_the_middle = repair && repair->stage < Repair::Stage::fetching;
  if (!is_in_the_middle) {
    auto found = recover_wal(dir, snapshot, options.segment_bytes);
    if (repair && repair->is_under_way() && !MUTANT(damage_forgotten)) recovered.damage = repair->damage;
    if (repair && found && !repair->is_under_way()) TRY(remove_set_aside(dir.files, dir.path));
    if (found) return found;
    TRY(repair, begin_repair(dir, repair, found.error(), can_repair, recovered));
  }
  TRY(run_repair(dir, options, *repair, snapshot));
  recovered.damage = repair->damage;
  return recover_wal(dir, snapshot, options.segment_bytes);
}

// Returns what must be appended to the log before it can go on behind the snapshot. The term of the snapshot may not
// have reached the log. Then no vote in that term has either, so none was given.
Batch join_log_and_snapshot(RecoveredWal& log, raft::LogPosition snapshot) {
  CHECK(log.base.index <= snapshot.index);
  Batch batch;
  if (snapshot.index == 0) return batch;
  if (log.state.hard_state.term < snapshot.term) batch.hard_state = {.term = snapshot.term, .vote = 0};
  if (reaches(log, snapshot)) {
    auto behind = log.entries.begin() + static_cast<std::ptrdiff_t>(snapshot.index - log.base.index);
    log.entries.erase(log.entries.begin(), behind);
  } else {
    log.entries.clear();
    batch.restart = snapshot;
  }
  return batch;
}

Result<> load_newest_snapshot(Snapshots& snapshots, Recovered& recovered) {
  TRY(auto newest, snapshots.load_newest());
  recovered.notes = std::move(newest.notes);
  if (newest.snapshot) {
    recovered.snapshot = std::move(newest.snapshot->mark);
    recovered.kv = std::move(newest.snapshot->kv);
  }
  CHECK(recovered.kv.applied() == recovered.snapshot.position.index);
  return {};
}

// Requires: the log has been joined with the snapshot, and recovered.hard_state is set.
void add_log(RecoveredWal log, Recovered& recovered) {
  CHECK(recovered.hard_state.term >= recovered.snapshot.position.term);
  if (!log.entries.empty()) CHECK(log.entries.front().position.index == recovered.snapshot.position.index + 1);
  recovered.entries = std::move(log.entries);
  recovered.notes.insert(recovered.notes.end(), log.notes.begin(), log.notes.end());
  recovered.fresh = !recovered.damage && recovered.snapshot.position.index == 0 && recovered.entries.empty() &&
                    recovered.hard_state == raft::HardState{};
}

}  // namespace

Result<> Storage::save(std::span<const Batch> batches) {
  CHECK(batches.size() >= appended_);
  TRY(wal_->append(batches.subspan(appended_)));
  appended_ = batches.size();
  auto kept = keep_beside(batches);
  if (kept) appended_ = 0;
  return kept;
}

// Writes the parts of a batch that have files of their own. Each file is made anew, so there may be no room for it;
// then the call may be repeated.
Result<> Storage::keep_beside(std::span<const Batch> batches) {
  for (const Batch& batch : batches) {
    if (!batch.peers) continue;
    TRY(remember_data_dir_ids(dir_.files, dir_.path, *batch.peers));
  }
  const bool is_intact =
      std::any_of(batches.begin(), batches.end(), [](const Batch& batch) { return batch.is_intact; });
  return is_intact ? end_repair(dir_.files, dir_.path) : Result<>();
}

Result<Opened> Storage::open(Files& files, const std::string& directory, const Identity& wanted, WalOptions options,
                             const CanRepair& can_repair) {
  CHECK(wanted.node != 0);
  TRY(make_directory_if_missing(files, directory));
  TRY(auto lock, lock_directory(files, directory));
  TRY(remove_unfinished(files, directory));
  TRY(auto identity, find_identity(files, directory, wanted, options));
  // Names are synced before they are used: the next start must find the same ones.
  TRY(files.sync_directory(directory));

  const DataDir dir{files, directory, {identity.cluster, identity.node}};
  auto snapshots = std::make_unique<Snapshots>(dir, options.segment_bytes);
  Recovered recovered;
  recovered.identity = std::move(identity);
  TRY(load_newest_snapshot(*snapshots, recovered));
  recovered.begun = snapshots->resume();
  TRY(auto wal, open_wal(dir, options, can_repair, recovered));
  return Opened{std::unique_ptr<Storage>(new Storage(dir, std::move(lock), std::move(wal))), std::move(snapshots),
                std::move(recovered)};
}

// If a repair has not made the new log yet, returns the log that it will make, behind the snapshot.
static Result<RecoveredWal> open_log_read_only(const DataDir& dir, WalOptions options, Recovered& recovered) {
  const raft::Index snapshot = recovered.snapshot.position.index;
  TRY(const auto repair, read_repair(dir.files, dir.path));
  if (repair && repair->is_under_way()) recovered.damage = repair->damage;
  if (!repair || repair->stage >= Repair::Stage::fetching) return recover_wal(dir, snapshot, options.segment_bytes);
  RecoveredWal log;
  log.base.index = snapshot;
  log.state = {.last_index = snapshot, .hard_state = repair->hard_state, .incarnation = repair->incarnation};
  return log;
}

Result<Recovered> open_read_only(Files& files, const std::string& directory, WalOptions options) {
  ReadOnlyFiles untouched(files);
  Recovered recovered;
  TRY(recovered.identity, read_identity(untouched, directory));
  const DataDir dir{untouched, directory, {recovered.identity.cluster, recovered.identity.node}};
  Snapshots snapshots(dir);
  TRY(load_newest_snapshot(snapshots, recovered));
  TRY(auto log, open_log_read_only(dir, options, recovered));
  const Batch joined = join_log_and_snapshot(log, recovered.snapshot.position);
  recovered.hard_state = joined.hard_state.value_or(log.state.hard_state);
  recovered.incarnation = log.state.incarnation;
  add_log(std::move(log), recovered);
  return recovered;
}

Result<std::unique_ptr<Wal>> Storage::open_wal(const DataDir& dir, WalOptions options, const CanRepair& can_repair,
                                               Recovered& recovered) {
  auto found = recover_or_repair(dir, options, can_repair, recovered);
  if (!found) {
    Error error = found.error();  // the notes are causes too, so they stand before the advice
    for (const std::string& note : recovered.notes) error.what += "; and: " + note;
    return tl::unexpected(std::move(error));
  }
  if (found->state.incarnation == ~uint64_t{0}) {
    return fail(Error::Code::corrupt, "recover " + dir.path + ": the count of starts is at its end");
  }
  TRY(auto wal, Wal::resume(dir, options, found->end, found->state));
  TRY(wal->start(found->state.incarnation + 1));
  const Batch joined = join_log_and_snapshot(*found, recovered.snapshot.position);
  if (joined.hard_state || joined.restart) TRY(wal->append({&joined, 1}));
  recovered.hard_state = wal->state().hard_state;
  recovered.incarnation = wal->state().incarnation;
  CHECK(recovered.incarnation >= 1);
  add_log(std::move(*found), recovered);
  return wal;
}

}  // namespace skiff::store
