#include "tests/sim/runner.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <vector>

#include "raft/check.h"

namespace skiff::sim {
namespace {

// What of a report is numbers, to go through a pipe; the texts follow it, each behind its length.
struct Numbers {
  Time simulated;
  uint64_t elections, operations, messages, committed, snapshots_made, snapshots_fetched;
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
  Numbers numbers{report.simulated, report.elections,      report.operations,        report.messages,
                  report.committed, report.snapshots_made, report.snapshots_fetched, report.faults};
  std::string bytes(reinterpret_cast<const char*>(&numbers), sizeof(numbers));
  for (const std::string* text : {&report.checker, &report.failure, &report.trace}) put(bytes, *text);
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
                .snapshots_made = numbers.snapshots_made,
                .snapshots_fetched = numbers.snapshots_fetched,
                .faults = numbers.faults,
                .trace = {}};
  report.checker = take(bytes);
  report.failure = take(bytes);
  report.trace = take(bytes);
  return report;
}

[[noreturn]] void run_and_tell(const Plan& plan, int pipe, unsigned seconds_max) {
  alarm(seconds_max);
  std::string bytes = to_bytes(Simulation(plan).run());
  for (size_t sent = 0; sent < bytes.size();) {
    ssize_t count = write(pipe, bytes.data() + sent, bytes.size() - sent);
    if (count <= 0) _exit(2);
    sent += static_cast<size_t>(count);
  }
  _exit(0);
}

std::string read_all(int pipe) {
  std::string bytes;
  std::vector<char> buffer(1 << 16);
  for (ssize_t count = 0; (count = read(pipe, buffer.data(), buffer.size())) > 0;) {
    bytes.append(buffer.data(), static_cast<size_t>(count));
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
  std::string bytes = read_all(ends[0]);
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return to_report(std::move(bytes));
  bool has_hung = WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM;
  Report report;
  report.checker = has_hung ? "hang" : "CHECK";
  report.failure = has_hung ? "it did not end" : "it died; what it said stands above";
  return report;
}

Plan shrink(Plan plan, const std::string& checker) {
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
  for (Time lasts = weather.lasts / 2; lasts > kSecond; lasts /= 2) {
    if (!try_less([&](Plan& less) { less.lasts = lasts; })) break;
  }
  for (uint64_t clients = 1; clients < weather.clients; ++clients) {
    if (try_less([&](Plan& less) { less.clients = clients; })) break;
  }
  return plan;
}

}  // namespace skiff::sim
