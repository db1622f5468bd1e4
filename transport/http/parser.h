// HttpParser: llhttp's pieces to a whole Request, within the limits.
//
// On a good day: feed() what the socket brings until progress() is complete, take() the request, go on with the bytes
// that feed() left. It stops behind each request, so that the owner decides how many of them it wants at once.
//
// What goes wrong: a request that is malformed or too large is refused, with the status to answer and a sentence that
// says what is wrong. After that nothing can be read from this connection: nobody knows where the next request begins.
//
// Always: the outcome does not depend on how the bytes were cut into pieces. Sizes are refused as early as they are
// known, before the bytes are buffered; what stands round the chunks of a body, trailers too, is never buffered, and
// bounded by the head's limit and what the body so far may need. llhttp is strict: none of its leniencies is ever
// turned on.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "transport/http/limits.h"
#include "transport/http/message.h"

namespace skiff::transport {

class HttpParser {
 public:
  enum class Progress {
    nothing,   // no byte of a request yet
    head,      // somewhere in the request line or the headers
    body,      // behind the headers
    complete,  // take() it
    refused,   // see refusal()
  };
  struct Refusal {
    int status = 0;
    std::string why;
  };

  explicit HttpParser(const HttpLimits& limits);
  ~HttpParser();
  HttpParser(const HttpParser&) = delete;
  HttpParser& operator=(const HttpParser&) = delete;

  // Takes bytes up to the end of the request and says how many. Requires: neither complete nor refused.
  size_t feed(std::string_view bytes);

  Progress progress() const { return progress_; }
  const Refusal& refusal() const { return refusal_; }

  // The client holds its body back until it is told "100 Continue". No longer once it has begun to send it.
  bool expects_continue() const { return progress_ == Progress::body && holds_back_; }
  // What the body takes: what was announced, or what has arrived when nothing was announced.
  size_t body_bytes() const { return std::max(announced_bytes_, request_.body.size()); }
  // Its method is HEAD, as far as it has come: the answer has no body, also if the request is refused.
  bool is_head() const;
  // Whether another request may follow on this connection. Requires: complete.
  bool keeps_alive() const { return keeps_alive_; }
  // Whether the answer may come in chunks. Requires: complete.
  bool takes_chunks() const { return is_1_1_; }

  // Requires: complete. Begins the next request.
  Request take();
  // Lets go of what has come of a request that will not be read to its end. Nothing may be fed after it.
  void abandon();

 private:
  struct Machine;

  void begin();
  bool is_done() const { return progress_ == Progress::complete || progress_ == Progress::refused; }
  size_t appetite() const;
  size_t feed_head(std::string_view bytes);
  size_t feed_body(std::string_view bytes);
  size_t read_unknown_method(std::string_view bytes);
  size_t run(std::string_view bytes);
  void stopped(int code);
  int refuse(int status, std::string why);

  int method_complete();
  int target_piece(std::string_view piece);
  int target_complete();
  int name_piece(std::string_view piece);
  int value_piece(std::string_view piece);
  int value_complete();
  int head_complete();
  int refuse_head();
  int refuse_framing();
  int chunk_begins();
  int body_piece(std::string_view piece);

  HttpLimits limits_;
  std::unique_ptr<Machine> machine_;
  Progress progress_ = Progress::nothing;
  Refusal refusal_;
  Request request_;

  size_t budget_ = 0;               // bytes that the head, or then what stands round the body's chunks, may still take
  bool has_method_byte_ = false;    // its first byte has come
  bool is_method_unknown_ = false;  // to llhttp, which has stopped
  bool is_after_line_ = false;      // the last byte of the head so far ended a line
  bool has_target_ = false;         // all of it
  bool has_absolute_target_ = false;  // which names the host, whatever the Host header says
  std::string target_;                // as it came
  int hosts_ = 0;                     // how many Host headers
  std::string expect_;                // of the Expect headers, the first that is not 100-continue, or else the last
  std::string good_host_;             // of an earlier request: the next has the same, and need not be looked at again
  int transfer_encodings_ = 0;        // how many Transfer-Encoding headers
  std::string transfer_encoding_;
  size_t announced_bytes_ = 0;  // Content-Length
  bool holds_back_ = false;     // expects_continue()
  bool keeps_alive_ = false;
  bool is_1_1_ = false;
};

}  // namespace skiff::transport
