// HttpConnection: the connection of one client, from its first byte to the last of its answers.
//
// Bytes go through the parser, requests go to the owner, and answers leave in the order of the requests, whatever the
// order they are given in. Further requests are parsed while earlier ones wait for their answer, up to a limit of
// requests, and of answers that the client has not taken; beyond it the socket is not read. So that no client delays
// the others, all of this stays within the budget of a turn (HttpBudget); the bytes beyond it wait in `held_`.
//
// Pipelined requests take effect in the order in which they were sent: a request that may not run beside those before
// it waits until they have ended (transport/http/request_order.h). Its own timeout begins when it is handed over.
//
// An answer whose body is generated while it is sent (BodySource) leaves in chunks: the next piece when the socket has
// taken the one before, at most one in a turn of the loop, so that a fast client does not delay the others. When the
// body fails, the connection is closed without the last chunk, which tells the client that the body is incomplete.
//
// A request that is refused gets its answer in turn and is the last one of this connection. A client that is too slow
// gets a 408 or is closed. A client that has ended its half (shutdown, `nc -N`) still gets every answer. After the last
// answer our half is ended, and further input is read and dropped for a while (lingering close): closing at once would
// reset the connection, and the client might lose the answer.
//
// Always: requests are handed over, and parsing goes on, while sockets are read or flushed, and never inside answer().
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "raft/time.h"
#include "transport/http/budget.h"
#include "transport/http/exchanges.h"
#include "transport/http/limits.h"
#include "transport/http/message.h"
#include "transport/http/parser.h"
#include "transport/http/piece_timer.h"
#include "transport/http/request_order.h"
#include "transport/loop/stream.h"

namespace skiff::transport {

struct IdleList;  // a tag

class HttpConnection final : public HttpBudget::Client, public ListLink<IdleList>, private Loop::Flushable {
 public:
  // The interface of the server for its connections.
  class Owner {
   public:
    // The time for deadlines; it never goes back.
    virtual raft::Time now() const = 0;
    // The Date header of an answer that is given now.
    virtual std::string_view date_line() = 0;
    // False when bodies take too much memory already. The reservation is given back by release_body(), or passes to the
    // request that is handed over.
    virtual bool reserve_body(size_t bytes) = 0;
    virtual void release_body(size_t bytes) = 0;
    virtual void arrived(HttpConnection& from, uint64_t number, size_t body_bytes, Request&& request) = 0;
    virtual Ordering ordering(const Request& request) const = 0;
    virtual void refused() = 0;
    // The connection begins to wait for the next request of its client, and for nothing else; or stops to.
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
  void allow_reader(uint64_t number, std::string reader) { exchanges_.at(number).reader = std::move(reader); }
  // A request that was handed over takes effect later than it is answered: took_effect() follows.
  void takes_effect_later() { order_.ends_later(); }
  void took_effect();
  // Answers 503 without reading a request, and closes.
  void turn_away();
  // Accepts no further request; closes once all are answered. May destroy the connection.
  void drain();
  // Acts on a deadline that has passed. May destroy the connection.
  void check_deadline(raft::Time now);

  uint64_t id() const { return id_; }
  bool was_turned_away() const { return was_turned_away_; }
  // For how long the client has taken no byte of its answers. 0: there are no bytes to take.
  raft::Time stalled_for(raft::Time now) const {
    return stream_->outbox_bytes() == 0 ? 0_s : now - std::min(now, taken_at_);
  }
  // A request, or a part of one, has arrived and was not read yet.
  bool has_unread_input() const { return stream_->has_unread_input(); }

 private:
  enum class Input {
    open,     // requests are parsed
    dropped,  // input is read and dropped
    ended,    // the client has sent its last byte
  };
  // The event that the connection waits for. An answer is up to the server, so that one has no deadline.
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
  void hand_over(RequestOrder::Waiting&& next);
  void request_ended();
  void say_continue();
  void refuse(Response&& response);
  void move_to(Input next);
  void drop_input();

  enum class Sending { done, later, broken };
  Sending send_answers();
  Sending send(Exchange& exchange);
  Sending send_piece(Exchange& exchange);
  void send_whole(const Response& response, std::string head, bool has_body);
  void outbox_drained();
  void finish();

  Wait waits_for() const;
  void watch_clock();
  raft::Time allowed_time(Wait wait) const;
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
  std::string held_;        // bytes that came while no request could be parsed: no room, or no budget
  size_t held_from_ = 0;    // where the unparsed bytes of held_ begin; while there are any, reading is paused
  bool is_paused_ = false;  // reading is paused until there is room and budget
  bool was_turned_away_ = false;
  Input input_ = Input::open;
  bool has_said_continue_ = false;
  bool is_finished_ = false;  // the last answer has been written
  bool wants_flush_ = false;
  size_t reserved_body_bytes_ = 0;
  size_t dropped_bytes_ = 0;

  Exchanges exchanges_;
  RequestOrder order_;  // of those that are not answered; one that waits is the last exchange
  PieceTimer piece_timer_;

  Wait wait_ = Wait::idle;  // the time below is its beginning
  raft::Time wait_since_;
  size_t written_bytes_ = 0;  // given to the stream since the beginning
  size_t taken_bytes_ = 0;    // of those, taken by the client when last checked
  raft::Time taken_at_;
};

}  // namespace skiff::transport
