// Repair: replaces a log that recovery (store/wal/recover.h) refuses.
//
// The log is set aside, and a new one begins behind the newest intact snapshot. The node must fetch the lost entries
// from the other members. Until then it may have promised entries and votes that it does not know any more, so it takes
// no part in decisions (raft/recovering.cc). The file `repair` records that, before anything else is changed. It stays
// until the core reports the log intact; neither another stop nor another damage makes the node forget it.
//
// The stages follow each other. The machine may stop at any point, and the next start goes on from the stage on disk:
//
//   setting_aside  `repair` is durable, and says how the new log begins. The segments are renamed to end in `.damaged`.
//   dropping       the same, in the middle of an earlier repair: the segments hold only entries that were fetched
//                  since, and are removed. So the files that are set aside are never more than one log.
//   fetching       the new log is there, and in use.
//   complete       the other members have given back the lost entries, and the segments that were set aside are
//                  removed. The file stays, because it keeps the incarnation.
//
// Always: no start of the node is counted twice.
//
//   1. Within one log the count of starts (the incarnation) grows by one with every start.
//   2. A damaged log may have lost some of its last starts, but fewer than kStartsLostMax.
//   3. plan_repair() takes the highest count in the old log and in an earlier repair, and adds kStartsLostMax.
//   4. Hence the new log counts from a number that no start before it has had.
//   5. A disk may go back twice to one state, with the same counts. note_gone_back() therefore adds a random number.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "raft/types.h"
#include "src/base/result.h"
#include "store/files/files.h"
#include "store/wal/data_dir.h"
#include "store/wal/format.h"
#include "store/wal/wal.h"

namespace skiff::store {

constexpr char kRepairName[] = "repair";
constexpr char kSetAsideSuffix[] = ".damaged";

struct Repair {
  enum class Stage : uint8_t { setting_aside = 1, dropping = 2, fetching = 3, complete = 4 };
  Stage stage = Stage::setting_aside;
  uint64_t sequence = 0;     // of the first segment of the new log
  uint64_t incarnation = 0;  // its count of starts begins here
  raft::HardState hard_state;
  std::string damage;  // what was found, and where
  bool operator==(const Repair&) const = default;

  bool is_under_way() const { return stage != Stage::complete; }
};

std::string encode(const Repair& repair);
Result<Repair> decode_repair(std::string_view bytes);

// Returns nothing if the log of this directory was never damaged. An error if the file is there and is damaged itself.
Result<std::optional<Repair>> read_repair(Files& files, const std::string& directory);
// Replaces the file durably.
Result<> write_repair(Files& files, const std::string& directory, const Repair& repair);

// The parts of a log that can still be read, damaged or not.
struct Survey {
  uint64_t sequence = 0;        // of the last segment
  uint64_t incarnation = 0;     // the highest
  raft::HardState hard_state;   // of the highest term
  raft::Payload configuration;  // of the last entry that has one, possibly replaced later; null: none
};
Result<Survey> survey_log(const DataDir& dir);

// Plans the repair of a log that still holds this much. `before` is an earlier repair, if there was one.
Repair plan_repair(const Survey& survey, const std::optional<Repair>& before, std::string damage);

// Notes that the disk has gone back to an older state; `damage` says what was found out, and by which node. The next
// open runs the repair. Writes nothing if a repair was noted and has not run yet. The log may be in use, but only
// appended to. `unlike` is a random number (see 5 above).
Result<> note_gone_back(const DataDir& dir, const std::string& damage, uint64_t unlike);

// Runs a repair up to the stage `fetching`; the new log begins behind `snapshot`. Requires: write_repair() has
// returned, and its stage is before `fetching`.
Result<> run_repair(const DataDir& dir, WalOptions options, Repair& repair, raft::Index snapshot);
// Ends the repair: the log is intact. Requires: all earlier saves of the core are durable.
Result<> end_repair(Files& files, const std::string& directory);
// Removes the segments that were set aside.
Result<> remove_set_aside(Files& files, const std::string& directory);

}  // namespace skiff::store
