// ResponseParser: the bytes of a server, in pieces of any size, to complete answers. Only this class uses llhttp here.
//
// A load generator needs the end of an answer, its status, and whether the connection lives on. The body is kept only
// on request.
//
// After bytes that are not HTTP no further answer can be read from the connection.
//
// Always: the outcome does not depend on how the bytes were cut into pieces. Interim answers (100 Continue) are
// skipped.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace skiff::bench {

struct Answer {
  int status = 0;
  bool keeps_alive = true;
  std::string_view body;  // when bodies are kept; valid for the length of the call
};

class ResponseParser {
 public:
  using Take = std::function<void(const Answer&)>;

  enum class Bodies { drop, keep };

  // `take` is called for each complete answer, and must not destroy the parser.
  explicit ResponseParser(Take take, Bodies bodies = Bodies::drop);
  ~ResponseParser();
  ResponseParser(const ResponseParser&) = delete;
  ResponseParser& operator=(const ResponseParser&) = delete;

  // False when the bytes are not HTTP, and from then on.
  bool feed(std::string_view bytes);
  // The connection has ended: an answer of unknown length is complete now. False when an answer was cut short.
  bool finish();
  // Begins anew, for another connection.
  void reset();

  // The reason, after feed() or finish() returned false.
  const std::string& error() const { return error_; }

 private:
  struct Machine;
  int message_complete();

  Take take_;
  Bodies bodies_;
  std::unique_ptr<Machine> machine_;
  std::string body_;
  std::string error_;
};

}  // namespace skiff::bench
