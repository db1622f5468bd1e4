// Result: a value or an Error. Errors are values here; exceptions do not cross a file of ours.
//
// There are three kinds of errors, with three answers. Our own mistake: CHECK (raft/check.h). Bad input from outside (a
// request, a frame, a flag, a file): an Error, answered where the input came in. A failure of the machine (of a write
// or a sync): an Error that travels up to the node, which stops.
//
// A function passes an error on with TRY (src/base/try.h), or adds with `fail` in which act it came up. The place that
// shows an error to a person uses to_text. No code parses a text: the code tells errors apart, and the advice is a
// field of its own, so that a caller for which it is wrong can leave it out.
#pragma once

#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace skiff {

struct Error {
  enum class Code {
    io,           // the machine failed us: never retry, stop the node
    no_space,     // no room: a writer of something new may try again, for any other it is as bad as io
    corrupt,      // bytes that do not pass their checksum, or do not parse
    invalid,      // understood, but not allowed: a flag out of range, a wrong directory
    too_large,    // over one of the limits
    unavailable,  // not now: full, closing, not connected
    denied,       // the machine does not let us look (permissions, too many open files); says nothing about the file
  };
  Code code = Code::invalid;
  std::string what = {};    // the act, the thing and the cause: "sync wal-000012: No space left on device"
  std::string advice = {};  // the state now, and what an operator can do: "nothing was changed: move it away"
};

// One line for a log or for the body of an answer: the advice follows what happened.
inline std::string to_text(const Error& error) {
  return error.advice.empty() ? error.what : error.what + "; " + error.advice;
}

// [[nodiscard]]: a dropped error is a compiler warning.
template <class T = void>
struct [[nodiscard]] Result : tl::expected<T, Error> {
  using tl::expected<T, Error>::expected;
};

inline tl::unexpected<Error> fail(Error::Code code, std::string what, std::string advice = {}) {
  return tl::unexpected<Error>(Error{code, std::move(what), std::move(advice)});
}

// An error that came up within a larger act: "read data/identity" puts "read data/identity: " before its cause.
inline tl::unexpected<Error> fail(const std::string& act, Error cause) {
  cause.what = act + ": " + cause.what;
  return tl::unexpected<Error>(std::move(cause));
}

// The same error under another code: it means something else to the caller of this function.
inline tl::unexpected<Error> fail_as(Error::Code code, Error cause) {
  cause.code = code;
  return tl::unexpected<Error>(std::move(cause));
}

}  // namespace skiff
