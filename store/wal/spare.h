// Spare: the next segment of the log, made ahead of its time.
//
// A file of zeros beside the log, really written and synced, under a name that no recovery believes. When the log needs
// its next segment it takes this one, and only the header is left to be written; another is made meanwhile, by a thread
// that nobody waits for. A disk that fills up is therefore noticed when it has no room for a spare, while there is room
// for records in the segment that is in use.
//
// What can go wrong: there is no room (Error::Code::no_space): what was begun is removed, nothing that is in the log
// was touched, and it can be tried again. After any other error the node must stop.
//
// Any thread may make it, one at a time, while another takes it.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>

#include "src/base/result.h"
#include "store/files/files.h"

namespace skiff::store {

// A file of that many zeros, synced; its name is not. Whatever had the name before is gone.
Result<> make_zeros(Files& files, const std::string& path, uint64_t bytes);

class Spare {
 public:
  // `files` must outlive it.
  Spare(Files& files, std::string directory, uint64_t bytes);
  Spare(const Spare&) = delete;
  Spare& operator=(const Spare&) = delete;

  // Unless it is there.
  Result<> make();
  bool is_there() const;
  // Gives it that name. False if there is none.
  Result<bool> move_to(const std::string& path);

 private:
  Files& files_;
  const std::string path_;
  const uint64_t bytes_;
  mutable std::mutex mutex_;
  bool is_there_ = false;
};

}  // namespace skiff::store
