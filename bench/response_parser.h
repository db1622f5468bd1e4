// ResponseParser: what a server answers, in pieces of any size, to whole answers. The only place of llhttp here.
//
// A load generator wants to know of an answer where it ends, its status, and whether the connection lives on. The body
// is kept only for who asks for it.
//
// What goes wrong: bytes that are no HTTP. After that nothing more can be read from the connection.
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
  std::string_view body;  // when bodies are kept; good for the length of the call
};

class ResponseParser {
 public:
  using Take = std::function<void(const Answer&)>;

  enum class Bodies { drop, keep };

  // `take` is called for each whole answer, and may not destroy the parser.
  explicit ResponseParser(Take take, Bodies bodies = Bodies::drop);
  ~ResponseParser();
  ResponseParser(const ResponseParser&) = delete;
  ResponseParser& operator=(const ResponseParser&) = delete;

  // False when this is no HTTP, and ever after.
  bool feed(std::string_view bytes);
  // The connection has ended: an answer of unknown length is whole now. False when one was cut short.
  bool finish();
  // Begins anew, for another connection.
  void reset();

  // What is wrong, after feed() or finish() said false.
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
