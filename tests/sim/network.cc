#include "tests/sim/network.h"

#include <algorithm>

#include "raft/describe.h"
#include "transport/peers/wire.h"

namespace skiff::sim {

namespace {

bool is_large(const PeerMessage& message) {
  const auto* append = std::get_if<raft::AppendEntries>(&message.body);
  const auto* piece = std::get_if<SnapshotPiece>(&message.body);
  return (append != nullptr && !append->entries.empty()) || (piece != nullptr && raft::bytes_of(piece->bytes) > 0);
}

}  // namespace

void Network::send(PeerMessage&& message) {
  ++sent_;
  auto link = std::pair{message.from, message.to};
  if (cut_.contains(link)) return;
  if (narrow_.contains(link) && is_large(message)) return world_.count(Fault::loss);
  bool is_stormy = !world_.is_healed;
  if (is_stormy && world_.chance(world_.weather.loss_permille)) return world_.count(Fault::loss);
  if (sent_ % 16 == 0) message = as_on_the_wire(std::move(message));
  Time delay = world_.between(world_.weather.hop / 2, world_.weather.hop);
  auto clogged = clogged_until_.find(link);
  if (clogged != clogged_until_.end()) delay += std::max(clogged->second, world_.now()) - world_.now();
  if (is_stormy && world_.chance(world_.weather.late_permille)) {
    world_.count(Fault::delay);
    delay += world_.between(0_s, 3 * world_.weather.election_timeout);
  } else {
    // A connection keeps the order; only messages of an earlier connection are overtaken.
    Time& last = last_arrival_[link];
    last = std::max(last, world_.now() + delay);
    delay = last - world_.now();
  }
  if (is_stormy && world_.chance(world_.weather.duplicate_permille)) {
    world_.count(Fault::duplicate);
    carry(message, delay + world_.between(0_s, 1_s));
  }
  carry(std::move(message), delay);
}

void Network::carry(PeerMessage message, Time delay) {
  // A message under way arrives, even if the link is cut after it.
  world_.after(delay, [this, message = std::move(message)]() mutable { deliver_(std::move(message)); });
}

PeerMessage Network::as_on_the_wire(PeerMessage&& message) {
  std::string frame = transport::encode(message);
  auto heard = transport::decode_message(
      {transport::FrameKind::message, std::string_view(frame).substr(transport::kFrameHeaderBytes)});
  if (heard) return std::move(*heard);
  world_.require(false, "wire", describe(message) + ": " + heard.error().what);
  return std::move(message);
}

void Network::heal_all() {
  cut_.clear();
  narrow_.clear();
  clogged_until_.clear();
}

}  // namespace skiff::sim
