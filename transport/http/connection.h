// HttpConnection: one client's connection, from its first byte to the last of its answers.
//
// On a good day: bytes go through the parser, requests go to the owner, and answers leave in the order of the requests,
// whatever the order they are given in. Further requests are taken while earlier ones wait for their answer, up to a
// limit of requests, and to a limit of answers the client has not taken; beyond it nothing is read. So that no client
// keeps the others waiting, all of it is done within the budget of a turn (HttpBudget); what is left waits in `held_`.
//
// Pipelined requests take effect in the order in which they were sent (RFC 9112, 9.3.2). Those that may run side by
// side are handed over as they come (Ordering says which); one that may not waits until all before it have ended, and
// then goes without the client having to do anything. Its own time limit begins when it is handed over.
//
// An answer whose body is made while it leaves (BodySource) is sent in chunks: the next piece when the socket has taken
// the one before, and no more than one in a turn of the loop, so that a fast client keeps nobody waiting. A body that
// breaks off closes the connection without the last chunk: the client knows then that it has not got all of it.
//
// What goes wrong: a request that is refused gets its answer in turn and is the last one of this connection. A client
// that is too slow is told so with 408 or closed. A client that has ended its half (shutdown, `nc -N`) still gets
// every answer. After the last answer our half is ended and what the client still sends is read and dropped for a
// while: closing at once would reset the connection, and might take the answer away from it.
//
// Always: requests are handed over, and parsing goes on, while sockets are read or flushed, and never inside answer().
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "transport/http/budget.h"
#include "transport/http/limits.h"
#include "transport/http/message.h"
#include "transport/http/parser.h"
#include "transport/loop/stream.h"

namespace skiff::transport {

// Which requests of one connection may be under way at the same time.
enum class Ordering : uint8_t {
  safe,   // beside other safe ones
  write,  // beside other writes: the handler carries those out in the order it gets them
  alone,  // beside nothing
};

struct IdleList;  // a tag

class HttpConnection final : public HttpBudget::Client, public ListLink<IdleList>, private Loop::Flushable {
 public:
  // The server, as a connection sees it.
  class Owner {
   public:
    // Milliseconds that only grow: what deadlines are counted in.
    virtual uint64_t now_ms() const = 0;
    // The Date header of an answer that is given now.
    virtual std::string_view date_line() = 0;
    // False when bodies take too much memory already. What was reserved is given back by release_body(), or goes over
    // to the request that is handed over.
    virtual bool reserve_body(size_t bytes) = 0;
    virtual void release_body(size_t bytes) = 0;
    virtual void arrived(HttpConnection& from, uint64_t number, size_t body_bytes, Request&& request) = 0;
    virtual Ordering ordering(const Request& request) const = 0;
    virtual void refused() = 0;
    // It has begun to wait for nothing but its client's next request, or that has come.
    virtual void idle(HttpConnection& connection, bool is_idle) = 0;
    virtual void closed(HttpConnection& connection) = 0;  // destroys the connection

   protected:
    ~Owner() = default;
  };

  HttpConnection(Loop& loop, Owner& owner, HttpBudget& budget, const HttpLimits& limits, uint64_t id,
                 std::unique_ptr<Stream> stream);
  ~HttpConnection();
  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;

  void start();
  void answer(uint64_t number, Response&& response);
  // A page that may read that answer; see HttpGate::reader_of().
  void allow_reader(uint64_t number, std::string reader) {
    exchanges_[number - first_number_].reader = std::move(reader);
  }
  // A request that was handed over takes effect later than it is answered: its end is told by took_effect().
  void takes_effect_later() { ++under_way_; }
  void took_effect();
  // Answers 503 instead of taking any request, and closes.
  void turn_away();
  // Takes no further request; closes once everything is answered. May destroy the connection.
  void drain();
  // Looks whether a deadline has passed. May destroy the connection.
  void check_deadline(uint64_t now_ms);

  uint64_t id() const { return id_; }
  bool was_turned_away() const { return was_turned_away_; }
  // For how long the client has taken nothing of what it is owed. 0: it is owed nothing.
  uint64_t stalled_ms(uint64_t now_ms) const { return stream_->outbox_bytes() == 0 ? 0 : now_ms - taken_at_ms_; }
  // A request has come, or a part of one, and was not read yet.
  bool has_unread_input() const { return stream_->has_unread_input(); }

 private:
  // One request and the place of its answer in the order.
  struct Exchange {
    bool is_head = false;
    bool is_last = false;  // the connection closes after this answer
    bool is_answered = false;
    bool takes_chunks = true;
    bool has_begun = false;  // its head has been sent, and its body is being made
    Response response;
    std::string reader;  // a page of another origin that may read it; mostly empty
  };
  // A request that must wait for those before it.
  struct Next {
    Request request;
    Ordering ordering;
    uint64_t number;
    size_t body_bytes;
  };
  enum class Input {
    open,     // requests are taken
    dropped,  // what comes is read and dropped
    ended,    // the client has sent its last byte
  };
  // What the connection waits for: for the first, which is ours to give, without a deadline.
  enum class Wait { answer, idle, head, body, linger };

  void received(std::string_view bytes);
  void ended();
  void drop(size_t bytes);
  void run_turn() override;
  void parse_held();
  size_t parse_requests(std::string_view bytes);
  bool has_room() const;
  size_t owed_bytes() const;
  bool may_go_on() const;
  void pause();
  void resume();
  void update();
  bool account_body();
  void request_complete();
  bool may_join(Ordering ordering) const;
  void hand_over(Next&& next);
  void request_ended();
  void say_continue();
  void refuse(Response&& response);
  void drop_input();

  enum class Sending { done, later, broken };
  Sending send_answers();
  Sending send(Exchange& exchange);
  Sending send_piece(Exchange& exchange);
  void send_whole(const Response& response, std::string head, bool has_body);
  bool is_streaming() const { return !exchanges_.empty() && exchanges_.front().has_begun; }
  void outbox_drained();
  void finish();

  Wait waits_for() const;
  void watch_clock();
  uint64_t allowed_ms(Wait wait) const;
  void missed(Wait wait);
  void want_flush();
  void flush() override;

  Loop& loop_;
  Owner& owner_;
  HttpBudget& budget_;
  const HttpLimits& limits_;
  const uint64_t id_;
  std::unique_ptr<Stream> stream_;
  HttpParser parser_;
  std::string held_;        // bytes that came while there was no room for requests, or it was the turn of others;
  size_t held_from_ = 0;    // behind those that were taken. Reading is paused as long as there are any
  bool is_paused_ = false;  // reading is, until there is room or it is our turn
  bool was_turned_away_ = false;
  Input input_ = Input::open;
  bool has_said_continue_ = false;
  bool is_finished_ = false;  // the last answer has been written
  bool wants_flush_ = false;
  size_t reserved_body_bytes_ = 0;
  size_t dropped_bytes_ = 0;

  std::deque<Exchange> exchanges_;     // asked and not yet sent, oldest first
  uint64_t first_number_ = 1;          // of exchanges_.front()
  std::optional<Next> next_;           // the last of them, if it waits for those before it; nothing is taken meanwhile
  size_t under_way_ = 0;               // requests that were handed over and have not ended
  Ordering running_ = Ordering::safe;  // all of them

  std::optional<Timer> next_turn_;  // when the next piece is made; there once there was a first
  bool waits_for_turn_ = false;
  uint64_t piece_wait_ns_ = 0;  // behind the last piece

  Wait wait_ = Wait::idle;  // what the clock below runs for
  uint64_t wait_since_ms_;
  size_t written_bytes_ = 0;  // all that was ever given to the stream
  size_t taken_bytes_ = 0;    // of those, what the client had taken when it was looked at last
  uint64_t taken_at_ms_;
};

}  // namespace skiff::transport
