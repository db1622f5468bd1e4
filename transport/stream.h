// Stream: bytes both ways over one TCP connection, with a bounded outbox.
//
// On a good day: start() with callbacks, received() for what arrives, write() for what leaves. Writes are gathered and
// leave in one system call just before the loop waits again (Loop::flush_later).
//
// What goes wrong: the other side closes or the connection breaks: closed() is called once, with the reason, and
// nothing after it. Destroying the Stream closes the connection without calling back; any callback may do so, its own
// included. Bytes still in the outbox when the Stream is destroyed are lost, close_after_writing() sends them first.
//
// Bounded: write() never refuses; outbox_bytes() says how much has not left yet, and it is for the owner to stop
// reading, drop or close when that is more than its limit.
#pragma once

#include <uv.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/result.h"
#include "transport/address.h"
#include "transport/loop.h"

namespace skiff::transport {

class Stream final : private Loop::Flushable {
 public:
  struct Events {
    std::function<void(std::string_view)> received;
    std::function<void(const std::string& why)> closed;  // "end of stream", "read: connection reset by peer"
    std::function<void()> drained;                       // the outbox has become empty; may be null
  };

  // An open connection, accepted or dialled. TCP_NODELAY is on.
  Stream(Loop& loop, Owned<uv_tcp_t> handle);
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  void start(Events events);
  void write(std::string bytes);
  // Ends reading, sends what the outbox holds, then closes and calls closed("closed here"). A peer that takes no
  // bytes can hold this up for ever: the owner keeps a deadline.
  void close_after_writing();
  void pause_reading();
  void resume_reading();

  size_t outbox_bytes() const;
  std::string remote() const;  // "127.0.0.1:40312"

  // How long unacknowledged bytes may stay on the wire before the kernel gives the connection up, and keep-alive
  // probes on an idle one.
  void set_peer_timeout_ms(unsigned timeout_ms);

 private:
  void flush() override;
  // ... the implementer's
};

// Dials. Calls back once with a Stream or with why not (Error::what names the address; `refused` tells ECONNREFUSED
// from everything else); destroying the Dial abandons it without calling back. Names are not resolved on the loop's
// path: a host that is no numeric address goes through uv_getaddrinfo.
class Dial {
 public:
  struct Failure {
    bool refused = false;  // the host answered: nobody listens there
    std::string why;
  };
  using Done = std::function<void(std::unique_ptr<Stream>, Failure)>;  // a null stream means failure

  Dial(Loop& loop, const Address& address, Done done);
  ~Dial();
  Dial(const Dial&) = delete;
  Dial& operator=(const Dial&) = delete;
};

}  // namespace skiff::transport
