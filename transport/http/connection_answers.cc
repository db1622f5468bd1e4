// The answers of a connection: given in any order, sent in the order of the requests.
#include <utility>

#include "raft/check.h"
#include "transport/http/access.h"
#include "transport/http/connection.h"

namespace skiff::transport {

void HttpConnection::answer(uint64_t number, Response&& response) {
  Exchange& exchange = exchanges_.at(number);
  CHECK(!exchange.is_answered);
  exchange.is_answered = true;
  exchange.response = std::move(response);
  if (!exchange.reader.empty()) transport::allow_reader(exchange.response, std::move(exchange.reader));
  if (exchanges_.is_first(number)) want_flush();
  request_ended();
}

void HttpConnection::turn_away() {
  CHECK(exchanges_.empty());
  was_turned_away_ = true;
  refuse(unavailable("too many connections at this moment\n"));
}

void HttpConnection::flush() {
  wants_flush_ = false;
  if (send_answers() == Sending::broken) return owner_.closed(*this);
  say_continue();
  if (input_ != Input::open && exchanges_.empty() && !is_finished_) finish();
  update();
}

// An answer that is being generated stays in front until all of it has been sent.
HttpConnection::Sending HttpConnection::send_answers() {
  while (!exchanges_.empty() && exchanges_.front().is_answered) {
    Exchange& exchange = exchanges_.front();
    const Sending sending = exchange.has_begun ? send_piece(exchange) : send(exchange);
    if (sending != Sending::done) return sending;
    exchanges_.pop_front();
  }
  return Sending::done;
}

HttpConnection::Sending HttpConnection::send(Exchange& exchange) {
  CHECK(exchange.is_answered);
  CHECK(!exchange.has_begun);
  const Response& response = exchange.response;
  const bool is_made = response.source != nullptr && !exchange.is_head;
  const bool closes = exchange.is_last || (input_ != Input::open && exchanges_.size() == 1);
  const Framing framing = exchange.takes_chunks ? Framing::chunked : Framing::until_closed;
  std::string bytes = head(response, closes ? AfterAnswer::close : AfterAnswer::keep_open, framing, owner_.date_line());
  send_whole(response, std::move(bytes), !exchange.is_head && !response.body.empty());
  if (!is_made) return Sending::done;
  exchange.has_begun = true;
  piece_timer_.begin(loop_, [this] { want_flush(); });
  return Sending::later;
}

void HttpConnection::send_whole(const Response& response, std::string bytes, bool has_body) {
  const bool is_small = response.body.size() <= kCopiedBytesMax;
  if (has_body && is_small) bytes += response.body;
  written_bytes_ += bytes.size();
  stream_->write(std::move(bytes));
  if (!has_body || is_small) return;
  written_bytes_ += response.body.size();
  if (response.keep) {
    stream_->write_shared(response.body, response.keep);
  } else {
    stream_->write(std::string(response.body));
  }
}

// Sends the next piece only when the one before has left: generation is never more than a piece ahead of the client.
HttpConnection::Sending HttpConnection::send_piece(Exchange& exchange) {
  CHECK(exchange.response.source != nullptr);
  CHECK(!exchange.is_head);
  if (stream_->outbox_bytes() > 0 || piece_timer_.is_waiting()) return Sending::later;
  auto piece = exchange.response.source->next();
  if (!piece) return Sending::broken;
  CHECK(piece->is_last || !piece->bytes.empty());
  piece_timer_.piece_sent(piece->wait);
  std::string bytes = std::move(piece->bytes);
  if (exchange.takes_chunks && !bytes.empty()) {
    std::string before = chunk_head(bytes.size());
    written_bytes_ += before.size();
    stream_->write(std::move(before));
    bytes += kChunkEnd;
  }
  if (exchange.takes_chunks && piece->is_last) bytes += kLastChunk;
  written_bytes_ += bytes.size();
  stream_->write(std::move(bytes));
  return piece->is_last ? Sending::done : Sending::later;
}

// Ready answers go on in the same turn, as long as the socket takes them; a generated piece waits for the next turn.
void HttpConnection::outbox_drained() {
  if (!exchanges_.is_streaming()) return want_flush();
  piece_timer_.pause();
}

// All requests are answered, and no more are accepted.
void HttpConnection::finish() {
  CHECK(input_ != Input::open);
  CHECK(exchanges_.empty());
  CHECK(!is_finished_);
  is_finished_ = true;
  if (input_ == Input::ended || dropped_bytes_ > limits_.linger_bytes_max) {
    stream_->close_after_writing();
  } else {
    stream_->finish_writing();
  }
}

void HttpConnection::drain() {
  const bool is_amid = parser_.progress() != HttpParser::Progress::nothing;
  if (input_ != Input::open) return;
  if (is_amid) return refuse(unavailable("this node is shutting down\n"));
  if (exchanges_.empty() && stream_->outbox_bytes() == 0) return owner_.closed(*this);
  drop_input();
  want_flush();
}

}  // namespace skiff::transport
