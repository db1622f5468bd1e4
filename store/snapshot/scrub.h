// Scrub: reads the files of a data directory again while the node runs, so that what has rotted at rest is found before
// anybody depends on it.
//
// A pass goes over the files that are finished when it begins: snapshots, and segments of the log that have a
// successor. Not the last segment, which is being written, nor the spare, nor what is being made. Each is read past the
// kernel's memory, a piece at a time, by the code that reads it at a start.
//
// What can go wrong: damage, or a file that cannot be read, which is the same. It is told, and never an error. A file
// that is gone meanwhile, or has been replaced by a whole one, is no damage. What cannot even be opened, or what the
// machine does not let us read (too many open files), is left for the next pass.
//
// It changes nothing. What is to be done about damage is for Snapshots to know, whose thread it runs on.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "raft/types.h"
#include "src/base/result.h"
#include "store/files/files.h"
#include "store/wal/data_dir.h"

namespace skiff::store {

// A file that is not what it was when it was written.
struct Damage {
  std::string name;  // in the data directory
  std::string what;  // the path, where in it, and what is the matter
  bool operator==(const Damage&) const = default;
};

class Scrub {
 public:
  Scrub(DataDir dir, uint64_t segment_bytes);
  Scrub(const Scrub&) = delete;
  Scrub& operator=(const Scrub&) = delete;

  // Begins a pass, in the place of one that is under way: how many bytes it has before it.
  Result<uint64_t> begin();
  bool is_under_way() const { return !names_.empty(); }

  // That file is about to go, or to be replaced: it takes up no room for being read.
  void release(const std::string& name);

  struct Step {
    uint64_t bytes = 0;     // read
    bool has_file = false;  // it has come to the end of one, whole or not
    std::optional<Damage> damage;
  };
  // About so many bytes on. Requires: a pass is under way.
  Step read_on(uint64_t bytes);

 private:
  std::string path() const { return dir_.path_of(names_.front()); }
  bool open_next();
  Step end_file(uint64_t bytes, Result<> checked);
  Result<> check_again();

  const DataDir dir_;
  const uint64_t segment_bytes_;
  std::deque<std::string> names_;  // to be read; the first is being read
  std::unique_ptr<File> file_;
  uint64_t offset_ = 0;
  std::string segment_;  // what has been read of it
};

}  // namespace skiff::store
