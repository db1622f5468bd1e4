// Repair: what a data directory does about a log that recovery (store/wal/recover.h) does not believe.
//
// The log is set aside, and a new one begins behind the newest snapshot that is whole. What is gone with it, the node
// must fetch from the others; until then it may have promised what it does not know any more, and takes no part in
// decisions (raft/recovering.cc). So the first thing that is written is the file `repair`, which says so. It stays
// until the core has said that the log is whole, and no second stop, nor a second damage, makes the node forget it.
//
// One after the other, so that the machine may stop anywhere in between, and the next start goes on there:
//
//   setting_aside  `repair` is durable, and says how the new log begins. Segments get `.damaged` behind their names. If
//                  a repair was under way already, they hold only what was fetched since, and are removed instead
//                  (`dropping`): what is set aside stays bounded by one log.
//   fetching       the new log is there, and in use.
//   whole          the others have given back what was lost; the segments that were set aside are removed. The file
//                  stays, for the sake of the number it keeps:
//
// A start of the node must never be counted twice, and the count may be lost with the log. So the new log counts on
// from far beyond whatever was found, and whatever an earlier repair began at.
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
  uint64_t sequence = 0;     // with which the new log begins
  uint64_t incarnation = 0;  // from which on it counts
  raft::HardState hard_state;
  std::string damage;  // what was found, where
  bool operator==(const Repair&) const = default;

  bool is_under_way() const { return stage != Stage::complete; }
};

std::string encode(const Repair& repair);
Result<Repair> decode_repair(std::string_view bytes);

// Nothing if this directory was never damaged. An error if the file is there and cannot be believed.
Result<std::optional<Repair>> read_repair(Files& files, const std::string& directory);
// Durably, in the place of the one before.
Result<> write_repair(Files& files, const std::string& directory, const Repair& repair);

// What can still be read of a log, damaged or not.
struct Survey {
  uint64_t sequence = 0;        // of the last segment
  uint64_t incarnation = 0;     // the highest
  raft::HardState hard_state;   // of the highest term
  raft::Payload configuration;  // the last in an entry, maybe one that was replaced later; null: none
};
Result<Survey> survey_log(const DataDir& dir);

// What is to be done, for a log that holds this much, after `before`, if there was one.
Repair plan_repair(const Survey& survey, const std::optional<Repair>& before, std::string damage);

// The disk has gone back to an older state: what was found out, and by whom, is `damage`. The next open carries the
// repair out. Nothing is written if one was begun and not
// carried out yet. The log may be in use, but only appended to. `unlike` is a random
// number: the same disk may go back to the same state twice, and no start may then be counted twice.
Result<> note_gone_back(const DataDir& dir, const std::string& damage, uint64_t unlike);

// Carries it out up to the stage `fetching`; the new log begins behind `snapshot`. Requires: it is written.
Result<> run_repair(const DataDir& dir, WalOptions options, Repair& repair, raft::Index snapshot);
// The log is whole. Requires: what the core wanted saved before is durable.
Result<> end_repair(Files& files, const std::string& directory);
// What was set aside, and is not needed any more.
Result<> remove_set_aside(Files& files, const std::string& directory);

}  // namespace skiff::store
