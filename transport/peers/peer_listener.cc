#include "transport/peers/peer_door.h"

#include <algorithm>
#include <utility>

#include "raft/check.h"
#include "src/base/narrow.h"
#include "src/base/try.h"
#include "transport/loop/stream.h"
#include "transport/peers/wire.h"

namespace skiff::transport {
namespace {

constexpr uint64_t kNanosecondsPerMs = 1'000'000;
constexpr uint64_t kComplaintIntervalMs = 60'000;
constexpr size_t kComplaintsMax = 64;  // hosts and reasons told apart; the rest share one line

std::string host_of(const std::string& remote) { return remote.substr(0, remote.rfind(':')); }

std::string complaint(Refusal refusal, const Greeting& greeting) {
  std::string who = "it greets as node " + std::to_string(greeting.from);
  switch (refusal) {
    case Refusal::other_cluster:
      return who +
             " of another cluster (what it was founded with as --cluster is its name: the same letters at all nodes)";
    case Refusal::unknown_member: return who + ", which is no member of this cluster";
    case Refusal::other_version:
      return "it speaks version " + std::to_string(greeting.protocol) + " of the peer protocol, this node speaks " +
             std::to_string(kProtocolVersion);
    case Refusal::removed: return who + ", which was removed from this cluster";
    case Refusal::taken: return who + ", which is there already";
    case Refusal::other_data_dir_id:
      return who +
             ", which had another data directory when we met it: if it has lost its data, it must be given a new id";
    case Refusal::unexpected_data_dir: return who + ", which remembers another data directory of this node";
    case Refusal::other_founding:
      return who + ", which remembers other data directories of the members than this node does";
    case Refusal::running_twice: return who + ", which runs already";
    case Refusal::other_node: return who + " and takes this node for node " + std::to_string(greeting.to);
  }
  return who;
}

std::optional<PeerMember> whoever_greets(const Greeting& greeting) {
  const auto address = parse_address(greeting.address);
  if (!address || address->port == 0) return std::nullopt;
  return PeerMember{.id = greeting.from, .address = *address};
}

}  // namespace

// One connection that came in: a stranger until it has greeted, then a member's.
class PeerDoor::Guest {
 public:
  Guest(PeerDoor& door, std::unique_ptr<Stream> stream)
      : door_(door), stream_(std::move(stream)), remote_(stream_->remote()), deadline_(door.loop_, [this] { late(); }) {
    deadline_.start_ns(door_.limits_.greeting_timeout_ms * kNanosecondsPerMs);
    stream_->start({.received = [this](std::string_view bytes) { received(bytes); },
                    .closed = [this](const std::string&) { door_.dismiss(*this); }});
  }

  ~Guest() {
    if (!is_stranger() && door_.us_.running) door_.us_.running->disconnected(node_, RunningProcesses::Side::listener);
  }
  Guest(const Guest&) = delete;
  Guest& operator=(const Guest&) = delete;

  raft::NodeId node() const { return node_; }
  bool is_stranger() const { return node_ == 0; }
  const std::string& remote() const { return remote_; }

  void become(raft::NodeId node, RunningProcess process) {
    CHECK(is_stranger());
    auto* running = door_.us_.running;
    if (running) running->connected(node, RunningProcesses::Side::listener, std::move(process));
    node_ = node;
    deadline_.stop();
    reader_.set_frame_bytes_max(kFrameBytesMax);
    stream_->set_peer_timeout_ms(narrow<unsigned>(door_.limits_.peer_timeout_ms));
    stream_->write(encode(greeting_to(node, door_.us_)));
  }

 private:
  // Nothing of this guest may be touched once it has been dismissed or anything was delivered.
  void received(std::string_view bytes) {
    std::vector<PeerMessage> messages;
    Result<> fed = reader_.feed(bytes, [&](const Frame& frame) { return take(frame, messages); });
    PeerDoor& door = door_;
    const raft::NodeId from = node_;
    if (!fed) turn_away(fed.error().what);
    door.deliver(from, std::move(messages));
  }

  Result<> take(const Frame& frame, std::vector<PeerMessage>& messages) {
    if (is_stranger()) return frame.kind == FrameKind::introduction ? introduced(frame) : greeted(frame);
    TRY(auto&& message, decode_message(frame));
    if (message.from != node_) {
      return fail(Error::Code::corrupt, "node " + std::to_string(node_) + " sent a message in another node's name");
    }
    if (message.to != door_.us_.self) {
      return fail(Error::Code::corrupt, "node " + std::to_string(node_) + " sent a message meant for another node");
    }
    messages.push_back(std::move(message));
    return {};
  }

  Result<> greeted(const Frame& frame) {
    TRY(const Greeting greeting, decode_greeting(frame));
    std::optional<Refusal> against = objection(greeting, door_.us_);
    const std::optional<PeerMember> unknown = against ? std::nullopt : door_.unknown_member(greeting);
    if (!against && door_.is_own_copy(greeting)) return turn_away_copy(greeting);
    if (!against && !unknown) against = door_.objection_to(greeting.from);
    if (!against) against = door_.compare(greeting);
    if (against) {
      is_leaving_ = true;
      stream_->write(encode(*against));
      return fail(Error::Code::invalid, complaint(*against, greeting));
    }
    const RunningProcess process = process_of(greeting, remote_);
    if (auto other = door_.other_process(greeting.from, process)) {
      is_leaving_ = true;
      stream_->write(encode(Refusal::running_twice, other->address));
      return fail(Error::Code::invalid, describe_twice(greeting.from, *other, process));
    }
    if (unknown) {
      door_.meet(*unknown);
    } else {
      door_.note_where(greeting);
    }
    door_.welcome(*this, greeting.from, process);
    return {};
  }

  // A second process with this node's own data directory tells that it is there.
  Result<> turn_away_copy(const Greeting& greeting) {
    const PeerIdentity& us = door_.us_;
    is_leaving_ = true;
    stream_->write(encode(Refusal::running_twice, us.address));
    const RunningProcess here{us.process, "this host", us.port, us.address};
    return fail(Error::Code::invalid, describe_twice(us.self, here, process_of(greeting, remote_)));
  }

  // Answered in one frame; it comes back with a greeting.
  Result<> introduced(const Frame& frame) {
    TRY(const Introduction introduction, decode_introduction(frame));
    std::optional<Refusal> against = door_.objection_to(introduction.from);
    if (introduction.from == door_.us_.self) against = Refusal::taken;
    if (introduction.protocol != kProtocolVersion) against = Refusal::other_version;
    if (!against && door_.reception_.met.contains(introduction.from)) against = Refusal::unknown_member;
    if (!against && !door_.reception_.newcomers.contains(introduction.from)) against = Refusal::taken;
    // It had a directory, and comes without: what it has acknowledged as a learner would be counted once it votes.
    const bool was_met = door_.us_.known && door_.us_.known->has_met(introduction.from);
    if (!against && was_met) against = Refusal::other_data_dir_id;
    is_leaving_ = true;
    if (against) {
      stream_->write(encode(*against));
      return fail(Error::Code::invalid,
                  complaint(*against, {.protocol = introduction.protocol, .from = introduction.from}));
    }
    log::info("peer port: welcomes node " + std::to_string(introduction.from) + " at " + remote_);
    stream_->write(encode(door_.reception_.welcome));
    stream_->close_after_writing();
    return {};
  }

  // One that was told why stays until it has read that, or until the deadline.
  void turn_away(const std::string& why) {
    ++door_.turned_away_;
    door_.complain(remote_, why);
    if (is_leaving_) return stream_->close_after_writing();
    door_.dismiss(*this);
  }

  void late() {
    if (!is_leaving_) {
      ++door_.turned_away_;
      door_.complain(remote_, "it did not greet in time");
    }
    door_.dismiss(*this);
  }

  PeerDoor& door_;
  std::unique_ptr<Stream> stream_;
  const std::string remote_;
  FrameReader reader_{kGreetingBytesMax};
  raft::NodeId node_ = 0;  // 0 until it has greeted
  bool is_leaving_ = false;
  Timer deadline_;
};

Result<std::unique_ptr<PeerDoor>> PeerDoor::open(Loop& loop, const PeerIdentity& us, const Address& listen_on,
                                                 const Limits& limits, Events events) {
  CHECK(us.self != 0);
  CHECK(events.received != nullptr);
  std::unique_ptr<PeerDoor> door(new PeerDoor(loop, us, limits, std::move(events)));
  const auto accepted = [door = door.get()](std::unique_ptr<Stream> stream) { door->accepted(std::move(stream)); };
  TRY(door->listener_, Listener::open(loop, listen_on, accepted));
  door->us_.port = door->port();
  return door;
}

PeerDoor::PeerDoor(Loop& loop, const PeerIdentity& us, const Limits& limits, Events events)
    : loop_(loop), us_(us), limits_(limits), events_(std::move(events)), other_complaints_(kComplaintIntervalMs) {}

PeerDoor::~PeerDoor() = default;

void PeerDoor::accepted(std::unique_ptr<Stream> stream) {
  const auto strangers =
      std::count_if(guests_.begin(), guests_.end(), [](const auto& guest) { return guest->is_stranger(); });
  if (static_cast<size_t>(strangers) >= limits_.strangers_max) dismiss_oldest_stranger();
  guests_.push_back(std::make_unique<Guest>(*this, std::move(stream)));
}

void PeerDoor::dismiss_oldest_stranger() {
  auto oldest = std::find_if(guests_.begin(), guests_.end(), [](const auto& guest) { return guest->is_stranger(); });
  CHECK(oldest != guests_.end());
  ++turned_away_;
  complain((*oldest)->remote(), "too many connections wait to greet");
  guests_.erase(oldest);
}

bool PeerDoor::is_own_copy(const Greeting& greeting) const {
  const bool says_so = greeting.data_dir_id != 0 && greeting.process != 0;
  return says_so && greeting.from == us_.self && greeting.data_dir_id == us_.data_dir_id && greeting.process != us_.process;
}

std::optional<Refusal> PeerDoor::objection_to(raft::NodeId node) const {
  if (members_.contains(node)) return std::nullopt;
  const auto& removed = reception_.removed;
  const bool was_removed = std::find(removed.begin(), removed.end(), node) != removed.end();
  return was_removed ? Refusal::removed : Refusal::unknown_member;
}

// Nothing if it is known, was removed, or does not say where it is.
std::optional<PeerMember> PeerDoor::unknown_member(const Greeting& greeting) const {
  if (!events_.met || greeting.from == us_.self || objection_to(greeting.from) != Refusal::unknown_member)
    return std::nullopt;
  const auto& leaving = reception_.leaving;
  if (std::find(leaving.begin(), leaving.end(), greeting.from) != leaving.end()) return std::nullopt;
  return whoever_greets(greeting);
}

void PeerDoor::meet(const PeerMember& unknown) {
  members_.insert(unknown.id);
  events_.met(unknown);
}

// Refuses a greeter whose data directory or founding is not the one that is remembered.
std::optional<Refusal> PeerDoor::compare(const Greeting& greeting) {
  if (!us_.known) return std::nullopt;
  const DataDirMatch match = us_.known->greeted(greeting, us_.data_dir_id);
  if (events_.compared) events_.compared(greeting.from, match);
  return objection(match);
}

// Of the node that greets so. Its other connection may be a remnant of the process that ran before at the same place.
std::optional<RunningProcess> PeerDoor::other_process(raft::NodeId node, const RunningProcess& process) const {
  return us_.running ? us_.running->other_than(node, process) : std::nullopt;
}

void PeerDoor::note_where(const Greeting& greeting) {
  const std::optional<PeerMember> member = whoever_greets(greeting);
  if (member && events_.greeted) events_.greeted(*member);
}

void PeerDoor::welcome(Guest& guest, raft::NodeId node, const RunningProcess& process) {
  drop(node);
  guest.become(node, process);
}

void PeerDoor::drop(raft::NodeId member) {
  CHECK(member != 0);
  guests_.remove_if([member](const auto& guest) { return guest->node() == member; });
}

void PeerDoor::dismiss(const Guest& guest) {
  guests_.remove_if([&guest](const auto& other) { return other.get() == &guest; });
}

void PeerDoor::deliver(raft::NodeId from, std::vector<PeerMessage>&& messages) {
  if (messages.empty()) return;
  received_from_[from] += messages.size();
  for (PeerMessage& message : messages) events_.received(std::move(message));
}

void PeerDoor::set_members(std::set<raft::NodeId> members) {
  members_ = std::move(members);
  std::erase_if(received_from_, [this](const auto& from) { return !members_.contains(from.first); });
  guests_.remove_if([this](const auto& guest) { return !guest->is_stranger() && !members_.contains(guest->node()); });
}

uint64_t PeerDoor::received(raft::NodeId from) const {
  auto found = received_from_.find(from);
  return found == received_from_.end() ? 0 : found->second;
}

void PeerDoor::complain(const std::string& remote, const std::string& why) {
  const std::string key = host_of(remote) + " " + why;
  const std::string line = "peer port: turned " + remote + " away: " + why;
  auto found = complaints_.find(key);
  if (found == complaints_.end() && complaints_.size() < kComplaintsMax) {
    found = complaints_.emplace(key, log::Limit(kComplaintIntervalMs)).first;
  }
  log::Limit& limit = found == complaints_.end() ? other_complaints_ : found->second;
  limit.warn(loop_.now_ms(), line);
}

}  // namespace skiff::transport
