// Listener: a bound port, and the connections that come in by it.
#pragma once

#include <functional>
#include <memory>

#include "src/base/result.h"
#include "transport/address.h"
#include "transport/stream.h"

namespace skiff::transport {

class Listener {
 public:
  using Accepted = std::function<void(std::unique_ptr<Stream>)>;

  // Port 0 takes any free port: port() says which. Errors name the address: "listen on 127.0.0.1:9121: address
  // already in use". Out of descriptors: accepting pauses for a while and goes on, with a line in the log.
  static Result<std::unique_ptr<Listener>> open(Loop& loop, const Address& address, Accepted accepted);
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  uint16_t port() const;
};

}  // namespace skiff::transport
