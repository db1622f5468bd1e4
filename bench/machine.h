// Machine: what a result was measured on. A figure without it is worth nothing.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace skiff::bench {

struct Machine {
  std::string date;       // "2026-11-22"
  std::string processor;  // as the kernel names it
  unsigned cores = 0;
  uint64_t memory_mib = 0;
  std::string kernel;       // "Linux 6.1.0"
  std::string file_system;  // of the directory the nodes write to: "ext4 on /dev/sda1"
  double load = 0;          // runnable tasks when the run began, ours not yet among them
};

// `directory` is where the data lies; empty: not known.
Machine this_machine(const std::string& directory);
std::string describe(const Machine& machine);  // one line
void to_json(nlohmann::json& json, const Machine& machine);

}  // namespace skiff::bench
