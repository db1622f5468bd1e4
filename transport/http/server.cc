#include "transport/http/server.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "raft/check.h"
#include "src/base/try.h"

namespace skiff::transport {
namespace {

// Deadlines are checked four times in the shortest of them.
raft::Time tick_interval(const HttpLimits& limits) {
  const raft::Time shortest = std::min({limits.header_timeout, limits.body_timeout, limits.idle_timeout,
                                        limits.write_timeout, limits.crowded_timeout, limits.linger});
  return std::clamp(shortest / 4, 1_ms, 1_s);
}

// How many connections at the front of the idle list may turn out to have unread input.
constexpr int kLooksForIdleMax = 8;

}  // namespace

Result<std::unique_ptr<HttpServer>> HttpServer::open(Loop& loop, const Address& address, const HttpLimits& limits,
                                                     Handler handler, Clock clock, HttpAccess access, Order order) {
  std::unique_ptr<HttpServer> server(
      new HttpServer(loop, limits, std::move(handler), std::move(clock), std::move(access), order));
  const auto accepted = [self = server.get()](std::unique_ptr<Stream> stream) { self->accepted(std::move(stream)); };
  TRY(server->listener_, Listener::open(loop, address, accepted));
  server->port_ = server->listener_->port();
  return server;
}

HttpServer::HttpServer(Loop& loop, const HttpLimits& limits, Handler handler, Clock clock, HttpAccess access,
                       Order order)
    : loop_(loop),
      limits_(limits),
      gate_(std::move(access)),
      handler_(std::move(handler)),
      clock_(std::move(clock)),
      order_(order),
      budget_(loop, limits_),
      tick_(loop, [this] { check_deadlines(); }) {
  CHECK(handler_ != nullptr);
}

HttpServer::~HttpServer() = default;

Ordering HttpServer::by_method(const Request& request) {
  switch (request.method) {
    case Method::get:
    case Method::head:
    case Method::options: return Ordering::safe;
    case Method::put:
    case Method::del: return Ordering::write;
    default: return Ordering::alone;
  }
}

void HttpServer::accepted(std::unique_ptr<Stream> stream) {
  CHECK(!is_draining_);
  CHECK(turned_away_ <= connections_.size());
  ++counters_.connections_accepted;
  const bool is_over = connections_.size() - turned_away_ >= limits_.connections_max && !make_room();
  if (is_over) ++counters_.connections_turned_away;
  if (is_over && turned_away_ >= limits_.turned_away_max) return;
  if (connections_.empty()) tick_.repeat(tick_interval(limits_));
  const uint64_t id = ++last_id_;
  HttpConnection::Owner& owner = *this;
  auto& connection = connections_[id];
  connection = std::make_unique<HttpConnection>(loop_, owner, budget_, limits_, id, std::move(stream));
  counters_.connections = connections_.size();
  idle_.move_to_end(*connection);
  connection->start();
  if (!is_over) return;
  ++turned_away_;
  connection->turn_away();
}

// Closes the connection that has been idle longest. A connection with unread input is not idle.
bool HttpServer::make_room() {
  for (int looks = 0; looks < kLooksForIdleMax && !idle_.is_empty(); ++looks) {
    HttpConnection& longest = idle_.front();
    if (longest.has_unread_input()) {
      idle_.move_to_end(longest);
      continue;
    }
    ++counters_.connections_gave_way;
    closed(longest);
    return true;
  }
  return false;
}

void HttpServer::idle(HttpConnection& connection, bool is_idle) {
  if (is_idle) return idle_.move_to_end(connection);
  idle_.remove(connection);
}

void HttpServer::arrived(HttpConnection& from, uint64_t number, size_t body_bytes, Request&& request) {
  if (auto refusal = gate_.refuse(request)) {
    ++counters_.refused;
    release_body(body_bytes);
    return from.answer(number, std::move(*refusal));
  }
  if (std::string reader = gate_.reader_of(request); !reader.empty()) from.allow_reader(number, std::move(reader));
  ++counters_.requests;
  handler_({.connection = from.id(), .request = number, .body_bytes = body_bytes}, std::move(request));
}

void HttpServer::answer(Ticket ticket, Response&& response) {
  ++counters_.answers;
  CHECK(counters_.answers <= counters_.requests);
  release_body(ticket.body_bytes);
  const auto found = connections_.find(ticket.connection);
  if (found != connections_.end()) found->second->answer(ticket.request, std::move(response));
}

void HttpServer::takes_effect_later(Ticket ticket) {
  const auto found = connections_.find(ticket.connection);
  if (found != connections_.end()) found->second->takes_effect_later();
}

void HttpServer::took_effect(Ticket ticket) {
  const auto found = connections_.find(ticket.connection);
  if (found != connections_.end()) found->second->took_effect();
}

bool HttpServer::reserve_body(size_t bytes) {
  CHECK(counters_.bodies_bytes <= limits_.bodies_bytes_max);
  if (bytes > limits_.bodies_bytes_max - counters_.bodies_bytes) return false;
  counters_.bodies_bytes += bytes;
  return true;
}

void HttpServer::release_body(size_t bytes) {
  CHECK(bytes <= counters_.bodies_bytes);
  counters_.bodies_bytes -= bytes;
}

void HttpServer::refused() { ++counters_.refused; }

// A connection may go while it is visited, but only that one: the iterator is past it by then.
void HttpServer::check_deadlines() {
  const raft::Time now = this->now();
  for (auto next = connections_.begin(); next != connections_.end();) {
    HttpConnection& connection = *(next++)->second;
    connection.check_deadline(now);
  }
  if (budget_.is_crowded()) close_stalled(now);
}

// Closes connections until memory is no longer short, those first that have stalled for longest.
void HttpServer::close_stalled(raft::Time now) {
  std::vector<HttpConnection*> stalled;
  for (const auto& [id, connection] : connections_) {
    if (connection->stalled_for(now) >= limits_.crowded_timeout) stalled.push_back(connection.get());
  }
  std::sort(stalled.begin(), stalled.end(), [now](const HttpConnection* one, const HttpConnection* other) {
    return one->stalled_for(now) > other->stalled_for(now);
  });
  for (HttpConnection* one : stalled) {
    if (!budget_.is_crowded()) return;
    ++counters_.connections_stalled;
    closed(*one);
  }
}

void HttpServer::drain(std::function<void()> drained) {
  CHECK(!is_draining_);
  is_draining_ = true;
  drained_ = std::move(drained);
  listener_.reset();
  for (auto next = connections_.begin(); next != connections_.end();) {
    HttpConnection& connection = *(next++)->second;
    connection.drain();
  }
  say_drained();
}

void HttpServer::closed(HttpConnection& connection) {
  if (connection.was_turned_away()) {
    CHECK(turned_away_ > 0);
    --turned_away_;
  }
  const size_t erased = connections_.erase(connection.id());
  CHECK(erased == 1);
  counters_.connections = connections_.size();
  CHECK(turned_away_ <= connections_.size());
  if (connections_.empty()) tick_.stop();
  say_drained();
}

void HttpServer::say_drained() {
  if (!is_drained()) return;
  if (auto drained = std::exchange(drained_, nullptr)) drained();
}

}  // namespace skiff::transport
