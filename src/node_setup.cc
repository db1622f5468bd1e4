#include "src/node_setup.h"

#include <fmt/format.h>

#include <algorithm>
#include <random>
#include <utility>

#include "raft/membership.h"
#include "src/base/log.h"
#include "src/descriptors.h"
#include "src/limits.h"
#include "store/command.h"
#include "transport/address.h"
#include "transport/peer_link.h"
#include "transport/wire.h"

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
  if (auto command = store::decode(*entry.payload); !command) return tl::unexpected(command.error());
  return {};
}

}  // namespace

store::Identity wanted_identity(const Options& options) {
  store::Identity identity{.cluster = 0, .node = options.id, .founders = {}};
  for (size_t place = 0; place < options.cluster.size(); ++place) {
    identity.founders.push_back({.id = place + 1, .address = transport::to_url(options.cluster[place])});
  }
  identity.cluster = cluster_id_of(identity.founders);
  return identity;
}

uint64_t random_seed() {
  std::random_device device;
  return (uint64_t{device()} << 32) | device();
}

Result<transport::HttpLimits> http_limits(const Options& options, size_t members) {
  transport::HttpLimits limits;
  limits.key_bytes_max = store::kKeyBytesMax;
  limits.body_bytes_max = options.value_bytes_max;
  const uint64_t descriptors = raise_descriptor_limit();
  const size_t connections = connections_within(descriptors, members, limits);
  const std::string limit = fmt::format("the limit of open files (ulimit -n) is {}", descriptors);
  if (connections == 0) return fail(Error::Code::io, limit + ", which leaves none for clients");
  if (connections < limits.connections_max) {
    log::warn(fmt::format("{}: at most {} clients may be connected", limit, connections));
  }
  limits.connections_max = connections;
  return limits;
}

// What the limits of different houses promise each other.
static_assert(limits::kWindowBytes + limits::kAppendBytes + limits::kSnapshotPieceBytes <
              transport::PeerLink::Limits{}.outbox_bytes_max);
static_assert(limits::kValueBytesMax + store::kKeyBytesMax + 2 * limits::kAppendBytes < transport::kFrameBytesMax);

ReplicaConfig replica_config(const Options& options, store::Recovered& recovered) {
  ReplicaConfig config{.raft = {.id = options.id,
                                .founders = {},
                                .heartbeat_interval = options.heartbeat_ns,
                                .election_timeout = options.election_timeout_ns,
                                .seed = random_seed(),
                                .hard_state = recovered.hard_state,
                                .snapshot = std::move(recovered.snapshot),
                                .entries = std::move(recovered.entries),
                                .mending = recovered.damage ? recovered.incarnation : 0,
                                .append_bytes_max = limits::kAppendBytes,
                                .window = {.entries_max = limits::kWindowEntries, .bytes_max = limits::kWindowBytes}},
                       .snapshots = {.cluster = recovered.identity.cluster,
                                     .every_entries = limits::kSnapshotEveryEntries,
                                     .every_bytes = options.snapshot_log_bytes,
                                     .size_percent = limits::kSnapshotSizePercent,
                                     .trailing_percent = limits::kSnapshotTrailingPercent,
                                     .block_bytes = limits::kSnapshotBlockBytes,
                                     .patience = options.election_timeout_ns,
                                     .bytes_per_s = limits::kSnapshotBytesPerS,
                                     .begun = std::move(recovered.begun)},
                       .digest_every = limits::kDigestEveryEntries,
                       .incarnation = recovered.incarnation,
                       .request_timeout = options.request_timeout_ns,
                       .check_timeout = std::min(options.request_timeout_ns, limits::kCheckTimeoutNs),
                       .forward_window_bytes = limits::kWindowBytes,
                       .leader_window_bytes = limits::kLeaderWindowBytes,
                       .waiting_writes_max = limits::kWaitingWritesMax,
                       .waiting_write_bytes_max = limits::kWaitingWriteBytesMax,
                       .waiting_reads_max = limits::kWaitingReadsMax};
  for (const store::Founder& founder : recovered.identity.founders) {
    config.raft.founders.members.push_back(
        {.id = founder.id, .role = raft::MemberRole::voter, .address = founder.address});
  }
  return config;
}

Result<> check_recovered(const store::Recovered& recovered, const std::string& folder) {
  const raft::SnapshotMark& snapshot = recovered.snapshot;
  if (snapshot.position.index > 0 && !raft::decode_configuration(*snapshot.configuration)) {
    return fail(Error::Code::corrupt, "read " + folder + ": its snapshot names members in a way that cannot be read");
  }
  for (const raft::Entry& entry : recovered.entries) {
    auto readable = check_payload(entry);
    if (readable) continue;
    return fail(readable.error().code,
                fmt::format("read {}: entry {} of term {}: {}; was it written by a newer version?", folder,
                            entry.position.index, entry.position.term, readable.error().what));
  }
  return {};
}

}  // namespace skiff
