// PeerLink: the connection to one peer on which everything goes that this node has to say to it.
//
// Dials, greets, and waits to be greeted back: both sides then know that they belong to the same cluster and are who
// the other thinks. From there on send() writes frames. What the peer has to say comes in by our own PeerListener.
//
// What goes wrong: while there is no connection, and while the outbox is full, messages are dropped and counted; Raft
// sends again what matters. A connection that breaks after a good while is dialled again at once, others after a delay
// that doubles up to a limit, with jitter. A peer that takes no bytes for some seconds is cut off. A refusal is logged
// once, and tried again like everything else: what was a mistake in a flag may be mended at the other side. A peer may
// say, through our door, that it is found elsewhere than we know, and --cluster may name another address: these are
// dialled in turn, the address in the log first. Once a peer was reached there, --cluster's is not tried any more.
//
// Always: no event is called from inside send(), and nothing is written to a peer that has not greeted back. A link
// may be destroyed by its own event.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "raft/random.h"
#include "src/replica/peer_message.h"
#include "transport/loop/dial.h"
#include "transport/loop/loop.h"
#include "transport/loop/stream.h"
#include "transport/peers/peer_identity.h"
#include "transport/peers/wire.h"

namespace skiff::transport {

class PeerLink {
 public:
  struct Limits {
    // What may wait for one peer. A heartbeat stands behind this much at most: 70 ms at 1 Gbit/s. One frame may exceed
    // it if little else waits, so that the largest entry can pass at all.
    size_t outbox_bytes_max = size_t{8} << 20;
    // Beyond that, for small frames only: votes and acknowledgements are not lost because bulk data waits.
    size_t outbox_bytes_reserved = size_t{256} << 10;
    size_t small_frame_bytes = 1024;

    uint64_t greeting_timeout_ms = 2000;  // from the dial to the answered greeting: some round trips, even a slow one's
    uint64_t stall_timeout_ms = 5000;  // many times a network's worst pause, and far less than an operator's patience
    uint64_t redial_first_ms = 10;     // a process restarts in less than a second:
    uint64_t redial_max_ms = 500;      // it must not wait for us after that
    uint64_t settled_ms = 1000;        // a connection that lived this long is dialled again at once
  };

  struct Events {
    std::function<void()> connected;
    std::function<void()> disconnected;
    std::function<void(const DataDirMatch&)> compared;  // its data directory, and ours: before connected()
    // Another process with this node's data directory is connected to the peer; where it runs, empty if not known.
    std::function<void(const std::string& address)> runs_twice;
    // Two processes of the peer are connected, one of them here, where the members say it is: the other is to go.
    std::function<void(const RunningProcess& other, const RunningProcess& here)> peer_runs_twice;
    // A dial was refused, and so were the last at its other addresses, if it has any: nobody listens. At every such
    // dial.
    std::function<void()> gone;
    std::function<void()> removed;  // the peer knows that this node was removed for good
  };

  struct Status {
    bool is_connected = false;
    uint64_t sent = 0;     // messages handed to the connection
    uint64_t dropped = 0;  // messages that were not
    size_t outbox_bytes = 0;
    std::string error;  // why it is not connected
    // Where it is connected, and says that it is, if the peer's own address has failed since it was last reached there.
    std::optional<Address> moved_to;
    uint64_t connected_since_ms = 0;  // if it is connected
  };

  // `us` must outlive it, and is told to the peer as it is whenever they connect.
  PeerLink(Loop& loop, const PeerIdentity& us, PeerMember peer, const Limits& limits, uint64_t seed, Events events);
  ~PeerLink();
  PeerLink(const PeerLink&) = delete;
  PeerLink& operator=(const PeerLink&) = delete;

  void send(const PeerMessage& message);

  // As it says itself. Dialled in turn with the peer's address, should they differ, and at once if that has
  // failed.
  void try_also(const Address& address);

  // The members know it there now. Requires: it is connected there.
  void confirm_address(const Address& address);
  // It is about to move, and this process of it is not there yet: where that one is found is no news.
  void expect_move_of(uint64_t process) { leaving_process_ = process; }
  // Which it was last connected to, or is expected to leave; 0: not known.
  uint64_t process() const { return process_ == 0 ? leaving_process_ : process_; }
  bool is_connected_at(const Address& address) const {
    return state_ == State::connected && dialled_address_ == address;
  }

  const PeerMember& peer() const { return peer_; }
  Status status() const;

 private:
  enum class State { waiting, dialling, greeting, connected };

  void move_to(State next);
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
  uint64_t redial_delay_ms();

  std::vector<Address> addresses() const;
  Address next_address() const;
  std::string name() const;
  bool may_log();
  void log_error(const std::string& why);

  Loop& loop_;
  const PeerIdentity& us_;
  PeerMember peer_;
  std::optional<Address> announced_;    // as it says itself, if that is not where the members know it
  bool was_at_member_address_ = false;  // it was reached where the members know it
  uint64_t process_ = 0;                // that greeted back last
  uint64_t leaving_process_ = 0;
  bool member_address_failed_ = false;  // the address in the log failed when it was last dialled
  Address dialled_address_;             // where we are connected, or dial, or will dial next
  const Limits limits_;
  raft::Random random_;
  Events events_;

  State state_ = State::waiting;
  std::unique_ptr<Dial> dial_;      // in dialling
  std::unique_ptr<Stream> stream_;  // in greeting and connected
  FrameReader reader_{kGreetingBytesMax};
  std::optional<DataDirMatch> match_;    // found since the dial, and not told yet
  std::optional<std::string> twice_at_;  // where this node runs already, as the peer says; not told yet
  bool is_admitted_ = false;
  bool was_removed_ = false;  // as the peer says
  Timer timer_;  // waiting: the next dial; dialling and greeting: the deadline; connected: the next look for a stall

  uint64_t failures_ = 0;  // since a connection last settled
  size_t refusals_ = 0;    // in a row
  uint64_t connected_since_ms_ = 0;
  bool is_watching_ = false;
  uint64_t written_bytes_ = 0;    // into this connection's outbox
  uint64_t sent_bytes_seen_ = 0;  // out of it, when we last looked

  uint64_t sent_ = 0;
  uint64_t dropped_ = 0;
  std::string error_;
  std::map<Address, std::string> errors_logged_;  // of at most three addresses
  uint64_t logging_since_ms_ = 0;
  int lines_logged_ = 0;
};

}  // namespace skiff::transport
