#include "transport/loop/dial.h"

#include <array>
#include <cstring>

#include "raft/check.h"
#include "src/base/threads.h"

namespace skiff::transport {
namespace {

constexpr size_t kLookUpThreads = 4;  // libuv's own number

struct ConnectRequest {
  uv_connect_t request{};
};

sockaddr_storage to_storage(const void* address, size_t length) {
  sockaddr_storage storage{};
  std::memcpy(&storage, address, length);
  return storage;
}

std::string host_of(const sockaddr_storage& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  CHECK(uv_ip_name(reinterpret_cast<const sockaddr*>(&address), text.data(), text.size()) == 0);
  return text.data();
}

// libuv starts its threads with the first look-up, and aborts the process if the system refuses them. So this function
// first starts as many threads of its own, and ends them.
Result<> require_threads() {
  static bool has_started = false;
  if (has_started) return {};
  Result<> probed = probe_threads("looking up names", kLookUpThreads);
  has_started = probed.has_value();
  return probed;
}

}  // namespace

// Outlives a Dial that is destroyed while the name is being looked up.
struct Dial::Lookup {
  uv_getaddrinfo_t request{};
  Dial* asked_by = nullptr;
};

Dial::Dial(Loop& loop, const Address& address, Done done)
    : loop_(loop), address_(address), done_(std::move(done)), later_(loop, [this] { connect_to_next(); }) {
  CHECK(done_ != nullptr);
  sockaddr_in four{};
  sockaddr_in6 six{};
  if (uv_ip4_addr(address.host.c_str(), address.port, &four) == 0) {
    candidates_.push_back(to_storage(&four, sizeof four));
    later_.start(0_s);
  } else if (uv_ip6_addr(address.host.c_str(), address.port, &six) == 0) {
    candidates_.push_back(to_storage(&six, sizeof six));
    later_.start(0_s);
  } else {
    look_up();
  }
}

Dial::~Dial() {
  if (lookup_ == nullptr) return;
  lookup_->asked_by = nullptr;
  uv_cancel(reinterpret_cast<uv_req_t*>(&lookup_->request));
}

void Dial::look_up() {
  if (auto threads = require_threads(); !threads) {
    failure_.why = "look up " + to_text(address_) + ": " + threads.error().what;
    return later_.start(0_s);
  }
  auto lookup = std::make_unique<Lookup>();
  lookup->request.data = lookup.get();
  lookup->asked_by = this;
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  const std::string port = std::to_string(address_.port);
  int status = uv_getaddrinfo(loop_.uv(), &lookup->request, looked_up, address_.host.c_str(), port.c_str(), &hints);
  if (status == 0) {
    lookup_ = lookup.release();
  } else {
    failed("look up", status);
    later_.start(0_s);
  }
}

void Dial::looked_up(uv_getaddrinfo_t* request, int status, addrinfo* found) {
  std::unique_ptr<Lookup> lookup(static_cast<Lookup*>(request->data));
  std::unique_ptr<addrinfo, decltype(&uv_freeaddrinfo)> owned(found, uv_freeaddrinfo);
  Dial* self = lookup->asked_by;
  if (self == nullptr) return;
  CHECK(self->lookup_ == lookup.get());
  CHECK(self->candidates_.empty());
  self->lookup_ = nullptr;
  self->is_name_ = true;
  if (status != 0) self->failed("look up", status);
  for (const addrinfo* next = found; next != nullptr; next = next->ai_next) {
    self->candidates_.insert(self->candidates_.begin(), to_storage(next->ai_addr, next->ai_addrlen));
  }
  self->connect_to_next();
}

// Ends by calling back, or with an attempt under way, which comes back here if it fails.
void Dial::connect_to_next() {
  CHECK(lookup_ == nullptr);
  while (!candidates_.empty()) {
    CHECK(handle_ == nullptr);
    const sockaddr_storage target = candidates_.back();
    candidates_.pop_back();
    if (is_name_) tried_ = " (" + host_of(target) + ")";
    auto handle = std::make_unique<uv_tcp_t>();
    CHECK(uv_tcp_init(loop_.uv(), handle.get()) == 0);
    handle->data = this;
    handle_.reset(handle.release());
    auto attempt = std::make_unique<ConnectRequest>();
    attempt->request.data = attempt.get();
    int status =
        uv_tcp_connect(&attempt->request, handle_.get(), reinterpret_cast<const sockaddr*>(&target), connect_done);
    if (status == 0) {
      attempt.release();
      return;
    }
    failed("connect to", status);
  }
  answer(nullptr, failure_);
}

void Dial::connect_done(uv_connect_t* request, int status) {
  std::unique_ptr<ConnectRequest> done(static_cast<ConnectRequest*>(request->data));
  auto* self = static_cast<Dial*>(request->handle->data);
  if (self == nullptr) return;
  if (status != 0) {
    self->failed("connect to", status);
    return self->connect_to_next();
  }
  self->answer(std::make_unique<Stream>(self->loop_, std::move(self->handle_)), {});
}

void Dial::failed(const char* act, int code) {
  handle_.reset();
  failure_.refused = code == UV_ECONNREFUSED;
  failure_.why = std::string(act) + " " + to_text(address_) + tried_ + ": " + uv_strerror(code);
}

// The owner may destroy this Dial in the callback: nothing may follow.
void Dial::answer(std::unique_ptr<Stream> stream, Failure failure) {
  auto done = std::exchange(done_, nullptr);
  CHECK(done != nullptr);  // it is called once
  done(std::move(stream), std::move(failure));
}

}  // namespace skiff::transport
