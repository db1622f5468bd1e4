#include "transport/loop/listener.h"

#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "raft/check.h"
#include "src/base/try.h"

namespace skiff::transport {
namespace {

constexpr int kAcceptedPerTurnMax = 256;  // then other handles get their turn
constexpr raft::Time kPause = 100_ms;     // out of descriptors: some may be closed by then
constexpr raft::Time kLogInterval = 10_s;

tl::unexpected<Error> cannot_listen(const Address& address, const std::string& why) {
  return fail(Error::Code::io, "listen on " + to_text(address) + ": " + why);
}

std::string why_not(int error) {
  const std::string why = uv_strerror(uv_translate_sys_error(error));
  if (error != EADDRNOTAVAIL) return why;
  return why + ": this machine does not have it; 0.0.0.0 listens on all it has (--listen, --peer-listen)";
}

// A descriptor that closes itself unless it is taken.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int number() const { return number_; }
  int take() { return std::exchange(number_, -1); }

 private:
  int number_;
};

Result<int> bind_and_listen(const Address& address, const addrinfo& where) {
  Descriptor socket(::socket(where.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const int on = 1;
  const bool is_listening =
      socket.number() >= 0 && ::setsockopt(socket.number(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
      ::bind(socket.number(), where.ai_addr, where.ai_addrlen) == 0 && ::listen(socket.number(), SOMAXCONN) == 0;
  if (!is_listening) return cannot_listen(address, why_not(errno));
  return socket.take();
}

Address bound_to(int descriptor) {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  CHECK(::getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &length) == 0);
  std::array<char, INET6_ADDRSTRLEN> text{};
  CHECK(uv_ip_name(reinterpret_cast<const sockaddr*>(&address), text.data(), text.size()) == 0);
  const uint16_t port = address.ss_family == AF_INET6 ? reinterpret_cast<const sockaddr_in6*>(&address)->sin6_port
                                                      : reinterpret_cast<const sockaddr_in*>(&address)->sin_port;
  return {.host = text.data(), .port = ntohs(port)};
}

Result<int> look_up_and_listen(const Address& address) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  const std::string port = std::to_string(address.port);
  if (int error = ::getaddrinfo(address.host.c_str(), port.c_str(), &hints, &found); error != 0) {
    return cannot_listen(address, ::gai_strerror(error));
  }
  auto descriptor = bind_and_listen(address, *found);
  ::freeaddrinfo(found);
  return descriptor;
}

}  // namespace

Result<std::unique_ptr<Listener>> Listener::open(Loop& loop, const Address& address, Accepted accepted) {
  TRY(const int descriptor, look_up_and_listen(address));
  return std::unique_ptr<Listener>(new Listener(loop, descriptor, std::move(accepted)));
}

Result<> Listener::probe(const Address& address) {
  TRY(const int descriptor, look_up_and_listen(address));
  ::close(descriptor);
  return {};
}

Listener::Listener(Loop& loop, int descriptor, Accepted accepted)
    : loop_(loop),
      descriptor_(descriptor),
      bound_(bound_to(descriptor)),
      accepted_(std::move(accepted)),
      pause_over_(loop, [this] { listen_on(); }),
      log_limit_(kLogInterval) {
  CHECK(descriptor >= 0);
  CHECK(bound_.port != 0);
  CHECK(accepted_ != nullptr);
  auto handle = std::make_unique<uv_poll_t>();
  CHECK(uv_poll_init(loop.uv(), handle.get(), descriptor) == 0);
  handle->data = this;
  handle_.reset(handle.release());
  listen_on();
}

Listener::~Listener() {
  handle_.reset();  // libuv stops watching the descriptor here, so that it may be closed
  ::close(descriptor_);
}

void Listener::listen_on() { CHECK(uv_poll_start(handle_.get(), UV_READABLE, readable) == 0); }

void Listener::readable(uv_poll_t* handle, int, int) {
  if (auto* self = static_cast<Listener*>(handle->data)) self->accept_all();
}

void Listener::accept_all() {
  for (int count = 0; count < kAcceptedPerTurnMax; ++count) {
    if (!accept_one()) return;
  }
}

// False when there is no more to do: no connection waits, accepting pauses, or the listener was destroyed.
bool Listener::accept_one() {
  Descriptor connection(::accept4(descriptor_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (connection.number() < 0) {
    if (errno == EAGAIN || errno == EWOULDBLOCK) return false;
    if (errno == ECONNABORTED || errno == EINTR || errno == EPROTO) return true;  // that one has gone again
    pause(errno);
    return false;
  }
  auto tcp = std::make_unique<uv_tcp_t>();
  CHECK(uv_tcp_init(loop_.uv(), tcp.get()) == 0);
  Owned<uv_tcp_t> owned(tcp.release());
  if (uv_tcp_open(owned.get(), connection.number()) != 0) return true;
  connection.take();
  return call_and_survive(handle_.get(), accepted_, std::make_unique<Stream>(loop_, std::move(owned)));
}

void Listener::pause(int error) {
  log_limit_.warn(loop_.cached_now(), std::string("accept on port ") + std::to_string(bound_.port) + ": " +
                                          uv_strerror(uv_translate_sys_error(error)) + "; trying again shortly");
  uv_poll_stop(handle_.get());
  pause_over_.start(kPause);
}

}  // namespace skiff::transport
