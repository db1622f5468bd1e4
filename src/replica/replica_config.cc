#include "src/replica/replica_config.h"

#include <algorithm>
#include <utility>

#include "raft/check.h"
#include "src/config/limits.h"

namespace skiff {
namespace {

raft::Config raft_config(const ReplicaSettings& settings, store::Recovered& recovered, uint64_t start, uint64_t seed) {
  raft::Config config{.id = recovered.identity.node,
                      .founders = {},
                      .heartbeat_interval = settings.heartbeat_interval,
                      .election_timeout = settings.election_timeout,
                      .seed = seed,
                      .commit_notice_delay = limits::kCommitNoticeDelay,
                      .hard_state = recovered.hard_state,
                      .snapshot = std::move(recovered.snapshot),
                      .entries = std::move(recovered.entries),
                      .start = start,
                      .recovering = recovered.damage ? start : 0,
                      .append_bytes_max = limits::kAppendBytes,
                      .window = {.entries_max = limits::kWindowEntries, .bytes_max = limits::kWindowBytes},
                      .space_kept_bytes = limits::kSpaceKeptBytes};
  if (!is_founder(recovered.identity)) return config;  // its leader will send it the log
  for (const store::Founder& founder : recovered.identity.founders) {
    config.founders.members.push_back({.id = founder.id, .role = raft::MemberRole::voter, .address = founder.address});
  }
  return config;
}

SnapshotConfig snapshot_config(const ReplicaSettings& settings, store::Recovered& recovered) {
  return {.cluster = recovered.identity.cluster,
          .every_entries = limits::kSnapshotEveryEntries,
          .every_bytes = settings.snapshot_log_bytes,
          .size_percent = limits::kSnapshotSizePercent,
          .trailing_percent = limits::kSnapshotTrailingPercent,
          .rest_bytes = limits::kRestLogBytes,
          .rest_trailing_bytes = limits::kRestTrailingBytes,
          .entry_overhead_bytes = limits::kEntryOverheadBytes,
          .block_bytes = limits::kSnapshotBlockBytes,
          .retry_after = settings.election_timeout,
          .bytes_per_s = limits::kSnapshotBytesPerS,
          .begun = std::move(recovered.begun)};
}

}  // namespace

bool is_founder(const store::Identity& identity) {
  auto is_it = [&](const store::Founder& founder) { return founder.id == identity.node; };
  return std::any_of(identity.founders.begin(), identity.founders.end(), is_it);
}

ReplicaConfig replica_config(const ReplicaSettings& settings, store::Recovered& recovered, uint64_t start,
                             uint64_t seed) {
  CHECK(start != 0);
  CHECK(settings.heartbeat_interval < settings.election_timeout);
  CHECK(recovered.incarnation > 0);
  return {.raft = raft_config(settings, recovered, start, seed),
          .snapshots = snapshot_config(settings, recovered),
          .history = settings.history,
          .digest_every = limits::kDigestEveryEntries,
          .incarnation = recovered.incarnation,
          .request_timeout = settings.request_timeout,
          .forward_window_bytes = limits::kWindowBytes,
          .leader_window_bytes = limits::kLeaderWindowBytes,
          .waiting_writes_max = limits::kWaitingWritesMax,
          .waiting_write_bytes_max = limits::kWaitingWriteBytesMax,
          .waiting_barriers_max = limits::kWaitingReadsMax,
          .barriers_answered_max = limits::kReadsAnsweredMax,
          .applied_max = limits::kAppliedPerTurnMax,
          .backups_max = limits::kBackupsMax,
          .join_timeout = settings.join_timeout,
          .members_max = limits::kMembersMax};
}

}  // namespace skiff
