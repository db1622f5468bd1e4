#include "bench/client.h"

#include <memory>

#include "bench/target.h"
#include "raft/check.h"

namespace skiff::bench {

// Owns the bytes that libuv writes; may outlive the client.
struct Client::WriteRequest {
  uv_write_t request{};
  std::string bytes;
};

Client::Client(transport::Loop& loop, Owner& owner, const Clock& clock, size_t depth)
    : loop_(loop),
      owner_(owner),
      clock_(clock),
      parser_([this](const Answer& answer) { answered(answer); }),
      flight_(depth),
      failing_(loop, [this] { give_up(End::broken, uv_strerror(failure_)); }) {
  CHECK(depth > 0);
}

Client::~Client() = default;

void Client::dial(const Node& node) {
  CHECK(handle_ == nullptr);
  node_ = &node;
  parser_.reset();
  out_.clear();
  is_last_answer_ = false;
  dialled_ = clock_();
  auto handle = std::make_unique<uv_tcp_t>();
  CHECK(uv_tcp_init(loop_.uv(), handle.get()) == 0);
  handle->data = this;
  handle_.reset(handle.release());
  auto request = std::make_unique<uv_connect_t>();
  const int code =
      uv_tcp_connect(request.get(), handle_.get(), reinterpret_cast<const sockaddr*>(&node.address), connect_done);
  if (code != 0) return failed_later(code);
  request.release();
}

void Client::connect_done(uv_connect_t* request, int status) {
  const std::unique_ptr<uv_connect_t> done(request);
  auto* self = static_cast<Client*>(request->handle->data);
  if (self == nullptr) return;
  if (status == 0) status = uv_tcp_nodelay(self->handle_.get(), 1);
  if (status == 0) status = uv_read_start(self->stream(), allocate, read_some);
  if (status != 0) return self->give_up(End::broken, std::string("connect: ") + uv_strerror(status));
  self->is_ready_ = true;
  self->owner_.ready(*self);
}

std::string& Client::send(const Operation& operation) {
  CHECK(is_ready_);
  CHECK(flight_count_ < flight_.size());
  flight_[(flight_first_ + flight_count_++) % flight_.size()] = operation;
  return out_;
}

// Most of the time the socket takes everything at once; libuv keeps the rest and writes it in order.
void Client::flush() {
  if (!is_ready_ || out_.empty()) return;
  uv_buf_t buffer = uv_buf_init(out_.data(), static_cast<unsigned>(out_.size()));
  const int written = uv_try_write(stream(), &buffer, 1);
  if (written < 0 && written != UV_EAGAIN) return failed_later(written);
  const size_t gone = written < 0 ? 0 : static_cast<size_t>(written);
  if (gone < out_.size()) {
    auto request = std::make_unique<WriteRequest>();
    request->bytes = out_.substr(gone);
    request->request.data = request.get();
    buffer = uv_buf_init(request->bytes.data(), static_cast<unsigned>(request->bytes.size()));
    const int code = uv_write(&request->request, stream(), &buffer, 1, write_done);
    if (code != 0) return failed_later(code);
    request.release();
  }
  out_.clear();
}

void Client::write_done(uv_write_t* request, int) {
  const std::unique_ptr<WriteRequest> done(
      static_cast<WriteRequest*>(request->data));  // the reading side reports a failure
}

void Client::failed_later(int code) {
  failure_ = code;
  failing_.start(0_s);
}

void Client::allocate(uv_handle_t* handle, size_t, uv_buf_t* buffer) {
  auto space = static_cast<transport::Loop*>(handle->loop->data)->read_buffer();
  *buffer = uv_buf_init(space.data(), static_cast<unsigned>(space.size()));
}

void Client::read_some(uv_stream_t* handle, ssize_t count, const uv_buf_t* buffer) {
  auto* self = static_cast<Client*>(handle->data);
  if (self == nullptr || count == 0) return;
  if (count > 0) return self->received({buffer->base, static_cast<size_t>(count)});
  self->read_ = self->clock_();
  if (count == UV_EOF) self->parser_.finish();  // an incomplete answer ends as broken below
  self->give_up(End::broken, count == UV_EOF ? "closed by the server" : uv_strerror(static_cast<int>(count)));
}

void Client::received(std::string_view bytes) {
  read_ = clock_();
  const bool is_http = parser_.feed(bytes);
  if (!is_http) return give_up(End::broken, "the answer is no HTTP: " + parser_.error());
  if (is_last_answer_) return give_up(End::broken, "closed by the server");
  owner_.read_done(*this);
}

void Client::answered(const Answer& answer) {
  if (flight_count_ == 0 || is_last_answer_) return;  // no request was sent
  const Operation operation = flight_[flight_first_];
  flight_first_ = (flight_first_ + 1) % flight_.size();
  --flight_count_;
  if (!answer.keeps_alive) is_last_answer_ = true;
  owner_.ended(*this, operation, end_of(operation.kind, answer.status), read_);
}

void Client::give_up(End end, const std::string& why) {
  handle_.reset();
  is_ready_ = false;
  failing_.stop();
  const raft::Time now = clock_();
  while (flight_count_ > 0) {
    const Operation operation = flight_[flight_first_];
    flight_first_ = (flight_first_ + 1) % flight_.size();
    --flight_count_;
    owner_.ended(*this, operation, end, now);
  }
  owner_.lost(*this, why);
}

}  // namespace skiff::bench
