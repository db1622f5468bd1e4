// The setting of the tests of peers: a loop that ends, nodes, and odd programs at the other end of a connection.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "raft/time.h"
#include "tests/support/catch.h"
#include "tests/transport/loop/loop_world.h"
#include "transport/loop/dial.h"
#include "transport/loop/listener.h"
#include "transport/loop/stream.h"
#include "transport/peers/peers.h"

namespace skiff::peers_test {

using namespace skiff::transport;
using raft::AppendEntries;
using raft::Heartbeat;
using Message = PeerMessage;
using raft::NodeId;

constexpr uint64_t kCluster = 0xc1;
using loop_world::kAnyPort;

// Quick to try again and with short timeouts, so that tests need not wait.
inline Peers::Limits quick() {
  Peers::Limits limits;
  limits.link.redial_first = 1_ms;
  limits.link.redial_max = 5_ms;
  limits.link.greeting_timeout = 300_ms;
  limits.link.stall_timeout = 300_ms;
  limits.listener.greeting_timeout = 300_ms;
  return limits;
}

// A loop whose tests end: by what they wait for, or by failing.
struct World {
  Loop loop;

  ~World() { loop.run(); }

  template <class Condition>
  void until(Condition holds) {
    bool is_late = false;
    Timer guard(loop, [&is_late] { is_late = true; });
    guard.start(20_s);
    while (!holds()) {
      REQUIRE_FALSE(is_late);
      loop.run_once();
    }
  }
};

struct Node {
  Node(World& world, NodeId id, Peers::Limits limits = quick(), uint64_t cluster = kCluster, uint16_t port = 0,
       std::function<void(const PeerMember&)> discovered = {})
      : self(id) {
    Peers::Events events{
        .received = [this](Message&& message) { received(std::move(message)); },
        .connected = [this](NodeId peer) { note("connected", peer); },
        .disconnected = [this](NodeId peer) { note("disconnected", peer); },
        .gone = [this](NodeId peer) { note("gone", peer); },
        .removed = [this](NodeId peer) { note("removed", peer); },
    };
    events.discovered = std::move(discovered);
    peers = Peers::open(world.loop, {cluster, id, 1}, {"127.0.0.1", port}, limits, id, std::move(events)).value();
  }

  void received(Message&& message) {
    inbox.push_back(std::move(message));
    if (on_event) on_event();
  }
  void note(const char* what, NodeId peer) {
    ++happened[std::string(what) + " " + std::to_string(peer)];
    REQUIRE_FALSE(is_sending);
    if (on_event) on_event();
  }
  void send(NodeId to, PeerMessageBody body) {
    is_sending = true;
    peers->send({self, to, 1, std::move(body)});
    is_sending = false;
  }
  bool is_connected_to(NodeId peer) const { return status_of(peer).is_connected; }
  Peers::Status status_of(NodeId peer) const {
    for (const Peers::Status& status : peers->status()) {
      if (status.id == peer) return status;
    }
    return {};
  }
  Peers::Member member() const { return {self, {"127.0.0.1", peers->port()}}; }

  const NodeId self;
  std::unique_ptr<Peers> peers;
  std::vector<Message> inbox;
  std::map<std::string, int> happened;
  std::function<void()> on_event;
  bool is_sending = false;
};

inline void send_join_request(std::initializer_list<Node*> nodes) {
  std::vector<Peers::Member> members;
  for (Node* node : nodes) members.push_back(node->member());
  for (Node* node : nodes) node->peers->set_members(members);
}

inline raft::Payload bytes(size_t size, char fill = 'x') { return raft::Payload::of(std::string(size, fill)); }

inline AppendEntries one_entry(raft::Payload payload) {
  return {{1, 1}, 1, {{{1, 2}, raft::EntryKind::command, std::move(payload)}}};
}

// Any program at the other end of a connection.
struct Caller {
  Caller(World& world, uint16_t port)
      : dial(std::make_unique<Dial>(world.loop, Address{"127.0.0.1", port},
                                    [this](std::unique_ptr<Stream> dialled, Dial::Failure) {
                                      REQUIRE(dialled != nullptr);
                                      take(std::move(dialled));
                                    })) {
    world.until([this] { return stream != nullptr; });
  }
  explicit Caller(std::unique_ptr<Stream> accepted) { take(std::move(accepted)); }

  void take(std::unique_ptr<Stream> opened) {
    stream = std::move(opened);
    stream->start({.received = [this](std::string_view more) { heard += more; },
                   .closed = [this](const std::string&) { is_closed = true; }});
  }
  std::optional<Frame> answer() const {
    std::optional<Frame> first;
    FrameReader reader(kFrameBytesMax);
    Result<> fed = reader.feed(heard, [&](const Frame& frame) -> Result<> {
      body = frame.body;
      first = Frame{frame.kind, body};
      return {};
    });
    return fed ? first : std::nullopt;
  }
  bool is_refused(Refusal reason) const {
    return answer() && answer()->kind == FrameKind::refusal && decode_refusal(*answer()) == reason;
  }

  std::unique_ptr<Dial> dial;
  std::unique_ptr<Stream> stream;
  std::string heard;
  bool is_closed = false;
  mutable std::string body;
};

// A port where a test decides what a peer says to each connection that comes in.
struct OddPeer {
  using Accepted = std::function<void(Caller&)>;
  OddPeer(World& world, Accepted accepted)
      : listener(Listener::open(world.loop, kAnyPort, [this, accepted](std::unique_ptr<Stream> stream) {
                   callers.push_back(std::make_unique<Caller>(std::move(stream)));
                   accepted(*callers.back());
                 }).value()) {}
  Peers::Member member(NodeId id) const { return {id, {"127.0.0.1", listener->port()}}; }

  std::list<std::unique_ptr<Caller>> callers;
  std::unique_ptr<Listener> listener;
};

// All lines that are logged while it lives.
class Logged {
 public:
  Logged() : file_(std::tmpfile()), kept_(dup(STDERR_FILENO)) {
    std::fflush(stderr);
    dup2(fileno(file_), STDERR_FILENO);
  }
  ~Logged() {
    std::fflush(stderr);
    dup2(kept_, STDERR_FILENO);
    close(kept_);
    std::fclose(file_);
  }
  Logged(const Logged&) = delete;
  Logged& operator=(const Logged&) = delete;

  std::string text() const {
    std::string all(1 << 16, '\0');
    ssize_t size = pread(fileno(file_), all.data(), all.size(), 0);
    all.resize(size > 0 ? static_cast<size_t>(size) : 0);
    return all;
  }
  size_t count(const std::string& what) const {
    std::string all = text();
    size_t found = 0;
    for (size_t at = all.find(what); at != all.npos; at = all.find(what, at + 1)) ++found;
    return found;
  }

 private:
  std::FILE* file_;
  int kept_;
};

inline size_t open_descriptors() {
  std::filesystem::directory_iterator each("/proc/self/fd");
  return static_cast<size_t>(std::distance(begin(each), end(each)));
}

}  // namespace skiff::peers_test
