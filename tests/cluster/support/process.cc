#include "tests/cluster/support/process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string_view>
#include <thread>

#include "raft/check.h"

namespace skiff::cluster_test {

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

std::vector<std::string> environment_without_settings() {
  std::vector<std::string> variables;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string_view text = *variable;
    const bool is_setting = text.starts_with("SKIFF_") && !text.starts_with("SKIFF_MUTANT=");
    if (!is_setting) variables.emplace_back(text);
  }
  return variables;
}

Process::Process(const std::vector<std::string>& command, const std::string& output_file) {
  // Everything that needs memory comes before the fork, because other threads may be running.
  std::vector<std::string> arguments = command;
  std::vector<std::string> variables = environment_without_settings();
  std::vector<char*> argument_pointers = pointers_to(arguments);
  std::vector<char*> variable_pointers = pointers_to(variables);
  int input = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  int output = ::open(output_file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  CHECK(input >= 0 && output >= 0);
  pid_ = fork();
  CHECK(pid_ >= 0);
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(input, STDIN_FILENO);
    dup2(output, STDOUT_FILENO);
    dup2(output, STDERR_FILENO);
    execvpe(argument_pointers[0], argument_pointers.data(), variable_pointers.data());
    _exit(127);
  }
  close(input);
  close(output);
}

Process::~Process() {
  if (is_running()) {
    signal(SIGKILL);
    wait_ms(10'000);
  }
}

void Process::signal(int number) const {
  CHECK(!status_);  // once it has been waited for, another process may have its pid
  ::kill(pid_, number);
}

std::optional<int> Process::wait_ms(int timeout_ms) {
  within_ms(timeout_ms, [&] {
    int status = 0;
    if (!status_ && waitpid(pid_, &status, WNOHANG) == pid_) {
      status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
    return status_.has_value();
  });
  return status_;
}

Done run(const std::vector<std::string>& command) {
  TemporaryDirectory directory;
  Process process(command, directory.file("output"));
  std::optional<int> status = process.wait_ms(60'000);
  return {status.value_or(-1), read_file(directory.file("output"))};
}

TemporaryDirectory::TemporaryDirectory() {
  path_ = (std::filesystem::temp_directory_path() / "skiff-test-").string() + std::string(6, 'X');
  CHECK(mkdtemp(path_.data()) != nullptr);
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void write_file(const std::string& path, const std::string& bytes) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << bytes;
  file.close();
  CHECK(file.good());
}

void nap_ms(int duration_ms) { std::this_thread::sleep_for(std::chrono::milliseconds(duration_ms)); }

long now_ms() {
  auto since_boot = std::chrono::steady_clock::now().time_since_epoch();
  return static_cast<long>(std::chrono::duration_cast<std::chrono::milliseconds>(since_boot).count());
}

}  // namespace skiff::cluster_test
