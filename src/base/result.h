// Result: a value or an Error. Errors are values here; exceptions do not cross a file of ours.
//
// Three kinds of trouble, three answers. Our own mistake: CHECK (raft/check.h). Somebody else's nonsense (a request,
// a frame, a flag, a file): an Error, answered at the door it came in by. The machine's (a write or sync failed):
// an Error that travels up to the node, which stops.
#pragma once

#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace skiff {

struct Error {
  enum class Code {
    io,           // the machine failed us: never retry, stop the node
    no_space,     // it has no room; whoever was writing something new may try again, else it is as bad as io
    corrupt,      // bytes that do not pass their checksum, or do not parse
    invalid,      // understood, but not allowed: a flag out of range, a wrong folder
    too_large,    // over one of the limits
    unavailable,  // not now: full, closing, not connected
    denied,       // the machine does not let us look (permissions, too many open files): says nothing of what is there
  };
  Code code = Code::invalid;
  std::string what;  // what we were doing, to what: "sync wal-000012: No space left on device"
};

// [[nodiscard]]: a dropped error is a compiler warning.
template <class T = void>
struct [[nodiscard]] Result : tl::expected<T, Error> {
  using tl::expected<T, Error>::expected;
};

inline tl::unexpected<Error> fail(Error::Code code, std::string what) {
  return tl::unexpected<Error>(Error{code, std::move(what)});
}

}  // namespace skiff
