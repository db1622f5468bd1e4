// Process: a program that a test has started, and nothing but the test may end.
//
// It finds nothing to read, and its output goes to a file. It is killed when its owner goes away, and by the kernel
// should the test itself be killed. Settings of the environment (SKIFF_*) do not reach it. To be started by the test's
// main thread alone, because the kernel ties "my parent is gone" to the thread.
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
  // Its exit status, or 128 and the number of the signal that ended it; nothing if it still runs after that time.
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
// Runs to its end; killed after a minute.
Done run(const std::vector<std::string>& command);

// A directory of its own for a test, gone with it.
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

// Waits until `holds()`, looking often; false when it does not within the time.
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
