#include "tests/sim/plan.h"

namespace skiff::sim {

std::string_view to_text(Fault fault) {
  constexpr std::string_view kNames[] = {
      "loss",       "delay",       "duplicate",   "partition",    "one-way",   "isolate",   "clog",
      "swizzle",    "reset",       "false-alarm", "kill",         "power",     "power-all", "torn",
      "bit-rot",    "misdirected", "failed-sync", "stalled-sync", "full-disk", "pause",     "drift",
      "clean-stop", "vanish",      "transfer",    "membership",   "replace",   "gone-back"};
  static_assert(std::size(kNames) == kFaults);
  return kNames[static_cast<size_t>(fault)];
}

std::string Plan::describe() const {
  std::string text = "SEED=" + std::to_string(seed);
  if (nodes != 0) text += " NODES=" + std::to_string(nodes);
  if (clients != 0) text += " CLIENTS=" + std::to_string(clients);
  if (lasts != 0_s) text += " MS=" + std::to_string(lasts.ms());
  for (Fault fault : without) {
    text += (fault == *without.begin() ? " WITHOUT=" : ",") + std::string(to_text(fault));
  }
  if (is_busy) text += " BUSY=1";
  return text;
}

namespace {

// Most runs have some of every fault. Others are of one kind: leaders change all the time, or members do, or processes
// are paused and messages are late, or disks are damaged. A lease always meets the faults that could break it.
void draw_temper(Weather& weather, raft::Random& random) {
  auto often = [&](std::initializer_list<Fault> faults) {
    for (Fault fault : faults) weather.weights[static_cast<size_t>(fault)] = 15 + random.below(15);
  };
  uint64_t temper = weather.has_lease ? 4 : random.below(7);
  if (temper > 4) return;
  weather.fault_every = (2 + random.below(4)) * weather.election_timeout;
  weather.think_mean = (5 + random.below(30)) * 1_ms;
  switch (temper) {
    case 0: return often({Fault::isolate, Fault::partition, Fault::kill, Fault::torn});
    case 1: return often({Fault::membership, Fault::isolate, Fault::partition, Fault::kill});
    case 2:
      weather.late_permille = 50 + random.below(150);
      weather.keys = 1 + random.below(3);
      return often({Fault::pause, Fault::clog, Fault::isolate});
    case 3: return often({Fault::bit_rot, Fault::misdirected, Fault::gone_back, Fault::isolate, Fault::transfer});
    default:
      weather.keys = 1 + random.below(3);
      if (random.below(3) == 0) weather.drift_permille = 100 + random.below(300);
      return often({Fault::pause, Fault::isolate, Fault::transfer});
  }
}

}  // namespace

Weather draw_weather(const Plan& plan, raft::Random& random) {
  auto between = [&](uint64_t least, uint64_t most) { return least + random.below(most - least + 1); };
  auto time_between = [&](Time least, Time most) { return Time::of_ns(between(least.ns(), most.ns())); };
  auto one_in = [&](uint64_t count) { return random.below(count) == 0; };
  Weather weather;
  weather.nodes = between(1, 7);
  weather.lasts = between(10, 40) * 1_s;
  weather.clients = between(2, 8);
  weather.think_mean = between(10, 200) * 1_ms;
  weather.keys = one_in(3) ? 1 : between(2, 20);
  weather.heartbeat = between(10, 100) * 1_ms;
  weather.election_timeout = weather.heartbeat * between(5, 12);
  weather.request_timeout = between(2, 6) * weather.election_timeout + 1_s;
  weather.has_lease = one_in(4);
  weather.has_small_limits = one_in(3);
  if (!one_in(5)) weather.snapshot_every = one_in(2) ? between(3, 30) : between(30, 300);
  weather.snapshot_trailing_percent = one_in(2) ? 0 : between(1, 100);
  weather.snapshot_piece_bytes = one_in(2) ? between(100, 1'000) : between(1'000, 50'000);
  weather.snapshot_bytes_per_s = one_in(2) ? 0 : between(1'000, 100'000);
  weather.hop = time_between(50_us, 3_ms);
  if (!one_in(3)) weather.loss_permille = between(1, one_in(4) ? 300 : 30);
  if (!one_in(3)) weather.late_permille = between(1, 100);
  if (!one_in(3)) weather.duplicate_permille = between(1, 100);
  weather.sync = time_between(50_us, one_in(4) ? 30_ms : 2_ms);
  if (one_in(2)) weather.stall_permille = between(1, 20);
  if (one_in(2)) weather.drift_permille = between(1, 200);
  weather.fault_every = between(200, 4'000) * 1_ms;
  for (uint64_t& weight : weather.weights) weight = one_in(3) ? 0 : between(1, 10);
  draw_temper(weather, random);
  if (!one_in(4)) weather.history_revisions = one_in(2) ? between(1, 10) : between(10, 200);
  if (one_in(4)) weather.history_age = between(10, 5'000) * 1_ms;
  if (!one_in(4)) weather.scrub_every = between(100, 3'000) * 1_ms;
  weather.scrub_piece_bytes = between(100, 100'000);
  weather.has_inline_saves = one_in(3);
  if (plan.is_busy) {
    weather.nodes = 5;
    weather.clients = 5;
    weather.think_mean = 100_ms;
    weather.heartbeat = 50_ms;
    weather.election_timeout = 500_ms;
  }
  if (plan.nodes != 0) weather.nodes = plan.nodes;
  if (plan.lasts != 0_s) weather.lasts = plan.lasts;
  if (plan.clients != 0) weather.clients = plan.clients;
  if (plan.without.contains(Fault::loss)) weather.loss_permille = 0;
  if (plan.without.contains(Fault::delay)) weather.late_permille = 0;
  if (plan.without.contains(Fault::duplicate)) weather.duplicate_permille = 0;
  if (plan.without.contains(Fault::stalled_sync)) weather.stall_permille = 0;
  if (plan.without.contains(Fault::drift)) weather.drift_permille = 0;
  for (Fault fault : plan.without) weather.weights[static_cast<size_t>(fault)] = 0;
  return weather;
}

}  // namespace skiff::sim
