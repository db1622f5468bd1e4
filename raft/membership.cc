#include "raft/membership.h"

#include <algorithm>
#include <set>
#include <utility>

#include "raft/check.h"
#include "raft/mutant.h"

namespace skiff::raft {
namespace {

constexpr uint8_t kFormatVersion = 1;

const Member* find_in(const std::vector<Member>& members, NodeId node) {
  auto found = std::find_if(members.begin(), members.end(), [&](const Member& member) { return member.id == node; });
  return found == members.end() ? nullptr : &*found;
}

std::vector<NodeId> voters_of(const std::vector<Member>& members) {
  std::vector<NodeId> voters;
  for (const Member& member : members) {
    if (member.role == MemberRole::voter) voters.push_back(member.id);
  }
  return voters;
}

// ---- bytes: version u8 | members | outgoing | count u32, removed u64 each
//      members: count u32, then of each: id u64 | role u8 | length u32 | address. All little-endian.

void put(std::string& out, uint64_t number, int bytes) {
  for (int i = 0; i < bytes; ++i) out.push_back(static_cast<char>(number >> (8 * i)));
}

void put(std::string& out, const std::vector<Member>& members) {
  put(out, members.size(), 4);
  for (const Member& member : members) {
    put(out, member.id, 8);
    put(out, static_cast<uint64_t>(member.role), 1);
    put(out, member.address.size(), 4);
    out += member.address;
  }
}

// Reads zeros, and is not `good` any more, once the bytes run out.
struct Reader {
  std::string_view bytes;
  bool good = true;

  std::string_view take(uint64_t count) {
    good = good && count <= bytes.size();
    if (!good) return {};
    std::string_view taken = bytes.substr(0, count);
    bytes.remove_prefix(count);
    return taken;
  }
  uint64_t number(int width) {
    uint64_t number = 0;
    int shift = 0;
    for (char byte : take(static_cast<uint64_t>(width))) {
      number |= uint64_t{static_cast<uint8_t>(byte)} << shift;
      shift += 8;
    }
    return number;
  }
  std::vector<Member> members() {
    std::vector<Member> members;
    for (uint64_t left = number(4); left > 0 && good; --left) {
      Member member{.id = number(8), .role = static_cast<MemberRole>(number(1)), .address = {}};
      member.address = take(number(4));
      members.push_back(std::move(member));
    }
    return members;
  }
};

bool is_sound(const std::vector<Member>& members) {
  NodeId before = 0;
  for (const Member& member : members) {
    bool has_role = member.role >= MemberRole::learner && member.role <= MemberRole::voter;
    if (member.id <= before || !has_role) return false;
    before = member.id;
  }
  return true;
}

bool is_sound(const Configuration& configuration) {
  const auto& [members, outgoing, removed] = configuration;
  bool is_ordered = std::is_sorted(removed.begin(), removed.end()) &&
                    std::adjacent_find(removed.begin(), removed.end()) == removed.end();
  bool only_voters_leave = voters_of(outgoing).size() == outgoing.size();
  bool is_empty = members.empty() && outgoing.empty();
  return is_sound(members) && is_sound(outgoing) && is_ordered && only_voters_leave &&
         (is_empty || !voters_of(members).empty());
}

// ---- one change

bool is_address_taken(const Configuration& configuration, const Change& change) {
  auto has_it = [&](const Member& member) {
    return member.id != change.node && !change.address.empty() && member.address == change.address;
  };
  return std::any_of(configuration.members.begin(), configuration.members.end(), has_it);
}

std::string add(Configuration& to, const Change& change, MemberRole role) {
  if (change.node == 0) return "0 is no id";
  if (const Member* member = to.find(change.node)) {
    bool is_the_same = member->address == change.address;
    return is_the_same ? "" : "this id is taken by a member with another address";
  }
  if (to.was_removed(change.node)) return "this id was removed, and never comes back: choose another";
  if (is_address_taken(to, change)) return "this address is taken by another member";
  auto next = std::find_if(to.members.begin(), to.members.end(), [&](const Member& m) { return m.id > change.node; });
  to.members.insert(next, {.id = change.node, .role = role, .address = change.address});
  return "";
}

std::string remove(Configuration& from, const Change& change) {
  if (from.was_removed(change.node)) return "";
  if (from.find(change.node) == nullptr) return "there is no such member";
  std::erase_if(from.members, [&](const Member& member) { return member.id == change.node; });
  from.removed.insert(std::lower_bound(from.removed.begin(), from.removed.end(), change.node), change.node);
  return "";
}

std::string alter(Configuration& of, const Change& change) {
  auto member =
      std::find_if(of.members.begin(), of.members.end(), [&](const Member& m) { return m.id == change.node; });
  if (member == of.members.end()) return "there is no such member";
  if (change.kind == Change::Kind::promote) member->role = MemberRole::voter;
  if (change.kind == Change::Kind::demote) member->role = MemberRole::learner;
  if (change.kind == Change::Kind::move) {
    if (is_address_taken(of, change)) return "this address is taken by another member";
    member->address = change.address;
  }
  return "";
}

std::string make(Configuration& next, const Change& change) {
  switch (change.kind) {
    case Change::Kind::add: return add(next, change, MemberRole::joining);
    case Change::Kind::add_learner: return add(next, change, MemberRole::learner);
    case Change::Kind::remove: return remove(next, change);
    case Change::Kind::promote:
    case Change::Kind::demote:
    case Change::Kind::move: return alter(next, change);
  }
  return "there is no such change";
}

}  // namespace

const Member* Configuration::find(NodeId node) const { return find_in(members, node); }

bool Configuration::is_voter(NodeId node) const {
  const Member* member = find(node);
  return (member != nullptr && member->role == MemberRole::voter) || find_in(outgoing, node) != nullptr;
}

bool Configuration::was_removed(NodeId node) const { return std::binary_search(removed.begin(), removed.end(), node); }

std::vector<NodeId> Configuration::everybody() const {
  std::set<NodeId> ids;
  for (const Member& member : members) ids.insert(member.id);
  for (const Member& member : outgoing) ids.insert(member.id);
  return {ids.begin(), ids.end()};
}

Voters Configuration::voters() const { return {.incoming = voters_of(members), .outgoing = voters_of(outgoing)}; }

Configuration founded_by(const std::vector<NodeId>& voters) {
  Configuration configuration;
  for (NodeId node : std::set<NodeId>(voters.begin(), voters.end())) {
    configuration.members.push_back({.id = node, .role = MemberRole::voter, .address = {}});
  }
  return configuration;
}

std::string encode(const Configuration& configuration) {
  std::string out;
  put(out, kFormatVersion, 1);
  put(out, configuration.members);
  put(out, configuration.outgoing);
  put(out, configuration.removed.size(), 4);
  for (NodeId node : configuration.removed) put(out, node, 8);
  return out;
}

std::optional<Configuration> decode_configuration(std::string_view bytes) {
  Reader reader{.bytes = bytes};
  if (reader.number(1) != kFormatVersion) return std::nullopt;
  Configuration configuration;
  configuration.members = reader.members();
  configuration.outgoing = reader.members();
  for (uint64_t left = reader.number(4); left > 0 && reader.good; --left) {
    configuration.removed.push_back(reader.number(8));
  }
  if (!reader.good || !reader.bytes.empty() || !is_sound(configuration)) return std::nullopt;
  return configuration;
}

Planned plan(const Configuration& from, const std::vector<Change>& changes) {
  CHECK(!from.is_joint());
  Planned planned{.next = from, .refused = {}};
  std::set<NodeId> changed;
  for (const Change& change : changes) {
    planned.refused = make(planned.next, change);
    if (planned.refused.empty() && !changed.insert(change.node).second) planned.refused = "two changes of one member";
    if (!planned.refused.empty()) return planned;
  }
  if (voters_of(planned.next.members).empty()) planned.refused = "no voter would be left";
  const bool is_one_step = voters_of(planned.next.members) == voters_of(from.members);
  if (is_one_step || (MUTANT(single_step_change) && !planned.next.members.empty())) return planned;
  for (const Member& member : from.members) {
    if (member.role == MemberRole::voter) planned.next.outgoing.push_back(member);
  }
  return planned;
}

Configuration leave_joint(Configuration joint) {
  CHECK(joint.is_joint());
  joint.outgoing.clear();
  return joint;
}

Membership::Membership(Index index, Configuration configuration) { start_anew(index, std::move(configuration)); }

bool Membership::is_electable(NodeId node, Index committed) const {
  return is_voter(node) || (at(committed).is_voter(node) && !MUTANT(demoted_leader_gives_up));
}

bool Membership::is_removed(NodeId node, Index committed) const {
  return latest().was_removed(node) && !latest().is_joint() && latest_index() <= committed;
}

const Configuration& Membership::at(Index index) const {
  CHECK(index >= history_.front().index);
  auto later = std::find_if(history_.begin(), history_.end(), [&](const At& at) { return at.index > index; });
  return std::prev(later)->configuration;
}

void Membership::append(Index index, Configuration configuration) {
  CHECK(index > latest_index());
  voters_ = configuration.voters();
  history_.push_back({.index = index, .configuration = std::move(configuration)});
}

void Membership::cut_from(Index first) {
  CHECK(history_.front().index < first);
  while (latest_index() >= first) history_.pop_back();
  voters_ = latest().voters();
}

void Membership::forget_before(Index index) {
  while (history_.size() > 1 && history_[1].index <= index) history_.erase(history_.begin());
}

void Membership::start_anew(Index index, Configuration configuration) {
  history_.clear();
  voters_ = configuration.voters();
  history_.push_back({.index = index, .configuration = std::move(configuration)});
}

}  // namespace skiff::raft
