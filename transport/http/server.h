// HttpServer: a port, its connections, and a ticket for every request.
//
// The handler gets each request with a ticket. The answer is given with that ticket, at once or later, in any order. A
// ticket outlives its connection: an answer to a client that has gone is dropped.
//
// Errors of clients are handled here and never reach the handler: malformed and oversized requests, slow clients, too
// many connections (the one that has been idle longest is closed; when none is idle: 503), bodies that together take
// too much memory (503), answers that clients do not take (the clients that have stalled for longest are closed), and
// requests that are not allowed: from pages of other origins (403), to other names (421).
//
// Always: every ticket is answered exactly once; the memory accounted for its body is released then. Requests of one
// connection reach the handler in order, and two that exclude each other never at the same time (Ordering).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <unordered_map>

#include "raft/time.h"
#include "src/base/metrics.h"
#include "src/base/result.h"
#include "src/base/ticket.h"
#include "transport/http/access.h"
#include "transport/http/connection.h"
#include "transport/http/date.h"
#include "transport/http/limits.h"
#include "transport/http/message.h"
#include "transport/loop/address.h"
#include "transport/loop/listener.h"

namespace skiff::transport {

class HttpServer final : private HttpConnection::Owner {
 public:
  // May answer at once; must not destroy the server.
  using Handler = std::function<void(Ticket, Request&&)>;

  struct Counters {
    uint64_t connections = 0;  // open now
    uint64_t connections_accepted = 0;
    uint64_t connections_turned_away = 0;  // over connections_max
    uint64_t connections_gave_way = 0;     // closed while idle, to make room for a new one
    uint64_t connections_stalled = 0;      // closed because they took no answers while memory was short
    uint64_t requests = 0;                 // handed to the handler
    uint64_t answers = 0;                  // given for them, whether the client was still there or not
    uint64_t refused = 0;                  // requests that were answered here: malformed, too large, too slow
    uint64_t bodies_bytes = 0;             // of bodies that came or were announced and are not answered yet: a gauge

    template <class Visitor>
    void visit_metrics(Visitor&& visitor) const {
      visitor(Metric::gauge("connections", "Connections of clients that are open."), connections);
      visitor(Metric::counter("requests", "Requests that were taken."), requests);
      visitor(Metric::gauge("body_bytes", "Bytes of the bodies of unanswered requests.", Metric::Unit::bytes),
              bodies_bytes);
      visitor(Metric::counter("connections_accepted", "Connections that were accepted."), connections_accepted);
      visitor(Metric::counter("connections_gave_way", "Idle connections closed for a new one."), connections_gave_way);
      visitor(Metric::counter("connections_turned_away", "Connections answered 503 because none was idle."),
              connections_turned_away);
      visitor(Metric::counter("connections_stalled", "Connections closed because they took no answers."),
              connections_stalled);
      visitor(Metric::counter("refused", "Requests that were malformed, too large, too slow or not allowed."), refused);
    }
  };

  // The time for deadlines; without one, the loop's clock.
  using Clock = std::function<raft::Time()>;

  // Which requests may be in progress side by side; decided by their methods unless another function is given.
  using Order = Ordering (*)(const Request&);
  static Ordering by_method(const Request& request);

  static Result<std::unique_ptr<HttpServer>> open(Loop& loop, const Address& address, const HttpLimits& limits,
                                                  Handler handler, Clock clock = nullptr, HttpAccess access = {},
                                                  Order order = by_method);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  void answer(Ticket ticket, Response&& response);
  // Called before its answer: this request takes effect later than it is answered. Later requests of its client that
  // may not run beside it wait for took_effect(), which must follow.
  void takes_effect_later(Ticket ticket);
  void took_effect(Ticket ticket);

  // Stops accepting and closes idle connections. Requests that the handler has still get their answers, incomplete ones
  // get 503. `drained`, if any, is called once when no connection is left, which may be at once; it must not
  // destroy the server.
  void drain(std::function<void()> drained = nullptr);
  bool is_drained() const { return is_draining_ && connections_.empty(); }

  // Closes connections that have missed a deadline. A timer of the server calls it, too.
  void check_deadlines();

  uint16_t port() const { return port_; }
  size_t connections_open() const { return connections_.size(); }
  // Bytes of answers that clients have not taken, and an estimate for each answer to come.
  size_t owed_bytes() const { return budget_.owed(); }
  const Counters& counters() const { return counters_; }

 private:
  HttpServer(Loop& loop, const HttpLimits& limits, Handler handler, Clock clock, HttpAccess access, Order order);

  void accepted(std::unique_ptr<Stream> stream);
  bool make_room();
  void close_stalled(raft::Time now);
  void say_drained();

  raft::Time now() const override { return clock_ ? clock_() : loop_.cached_now(); }
  std::string_view date_line() override { return date_.at(loop_.cached_now()); }
  bool reserve_body(size_t bytes) override;
  void release_body(size_t bytes) override;
  void arrived(HttpConnection& from, uint64_t number, size_t body_bytes, Request&& request) override;
  Ordering ordering(const Request& request) const override { return order_(request); }
  void refused() override;
  void idle(HttpConnection& connection, bool is_idle) override;
  void closed(HttpConnection& connection) override;

  Loop& loop_;
  const HttpLimits limits_;
  HttpGate gate_;
  Handler handler_;
  Clock clock_;
  Order order_;
  HttpBudget budget_;
  std::function<void()> drained_;
  Counters counters_;
  DateLine date_;
  std::unique_ptr<Listener> listener_;  // null once draining
  uint16_t port_ = 0;
  bool is_draining_ = false;
  uint64_t last_id_ = 0;
  size_t turned_away_ = 0;                        // of connections_
  IntrusiveList<HttpConnection, IdleList> idle_;  // the one that has been idle longest in front
  std::unordered_map<uint64_t, std::unique_ptr<HttpConnection>> connections_;
  Timer tick_;  // one for all connections; runs while there are any
};

}  // namespace skiff::transport
