#include "src/node/setup.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <random>
#include <utility>

#include "raft/check.h"
#include "raft/membership.h"
#include "src/base/log.h"
#include "src/base/threads.h"
#include "src/base/try.h"
#include "src/config/limits.h"
#include "src/config/units.h"
#include "src/node/descriptors.h"
#include "src/replica/can_repair.h"
#include "store/state/command.h"
#include "store/wal/data_dir_ids.h"
#include "transport/loop/address.h"
#include "transport/loop/listener.h"
#include "transport/peers/peer_link.h"
#include "transport/peers/wire.h"

namespace skiff {
namespace {

// A cluster is named after its founders, so that nodes of different clusters turn each other away. FNV-1a, 64 bits.
uint64_t cluster_id_of(const std::vector<store::Founder>& founders) {
  uint64_t hash = 0xcbf29ce484222325u;
  auto add = [&hash](std::string_view text) {
    for (char byte : text) hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3u;
  };
  for (const store::Founder& founder : founders) add(fmt::format("{}={};", founder.id, founder.address));
  return hash;
}

Result<> check_payload(const raft::Entry& entry) {
  if (entry.kind == raft::EntryKind::no_op) return {};
  if (!entry.payload) return fail(Error::Code::corrupt, "it is empty");
  if (entry.kind == raft::EntryKind::configuration) {
    if (raft::decode_configuration(*entry.payload)) return {};
    return fail(Error::Code::corrupt, "it names members in a way that cannot be read");
  }
  TRY(std::ignore, store::decode(*entry.payload));
  return {};
}

}  // namespace

std::string why_withdrawn(const Options& options) {
  return "it was added, and not heard of for " + show_duration(options.join_timeout);
}

store::Identity wanted_identity(const Options& options) {
  store::Identity identity{.cluster = 0, .node = options.id, .founders = {}};
  for (size_t place = 0; place < options.cluster.size(); ++place) {
    identity.founders.push_back({.id = place + 1, .address = transport::to_url(options.cluster[place])});
  }
  identity.cluster = cluster_id_of(identity.founders);
  return identity;
}

namespace {

// As of the end of the log, committed or not.
std::optional<raft::Configuration> last_configuration(const store::Recovered& recovered) {
  for (auto entry = recovered.entries.rbegin(); entry != recovered.entries.rend(); ++entry) {
    if (entry->kind == raft::EntryKind::configuration) return raft::decode_configuration(*entry->payload);
  }
  if (recovered.snapshot.position.index > 0) return raft::decode_configuration(*recovered.snapshot.configuration);
  return std::nullopt;
}

std::string known_address(const store::Recovered& recovered) {
  const raft::NodeId self = recovered.identity.node;
  const std::optional<raft::Configuration> configuration = last_configuration(recovered);
  const raft::Member* member = configuration ? configuration->find(self) : nullptr;
  if (member != nullptr) return member->address;
  for (const store::Founder& founder : recovered.identity.founders) {
    if (founder.id == self) return founder.address;
  }
  return "";
}

}  // namespace

Result<transport::Address> listening_address(const Options& options, const store::Recovered& recovered) {
  const std::string known = known_address(recovered);
  const bool has_entry = options.cluster_given && options.id <= options.cluster.size();
  if (has_entry && !known.empty() && transport::to_url(options.cluster[options.id - 1]) != known) {
    log::warn(fmt::format(
        "--cluster gives this node the address {}, the log has {}: the node tells the others its new address, and the "
        "log is corrected without an admin request",
        transport::to_url(options.cluster[options.id - 1]), known));
  }
  if (options.peer_listen) return *options.peer_listen;
  if (has_entry) return options.cluster[options.id - 1];
  if (!known.empty()) return transport::parse_address(known);
  return fail(Error::Code::invalid,
              "this node's address is neither in --cluster nor in " + options.data_dir + ": give it as --peer-listen");
}

namespace {

std::string limit_of_files(uint64_t descriptors) {
  return fmt::format("the limit of open files (ulimit -n) is {}", descriptors);
}

// With a reserve for as many members as there may ever be; where that leaves nothing, for the founders alone.
Result<size_t> connections(const transport::HttpLimits& wanted, size_t founders) {
  const uint64_t descriptors = raise_descriptor_limit();
  const size_t many = connections_within(descriptors, limits::kMembersMax, wanted);
  const size_t some = many > 0 ? many : connections_within(descriptors, founders, wanted);
  if (some > 0) return some;
  return fail(Error::Code::io, limit_of_files(descriptors) + ", which leaves none for clients");
}

// A name counts as elsewhere: it is not resolved here.
bool is_elsewhere(const transport::Address& address) { return !transport::is_loopback(address.host); }

}  // namespace

namespace {

void log_recovered(const Options& options, const store::Identity& wanted, const store::Recovered& recovered) {
  for (const std::string& note : recovered.notes) log::warn(note);
  if (recovered.damage) {
    log::error(*recovered.damage +
               ". The other members send what this node may have lost with it; until then it votes for nobody and "
               "confirms nothing");
  }
  if (options.cluster_given && recovered.identity.cluster != wanted.cluster && is_founder(recovered.identity)) {
    log::warn("--cluster differs from what " + options.data_dir +
              " was founded with; the data directory's members rule");
  }
}

}  // namespace

Result<OpenedDirectory> open_directory(const Options& options, const store::Identity* joined) {
  static const std::unique_ptr<store::Files> kFiles = store::posix_files();
  const store::Identity wanted = joined == nullptr ? wanted_identity(options) : *joined;
  CHECK(wanted.node == options.id);
  TRY(check_founding(*kFiles, options, wanted, joined != nullptr));
  TRY(auto opened, store::Storage::open(*kFiles, options.data_dir, wanted, {}, can_repair));
  log_recovered(options, wanted, opened.recovered);
  TRY(check_recovered(opened.recovered, options.data_dir));
  TRY(const uint64_t data_dir_id, store::own_data_dir_id(*kFiles, options.data_dir, random_seed()));
  TRY(auto known, store::known_data_dir_ids(*kFiles, options.data_dir));
  if (!known.note.empty()) log::warn(known.note);
  CHECK(data_dir_id != 0);
  return OpenedDirectory{
      .opened = std::move(opened), .data_dir_id = data_dir_id, .known = std::move(known.data_dir_ids)};
}

Result<> check_founding(store::Files& files, const Options& options, const store::Identity& wanted, bool joins) {
  TRY(const bool exists, files.exists(store::join(options.data_dir, store::kIdentityName)));
  if (exists) return {};
  if (!joins && options.id > options.cluster.size()) {
    return fail(Error::Code::invalid,
                fmt::format("node {} has no entry in --cluster, which names {}, and nothing in {}: "
                            "to add it to a running cluster, start it with --join",
                            options.id, options.cluster.size(), options.data_dir));
  }
  store::Recovered nothing;
  nothing.identity = wanted;
  TRY(const auto own, listening_address(options, nothing));
  TRY(transport::Listener::probe(own));
  TRY(transport::Listener::probe({options.listen, options.port}));
  TRY(std::ignore, connections({}, wanted.founders.size()));
  return probe_threads("the disk and snapshots", 2);
}

std::string why_unreachable(const transport::Address& listens_at, const std::vector<transport::Address>& others) {
  if (!transport::is_loopback(listens_at.host) || std::none_of(others.begin(), others.end(), is_elsewhere)) return "";
  return fmt::format(
      "listens for the other members at {}, which only this machine can reach, but the member at {} is elsewhere. If "
      "this node's name resolves to that address (see /etc/hosts), set --peer-listen, like 0.0.0.0:{}",
      transport::to_text(listens_at), transport::to_text(*std::find_if(others.begin(), others.end(), is_elsewhere)),
      listens_at.port);
}

// --peer-listen takes precedence over --cluster, whose entry may be older, if the members were told that address.
std::string greeted_address(const Options& options, const store::Recovered& recovered) {
  const bool has_entry = options.cluster_given && options.id <= options.cluster.size();
  const bool is_told = options.peer_listen && transport::to_url(*options.peer_listen) == known_address(recovered);
  return has_entry && !is_told ? transport::to_url(options.cluster[options.id - 1]) : "";
}

std::map<raft::NodeId, transport::Address> configured_addresses(const Options& options) {
  std::map<raft::NodeId, transport::Address> addresses;
  if (!options.cluster_given) return addresses;
  for (size_t place = 0; place < options.cluster.size(); ++place) {
    if (place + 1 != options.id) addresses[place + 1] = options.cluster[place];
  }
  return addresses;
}

KnownMembers known_members(const raft::Raft& raft, const store::Identity& identity) {
  const raft::Configuration& configuration = raft.configuration();
  KnownMembers known;
  auto add = [&](raft::NodeId node, const std::string& text) {
    auto is_it = [&](const transport::PeerMember& member) { return member.id == node; };
    auto address = transport::parse_address(text);
    if (!address || std::any_of(known.members.begin(), known.members.end(), is_it)) return;
    known.members.push_back({.id = node, .address = *address});
    known.admission.join_reply.members.push_back({.id = node, .address = text});
  };
  for (const raft::Member& member : configuration.members) {
    add(member.id, member.address);
    if (!configuration.is_voter(member.id)) known.admission.joining.insert(member.id);
  }
  for (const raft::Member& member : configuration.outgoing) add(member.id, member.address);
  // A node that has joined, and was not sent the end of the log yet, knows the members that told it about the cluster:
  // the leader may be among them without being a member by this node's log so far.
  for (const store::Founder& founder : identity.founders) {
    if (!configuration.was_removed(founder.id)) add(founder.id, founder.address);
  }
  known.admission.join_reply.cluster = identity.cluster;
  const bool is_settled = raft.is_configuration_committed() && !configuration.is_joint();
  (is_settled ? known.admission.removed : known.admission.leaving) = configuration.removed;
  return known;
}

void add_discovered(KnownMembers& known, const raft::Configuration& configuration,
                    const std::vector<transport::PeerMember>& discovered) {
  const std::vector<transport::PeerMember> named = known.members;
  for (const transport::PeerMember& member : discovered) {
    auto is_it = [&](const transport::PeerMember& other) { return other.id == member.id; };
    if (configuration.was_removed(member.id) || std::any_of(named.begin(), named.end(), is_it)) continue;
    known.members.push_back(member);
    known.admission.discovered.insert(member.id);
  }
}

uint64_t random_seed() {
  std::random_device device;
  return (uint64_t{device()} << 32) | device();
}

Result<transport::HttpLimits> http_limits(const Options& options, size_t founders) {
  transport::HttpLimits limits;
  limits.key_bytes_max = store::kKeyBytesMax;
  limits.body_bytes_max = options.value_bytes_max;
  limits.owed_bytes_max = std::max<size_t>(limits.owed_bytes_max, limits::kValuesOwed * options.value_bytes_max);
  TRY(const auto clients, connections(limits, founders));
  if (clients < limits.connections_max) {
    log::warn(
        fmt::format("{}: at most {} clients may be connected", limit_of_files(raise_descriptor_limit()), clients));
  }
  limits.connections_max = clients;
  return limits;
}

transport::HttpAccess http_access(const Options& options) {
  return {.origins = options.cors_origins,
          .hosts = options.host_whitelist,
          .is_for_this_machine = transport::is_loopback(options.listen)};
}

ApiConfig api_config(const Options& options) {
  return {.request_timeout = options.request_timeout,
          .health_timeout = std::min(options.request_timeout, limits::kHealthTimeout)};
}

// Limits of different directories that depend on each other.
static_assert(limits::kWindowBytes + limits::kAppendBytes + limits::kSnapshotPieceBytes <
              transport::PeerLink::Limits{}.outbox_bytes_max);
static_assert(limits::kValueBytesMax + store::kKeyBytesMax + 2 * limits::kAppendBytes < transport::kFrameBytesMax);

ReplicaSettings replica_settings(const Options& options) {
  CHECK(options.heartbeat * limits::kHeartbeatsPerElectionTimeoutMin <= options.election_timeout);
  return {.heartbeat_interval = options.heartbeat,
          .election_timeout = options.election_timeout,
          .request_timeout = options.request_timeout,
          .join_timeout = options.join_timeout,
          .snapshot_log_bytes = options.snapshot_log_bytes,
          .history = {.revisions = options.history_revisions,
                      .bytes = options.history_bytes,
                      .age = options.history_age,
                      .revisions_per_cut = limits::kHistoryRevisionsPerCut,
                      .bytes_per_cut = limits::kHistoryBytesPerCut}};
}

ScrubConfig scrub_config(const Options& options) {
  return {.every = options.scrub_every,
          .first = limits::kScrubFirst,
          .piece_bytes = limits::kScrubPieceBytes,
          .pause = limits::kScrubPause,
          .replace_again = limits::kReplaceAgain};
}

Result<> check_recovered(const store::Recovered& recovered, const std::string& directory) {
  const raft::SnapshotMark& snapshot = recovered.snapshot;
  if (snapshot.position.index > 0 && !raft::decode_configuration(*snapshot.configuration)) {
    return fail(Error::Code::corrupt,
                "read " + directory + ": its snapshot names members in a way that cannot be read");
  }
  for (const raft::Entry& entry : recovered.entries) {
    auto readable = check_payload(entry);
    if (readable) continue;
    return fail(readable.error().code,
                fmt::format("read {}: entry {} of term {}: {}; was it written by another version of skiff?", directory,
                            entry.position.index, entry.position.term, readable.error().what));
  }
  return {};
}

}  // namespace skiff
