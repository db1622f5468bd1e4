#include "transport/peers/peer_addresses.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "raft/check.h"

namespace skiff::transport {

PeerAddresses::PeerAddresses(PeerMember member, std::optional<Address> configured)
    : member_(std::move(member)), configured_(std::move(configured)), current_(member_.address) {
  CHECK(member_.id != 0);
}

std::vector<Address> PeerAddresses::all() const {
  std::vector<Address> all = {member_.address};
  auto add = [&all](const Address& address) {
    if (std::find(all.begin(), all.end(), address) == all.end()) all.push_back(address);
  };
  if (announced_) add(*announced_);
  if (configured_ && !was_reached_) add(*configured_);
  return all;
}

bool PeerAddresses::announce(const Address& address) {
  const auto before = std::exchange(announced_, address == member_.address ? std::nullopt : std::optional(address));
  return announced_ != before;
}

bool PeerAddresses::dial_announced_next() {
  if (announced_) current_ = *announced_;
  return announced_.has_value();
}

void PeerAddresses::confirm(const Address& address) {
  CHECK(address == current_);
  member_.address = address;
  announced_.reset();
  reached();
}

std::optional<Address> PeerAddresses::moved_to() const {
  return has_failed_ && current_ == announced_ ? announced_ : std::nullopt;
}

void PeerAddresses::reached() {
  if (!is_at_member_address()) return;
  was_reached_ = true;
  has_failed_ = false;
}

void PeerAddresses::lost(bool was_connected) {
  if (!was_connected && is_at_member_address()) has_failed_ = true;
  const std::vector<Address> known = all();
  const auto here = std::find(known.begin(), known.end(), current_);
  if (here == known.end()) {
    current_ = member_.address;
  } else if (!was_connected) {
    current_ = std::next(here) == known.end() ? known.front() : *std::next(here);
  }
}

}  // namespace skiff::transport
