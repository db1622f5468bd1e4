// Plan: what a run does, as the command line asks for it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bench/keys.h"
#include "raft/time.h"
#include "transport/loop/address.h"

namespace skiff::bench {

enum class Target { skiff, etcd_v2, etcd_v3, raw };

struct Plan {
  std::vector<transport::Address> nodes = {{"127.0.0.1", 9121}};  // clients are spread over them
  Target target = Target::skiff;
  bool stale_reads = false;

  uint64_t clients = 1;  // connections
  uint64_t depth = 1;    // requests in flight on each
  uint64_t rate = 0;     // planned requests a second; 0: closed loop
  uint64_t put_percent = 100;
  uint64_t value_bytes = 256;      // at least this, and
  uint64_t value_bytes_max = 256;  // at most this, each size as likely as another
  Distribution distribution = Distribution::uniform;
  uint64_t keys = 10'000;
  uint64_t first_key = 0;
  std::string prefix = "/bench/";
  uint64_t seed = 1;

  raft::Time warm_up = 1_s;
  raft::Time duration = 10_s;
  uint64_t count = 0;  // not 0: so many requests instead of a duration
  raft::Time timeout = 10_s;
  uint64_t retries = 0;
  raft::Time retry_wait = 10_ms;
  raft::Time interval = 1_s;  // between lines of progress and rows over time

  bool is_open_loop() const { return rate > 0; }
};

}  // namespace skiff::bench
