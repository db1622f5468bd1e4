// Scrub: reads the files of a data directory again while the node runs, so that bit rot is found before the file is
// needed.
//
// A pass covers the files that are finished when it begins: snapshots, and segments of the log that have a successor.
// It leaves out the last segment, which is being written, the spare, and files that are being made. Each file is read
// past the kernel's memory, a piece at a time, by the code that reads it at a start.
//
// Failures: damage, or a file that cannot be read, which counts as damage. Damage is reported and is never an
// error. A file that was removed meanwhile, or replaced by an intact one, is no damage. A file that cannot be opened,
// or that the machine denies (too many open files), is left for the next pass.
//
// A scrub changes nothing. Snapshots, on whose thread it runs, decides what is done about damage.
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

// A file whose content has changed since it was written.
struct Damage {
  std::string name;  // in the data directory
  std::string what;  // the path, the offset, and what is wrong there
  bool operator==(const Damage&) const = default;
};

class Scrub {
 public:
  Scrub(DataDir dir, uint64_t segment_bytes);
  Scrub(const Scrub&) = delete;
  Scrub& operator=(const Scrub&) = delete;

  // Begins a pass, instead of one that is under way. Returns how many bytes it will read.
  Result<uint64_t> begin();
  bool is_under_way() const { return !names_.empty(); }

  // Closes this file, which is about to be removed or replaced, so that it takes no space on the disk any more.
  void release(const std::string& name);

  struct Step {
    uint64_t bytes = 0;     // read
    bool has_file = false;  // it has come to the end of a file, intact or not
    std::optional<Damage> damage;
  };
  // Reads about so many bytes more. Requires: a pass is under way.
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
  std::string segment_;  // the bytes of it that have been read
};

}  // namespace skiff::store
