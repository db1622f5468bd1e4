// The network's limit: a few bytes there and back over TCP, through libuv on both sides, as between a client and a node
// or between two nodes.
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <list>
#include <optional>
#include <thread>

#include "bench/limits.h"
#include "src/base/try.h"
#include "transport/loop/async_queue.h"
#include "transport/loop/dial.h"
#include "transport/loop/listener.h"
#include "transport/loop/loop.h"
#include "transport/loop/stream.h"

namespace skiff::bench {
namespace {

using transport::Stream;

constexpr raft::Time kAnswerTimeout = 5_s;  // for a peer that sends nothing

// Sends back all bytes that it receives.
class Echo {
 public:
  static Result<std::unique_ptr<Echo>> open(transport::Loop& loop, const transport::Address& address) {
    auto echo = std::make_unique<Echo>();
    const auto accepted = [self = echo.get()](std::unique_ptr<Stream> stream) { self->accepted(std::move(stream)); };
    TRY(echo->listener_, transport::Listener::open(loop, address, accepted));
    return echo;
  }
  uint16_t port() const { return listener_->port(); }

 private:
  void accepted(std::unique_ptr<Stream> stream) {
    streams_.push_back(std::move(stream));
    const auto own = std::prev(streams_.end());
    (*own)->start({.received = [own](std::string_view bytes) { (*own)->write(std::string(bytes)); },
                   .closed = [this, own](const std::string&) { streams_.erase(own); },
                   .drained = nullptr,
                   .ended = nullptr});
  }

  std::unique_ptr<transport::Listener> listener_;
  std::list<std::unique_ptr<Stream>> streams_;
};

// A loop of its own in a thread of its own, as another process would have it.
class EchoThread {
 public:
  EchoThread() : stop_(loop_, [this](std::vector<bool>&&) { is_stopped_ = true; }) {
    auto echo = Echo::open(loop_, {"127.0.0.1", 0});
    if (!echo) {
      error_ = echo.error();
      return;
    }
    echo_ = std::move(*echo);
    port_ = echo_->port();
    thread_ = std::thread([this] {
      while (!is_stopped_) loop_.run_once();
    });
  }
  ~EchoThread() {
    stop_.push(true);
    if (thread_.joinable()) thread_.join();
    echo_.reset();
  }
  EchoThread(const EchoThread&) = delete;
  EchoThread& operator=(const EchoThread&) = delete;

  Result<uint16_t> port() const {
    if (error_) return tl::unexpected(*error_);
    return port_;
  }

 private:
  transport::Loop loop_;
  std::optional<Error> error_;
  std::unique_ptr<Echo> echo_;
  bool is_stopped_ = false;
  transport::AsyncQueue<bool> stop_;
  uint16_t port_ = 0;
  std::thread thread_;
};

// One message at a time, there and back.
class PingPong {
 public:
  PingPong(transport::Loop& loop, const transport::Address& address, const NetProbe& probe)
      : loop_(loop),
        message_(probe.bytes, 'x'),
        end_(loop.now() + probe.duration),
        patience_(loop, [this] { end(fail(Error::Code::unavailable, "no answer")); }),
        dial_(loop, address, [this](std::unique_ptr<Stream> stream, transport::Dial::Failure failure) {
          stream_ = std::move(stream);
          if (!stream_) return end(fail(Error::Code::unavailable, failure.why));
          start();
        }) {
    patience_.start(probe.duration + kAnswerTimeout);
  }

  bool is_done() const { return is_done_; }
  Result<Histogram> result() const {
    if (!result_) return tl::unexpected(result_.error());
    return took_;
  }

 private:
  void start() {
    stream_->start({.received = [this](std::string_view bytes) { received(bytes.size()); },
                    .closed = [this](const std::string& why) { end(fail(Error::Code::unavailable, "ping: " + why)); },
                    .drained = nullptr,
                    .ended = nullptr});
    ping();
  }
  void ping() {
    sent_ = loop_.now();
    missing_ = message_.size();
    stream_->write(message_);
  }
  void received(size_t bytes) {
    missing_ -= std::min(missing_, bytes);
    if (missing_ > 0) return;
    const raft::Time now = loop_.now();
    took_.record((now - sent_).ns());
    now < end_ ? ping() : end({});
  }
  void end(Result<> result) {
    result_ = std::move(result);
    is_done_ = true;
    patience_.stop();
  }

  transport::Loop& loop_;
  const std::string message_;
  const raft::Time end_;
  Histogram took_;
  Result<> result_;
  bool is_done_ = false;
  raft::Time sent_;
  size_t missing_ = 0;
  std::unique_ptr<Stream> stream_;
  transport::Timer patience_;
  transport::Dial dial_;
};

Result<Histogram> ping_pong(const transport::Address& address, const NetProbe& probe) {
  transport::Loop loop;
  std::optional<Result<Histogram>> result;
  {
    PingPong game(loop, address, probe);
    while (!game.is_done()) loop.run_once();
    result = game.result();
  }
  loop.run();
  return *result;
}

}  // namespace

Result<Histogram> measure_net(const NetProbe& probe) {
  if (!probe.peer.empty()) {
    TRY(const auto address, transport::parse_address(probe.peer));
    return ping_pong(address, probe);
  }
  EchoThread echo;
  TRY(const uint16_t port, echo.port());
  return ping_pong({"127.0.0.1", port}, probe);
}

Result<> serve_echo(const std::string& text) {
  TRY(const auto address, transport::parse_address(text));
  transport::Loop loop;
  {
    TRY(auto echo, Echo::open(loop, address));
    std::printf("echoing at port %u; Ctrl-C ends it\n", echo->port());
    std::fflush(stdout);
    bool is_stopped = false;
    transport::Signal interrupted(loop, SIGINT, [&] { is_stopped = true; });
    transport::Signal terminated(loop, SIGTERM, [&] { is_stopped = true; });
    while (!is_stopped) loop.run_once();
  }
  loop.run();
  return {};
}

}  // namespace skiff::bench
