// Dial: one attempt to connect to an address, which ends in a Stream.
//
// A host that is no numeric address is looked up first, by libuv's threads; the addresses that the name has are tried
// one after the other. The callback comes once, with a Stream or with the reason of the last failure, which names the
// address.
//
// Always: the callback never comes from inside the constructor, and it may destroy the Dial. Destroying the Dial
// abandons the attempt without calling back.
#pragma once

#include <netdb.h>
#include <sys/socket.h>
#include <uv.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "transport/loop/address.h"
#include "transport/loop/loop.h"
#include "transport/loop/stream.h"

namespace skiff::transport {

class Dial {
 public:
  struct Failure {
    bool refused = false;  // ECONNREFUSED: the host answered that no process listens there
    std::string why;
  };
  using Done = std::function<void(std::unique_ptr<Stream>, Failure)>;  // a null stream means failure

  Dial(Loop& loop, const Address& address, Done done);
  ~Dial();
  Dial(const Dial&) = delete;
  Dial& operator=(const Dial&) = delete;

 private:
  struct Lookup;

  static void looked_up(uv_getaddrinfo_t* request, int status, addrinfo* found);
  static void connect_done(uv_connect_t* request, int status);

  void look_up();
  void connect_to_next();
  void failed(const char* act, int code);
  void answer(std::unique_ptr<Stream> stream, Failure failure);

  Loop& loop_;
  Address address_;
  Done done_;
  std::vector<sockaddr_storage> candidates_;  // still to be tried, the best last
  Failure failure_;
  bool is_name_ = false;      // the host is a name: errors then show the numeric address as well
  std::string tried_;         // the numeric address of the last attempt, " (127.0.0.1)"
  Lookup* lookup_ = nullptr;  // owns itself until libuv is done with it
  Owned<uv_tcp_t> handle_;
  Timer later_;  // an attempt that fails at once must not call back before the constructor returns
};

}  // namespace skiff::transport
