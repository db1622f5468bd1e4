// Process: a program that the bench has started, and ends.
//
// Its output goes to a file. It is killed when its owner goes away, and by the kernel should the bench be killed. To be
// started by the main thread alone, because the kernel ties "my parent is gone" to the thread.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "src/base/result.h"

namespace skiff::bench {

class Process {
 public:
  // The first of `command` is looked for in PATH.
  Process(const std::vector<std::string>& command, const std::string& output_file);
  ~Process();
  Process(Process&& other) noexcept : pid_(std::exchange(other.pid_, -1)) {}
  Process& operator=(Process&&) = delete;
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  // Asks it to end, and kills it when it does not within a few seconds.
  void stop();
  bool is_running() const;
  pid_t pid() const { return pid_; }
  // Of all its threads, user and system, since it started.
  double cpu_seconds() const;

 private:
  pid_t pid_ = -1;
};

// Whether a program of that name is in PATH.
bool is_installed(const std::string& program);
// What all processes of the machine have used, without idling.
double machine_cpu_seconds();
// Of this process.
double own_cpu_seconds();
// A port that nobody listens on now.
Result<uint16_t> free_port();

}  // namespace skiff::bench
