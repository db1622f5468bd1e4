// JoinClient: asks the members for the cluster and their addresses, for a node that was added or is about to be.
//
// It asks one address after the other, over and over, until a member that knows of this node answers. The node does not
// listen meanwhile, and has no data directory yet: that is founded with the answer.
//
// No member may be running, or know of this node yet. Both pass, once a member has started or the operator has added
// the node; each new reason is logged once for each address. A refusal that does not pass ends in refused(): the node
// was removed, or a voter with its id exists already.
//
// Always: calls back from its own timer or stream, never from inside a call. A callback may destroy it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "raft/time.h"
#include "transport/loop/dial.h"
#include "transport/loop/loop.h"
#include "transport/loop/stream.h"
#include "transport/peers/wire.h"

namespace skiff::transport {

class JoinClient {
 public:
  struct Limits {
    raft::Time answer_timeout = 2_s;  // from the dial to the answer
    raft::Time pause = 100_ms;        // before the next address is asked: short, because an operator waits
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
  std::map<size_t, std::string> logged_;  // the last reason for each address
  Timer timer_;
};

}  // namespace skiff::transport
