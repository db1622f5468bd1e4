// Limits: what this machine allows, measured by `skiff-bench disk` and `skiff-bench net`, and the floor that follows
// for a request. They are kept in a file, so that results can be printed beside them.
//
// A write that is durable on a majority before it is answered costs its client at least a round trip to the node, a
// round trip from there to a peer, and one flush, which the node's own can run beside. A linearizable read costs the
// two round trips, a read from the node's own state the first one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "bench/histogram.h"
#include "bench/operation.h"
#include "bench/plan.h"
#include "raft/time.h"
#include "src/base/result.h"

namespace skiff::bench {

struct Limits {
  std::optional<double> flush_ns;  // the medians
  std::optional<double> round_trip_ns;
};

struct Floor {
  double ns = 0;
  std::string what;  // "flush + two round trips"
};
// Nothing when what it takes has not been measured, or nothing is known about the target.
std::optional<Floor> floor_of(Kind kind, const Plan& plan, const Limits& limits);

// A file that is not there is no limits.
Result<Limits> read_limits(const std::string& file);
// Adds what was measured ("disk" or "net") to the file.
Result<> keep_limit(const std::string& file, const std::string& name, const std::string& how,
                    const Histogram& measured);

struct DiskProbe {
  std::string directory = ".";
  uint64_t bytes = 512;
  uint64_t writers = 1;  // at the same time, each in a file of its own
  raft::Time duration = 3_s;
};
// How long it takes to make that many bytes durable in a file that is there already (pwrite and fdatasync).
Result<Histogram> measure_disk(const DiskProbe& probe);

struct NetProbe {
  std::string peer;  // address of a `skiff-bench net --serve`; empty: loopback, against a thread of our own
  uint64_t bytes = 256;
  raft::Time duration = 3_s;
};
// How long it takes to send that many bytes and get them back, both sides on libuv.
Result<Histogram> measure_net(const NetProbe& probe);
// Sends back what comes, until interrupted. Prints where it listens.
Result<> serve_echo(const std::string& address);

}  // namespace skiff::bench
