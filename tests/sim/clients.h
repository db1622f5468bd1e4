// Clients: a few of them, each with one request at a time at any node; some wait for ever, some go away, and whoever is
// refused asks again. They write down what they asked and what they were told: the history that must be linearizable.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "tests/sim/client_request.h"
#include "tests/sim/world.h"
#include "tests/support/linearizable.h"

namespace skiff::sim {

class Checker;

class Clients {
 public:
  // Sends a request to a node; false if nobody listens there.
  using Send = std::function<bool(raft::NodeId, ClientRequest)>;
  Clients(World& world, Checker& checker, Send send) : world_(world), checker_(checker), send_(std::move(send)) {}

  void begin(std::vector<raft::NodeId> nodes);
  // The clients start nothing new.
  void stop() { is_stopped_ = true; }
  void nodes_are(std::vector<raft::NodeId> nodes) { nodes_ = std::move(nodes); }
  void answered(raft::NodeId node, const Ticket& ticket, const ClientAnswer& answer);
  // Clients that wait for an answer from that node are told that their connection is gone.
  void lost(raft::NodeId node);

  // A read or a write of that key, now, by nobody in particular. `done` is told once.
  void ask(raft::NodeId node, linearizable::Operation::Kind kind, const std::string& key,
           std::function<void(bool)> done);

  const std::vector<linearizable::Operation>& history() const { return history_; }
  uint64_t answers() const { return answers_; }

 private:
  struct Waiting {
    raft::NodeId node = 0;
    size_t operation = 0;  // in the history
    Demand demand;         // of a put
    uint64_t client = 0;   // 0: none that goes on afterwards
    std::function<void(bool)> done;
  };
  void next(uint64_t client);
  uint64_t ask_as(uint64_t client, raft::NodeId node, linearizable::Operation::Kind kind, const std::string& key,
                  std::function<void(bool)> done);
  Demand some_demand(const std::string& key);
  void put_answered(const Waiting& waiting, const ClientAnswer& answer);
  void end(uint64_t request, linearizable::Operation::Outcome outcome);

  World& world_;
  Checker& checker_;
  Send send_;
  std::vector<raft::NodeId> nodes_;
  std::vector<linearizable::Operation> history_;
  std::map<uint64_t, Waiting> waiting_;          // by request
  std::map<std::string, store::Revision> seen_;  // of a key, as a client last saw it
  uint64_t requests_ = 0;
  uint64_t answers_ = 0;
  bool is_stopped_ = false;
};

}  // namespace skiff::sim
