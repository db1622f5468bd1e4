// What a node says of itself in /status and /members.
#include "src/node.h"

namespace skiff {

NodeReport Node::report() const {
  NodeReport report{.cluster = identity_.cluster,
                    .members = {},
                    .raft = replica_->raft().status(),
                    .incarnation = incarnation_,
                    .applied = kv().applied(),
                    .revision = kv().revision(),
                    .compacted = kv().compacted(),
                    .versions = kv().versions(),
                    .history_bytes = kv().history_bytes(),
                    .keys = kv().keys(),
                    .digest = kv().digest(),
                    .value_bytes_max = options_.value_bytes_max,
                    .now_ns = loop_.now_ns(),
                    .peers = {},
                    .disk = {},
                    .snapshots = {},
                    .clients = {}};
  for (const store::Founder& founder : identity_.founders) {
    report.members.push_back({.id = founder.id, .address = founder.address});
  }
  for (const transport::Peers::Status& peer : peers_->status()) {
    report.peers.push_back(
        {.id = peer.id, .is_connected = peer.is_connected, .sent = peer.sent, .dropped = peer.dropped});
  }
  const store::WalCounters& disk = disk_->counters();
  report.disk = {
      .entries = disk.entries, .bytes = disk.bytes, .syncs = disk.syncs, .slowest_sync_ns = slowest_sync_ns_};
  report.snapshots = {.log_first = replica_->raft().log().base().index + 1,
                      .made = replica_->snapshots().made,
                      .fetched = replica_->snapshots().fetched};
  report.clients = {.connections = http_->connections_open(),
                    .requests = http_->counters().requests,
                    .body_bytes = http_->counters().bodies_bytes,
                    .waiting_writes = replica_->waiting_writes(),
                    .waiting_reads = replica_->waiting_reads()};
  return report;
}

}  // namespace skiff
