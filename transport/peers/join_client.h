// JoinClient: a node that was added, or is about to be, asks the members which cluster this is and where they all live.
//
// Asks one address after the other, over and over, until one that knows of it answers. It listens nowhere meanwhile,
// and has no data directory yet: that is founded with the answer.
//
// What goes wrong: nobody is there, or nobody knows of it yet. Both pass by themselves, when the member has started, or
// the operator has added it; what each address said is logged once. What does not pass is logged by refused(): it was
// removed, or a voter of its id is there already.
//
// Always: calls back from its own timer or stream, never from inside a call, and may be destroyed by that.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "transport/loop/dial.h"
#include "transport/loop/loop.h"
#include "transport/loop/stream.h"
#include "transport/peers/wire.h"

namespace skiff::transport {

class JoinClient {
 public:
  struct Limits {
    uint64_t answer_timeout_ms = 2000;  // from the dial to the answer
    uint64_t pause_ms = 100;  // before the next address is asked: an operator waits for this, and a log reads it
  };
  struct Events {
    std::function<void(JoinReply&&)> got_join_reply;
    std::function<void(Refusal)> refused;  // for good
  };

  // Requires: at least one address.
  JoinClient(Loop& loop, raft::NodeId self, std::vector<Address> ask, const Limits& limits, Events events);
  JoinClient(const JoinClient&) = delete;
  JoinClient& operator=(const JoinClient&) = delete;

 private:
  void timer_expired();
  void dialled(std::unique_ptr<Stream> stream, const Dial::Failure& failure);
  void received(std::string_view bytes);
  Result<> reply_received(const Frame& frame);
  void try_next(const std::string& why);

  Loop& loop_;
  const raft::NodeId self_;
  const std::vector<Address> ask_;
  const Limits limits_;
  Events events_;
  size_t next_ = 0;  // of ask_
  std::unique_ptr<Dial> dial_;
  std::unique_ptr<Stream> stream_;
  FrameReader reader_{kJoinReplyBytesMax};
  std::optional<JoinReply> join_reply_;
  std::optional<Refusal> refusal_;
  std::map<size_t, std::string> logged_;  // of each address, the last that was logged
  Timer timer_;
};

}  // namespace skiff::transport
