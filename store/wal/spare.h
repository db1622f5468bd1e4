// Spare: the next segment of the log, made ahead of time (preallocation).
//
// It is a file of zeros beside the log, really written and synced, under a name that recovery ignores. When the log
// needs its next segment, it renames the spare and writes only the header. Another thread then makes the next spare,
// and no write waits for it. So a disk that fills up is noticed when it has no room for a spare, while the segment in
// use still has room for records.
//
// Failures: there is no room (Error::Code::no_space). The unfinished spare is removed, nothing in the log is
// touched, and make() may be called again. After any other error the node must stop.
//
// One thread at a time may make the spare, while another moves it.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>

#include "src/base/result.h"
#include "store/files/files.h"

namespace skiff::store {

// Makes a file of so many zeros and syncs it, but not its name. It replaces a file of that name.
Result<> make_zeros(Files& files, const std::string& path, uint64_t bytes);

class Spare {
 public:
  // `files` must outlive it.
  Spare(Files& files, std::string directory, uint64_t bytes);
  Spare(const Spare&) = delete;
  Spare& operator=(const Spare&) = delete;

  // Makes the spare, unless it is there.
  Result<> make();
  bool is_there() const;
  // Renames the spare to `path`. Returns false if there is none.
  Result<bool> move_to(const std::string& path);

 private:
  Files& files_;
  const std::string path_;
  const uint64_t bytes_;
  mutable std::mutex mutex_;
  bool is_there_ = false;
};

}  // namespace skiff::store
