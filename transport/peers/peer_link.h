// PeerLink: the connection to one peer, for all messages of this node to it.
//
// The link dials, greets, and waits for the peer's greeting: both sides then know that they belong to one cluster, and
// which node the other is. From then on send() writes frames. The peer's own messages come in through PeerListener.
//
// While there is no connection, and while the outbox is full, messages are dropped and counted; Raft retries. A
// connection that breaks after a while is dialled again at once, other attempts follow after a delay that doubles up to
// a limit, with jitter. A peer that takes no bytes for some seconds is disconnected. A refusal is logged once and
// retried like any failure, because the other side may correct its configuration. A peer may have several addresses,
// which are dialled in turn (transport/peers/peer_addresses.h).
//
// Always: no event is called from inside send(), and no message is written before the peer has greeted. An event may
// destroy its own link.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "raft/random.h"
#include "raft/time.h"
#include "src/base/metrics.h"
#include "src/replica/peer_message.h"
#include "transport/loop/dial.h"
#include "transport/loop/loop.h"
#include "transport/loop/stream.h"
#include "transport/peers/link_log.h"
#include "transport/peers/peer_addresses.h"
#include "transport/peers/peer_identity.h"
#include "transport/peers/wire.h"

namespace skiff::transport {

class PeerLink {
 public:
  struct Limits {
    // Bytes that may wait for one peer. A heartbeat waits behind this much at most: 70 ms at 1 Gbit/s. One frame may
    // exceed it if little else waits, so that the largest entry can pass at all.
    size_t outbox_bytes_max = size_t{8} << 20;
    // Beyond that, for small frames only: votes and acknowledgements are not dropped because bulk data waits.
    size_t outbox_bytes_reserved = size_t{256} << 10;
    size_t small_frame_bytes = 1024;

    raft::Time greeting_timeout = 2_s;  // from the dial to the peer's greeting: several slow round trips
    raft::Time stall_timeout = 5_s;     // longer than any usual pause of a network
    raft::Time redial_first = 10_ms;    // a process restarts in less than a second,
    raft::Time redial_max = 500_ms;     // and is dialled again within half of one
    raft::Time settled = 1_s;           // a connection that lived this long is dialled again at once
  };

  struct Events {
    std::function<void()> connected;
    std::function<void()> disconnected;
    std::function<void(const DataDirMatch&)> compared;  // the two data directories, before connected()
    // Another process with this node's data directory is connected to the peer; its address, empty if not known.
    std::function<void(const std::string& address)> runs_twice;
    // Two processes of the peer are connected. One is reached by this link at the address in the log: the other is to
    // be disconnected.
    std::function<void(const RunningProcess& other, const RunningProcess& here)> peer_runs_twice;
    // A dial was refused, and so were the last ones at the other addresses of the peer. Called at every such dial.
    std::function<void()> gone;
    std::function<void()> removed;  // the peer knows that this node was removed for good
  };

  struct Counters {
    uint64_t sent = 0;
    uint64_t dropped = 0;

    template <class Visitor>
    void visit_metrics(Visitor&& visitor) const {
      visitor(Metric::counter("sent", "Messages that were handed to the connection."), sent);
      visitor(Metric::counter("dropped", "Messages dropped for want of a connection, or of room in its outbox."),
              dropped);
    }
  };

  struct Status {
    bool is_connected = false;
    Counters counters;
    size_t outbox_bytes = 0;
    std::string error;  // why it is not connected
    // The address that it announces and is connected at, if the address in the log failed since it was last reached
    // there.
    std::optional<Address> moved_to;
    raft::Time connected_since;  // if it is connected
  };

  // `us` must outlive the link. Each greeting says what it holds at that time.
  PeerLink(Loop& loop, const PeerIdentity& us, const PeerMember& peer, const Limits& limits, uint64_t seed,
           Events events);
  ~PeerLink();
  PeerLink(const PeerLink&) = delete;
  PeerLink& operator=(const PeerLink&) = delete;

  void send(const PeerMessage& message);

  // Sets the address that the peer announces. If it is another than that in the log, they are dialled in turn, and this
  // one at once if the last dial failed.
  void try_also(const Address& address);

  // The log has this address now. Requires: the link is connected there.
  void confirm_address(const Address& address);
  // The peer is about to move, and this process of it has not moved yet, so its address is not reported as moved_to.
  void expect_move_of(uint64_t process) { leaving_process_ = process; }
  // The process that it was last connected to, or that is expected to move; 0: not known.
  uint64_t process() const { return process_ == 0 ? leaving_process_ : process_; }
  bool is_connected_at(const Address& address) const {
    return state_ == State::connected && addresses_.current() == address;
  }

  const PeerMember& peer() const { return addresses_.member(); }
  Status status() const;

 private:
  enum class State { waiting, dialling, greeting, connected };

  void move_to(State next);
  void check_invariants() const;
  void dial();
  void dialled(std::unique_ptr<Stream> stream, const Dial::Failure& failure);
  void received(std::string_view bytes);
  Result<> reply_received(const Frame& frame);
  void greeted();
  void lost(const std::string& why);
  Result<> compare(const Greeting& greeting);
  Result<> look_for_another_process(const Greeting& greeting);
  void timer_expired();

  bool has_room(size_t frame_bytes) const;
  void expect_progress();
  void check_stall();
  raft::Time redial_delay();

  std::string name() const;
  bool may_log();
  void log_error(const std::string& why);

  Loop& loop_;
  const PeerIdentity& us_;
  PeerAddresses addresses_;
  uint64_t process_ = 0;  // of the peer's last greeting
  uint64_t leaving_process_ = 0;
  const Limits limits_;
  raft::Random random_;
  Events events_;

  State state_ = State::waiting;
  std::unique_ptr<Dial> dial_;      // in dialling
  std::unique_ptr<Stream> stream_;  // in greeting and connected
  FrameReader reader_{kGreetingBytesMax};
  std::optional<DataDirMatch> match_;    // found since the dial, and not reported yet
  std::optional<std::string> twice_at_;  // address of another process of this node, from the peer; not reported yet
  bool is_admitted_ = false;
  bool was_removed_ = false;  // the peer says that this node was removed
  Timer timer_;  // waiting: the next dial; dialling and greeting: the deadline; connected: the next check for a stall

  uint64_t failures_ = 0;  // since a connection last settled
  raft::Time connected_since_;
  bool is_watching_ = false;
  uint64_t written_bytes_ = 0;    // into this connection's outbox
  uint64_t sent_bytes_seen_ = 0;  // out of it, at the last check

  Counters counters_;
  LinkLog log_;
};

}  // namespace skiff::transport
