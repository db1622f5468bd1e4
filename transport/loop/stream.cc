#include "transport/loop/stream.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>

#include "raft/check.h"
#include "src/base/narrow.h"

namespace skiff::transport {
namespace {

constexpr size_t kGatherBytesMax = 16 * 1024;  // up to this size one more copy is cheaper than one more buffer
constexpr size_t kBuffersPerCall = 64;

std::string describe_peer(const uv_tcp_t* handle) {
  sockaddr_storage address{};
  int length = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (uv_tcp_getpeername(handle, generic, &length) != 0) return "an unknown peer";
  std::array<char, INET6_ADDRSTRLEN> host{};
  if (address.ss_family == AF_INET6) {
    const auto* six = reinterpret_cast<const sockaddr_in6*>(&address);
    uv_ip6_name(six, host.data(), host.size());
    return "[" + std::string(host.data()) + "]:" + std::to_string(ntohs(six->sin6_port));
  }
  const auto* four = reinterpret_cast<const sockaddr_in*>(&address);
  uv_ip4_name(four, host.data(), host.size());
  return std::string(host.data()) + ":" + std::to_string(ntohs(four->sin_port));
}

uv_buf_t to_buffer(std::string_view bytes) {
  return uv_buf_init(const_cast<char*>(bytes.data()), narrow<unsigned>(bytes.size()));
}

struct ShutdownRequest {
  uv_shutdown_t request{};
};

}  // namespace

// Owns the bytes that libuv writes; may outlive the stream.
struct Stream::WriteRequest {
  uv_write_t request{};
  std::vector<Chunk> chunks;
};

Stream::Stream(Loop& loop, Owned<uv_tcp_t> handle) : loop_(loop), handle_(std::move(handle)) {
  CHECK(handle_ != nullptr);
  handle_->data = this;
  uv_tcp_nodelay(handle_.get(), 1);
  remote_ = describe_peer(handle_.get());
}

Stream::~Stream() {
  if (wants_flush_) loop_.cancel_flush(this);
}

void Stream::start(Events events) {
  CHECK(events.received != nullptr);
  CHECK(events.closed != nullptr);
  events_ = std::move(events);
  resume_reading();
}

void Stream::pause_reading() {
  if (handle_) uv_read_stop(tcp());
}

// libuv refuses to start reading twice, which is harmless. Reading past the end would report the end again.
void Stream::resume_reading() {
  if (handle_ && ending_ != Ending::close && !has_ended_) uv_read_start(tcp(), allocate, read_done);
}

void Stream::allocate(uv_handle_t* handle, size_t, uv_buf_t* buffer) {
  auto space = static_cast<Loop*>(handle->loop->data)->read_buffer();
  *buffer = uv_buf_init(space.data(), narrow<unsigned>(space.size()));
}

void Stream::read_done(uv_stream_t* handle, ssize_t count, const uv_buf_t* buffer) {
  auto* self = static_cast<Stream*>(handle->data);
  if (self == nullptr || count == 0) return;
  if (count == UV_EOF) return self->read_ended();
  if (count < 0) return self->close(std::string("read: ") + uv_strerror(narrow<int>(count)));
  call_and_survive(handle, self->events_.received, std::string_view(buffer->base, static_cast<size_t>(count)));
}

void Stream::read_ended() {
  CHECK(!has_ended_);
  if (!events_.ended) return close("end of stream");
  has_ended_ = true;
  call_and_survive(handle_.get(), events_.ended);
}

void Stream::write(std::string bytes) {
  if (!handle_ || bytes.empty() || ending_ != Ending::not_yet) return;
  outbox_bytes_ += bytes.size();
  const bool has_room =
      !outbox_.empty() && !outbox_.back().owner && outbox_.back().own.size() + bytes.size() <= kGatherBytesMax;
  if (has_room) {
    outbox_.back().own += bytes;
  } else {
    outbox_.push_back({std::move(bytes), {}, nullptr});
  }
  want_flush();
}

void Stream::write_shared(std::string_view bytes, raft::Payload owner) {
  if (!handle_ || bytes.empty() || ending_ != Ending::not_yet) return;
  CHECK(owner != nullptr);
  outbox_bytes_ += bytes.size();
  outbox_.push_back({{}, bytes, std::move(owner)});
  want_flush();
}

void Stream::close_after_writing() {
  if (!handle_) return;
  ending_ = Ending::close;
  uv_read_stop(tcp());
  want_flush();
}

void Stream::finish_writing() {
  if (!handle_ || ending_ != Ending::not_yet) return;
  ending_ = Ending::finish;
  want_flush();
}

size_t Stream::outbox_bytes() const { return outbox_bytes_ + (handle_ ? uv_stream_get_write_queue_size(tcp()) : 0); }

bool Stream::has_unread_input() const {
  uv_os_fd_t descriptor = -1;
  if (!handle_ || uv_fileno(reinterpret_cast<uv_handle_t*>(handle_.get()), &descriptor) != 0) return false;
  int bytes = 0;
  return ::ioctl(descriptor, FIONREAD, &bytes) == 0 && bytes > 0;
}

void Stream::want_flush() {
  if (wants_flush_) return;
  wants_flush_ = true;
  loop_.flush_later(this);
}

// The bytes that libuv holds must leave before those of the outbox. When they have left, write_done() asks for another
// flush.
void Stream::flush() {
  CHECK(wants_flush_);
  wants_flush_ = false;
  if (!handle_ || is_write_pending_) return;
  const bool had_output = !outbox_.empty();
  int status = write_now();
  if (status == UV_EAGAIN) status = write_rest();
  if (status != 0) return close(std::string("write: ") + uv_strerror(status));
  if (is_write_pending_) return;
  if (had_output && !call_and_survive(handle_.get(), events_.drained)) return;
  outbox_is_empty();
}

// Writes as much as the socket takes at once. Returns 0 when that was all, UV_EAGAIN when bytes are left.
int Stream::write_now() {
  size_t next = 0;
  int status = 0;
  while (status == 0 && next < outbox_.size()) {
    std::array<uv_buf_t, kBuffersPerCall> buffers;
    const size_t count = std::min(buffers.size(), outbox_.size() - next);
    for (size_t i = 0; i < count; ++i) buffers[i] = to_buffer(outbox_[next + i].bytes());
    buffers[0] = to_buffer(outbox_[next].bytes().substr(front_written_));
    int written = uv_try_write(tcp(), buffers.data(), narrow<unsigned>(count));
    if (written < 0) {
      status = written;
      break;
    }
    CHECK(static_cast<size_t>(written) <= outbox_bytes_);
    outbox_bytes_ -= static_cast<size_t>(written);
    front_written_ += static_cast<size_t>(written);
    const size_t end = next + count;
    while (next < end && front_written_ >= outbox_[next].bytes().size()) {
      front_written_ -= outbox_[next++].bytes().size();
    }
    if (next < end) status = UV_EAGAIN;
  }
  outbox_.erase(outbox_.begin(), outbox_.begin() + static_cast<std::ptrdiff_t>(next));
  CHECK(!outbox_.empty() || outbox_bytes_ == 0);
  CHECK(!outbox_.empty() || front_written_ == 0);
  return status;
}

// Hands the rest of the outbox to libuv, which writes it when the socket is ready.
int Stream::write_rest() {
  CHECK(!outbox_.empty());
  CHECK(!is_write_pending_);
  CHECK(front_written_ < outbox_.front().bytes().size());
  auto request = std::make_unique<WriteRequest>();
  request->chunks = std::exchange(outbox_, {});
  std::vector<uv_buf_t> buffers;
  buffers.reserve(request->chunks.size());
  for (const Chunk& chunk : request->chunks) buffers.push_back(to_buffer(chunk.bytes()));
  buffers[0] = to_buffer(request->chunks[0].bytes().substr(front_written_));
  front_written_ = 0;
  outbox_bytes_ = 0;
  request->request.data = request.get();
  int status = uv_write(&request->request, tcp(), buffers.data(), narrow<unsigned>(buffers.size()), write_done);
  if (status != 0) return status;
  is_write_pending_ = true;
  request.release();
  return 0;
}

void Stream::write_done(uv_write_t* request, int status) {
  std::unique_ptr<WriteRequest> done(static_cast<WriteRequest*>(request->data));
  auto* self = static_cast<Stream*>(request->handle->data);
  if (self == nullptr) return;
  CHECK(self->is_write_pending_);
  self->is_write_pending_ = false;
  if (status != 0) return self->close(std::string("write: ") + uv_strerror(status));
  if (!self->outbox_.empty()) return self->want_flush();
  if (call_and_survive(request->handle, self->events_.drained)) self->outbox_is_empty();
}

// Closes, or ends our half, if that was to follow the last byte. drained() may have written more, or have closed.
void Stream::outbox_is_empty() {
  if (!handle_ || !outbox_.empty() || is_write_pending_) return;
  if (ending_ == Ending::close) return close("closed here");
  if (ending_ != Ending::finish || has_finished_) return;
  has_finished_ = true;
  auto* shutdown = new ShutdownRequest;
  shutdown->request.data = shutdown;
  const auto done = [](uv_shutdown_t* request, int) { delete static_cast<ShutdownRequest*>(request->data); };
  if (uv_shutdown(&shutdown->request, tcp(), done) != 0) delete shutdown;
}

// The owner may destroy this stream in the callback: nothing may follow a call of close().
void Stream::close(const std::string& why) {
  CHECK(handle_ != nullptr);
  handle_.reset();
  outbox_.clear();
  outbox_bytes_ = 0;
  if (wants_flush_) loop_.cancel_flush(this);
  wants_flush_ = false;
  auto closed = std::exchange(events_.closed, nullptr);
  if (closed) closed(std::string(why));
}

void Stream::set_peer_timeout(raft::Time timeout) {
  uv_os_fd_t descriptor = -1;
  if (!handle_ || uv_fileno(reinterpret_cast<uv_handle_t*>(handle_.get()), &descriptor) != 0) return;
  const auto set = [descriptor](int level, int option, int value) {
    setsockopt(descriptor, level, option, &value, sizeof value);  // refused only by kernels that do not know it
  };
  const int probe_seconds = std::max(1, narrow<int>(timeout / 3_s));
  set(IPPROTO_TCP, TCP_USER_TIMEOUT, narrow<int>(timeout.ms()));
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, probe_seconds);
  set(IPPROTO_TCP, TCP_KEEPINTVL, probe_seconds);
  set(IPPROTO_TCP, TCP_KEEPCNT, 3);
}

}  // namespace skiff::transport
