#include "transport/http/connection.h"

#include <algorithm>
#include <array>
#include <utility>

#include "raft/check.h"

namespace skiff::transport {
namespace {

constexpr std::string_view kContinueResponse = "HTTP/1.1 100 Continue\r\n\r\n";

}  // namespace

HttpConnection::HttpConnection(Loop& loop, Owner& owner, HttpBudget& budget, const HttpLimits& limits, uint64_t id,
                               std::unique_ptr<Stream> stream)
    : loop_(loop),
      owner_(owner),
      budget_(budget),
      limits_(limits),
      id_(id),
      stream_(std::move(stream)),
      parser_(limits),
      wait_since_(owner.now()),
      taken_at_(owner.now()) {}

HttpConnection::~HttpConnection() {
  if (order_.has_waiting()) CHECK(!exchanges_.empty());
  owner_.release_body(reserved_body_bytes_ + order_.waiting_body_bytes());
  budget_.leave(*this);
  if (wants_flush_) loop_.cancel_flush(this);
}

void HttpConnection::start() {
  Stream::Events events;
  events.received = [this](std::string_view bytes) { received(bytes); };
  events.ended = [this] { ended(); };
  events.drained = [this] { outbox_drained(); };
  events.closed = [this](const std::string&) { owner_.closed(*this); };
  stream_->start(std::move(events));
}

// ---- requests come in

void HttpConnection::received(std::string_view bytes) {
  CHECK(held_.empty());
  CHECK(!is_paused_);
  CHECK(input_ != Input::ended);
  const size_t taken = input_ == Input::open ? parse_requests(bytes) : 0;
  if (input_ != Input::open) return drop(bytes.size() - taken);
  held_ = bytes.substr(taken);
  held_from_ = 0;
  if (!held_.empty() || !budget_.may_take(*this)) pause();
  update();
}

void HttpConnection::drop(size_t bytes) {
  dropped_bytes_ += bytes;
  budget_.used_bytes(*this, bytes);
  const bool is_too_much = dropped_bytes_ > limits_.linger_bytes_max;
  if (is_too_much && is_finished_) return owner_.closed(*this);
  if (is_too_much) {
    stream_->pause_reading();  // for good
  } else if (!budget_.may_take(*this)) {
    pause();
  }
  update();
}

void HttpConnection::ended() {
  if (is_finished_) return owner_.closed(*this);
  CHECK(held_.empty());
  const bool is_amid = input_ == Input::open && parser_.progress() != HttpParser::Progress::nothing;
  if (is_amid) refuse(text(400, "the connection ended in the middle of the request\n"));
  move_to(Input::ended);
  want_flush();
}

// Continues with the request that waited for earlier ones, and with the bytes that waited for room or budget.
void HttpConnection::run_turn() {
  if (order_.is_ready()) hand_over(order_.take_ready());
  if (!held_.empty()) parse_held();
  if (held_.empty() && is_paused_) resume();
  update();
}

void HttpConnection::parse_held() {
  std::string bytes = std::exchange(held_, {});  // dropped if one of its requests is refused
  const size_t from = std::exchange(held_from_, 0);
  CHECK(from < bytes.size());
  const size_t end = from + parse_requests(std::string_view(bytes).substr(from));
  CHECK(end <= bytes.size());
  if (input_ != Input::open) {
    dropped_bytes_ += bytes.size() - end;
  } else if (end < bytes.size()) {
    held_ = std::move(bytes);
    held_from_ = end;
  }
}

// Parses as many requests as there is room for, and returns how many bytes that were.
size_t HttpConnection::parse_requests(std::string_view bytes) {
  size_t taken = 0;
  while (taken < bytes.size() && input_ == Input::open && has_room() && budget_.may_take(*this)) {
    const size_t fed = parser_.feed(bytes.substr(taken));
    taken += fed;
    budget_.used_bytes(*this, fed);
    if (parser_.progress() == HttpParser::Progress::refused) {
      refuse(text(parser_.refusal().status, parser_.refusal().why + "\n"));
    } else if (!account_body()) {
      refuse(unavailable("too many bytes are on their way in at this moment\n"));
    } else if (parser_.progress() == HttpParser::Progress::complete) {
      request_complete();
    }
  }
  say_continue();
  return taken;
}

bool HttpConnection::has_room() const {
  if (order_.has_waiting()) return false;
  if (parser_.progress() != HttpParser::Progress::nothing) return true;  // a request that has begun is read to its end
  if (exchanges_.size() >= limits_.unanswered_max || stream_->outbox_bytes() >= limits_.outbox_bytes_max) return false;
  return budget_.may_owe_more(owed_bytes());
}

size_t HttpConnection::owed_bytes() const {
  return stream_->outbox_bytes() + exchanges_.size() * limits_.owed_bytes_each;
}

// Whether a turn would make progress.
bool HttpConnection::may_go_on() const {
  if (order_.is_ready()) return true;
  if (!held_.empty()) return has_room();
  return is_paused_;
}

void HttpConnection::pause() {
  is_paused_ = true;
  stream_->pause_reading();
}

void HttpConnection::resume() {
  is_paused_ = false;
  stream_->resume_reading();
}

// To be called after every change: updates deadline and budget, and asks for a turn if one would make progress.
void HttpConnection::update() {
  watch_clock();
  budget_.owes(*this, owed_bytes());
  if (may_go_on()) budget_.wait(*this);
}

bool HttpConnection::account_body() {
  const size_t bytes = parser_.body_bytes();
  if (bytes <= reserved_body_bytes_) return true;
  if (!owner_.reserve_body(bytes - reserved_body_bytes_)) return false;
  reserved_body_bytes_ = bytes;
  return true;
}

void HttpConnection::request_complete() {
  CHECK(input_ == Input::open);
  CHECK(!order_.has_waiting());
  CHECK(exchanges_.size() < limits_.unanswered_max);
  const bool is_last = !parser_.keeps_alive(), takes_chunks = parser_.takes_chunks();
  RequestOrder::Waiting next{.request = parser_.take(),
                             .ordering = Ordering::safe,
                             .number = exchanges_.next_number(),
                             .body_bytes = std::exchange(reserved_body_bytes_, 0)};
  next.ordering = owner_.ordering(next.request);
  has_said_continue_ = false;
  wait_since_ = owner_.now();
  exchanges_.add({.is_head = next.request.method == Method::head, .is_last = is_last, .takes_chunks = takes_chunks});
  if (is_last) move_to(Input::dropped);
  budget_.used_request(*this);
  if (order_.may_join(next.ordering)) return hand_over(std::move(next));
  order_.wait(std::move(next));
}

// ---- the order of pipelined requests

void HttpConnection::hand_over(RequestOrder::Waiting&& next) {
  CHECK(exchanges_.has(next.number));
  order_.begin(next.ordering);
  owner_.arrived(*this, next.number, next.body_bytes, std::move(next.request));
}

void HttpConnection::took_effect() { request_ended(); }

void HttpConnection::request_ended() {
  order_.end();
  if (order_.is_ready()) budget_.wait(*this);
}

// Sent in turn, like an answer: only once all answers before it have left.
void HttpConnection::say_continue() {
  if (input_ != Input::open || !exchanges_.empty() || has_said_continue_ || !parser_.expects_continue()) return;
  CHECK(!is_finished_);
  has_said_continue_ = true;
  written_bytes_ += kContinueResponse.size();
  stream_->write(std::string(kContinueResponse));
}

// The beginning of the next request is unknown, so this answer is the last.
void HttpConnection::refuse(Response&& response) {
  CHECK(input_ == Input::open);
  CHECK(!is_finished_);
  owner_.refused();
  const bool is_head = parser_.is_head();
  parser_.abandon();  // and the body so far, whose reservation is given back
  owner_.release_body(std::exchange(reserved_body_bytes_, 0));
  exchanges_.add({.is_head = is_head, .is_last = true, .is_answered = true, .response = std::move(response)});
  drop_input();
  want_flush();
}

void HttpConnection::move_to(Input next) {
  constexpr std::array<std::pair<Input, Input>, 3> kMoves = {{
      {Input::open, Input::dropped},
      {Input::open, Input::ended},
      {Input::dropped, Input::ended},
  }};
  CHECK(std::find(kMoves.begin(), kMoves.end(), std::pair(input_, next)) != kMoves.end());
  input_ = next;
}

// Neither the bytes in held_ nor later ones are parsed any more.
void HttpConnection::drop_input() {
  move_to(Input::dropped);
  CHECK(held_from_ <= held_.size());
  dropped_bytes_ += std::exchange(held_, {}).size() - std::exchange(held_from_, 0);
  if (is_paused_) resume();
}

// ---- time

// A deadline begins when the awaited event changes or a request is complete, and not with each byte: a client that
// sends a byte now and then gains no time (Slowloris).
void HttpConnection::watch_clock() {
  const Wait wait = waits_for();
  if (wait == wait_) return;
  if (wait == Wait::idle || wait_ == Wait::idle) owner_.idle(*this, wait == Wait::idle);
  wait_ = wait;
  wait_since_ = owner_.now();
}

void HttpConnection::check_deadline(raft::Time now) {
  update();
  CHECK(written_bytes_ >= stream_->outbox_bytes());
  const size_t taken = written_bytes_ - stream_->outbox_bytes();
  CHECK(taken >= taken_bytes_);
  const size_t enough = exchanges_.is_streaming() ? limits_.streamed_bytes_min : 1;
  if (taken - taken_bytes_ >= enough || stream_->outbox_bytes() == 0) {
    taken_bytes_ = taken;
    taken_at_ = now;
  }
  if (now >= taken_at_ + limits_.write_timeout) return owner_.closed(*this);
  if (wait_ != Wait::answer && now >= wait_since_ + allowed_time(wait_)) missed(wait_);
}

HttpConnection::Wait HttpConnection::waits_for() const {
  const bool has_unsent = !exchanges_.empty() || stream_->outbox_bytes() > 0;
  if (input_ != Input::open) return has_unsent ? Wait::answer : Wait::linger;
  if (is_paused_) return Wait::answer;
  if (parser_.progress() == HttpParser::Progress::head) return Wait::head;
  const bool holds_back_for_us = parser_.expects_continue() && !has_said_continue_;
  if (parser_.progress() == HttpParser::Progress::body) return holds_back_for_us ? Wait::answer : Wait::body;
  return has_unsent ? Wait::answer : Wait::idle;
}

raft::Time HttpConnection::allowed_time(Wait wait) const {
  switch (wait) {
    case Wait::idle: return limits_.idle_timeout;
    case Wait::head: return limits_.header_timeout;
    case Wait::body: return limits_.body_timeout;
    case Wait::linger: return limits_.linger;
    case Wait::answer: break;
  }
  return raft::kNever;
}

void HttpConnection::missed(Wait wait) {
  if (wait == Wait::idle || wait == Wait::linger) return owner_.closed(*this);
  refuse(text(408, wait == Wait::head ? "the headers took too long\n" : "the body took too long\n"));
}

void HttpConnection::want_flush() {
  if (wants_flush_) return;
  wants_flush_ = true;
  loop_.flush_last(this);
}

}  // namespace skiff::transport
