// Plan: the parameters of one simulated run. Everything is drawn from the seed; the other settings narrow it down, so
// that a failure can be made smaller and still be the same one.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>

#include "raft/random.h"
#include "raft/types.h"

namespace skiff::sim {

using raft::Time;

enum class Fault {
  loss,          // a message never arrives
  delay,         // it arrives late, behind later ones
  duplicate,     // it arrives twice
  partition,     // nodes fall into two groups that do not hear each other
  one_way,       // a link that works in one direction only
  isolate,       // one node alone, often the leader
  clog,          // a link holds everything back for a while
  swizzle,       // links stop one by one, and come back in another order
  reset,         // a connection breaks and comes back
  false_alarm,   // a peer is said to be gone, and is not
  kill,          // the process dies; the kernel keeps what was written
  power,         // the machine dies; what was not synced may be there, or not, or in part
  power_all,     // all of them at once
  torn,          // it dies between two operations on the disk
  bit_rot,       // a bit turns over in a file
  misdirected,   // a sector is written over another
  failed_sync,   // the node must stop
  stalled_sync,  // for seconds
  full_disk,     // no space, for a while
  pause,         // the process stands still, time does not
  drift,         // clocks run at different rates
  clean_stop,    // asked to stop, and started again
  vanish,        // a client goes away without its answer
  transfer,      // leadership is handed over
  membership,    // members come, go, change their role
  replace,       // a node is lost for good; one with an empty disk and a new id comes instead
  gone_back,     // a disk is rolled back to an older state
};
constexpr size_t kFaults = static_cast<size_t>(Fault::gone_back) + 1;
std::string_view to_text(Fault fault);

using Counts = std::array<uint64_t, kFaults>;

struct Plan {
  uint64_t seed = 1;
  uint64_t nodes = 0;  // 0: by the seed, 1 to 7
  Time lasts;          // the part with faults; 0: by the seed
  uint64_t clients = 0;
  std::set<Fault> without;
  std::set<std::string> unchecked;  // checkers to leave out, to see that they matter
  bool is_busy = false;             // five nodes, tens of operations a second: what speed is measured on
  // Gets every line of the trace at once. Empty: no line is made.
  std::function<void(const std::string& line)> trace;

  // "SEED=7 NODES=3 WITHOUT=loss,kill": the arguments of `make sim` that repeat it.
  std::string describe() const;
};

// How often and how badly things fail, drawn for each seed: storms and drizzles.
struct Weather {
  uint64_t nodes = 3;
  Time lasts = 30_s;
  uint64_t clients = 4;
  Time think_mean = 50_ms;
  uint64_t keys = 8;

  Time heartbeat = 50_ms;
  Time election_timeout = 500_ms;
  Time request_timeout = 3_s;
  bool has_lease = false;
  bool has_small_limits = false;
  uint64_t snapshot_every = 0;  // entries; 0: never
  uint64_t snapshot_trailing_percent = 0;
  uint64_t snapshot_piece_bytes = 0;
  uint64_t history_revisions = 0;  // 0: none is ever cut
  Time history_age;
  uint64_t snapshot_bytes_per_s = 0;  // 0: as fast as can be

  Time scrub_every;  // 0: never
  uint64_t scrub_piece_bytes = 1'000;

  Time hop = 200_us;  // how long a message takes, about
  uint64_t loss_permille = 0;
  uint64_t late_permille = 0;
  uint64_t duplicate_permille = 0;
  Time sync = 200_us;
  bool has_inline_saves = false;  // of a quick disk; each then ends at once
  uint64_t stall_permille = 0;
  uint64_t drift_permille = 0;
  Time fault_every = 2_s;  // about
  std::array<uint64_t, kFaults> weights{};
};
Weather draw_weather(const Plan& plan, raft::Random& random);

}  // namespace skiff::sim
