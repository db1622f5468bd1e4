// Process: a child process of the bench.
//
// Its output goes to a file. It is killed when its owner is destroyed, and by the kernel if the bench is killed. Only
// the main thread may start it, because the kernel ties the death signal of the parent to a thread.
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
// The CPU time of all processes of the machine, without idling.
double machine_cpu_seconds();
// Of this process.
double own_cpu_seconds();
// A port that is not in use now.
Result<uint16_t> free_port();

}  // namespace skiff::bench
