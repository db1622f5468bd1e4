#include "transport/peers/peers.h"

#include <set>
#include <utility>

#include "raft/check.h"
#include "src/base/try.h"
#include "transport/peers/greeting_rules.h"

namespace skiff::transport {

Result<std::unique_ptr<Peers>> Peers::open(Loop& loop, const Identity& us, const Address& listen_on,
                                           const Limits& limits, uint64_t seed, Events events) {
  CHECK(events.received != nullptr);
  std::unique_ptr<Peers> peers(new Peers(loop, us, limits, seed, std::move(events)));
  PeerListener::Events listener_events{
      .received = [peers = peers.get()](PeerMessage&& message) { peers->events_.received(std::move(message)); },
      .discovered = peers->events_.discovered,
      .greeted = [peers = peers.get()](const Member& member) { peers->address_announced(member); },
      .compared = peers->events_.compared};
  TRY(peers->listener_, PeerListener::open(loop, peers->us_, listen_on, limits.listener, std::move(listener_events)));
  peers->us_.port = peers->listener_->port();
  return peers;
}

Peers::Peers(Loop& loop, const Identity& us, const Limits& limits, uint64_t seed, Events events)
    : loop_(loop),
      us_(us),
      has_own_address_(!us.address.empty()),
      limits_(limits),
      seeds_(seed),
      events_(std::move(events)) {
  us_.running = &running_;
}

void Peers::set_members(const std::vector<Member>& members) {
  std::set<raft::NodeId> others;
  for (const Member& member : members) {
    CHECK(member.id != 0);
    if (member.id == us_.self && !has_own_address_) us_.address = to_url(member.address);
    if (member.id == us_.self) continue;
    others.insert(member.id);
    std::unique_ptr<PeerLink>& link = links_[member.id];
    const bool is_other = link && link->peer() != member;
    if (is_other && link->is_connected_at(member.address)) {
      link->confirm_address(member.address);
    } else if (!link || is_other) {
      const uint64_t process = link ? link->process() : 0;
      link = link_to(member);
      link->expect_move_of(process);
    }
  }
  std::erase_if(links_, [&others](const auto& link) { return !others.contains(link.first); });
  std::erase_if(announced_addresses_, [&others](const auto& announced) { return !others.contains(announced.first); });
  CHECK(links_.size() == others.size());
  listener_->set_members(std::move(others));
  listener_->set_address(us_.address);
}

std::unique_ptr<PeerLink> Peers::link_to(const Member& member) {
  auto forward = [this, id = member.id](std::function<void(raft::NodeId)> Events::*event) {
    return [this, id, event] {
      if (events_.*event) (events_.*event)(id);
    };
  };
  auto link = std::make_unique<PeerLink>(
      loop_, us_, member, limits_.link, seeds_.next(),
      PeerLink::Events{
          .connected = forward(&Events::connected),
          .disconnected = forward(&Events::disconnected),
          .compared =
              [this, id = member.id](const DataDirMatch& match) {
                if (events_.compared) events_.compared(id, match);
              },
          .runs_twice =
              [this, id = member.id](const std::string& address) {
                if (events_.runs_twice) events_.runs_twice(id, address);
              },
          .peer_runs_twice = [this, id = member.id](const RunningProcess& other,
                                                    const RunningProcess& here) { peer_runs_twice(id, other, here); },
          .gone = forward(&Events::gone),
          .removed = forward(&Events::removed)});
  auto announced = announced_addresses_.find(member.id);
  if (announced != announced_addresses_.end()) link->try_also(announced->second);
  return link;
}

// The member may have moved while this node was away; or it is about to move, and does not know yet.
void Peers::address_announced(const Member& member) {
  CHECK(member.id != us_.self);
  announced_addresses_[member.id] = member.address;
  auto link = links_.find(member.id);
  if (link != links_.end()) link->second->try_also(member.address);
}

void Peers::peer_runs_twice(raft::NodeId peer, const RunningProcess& other, const RunningProcess& here) {
  runs_twice_log_limit_.warn(loop_.cached_now(), describe_twice(peer, here, other));
  listener_->drop(peer);
}

// The greeting is enough; the answer does not matter.
void Peers::tell_first_process(const std::string& text) {
  const auto address = parse_address(text);
  if (!address || address->port == 0) return;
  first_process_.reset();
  first_process_dial_ = std::make_unique<Dial>(loop_, *address, [this](std::unique_ptr<Stream> stream, Dial::Failure) {
    first_process_dial_.reset();
    if (!stream) return;
    first_process_ = std::move(stream);
    first_process_->start(
        {.received = [](std::string_view) {}, .closed = [this](const std::string&) { first_process_.reset(); }});
    first_process_->write(encode(greeting_to(us_.self, us_)));
  });
}

void Peers::send(const PeerMessage& message) {
  CHECK(message.from == us_.self);
  auto link = links_.find(message.to);
  if (link != links_.end()) link->second->send(message);  // otherwise it is no member any more
}

std::vector<Peers::Status> Peers::status() const {
  std::vector<Status> all;
  for (const auto& [id, link] : links_) {
    PeerLink::Status status = link->status();
    all.push_back({id, link->peer().address, status.is_connected, status.counters, listener_->received(id),
                   status.outbox_bytes, std::move(status.error), std::move(status.moved_to), status.connected_since});
  }
  return all;
}

}  // namespace skiff::transport
