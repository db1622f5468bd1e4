#include "transport/peers/peer_listener.h"

#include <algorithm>
#include <utility>

#include "raft/check.h"
#include "src/base/narrow.h"
#include "src/base/try.h"
#include "transport/loop/stream.h"
#include "transport/peers/greeting_rules.h"
#include "transport/peers/wire.h"

namespace skiff::transport {
namespace {

constexpr raft::Time kRejectionInterval = 1_min;
constexpr size_t kRejectionsMax = 64;  // pairs of host and reason with a limit of their own; the rest share one

std::string host_of(const std::string& remote) { return remote.substr(0, remote.rfind(':')); }

std::string describe_rejection(Refusal refusal, const Greeting& greeting) {
  std::string greeter = "it greets as node " + std::to_string(greeting.from);
  switch (refusal) {
    case Refusal::other_cluster:
      return greeter +
             " of another cluster (what it was founded with as --cluster is its name: the same letters at all nodes)";
    case Refusal::unknown_member: return greeter + ", which is no member of this cluster";
    case Refusal::other_version:
      return "it speaks version " + std::to_string(greeting.protocol) + " of the peer protocol, this node speaks " +
             std::to_string(kProtocolVersion);
    case Refusal::removed: return greeter + ", which was removed from this cluster";
    case Refusal::taken: return greeter + ", which exists already";
    case Refusal::other_data_dir_id:
      return greeter + ", which had another data directory before: if it has lost its data, it must be given a new id";
    case Refusal::unexpected_data_dir: return greeter + ", which remembers another data directory of this node";
    case Refusal::other_founding:
      return greeter + ", which remembers other data directories of the members than this node does";
    case Refusal::running_twice: return greeter + ", which runs already";
    case Refusal::other_node: return greeter + " and takes this node for node " + std::to_string(greeting.to);
  }
  return greeter;
}

std::optional<PeerMember> member_of(const Greeting& greeting) {
  const auto address = parse_address(greeting.address);
  if (!address || address->port == 0) return std::nullopt;
  return PeerMember{.id = greeting.from, .address = *address};
}

}  // namespace

// One accepted connection: unidentified until it has greeted, then that of a member.
class PeerListener::InboundPeer {
 public:
  InboundPeer(PeerListener& listener, std::unique_ptr<Stream> stream)
      : listener_(listener),
        stream_(std::move(stream)),
        remote_(stream_->remote()),
        deadline_(listener.loop_, [this] { deadline_passed(); }) {
    deadline_.start(listener_.limits_.greeting_timeout);
    stream_->start({.received = [this](std::string_view bytes) { received(bytes); },
                    .closed = [this](const std::string&) { listener_.close(*this); }});
  }

  ~InboundPeer() {
    if (!is_unidentified() && listener_.us_.running)
      listener_.us_.running->disconnected(node_, RunningProcesses::Side::listener);
  }
  InboundPeer(const InboundPeer&) = delete;
  InboundPeer& operator=(const InboundPeer&) = delete;

  raft::NodeId node() const { return node_; }
  bool is_unidentified() const { return node_ == 0; }
  const std::string& remote() const { return remote_; }

  void identified(raft::NodeId node, RunningProcess process) {
    CHECK(is_unidentified());
    CHECK(node != 0);
    auto* running = listener_.us_.running;
    if (running) running->connected(node, RunningProcesses::Side::listener, std::move(process));
    node_ = node;
    deadline_.stop();
    reader_.set_frame_bytes_max(kFrameBytesMax);
    stream_->set_peer_timeout(listener_.limits_.peer_timeout);
    stream_->write(encode(greeting_to(node, listener_.us_)));
  }

 private:
  // Members of this object must not be used after close() or deliver(), which may destroy it.
  void received(std::string_view bytes) {
    std::vector<PeerMessage> messages;
    Result<> fed = reader_.feed(bytes, [&](const Frame& frame) { return frame_received(frame, messages); });
    PeerListener& listener = listener_;
    const raft::NodeId from = node_;
    if (!fed) turn_away(fed.error().what);
    listener.deliver(from, std::move(messages));
  }

  Result<> frame_received(const Frame& frame, std::vector<PeerMessage>& messages) {
    if (is_unidentified()) return frame.kind == FrameKind::join_request ? sent_join_request(frame) : greeted(frame);
    TRY(auto&& message, decode_message(frame));
    if (message.from != node_) {
      return fail(Error::Code::corrupt, "node " + std::to_string(node_) + " sent a message in another node's name");
    }
    if (message.to != listener_.us_.self) {
      return fail(Error::Code::corrupt, "node " + std::to_string(node_) + " sent a message meant for another node");
    }
    messages.push_back(std::move(message));
    return {};
  }

  Result<> greeted(const Frame& frame) {
    TRY(const Greeting greeting, decode_greeting(frame));
    std::optional<Refusal> against = objection(greeting, listener_.us_);
    const std::optional<PeerMember> unknown = against ? std::nullopt : listener_.unknown_member(greeting);
    if (!against && listener_.is_own_copy(greeting)) return turn_away_copy(greeting);
    if (!against && !unknown) against = listener_.objection_to(greeting.from);
    if (!against) against = listener_.compare(greeting);
    if (against) {
      is_leaving_ = true;
      stream_->write(encode(*against));
      return fail(Error::Code::invalid, describe_rejection(*against, greeting));
    }
    const RunningProcess process = process_of(greeting, remote_);
    if (auto other = listener_.other_process(greeting.from, process)) {
      is_leaving_ = true;
      stream_->write(encode(Refusal::running_twice, other->address));
      return fail(Error::Code::invalid, describe_twice(greeting.from, *other, process));
    }
    if (unknown) {
      listener_.discover(*unknown);
    } else {
      listener_.report_address(greeting);
    }
    listener_.admit(*this, greeting.from, process);
    return {};
  }

  // The greeter is a second process with this node's own data directory.
  Result<> turn_away_copy(const Greeting& greeting) {
    const PeerIdentity& us = listener_.us_;
    is_leaving_ = true;
    stream_->write(encode(Refusal::running_twice, us.address));
    const RunningProcess here{us.process, "this host", us.port, us.address};
    return fail(Error::Code::invalid, describe_twice(us.self, here, process_of(greeting, remote_)));
  }

  // Answered with one frame. The node connects again later, with a greeting.
  Result<> sent_join_request(const Frame& frame) {
    TRY(const JoinRequest join_request, decode_join_request(frame));
    std::optional<Refusal> against = listener_.objection_to(join_request.from);
    if (join_request.from == listener_.us_.self) against = Refusal::taken;
    if (join_request.protocol != kProtocolVersion) against = Refusal::other_version;
    if (!against && listener_.admission_.discovered.contains(join_request.from)) against = Refusal::unknown_member;
    if (!against && !listener_.admission_.joining.contains(join_request.from)) against = Refusal::taken;
    // It had a directory before: the entries that it acknowledged as a learner would count once it is a voter.
    const bool was_known = listener_.us_.known && listener_.us_.known->knows(join_request.from);
    if (!against && was_known) against = Refusal::other_data_dir_id;
    is_leaving_ = true;
    if (against) {
      stream_->write(encode(*against));
      return fail(Error::Code::invalid,
                  describe_rejection(*against, {.protocol = join_request.protocol, .from = join_request.from}));
    }
    log::info("peer port: node " + std::to_string(join_request.from) + " at " + remote_ + " joins");
    stream_->write(encode(listener_.admission_.join_reply));
    stream_->close_after_writing();
    return {};
  }

  // A peer that gets a reason stays connected until it has read it, or until the deadline.
  void turn_away(const std::string& why) {
    ++listener_.turned_away_;
    listener_.log_rejection(remote_, why);
    if (is_leaving_) return stream_->close_after_writing();
    listener_.close(*this);
  }

  void deadline_passed() {
    if (!is_leaving_) {
      ++listener_.turned_away_;
      listener_.log_rejection(remote_, "it did not greet in time");
    }
    listener_.close(*this);
  }

  PeerListener& listener_;
  std::unique_ptr<Stream> stream_;
  const std::string remote_;
  FrameReader reader_{kGreetingBytesMax};
  raft::NodeId node_ = 0;  // 0 until it has greeted
  bool is_leaving_ = false;
  Timer deadline_;
};

Result<std::unique_ptr<PeerListener>> PeerListener::open(Loop& loop, const PeerIdentity& us, const Address& listen_on,
                                                         const Limits& limits, Events events) {
  CHECK(us.self != 0);
  CHECK(events.received != nullptr);
  std::unique_ptr<PeerListener> listener(new PeerListener(loop, us, limits, std::move(events)));
  const auto accepted = [listener = listener.get()](std::unique_ptr<Stream> stream) {
    listener->accepted(std::move(stream));
  };
  TRY(listener->listener_, Listener::open(loop, listen_on, accepted));
  listener->us_.port = listener->port();
  return listener;
}

PeerListener::PeerListener(Loop& loop, const PeerIdentity& us, const Limits& limits, Events events)
    : loop_(loop), us_(us), limits_(limits), events_(std::move(events)), other_rejections_limit_(kRejectionInterval) {}

PeerListener::~PeerListener() = default;

void PeerListener::accepted(std::unique_ptr<Stream> stream) {
  CHECK(stream != nullptr);
  const auto unidentified =
      std::count_if(inbound_.begin(), inbound_.end(), [](const auto& inbound) { return inbound->is_unidentified(); });
  if (static_cast<size_t>(unidentified) >= limits_.unidentified_max) close_oldest_unidentified();
  inbound_.push_back(std::make_unique<InboundPeer>(*this, std::move(stream)));
}

void PeerListener::close_oldest_unidentified() {
  auto oldest =
      std::find_if(inbound_.begin(), inbound_.end(), [](const auto& inbound) { return inbound->is_unidentified(); });
  CHECK(oldest != inbound_.end());
  ++turned_away_;
  log_rejection((*oldest)->remote(), "too many connections wait to greet");
  inbound_.erase(oldest);
}

bool PeerListener::is_own_copy(const Greeting& greeting) const {
  const bool says_so = greeting.data_dir_id != 0 && greeting.process != 0;
  return says_so && greeting.from == us_.self && greeting.data_dir_id == us_.data_dir_id &&
         greeting.process != us_.process;
}

std::optional<Refusal> PeerListener::objection_to(raft::NodeId node) const {
  if (members_.contains(node)) return std::nullopt;
  const auto& removed = admission_.removed;
  const bool was_removed = std::find(removed.begin(), removed.end(), node) != removed.end();
  return was_removed ? Refusal::removed : Refusal::unknown_member;
}

// Nothing if the greeter is a member, was removed or is leaving, or announces no address.
std::optional<PeerMember> PeerListener::unknown_member(const Greeting& greeting) const {
  if (!events_.discovered || greeting.from == us_.self || objection_to(greeting.from) != Refusal::unknown_member)
    return std::nullopt;
  const auto& leaving = admission_.leaving;
  if (std::find(leaving.begin(), leaving.end(), greeting.from) != leaving.end()) return std::nullopt;
  return member_of(greeting);
}

void PeerListener::discover(const PeerMember& unknown) {
  CHECK(unknown.id != 0);
  CHECK(unknown.id != us_.self);
  CHECK(events_.discovered != nullptr);
  members_.insert(unknown.id);
  events_.discovered(unknown);
}

// Refuses a greeter whose data directory or founding is not the remembered one.
std::optional<Refusal> PeerListener::compare(const Greeting& greeting) {
  if (!us_.known) return std::nullopt;
  const DataDirMatch match = us_.known->greeted(greeting, us_.data_dir_id);
  if (events_.compared) events_.compared(greeting.from, match);
  return objection(match);
}

// Another process of the greeter's node. A remnant of an earlier process at the same address does not count.
std::optional<RunningProcess> PeerListener::other_process(raft::NodeId node, const RunningProcess& process) const {
  return us_.running ? us_.running->other_than(node, process) : std::nullopt;
}

void PeerListener::report_address(const Greeting& greeting) {
  const std::optional<PeerMember> member = member_of(greeting);
  if (member && events_.greeted) events_.greeted(*member);
}

void PeerListener::admit(InboundPeer& inbound, raft::NodeId node, const RunningProcess& process) {
  drop(node);
  inbound.identified(node, process);
}

void PeerListener::drop(raft::NodeId member) {
  CHECK(member != 0);
  inbound_.remove_if([member](const auto& inbound) { return inbound->node() == member; });
}

void PeerListener::close(const InboundPeer& inbound) {
  const size_t removed = inbound_.remove_if([&inbound](const auto& other) { return other.get() == &inbound; });
  CHECK(removed == 1);
}

void PeerListener::deliver(raft::NodeId from, std::vector<PeerMessage>&& messages) {
  if (messages.empty()) return;
  CHECK(from != 0);
  received_from_[from] += messages.size();
  for (PeerMessage& message : messages) events_.received(std::move(message));
}

void PeerListener::set_members(std::set<raft::NodeId> members) {
  CHECK(!members.contains(0));
  CHECK(!members.contains(us_.self));
  members_ = std::move(members);
  std::erase_if(received_from_, [this](const auto& from) { return !members_.contains(from.first); });
  inbound_.remove_if(
      [this](const auto& inbound) { return !inbound->is_unidentified() && !members_.contains(inbound->node()); });
}

uint64_t PeerListener::received(raft::NodeId from) const {
  auto found = received_from_.find(from);
  return found == received_from_.end() ? 0 : found->second;
}

void PeerListener::log_rejection(const std::string& remote, const std::string& why) {
  const std::string key = host_of(remote) + " " + why;
  const std::string line = "peer port: turned " + remote + " away: " + why;
  auto found = rejection_limits_.find(key);
  if (found == rejection_limits_.end() && rejection_limits_.size() < kRejectionsMax) {
    found = rejection_limits_.emplace(key, log::Limit(kRejectionInterval)).first;
  }
  CHECK(rejection_limits_.size() <= kRejectionsMax);
  log::Limit& limit = found == rejection_limits_.end() ? other_rejections_limit_ : found->second;
  limit.warn(loop_.cached_now(), line);
}

}  // namespace skiff::transport
