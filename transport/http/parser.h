// HttpParser: bytes to complete requests, with llhttp, within the limits.
//
// The owner feeds the bytes of a socket until progress() is complete, takes the request, and goes on with the bytes
// that feed() left. The parser stops after each request, so that the owner decides how many it wants at once.
//
// A request that is malformed or too large is refused, with the status of the answer and a sentence with the reason. No
// further request can be read from that connection, because the beginning of the next one is unknown.
//
// Always: the outcome does not depend on how the bytes were cut into pieces. A size over its limit is refused as soon
// as it is known, before the bytes are buffered. Chunk headers, chunk extensions and trailers are never buffered, and
// bounded by the head's limit and the size of the body so far. llhttp is strict: none of its leniencies is turned on.
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
    body,      // after the headers
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

  // Parses bytes up to the end of the request and returns how many. Requires: neither complete nor refused.
  size_t feed(std::string_view bytes);

  Progress progress() const { return progress_; }
  const Refusal& refusal() const { return refusal_; }

  // True if the client waits for "100 Continue" before it sends its body, and has not begun to send it.
  bool expects_continue() const { return progress_ == Progress::body && holds_back_; }
  // The size of the body: the Content-Length, or without one the bytes that have arrived.
  size_t body_bytes() const { return std::max(announced_bytes_, request_.body.size()); }
  // True once the method is known to be HEAD: the answer has no body then, even if the request is refused.
  bool is_head() const;
  // Whether another request may follow on this connection. Requires: complete.
  bool keeps_alive() const { return keeps_alive_; }
  // Whether the answer may come in chunks. Requires: complete.
  bool takes_chunks() const { return is_1_1_; }

  // Requires: complete. Begins the next request.
  Request take();
  // Frees the memory of a request that will not be read to its end. Requires: feed() is not called again.
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

  size_t budget_ = 0;                 // bytes that the head may still take, or after it the framing of the chunks
  bool has_method_byte_ = false;      // its first byte has come
  bool is_method_unknown_ = false;    // to llhttp, which has stopped
  bool is_after_line_ = false;        // the last byte of the head so far ended a line
  bool has_target_ = false;           // all of it
  bool has_absolute_target_ = false;  // which names the host, and takes precedence over the Host header
  std::string target_;                // as it came
  int hosts_ = 0;                     // how many Host headers
  std::string expect_;                // the first Expect header that is not 100-continue, or else the last
  std::string good_host_;       // of an earlier request: the next often has the same, which is then not checked again
  int transfer_encodings_ = 0;  // how many Transfer-Encoding headers
  std::string transfer_encoding_;
  size_t announced_bytes_ = 0;  // Content-Length
  bool holds_back_ = false;     // expects_continue()
  bool keeps_alive_ = false;
  bool is_1_1_ = false;
};

}  // namespace skiff::transport
