// WorkloadWorld: a workload, whom it asks, and its time, all on one loop.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bench/workload.h"
#include "raft/time.h"
#include "tests/transport/loop/loop_world.h"
#include "transport/http/server.h"

namespace skiff::bench::workload_world {

using loop_world::run_until;

// A server on the same loop that answers only when it is told to, and a clock that only the test moves.
struct World {
  World() {
    const auto take = [this](Ticket ticket, transport::Request&& request) {
      asked.push_back(request.path);
      held.push_back(ticket);
      if (answers_at_once) answer_all();
    };
    server = transport::HttpServer::open(loop, loop_world::kAnyPort, {}, take).value();
    plan.target = Target::raw;
    plan.nodes = {{"127.0.0.1", server->port()}};
    plan.warm_up = 0_s;
  }
  ~World() {
    workload.reset();
    server.reset();
    loop.run();
  }

  void start() {
    workload.emplace(
        loop, plan, look_up(loop, plan.nodes).value(), [this] { return now; },
        Workload::Events{.progress = [this](const Interval& interval) { intervals.push_back(interval); },
                         .done = [this](Result<> how) { result = std::move(how); }});
    workload->start();
  }
  void answer(int status) {
    server->answer(held.front(), transport::no_body(status));
    held.pop_front();
  }
  void answer_all() {
    while (!held.empty()) answer(204);
  }
  // Until every request that was sent waits at the server.
  void settle() {
    run_until(loop, [this] { return workload->is_done() || (workload->in_flight() == held.size() && !held.empty()); });
  }
  void move_to_ms(uint64_t ms) {
    now = kStart + ms * 1_ms;
    workload->turn();
  }
  void run_to_the_end() {
    run_until(loop, [this] { return workload->is_done(); });
  }
  uint64_t ends(End end) const { return workload->tally().all().ends[static_cast<size_t>(end)]; }

  static constexpr raft::Time kStart = 77_s;
  raft::Time now = kStart;
  transport::Loop loop;
  std::vector<std::string> asked;
  std::deque<Ticket> held;
  bool answers_at_once = false;
  std::unique_ptr<transport::HttpServer> server;
  Plan plan;
  std::optional<Workload> workload;
  std::vector<Interval> intervals;
  std::optional<Result<>> result;
};

}  // namespace skiff::bench::workload_world
