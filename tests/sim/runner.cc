#include "tests/sim/runner.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <string_view>

#include "raft/check.h"

namespace skiff::sim {
namespace {

// The pipe carries the trace, line by line, a zero byte, and the report: its numbers, and its texts, each behind its
// length. So the trace of a process that dies is there.
struct Numbers {
  Time simulated;
  uint64_t elections, operations, messages, committed, full_disks, noticed, repaired;
  ReplicaSnapshots::Counts snapshots;
  AtRest at_rest;
  Counts faults;
};

void put(std::string& out, const std::string& text) {
  uint64_t size = text.size();
  out.append(reinterpret_cast<const char*>(&size), sizeof(size));
  out += text;
}

std::string take(std::string& from) {
  uint64_t size = 0;
  from.copy(reinterpret_cast<char*>(&size), sizeof(size));
  std::string text = from.substr(sizeof(size), size);
  from.erase(0, sizeof(size) + size);
  return text;
}

std::string to_bytes(const Report& report) {
  Numbers numbers{report.simulated, report.elections,  report.operations, report.messages,
                  report.committed, report.full_disks, report.noticed,    report.repaired,
                  report.snapshots, report.at_rest,    report.faults};
  std::string bytes(reinterpret_cast<const char*>(&numbers), sizeof(numbers));
  for (const std::string* text : {&report.checker, &report.failure}) put(bytes, *text);
  return bytes;
}

Report to_report(std::string bytes) {
  Numbers numbers{};
  bytes.copy(reinterpret_cast<char*>(&numbers), sizeof(numbers));
  bytes.erase(0, sizeof(numbers));
  Report report{.checker = {},
                .failure = {},
                .simulated = numbers.simulated,
                .elections = numbers.elections,
                .operations = numbers.operations,
                .messages = numbers.messages,
                .committed = numbers.committed,
                .full_disks = numbers.full_disks,
                .snapshots = numbers.snapshots,
                .noticed = numbers.noticed,
                .repaired = numbers.repaired,
                .at_rest = numbers.at_rest,
                .faults = numbers.faults};
  report.checker = take(bytes);
  report.failure = take(bytes);
  return report;
}

void write_all(int pipe, std::string_view bytes) {
  while (!bytes.empty()) {
    ssize_t count = write(pipe, bytes.data(), bytes.size());
    if (count <= 0) _exit(2);
    bytes.remove_prefix(static_cast<size_t>(count));
  }
}

// Seconds of processor time: a simulation that gets none, because the machine is busy or suspended, does not hang. The
// hard limit stays, so that SIGXCPU ends the process and not SIGKILL.
void limit_processor_time(unsigned seconds_max) {
  rlimit limit{};
  CHECK(getrlimit(RLIMIT_CPU, &limit) == 0);
  limit.rlim_cur = seconds_max;
  CHECK(setrlimit(RLIMIT_CPU, &limit) == 0);
}

[[noreturn]] void run_and_tell(Plan plan, int pipe, unsigned seconds_max) {
  limit_processor_time(seconds_max);
  if (plan.trace) plan.trace = [pipe](const std::string& line) { write_all(pipe, line); };
  std::string bytes = to_bytes(Simulation(plan).run());
  write_all(pipe, std::string_view("", 1));
  write_all(pipe, bytes);
  _exit(0);
}

// Passes the trace on, and returns the bytes that follow it.
std::string read_all(int pipe, const Plan& plan) {
  std::string bytes;
  bool is_trace = true;
  std::string buffer(1 << 16, '\0');
  for (ssize_t count = 0; (count = read(pipe, buffer.data(), buffer.size())) > 0;) {
    std::string_view got(buffer.data(), static_cast<size_t>(count));
    if (is_trace) {
      size_t end = got.find('\0');
      if (plan.trace) plan.trace(std::string(got.substr(0, end)));
      if (end == std::string_view::npos) continue;
      is_trace = false;
      got.remove_prefix(end + 1);
    }
    bytes += got;
  }
  return bytes;
}

}  // namespace

Report run_apart(const Plan& plan, unsigned seconds_max) {
  int ends[2];
  CHECK(pipe(ends) == 0);
  std::fflush(nullptr);
  pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    close(ends[0]);
    run_and_tell(plan, ends[1], seconds_max);
  }
  close(ends[1]);
  std::string bytes = read_all(ends[0], plan);
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return to_report(std::move(bytes));
  bool has_hung = WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU;
  Report report;
  report.checker = has_hung ? "hang" : "CHECK";
  report.failure = has_hung ? "it did not end" : "it died; what it said stands above";
  return report;
}

Plan shrink(Plan plan, const std::string& checker) {
  plan.trace = {};
  auto try_less = [&](auto change) {
    Plan less = plan;
    change(less);
    if (run_apart(less, 20).checker != checker) return false;
    plan = less;
    return true;
  };
  raft::Random random(plan.seed);
  const Weather weather = draw_weather(plan, random);
  for (size_t fault = 0; fault < kFaults; ++fault) {
    try_less([&](Plan& less) { less.without.insert(static_cast<Fault>(fault)); });
  }
  for (uint64_t nodes = 1; nodes < weather.nodes; ++nodes) {
    if (try_less([&](Plan& less) { less.nodes = nodes; })) break;
  }
  for (Time lasts = weather.lasts / 2; lasts > 1_s; lasts /= 2) {
    if (!try_less([&](Plan& less) { less.lasts = lasts; })) break;
  }
  for (uint64_t clients = 1; clients < weather.clients; ++clients) {
    if (try_less([&](Plan& less) { less.clients = clients; })) break;
  }
  return plan;
}

}  // namespace skiff::sim
