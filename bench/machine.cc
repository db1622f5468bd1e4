#include "bench/machine.h"

#include <fmt/format.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <chrono>
#include <climits>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

namespace skiff::bench {
namespace {

std::string today() {
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm parts{};
  gmtime_r(&now, &parts);
  return fmt::format("{:04}-{:02}-{:02}", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday);
}

// The rest of the first line of a file of /proc that begins so, without what separates the two.
std::string value_in(const std::string& file, const std::string& name) {
  std::ifstream lines(file);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(name)) continue;
    const size_t at = line.find_first_not_of(" \t:", name.size());
    return at == std::string::npos ? "" : line.substr(at);
  }
  return "";
}

// The longest mount point that the directory lies under is the one it is on.
std::string file_system_of(const std::string& directory) {
  char resolved[PATH_MAX];
  if (directory.empty() || ::realpath(directory.c_str(), resolved) == nullptr) return "";
  const std::string path = std::string(resolved) + "/";
  std::ifstream mounts("/proc/mounts");
  std::string best, found, device, point, kind;
  for (std::string line; std::getline(mounts, line);) {
    std::istringstream(line) >> device >> point >> kind;
    const std::string prefix = point.ends_with('/') ? point : point + "/";
    if (!path.starts_with(prefix) || prefix.size() < best.size()) continue;
    best = prefix;
    found = kind + " on " + device;
  }
  return found;
}

}  // namespace

Machine this_machine(const std::string& directory) {
  Machine machine;
  machine.date = today();
  machine.processor = value_in("/proc/cpuinfo", "model name");
  machine.cores = std::thread::hardware_concurrency();
  machine.memory_mib = std::strtoull(value_in("/proc/meminfo", "MemTotal").c_str(), nullptr, 10) / 1024;
  utsname names{};
  if (::uname(&names) == 0) machine.kernel = std::string(names.sysname) + " " + names.release;
  machine.file_system = file_system_of(directory);
  double loads[1] = {0};
  if (::getloadavg(loads, 1) == 1) machine.load = loads[0];
  return machine;
}

std::string describe(const Machine& machine) {
  std::string text = fmt::format("{}, {} cores ({}), {} MiB, {}", machine.date, machine.cores, machine.processor,
                                 machine.memory_mib, machine.kernel);
  if (!machine.file_system.empty()) text += ", " + machine.file_system;
  return text + fmt::format(", load {:.1f} before", machine.load);
}

void to_json(nlohmann::json& json, const Machine& machine) {
  json = {{"date", machine.date},     {"processor", machine.processor},     {"cores", machine.cores},
          {"kernel", machine.kernel}, {"file_system", machine.file_system}, {"memory_mib", machine.memory_mib},
          {"load", machine.load}};
}

}  // namespace skiff::bench
