// DiskSpace: how many bytes of log our disk still has space for, once it is full.
//
// As long as the disk is not full nothing is counted, and everything fits. A full disk reports how much space it has
// left, as of the last save that is on it. From then on every appended entry reserves what its save may use, and every
// save that is handed over uses what it holds. Commands leave the last `kept_bytes` to votes, terms, no-ops and
// configurations.
//
// Always: what is counted as used is at least what the log on disk uses.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "raft/types.h"

namespace skiff::raft {

class DiskSpace {
 public:
  explicit DiskSpace(uint64_t kept_bytes) : kept_bytes_(kept_bytes) {}

  // An upper bound on what a save of these entries uses.
  static uint64_t bytes_of_save(const std::vector<Entry>& entries);

  // The space that is left as of the last confirmed save, or nothing if the disk is not full any more. Saves under way
  // use `bytes_under_way` of it.
  void reported(std::optional<uint64_t> bytes_left, uint64_t bytes_under_way);
  bool is_full() const { return bytes_left_.has_value(); }
  bool has_space_for(const Entry& entry) const;
  // The entry is in the log, and will be part of the next save.
  void appended(const Entry& entry);
  // Everything appended so far was handed to the disk, in a save of this size.
  void handed_over(uint64_t save_bytes);
  // An entry that was sent to us did not fit.
  void left_out() { has_left_out_ = true; }
  // Whether this node can keep up with a leader that takes writes.
  bool takes_writes() const { return !is_full() || (!has_left_out_ && *bytes_left_ > kept_bytes_); }

 private:
  void use(uint64_t bytes);

  uint64_t kept_bytes_;
  std::optional<uint64_t> bytes_left_;  // after every save that was handed over
  uint64_t reserved_bytes_ = 0;         // for entries that were not handed over yet
  bool has_left_out_ = false;           // something did not fit since the disk is full
};

}  // namespace skiff::raft
