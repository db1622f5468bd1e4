// System: a store that `skiff-bench compare` starts, three nodes of it on loopback, on fresh directories.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bench/plan.h"
#include "bench/process.h"
#include "src/base/result.h"

namespace skiff::bench {

// Which program, spoken to in which way.
struct SystemKind {
  std::string name;
  Target target = Target::skiff;
  std::string program;
};

class System {
 public:
  // Starts the nodes in directories below `directory`, which must not be there, and waits for the first write that
  // succeeds.
  static Result<std::unique_ptr<System>> start(const SystemKind& kind, const std::string& directory);
  ~System();  // stops the nodes; the directories stay
  System(const System&) = delete;
  System& operator=(const System&) = delete;

  // Where clients go, the leader first.
  const std::vector<transport::Address>& nodes() const { return nodes_; }
  double first_write_ms() const { return first_write_ms_; }
  // Of all nodes, so far.
  double cpu_seconds() const;

 private:
  struct Ports {
    uint16_t client = 0;
    uint16_t peer = 0;
  };

  System(const SystemKind& kind, std::string directory) : kind_(kind), directory_(std::move(directory)) {}
  Result<> choose_ports();
  Result<> start_nodes();
  Result<> await_first_write();
  Result<> find_leader();
  std::vector<std::string> command(size_t node) const;
  std::vector<std::string> skiff_command(size_t node) const;
  std::vector<std::string> etcd_command(size_t node) const;
  bool can_write() const;
  bool leads(size_t node) const;

  const SystemKind kind_;
  const std::string directory_;
  std::vector<Ports> ports_;
  std::vector<Process> processes_;
  std::vector<transport::Address> nodes_;
  double first_write_ms_ = 0;
};

}  // namespace skiff::bench
