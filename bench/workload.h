// Workload: runs a plan against running nodes, on one loop.
//
// start() dials every client. When all have connected the schedule begins; each free slot of a connection sends the
// next request that is due, and the run ends with the last one.
//
// Answers that are errors, broken connections and silence are counted, and the client dials the next node of the list a
// moment later. Only when no node can be reached, at the start or for as long as a request may take, does the run end
// early, with the reason in done() or in the tally's verdict().
//
// Always: every request that the schedule handed out ends exactly once in the tally, if it counts. A request that was
// planned, and for which no connection came free, ends as `never_sent`.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bench/alarm.h"
#include "bench/client.h"
#include "bench/keys.h"
#include "bench/plan.h"
#include "bench/schedule.h"
#include "bench/tally.h"
#include "bench/target.h"
#include "raft/time.h"
#include "src/base/result.h"
#include "transport/loop/loop.h"

namespace skiff::bench {

// The nodes of a plan, looked up.
Result<std::vector<Node>> look_up(transport::Loop& loop, const std::vector<transport::Address>& addresses);

class Workload final : private Client::Owner {
 public:
  struct Events {
    std::function<void(const Interval&)> progress;
    std::function<void(Result<>)> done;  // the run is over; must not destroy the workload
  };

  // `clock` is monotonic; tests bring their own, and call turn() when they have moved it.
  Workload(transport::Loop& loop, const Plan& plan, std::vector<Node> nodes, Client::Clock clock, Events events);
  Workload(const Workload&) = delete;
  Workload& operator=(const Workload&) = delete;

  void start();
  // Acts on everything that is due now.
  void turn();
  // Ends the run now; requests in flight do not count.
  void interrupt();

  bool is_done() const { return is_done_; }
  uint64_t in_flight() const { return in_flight_; }
  const Tally& tally() const { return tally_; }

 private:
  struct Retry {
    Operation operation;
    raft::Time not_before;
  };
  struct Redial {
    Client* client = nullptr;
    raft::Time at;
  };

  void ready(Client& client) override;
  void ended(Client& client, const Operation& operation, End end, raft::Time now) override;
  void read_done(Client&) override { pump(); }
  void lost(Client& client, const std::string& why) override;

  void begin_when_all_have_tried();
  void begin();
  void pump();
  std::optional<Operation> next_operation(raft::Time now);
  Operation make_operation(const Schedule::Start& start);
  void set_alarm(raft::Time now);
  void redial(raft::Time now);
  void time_out(raft::Time now);
  void end_interval(raft::Time now);
  bool is_finished(raft::Time now) const;
  bool is_cut_off(raft::Time now) const;
  void end_what_is_left(raft::Time now);
  raft::Time end_of_measured(raft::Time now) const;
  void sum_up(raft::Time now);
  void finish(Result<> result);
  double since_start_s(raft::Time now) const;

  transport::Loop& loop_;
  const Plan plan_;
  const std::vector<Node> nodes_;
  const Client::Clock clock_;
  Events events_;
  RequestWriter writer_;
  Keys keys_;
  raft::Random random_;

  std::vector<std::unique_ptr<Client>> clients_;
  size_t next_node_ = 0;
  size_t tried_ = 0;  // clients whose first attempt has ended
  size_t ready_ = 0;  // clients that are connected
  std::string why_lost_;
  raft::Time unreachable_since_;  // while ready_ == 0

  std::optional<Schedule> schedule_;  // once the run has begun
  raft::Time began_at_;
  std::deque<Client*> free_;  // a client once for every slot of its pipeline; the longest free first
  std::vector<Client*> to_flush_;
  std::deque<Retry> retries_;
  std::vector<Redial> redials_;
  uint64_t in_flight_ = 0;
  raft::Time last_end_;
  bool is_done_ = false;

  Tally tally_;
  Histogram recent_;  // of the current interval
  Interval interval_;
  raft::Time interval_end_;

  Alarm alarm_;                    // the next planned request
  transport::Timer housekeeping_;  // timeouts, dialling again, progress
};

}  // namespace skiff::bench
