// Listener: a bound port, and the connections that it accepts.
#pragma once

#include <functional>
#include <memory>

#include "src/base/log.h"
#include "src/base/result.h"
#include "transport/loop/address.h"
#include "transport/loop/stream.h"

namespace skiff::transport {

class Listener {
 public:
  using Accepted = std::function<void(std::unique_ptr<Stream>)>;

  // Port 0 takes any free port: port() says which. Errors name the address: "listen on 127.0.0.1:9121: address
  // already in use". When the process is out of descriptors, accepting pauses for a while, with a line in the log, and
  // new connections wait in the kernel's queue. A callback may destroy the Listener. A host that is a name is looked up
  // while the caller waits, so this is for the start of a program.
  static Result<std::unique_ptr<Listener>> open(Loop& loop, const Address& address, Accepted accepted);
  // An error if open() would fail now; nothing is kept.
  static Result<> probe(const Address& address);
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  uint16_t port() const { return bound_.port; }
  // The numeric address that the name stands for, and the port that was bound.
  const Address& address() const { return bound_; }

 private:
  Listener(Loop& loop, int descriptor, Accepted accepted);

  static void readable(uv_poll_t* handle, int status, int events);

  void listen_on();
  void accept_all();
  bool accept_one();
  void pause(int error);

  Loop& loop_;
  int descriptor_;
  Address bound_;
  Accepted accepted_;
  Owned<uv_poll_t> handle_;
  Timer pause_over_;
  log::Limit log_limit_;
};

}  // namespace skiff::transport
