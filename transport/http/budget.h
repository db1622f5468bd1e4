// HttpBudget: limits the cost of all connections together, in a turn of the loop and in memory, and schedules those
// that must wait.
//
// Normally the requests of a connection are parsed as they are read from its socket. A turn has a budget of requests,
// bytes and time, and each connection a share of it. A connection that has more than its share, or comes when the
// budget is spent, waits in a queue. Once in each turn, after all sockets and timers (of peers and disks, too), the
// connections in the queue are served round-robin from a second budget of the same size. So a client that sends little
// rarely waits, and a client that sends much gets an equal share and does not delay the others.
//
// Memory: a connection that owes answers may begin another request while it owes less than the rest of the bound of all
// (the dynamic threshold of switch buffers). The connections that owe most stop first; one that owes nothing never
// stops.
//
// Always: a client in the queue is served once a turn at most, and the loop does not wait while the queue is not empty.
#pragma once

#include <cstddef>
#include <cstdint>

#include "raft/time.h"
#include "transport/http/limits.h"
#include "transport/loop/intrusive_list.h"
#include "transport/loop/loop.h"

namespace skiff::transport {

class HttpBudget {
 public:
  class Client : private ListLink<HttpBudget> {
   public:
    virtual void run_turn() = 0;

   protected:
    ~Client() = default;

   private:
    friend class HttpBudget;
    template <class, class>
    friend class IntrusiveList;

    uint64_t turn_ = 0;         // the last one that it used
    size_t requests_ = 0;       // in that turn
    size_t bytes_ = 0;          // in that turn
    uint64_t served_turn_ = 0;  // in which it was last served from the queue
    size_t owed_ = 0;
  };

  HttpBudget(Loop& loop, const HttpLimits& limits);

  // Whether the client may parse bytes, and begin a request, now. If not, it may in one of its next turns.
  bool may_take(const Client& client) const;
  void used_request(Client& client);
  void used_bytes(Client& client, size_t bytes);
  // Calls run_turn() soon. Does nothing for a client that waits already.
  void wait(Client& client);

  // Sets the bytes of answers that the connection owes now: those not yet taken, and an estimate for each to come.
  void owes(Client& client, size_t bytes);
  bool may_owe_more(size_t owed) const { return owed == 0 || owed < left_to_owe(); }
  // Little is left: clients that take no bytes are to be closed.
  bool is_crowded() const { return left_to_owe() < limits_.owed_bytes_max / 8; }
  size_t owed() const { return owed_; }
  void leave(Client& client);  // for its destructor

 private:
  void serve_waiting();
  void refill();
  void begin_turn_of(Client& client);
  bool is_spent() const { return requests_left_ == 0 || bytes_left_ == 0 || is_late_; }
  size_t left_to_owe() const {
    return limits_.owed_bytes_max - (owed_ < limits_.owed_bytes_max ? owed_ : limits_.owed_bytes_max);
  }

  Loop& loop_;
  const HttpLimits& limits_;
  TurnHook hook_;
  IntrusiveList<Client, HttpBudget> waiting_;
  size_t waiting_size_ = 0;
  uint64_t turn_ = 1;
  size_t requests_left_ = 0;
  size_t bytes_left_ = 0;
  size_t share_requests_ = 0;  // of each connection, in this turn
  size_t share_bytes_ = 0;
  size_t until_look_ = 0;  // requests, until the clock is looked at
  raft::Time began_;       // 0: the clock was not read yet
  bool is_late_ = false;
  size_t owed_ = 0;
};

}  // namespace skiff::transport
