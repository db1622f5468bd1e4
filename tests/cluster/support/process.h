// Process: a program that a test has started, and that only the test may end.
//
// Its standard input is empty, and its output goes to a file. The destructor kills it, and the kernel does if the test
// itself is killed. Settings of the environment (SKIFF_*) do not reach it. Requires: started by the test's main thread,
// because the kernel sends the signal of a parent's death when the thread ends (PR_SET_PDEATHSIG).
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

namespace skiff::cluster_test {

class Process {
 public:
  // The first of `command` is looked for in PATH. Output is appended to the file.
  Process(const std::vector<std::string>& command, const std::string& output_file);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  void signal(int number) const;
  // The exit status, or 128 plus the number of the signal that ended it; nothing if it still runs after that time.
  std::optional<int> wait_ms(int timeout_ms);
  bool is_running() { return !wait_ms(0).has_value(); }
  pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = -1;
  std::optional<int> status_;
};

struct Done {
  int status = -1;
  std::string output;  // both stdout and stderr
};
// Runs the command to its end; kills it after a minute.
Done run(const std::vector<std::string>& command);

// A directory of a test; the destructor removes it.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

std::string read_file(const std::string& path);
void write_file(const std::string& path, const std::string& bytes);

// Polls until `holds()`; returns false if that takes longer than the time.
template <class Condition>
bool within_ms(int timeout_ms, Condition holds);

void nap_ms(int duration_ms);
long now_ms();

template <class Condition>
bool within_ms(int timeout_ms, Condition holds) {
  for (const long end = now_ms() + timeout_ms; !holds(); nap_ms(2)) {
    if (now_ms() > end) return false;
  }
  return true;
}

}  // namespace skiff::cluster_test
