// Options: what the operator asks of a node, from its flags, its environment and its configuration file.
//
// Every setting has one name, and three places to give it: `--election-timeout 1s`, `SKIFF_ELECTION_TIMEOUT=1s`, and
// `election-timeout = 1s` in the file that --config names. A flag beats the environment, the environment beats the
// file. One table in options.cc says what there is; everything else follows from it (src/config/option.h).
//
// An unknown name, a value that cannot be read or is out of its range, and settings that do not fit together are
// errors, which name the place ("SKIFF_PORT", "skiff.conf line 3"); nothing is started on a guess. A value of the file
// that is overridden is checked all the same; a variable beside a flag is not looked at.
//
// Always: Options that came out of read_options() are within the ranges of limits.h.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "raft/types.h"
#include "src/base/log.h"
#include "src/base/result.h"
#include "src/config/limits.h"
#include "src/config/option.h"
#include "src/config/settings.h"
#include "transport/loop/address.h"

namespace skiff {

struct Options {
  raft::NodeId id = 1;
  std::vector<transport::Address> cluster = {{"127.0.0.1", 9021}};  // cluster[id - 1] is this node
  bool cluster_given = false;
  bool join = false;
  uint16_t port = 9121;
  std::string listen = "127.0.0.1";               // numeric
  std::optional<transport::Address> peer_listen;  // numeric; absent: this node's own entry of the cluster
  std::vector<std::string> cors_origins;          // pages of these may use it; "*": all
  std::vector<std::string> host_whitelist;        // names it answers to, beside those of HttpGate; "*": all
  std::string data_dir;                           // empty only before read_options() has filled it in
  raft::Time heartbeat = limits::kHeartbeatDefault;
  raft::Time election_timeout = limits::kElectionTimeoutDefault;
  raft::Time request_timeout = limits::kRequestTimeoutDefault;
  raft::Time join_timeout = limits::kJoinTimeoutDefault;
  uint64_t value_bytes_max = limits::kValueBytesDefault;
  uint64_t snapshot_log_bytes = limits::kSnapshotLogBytesDefault;
  raft::Time scrub_every = limits::kScrubEveryDefault;  // 0: off
  uint64_t history_revisions = limits::kHistoryRevisionsDefault;
  uint64_t history_bytes = limits::kHistoryBytesDefault;
  raft::Time history_age;  // 0: off
  log::Level log_level = log::Level::info;
  std::string config;  // the file that was read; empty: none
};

// The request of a command line.
struct Asked {
  enum class What { run, help, version } what = What::run;
  Options options;                                  // for run
  std::vector<std::string> ignored_variables = {};  // see read_environment
};

using ReadFile = std::function<Result<std::string>(const std::string& path)>;

// `arguments` without the program's name. Touches nothing but what it is given.
Result<Asked> read_options(std::span<const char* const> arguments, const VariableMap& environment,
                           const ReadFile& read_file);

// The addresses in --cluster but this node's own. A node that joins asks the nodes there.
std::vector<transport::Address> others_of(const Options& options);

// The table, bound to these options: `skiff` without a sub-command.
Command node_command(Options& into);

// Values that tools ask for, too.
Value node_id(raft::NodeId& field);
Value members(Options& into);

// Every setting with its default, its unit and its meaning.
std::string help_text();

}  // namespace skiff
