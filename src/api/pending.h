// PendingBarriers: what the API does for a client once the barrier that it proposed is confirmed.
//
// An entry is kept under the client's ticket from the moment the barrier is in the proposals queue, and leaves with the
// replica's answer, which comes within the barrier's timeout whether the client is still connected or not. So nothing
// stays behind a connection that is gone, and the number of entries is bounded by the replica's own limits; above
// limits::kBarriersMax the API refuses.
//
// The nodes of entries that have left are used again, so that a GET allocates nothing here once a few have been served.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "raft/check.h"
#include "src/api/conditions.h"
#include "src/base/ticket.h"
#include "src/replica/request.h"
#include "transport/http/message.h"

namespace skiff {

class Api;

struct PendingBarrier {
  // Reads the map and makes the response, or says why there was no confirmation.
  using Then = transport::Response (Api::*)(const PendingBarrier& pending, const Answer& answer);
  Then then = nullptr;
  std::string key;                               // of a GET
  std::unique_ptr<const Conditions> conditions;  // of a GET; null: none
};

class PendingBarriers {
 public:
  // Requires: nothing is kept under this ticket.
  void keep(const Ticket& ticket, PendingBarrier pending) {
    CHECK(pending.then != nullptr);
    CHECK(!pending_.contains(Name{ticket}));
    if (spare_.empty()) {
      pending_.emplace(ticket, std::move(pending));
      return;
    }
    Table::node_type node = std::move(spare_.back());
    spare_.pop_back();
    node.key() = Name{ticket};
    node.mapped() = std::move(pending);
    pending_.insert(std::move(node));
  }

  // Nothing: no barrier of that ticket waits, so it names a write.
  std::optional<PendingBarrier> take(const Ticket& ticket) {
    Table::node_type node = pending_.extract(Name{ticket});
    if (node.empty()) return std::nullopt;
    std::optional<PendingBarrier> taken = std::move(node.mapped());
    if (spare_.size() < kSpareMax) spare_.push_back(std::move(node));
    return taken;
  }

  size_t size() const { return pending_.size(); }

 private:
  struct Name {
    explicit Name(const Ticket& ticket) : connection(ticket.connection), request(ticket.request) {}
    bool operator==(const Name&) const = default;
    uint64_t connection;
    uint64_t request;
  };
  struct Hash {
    size_t operator()(const Name& name) const { return name.connection * 0x9e3779b97f4a7c15u + name.request; }
  };
  using Table = std::unordered_map<Name, PendingBarrier, Hash>;
  static constexpr size_t kSpareMax = 1'024;

  Table pending_;
  std::vector<Table::node_type> spare_;
};

}  // namespace skiff
