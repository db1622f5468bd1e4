#include "src/api/status.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "src/version.h"

namespace skiff {
namespace {

using Json = nlohmann::ordered_json;

// Ids of 64 bits do not survive a reader that takes every number for a double.
std::string hex(uint64_t number) { return fmt::format("{:016x}", number); }

Json peer_json(const NodeReport& report, const NodeReport::Peer& peer) {
  Json json = {{"id", peer.id}, {"connected", peer.is_connected}, {"sent", peer.sent}, {"dropped", peer.dropped}};
  for (const raft::Status::Peer& follower : report.raft.peers) {
    if (follower.node != peer.id) continue;
    json["match"] = follower.match;
    json["probing"] = follower.state == raft::Progress::State::probe;
    json["full"] = follower.is_full;
    json["heard_ms_ago"] = (report.now - follower.heard_at).ms();
  }
  return json;
}

// Of another member this node knows whether its link to it stands; a leader also knows how far it has got.
Json member_json(const NodeReport& report, const NodeReport::Member& member) {
  const bool is_voter = member.role == raft::MemberRole::voter;
  Json json = {{"id", member.id}, {"address", member.address}, {"role", is_voter ? "voter" : "learner"}};
  if (member.id == report.raft.leader) json["leader"] = true;
  if (member.role == raft::MemberRole::joining) json["joining"] = true;
  if (member.is_leaving) json["leaving"] = true;
  for (const NodeReport::Peer& peer : report.peers) {
    if (peer.id == member.id) json["connected"] = peer.is_connected;
  }
  for (const raft::Status::Peer& follower : report.raft.peers) {
    if (follower.node == member.id) json["match"] = follower.match;
  }
  return json;
}

Json members_of(const NodeReport& report) {
  Json members = Json::array();
  for (const NodeReport::Member& member : report.members) members.push_back(member_json(report, member));
  return members;
}

Json withdrawn_of(const NodeReport& report) {
  Json withdrawn = Json::array();
  for (const NodeReport::Withdrawn& gone : report.withdrawn) {
    withdrawn.push_back({{"id", gone.id}, {"address", gone.address}, {"reason", gone.reason}});
  }
  return withdrawn;
}

Json scrub_of(const NodeReport& report) {
  const NodeReport::Scrub& scrub = report.scrub;
  Json json = {{"under_way", scrub.is_under_way},
               {"passes", scrub.passes},
               {"files", scrub.files},
               {"bytes", scrub.bytes},
               {"found", scrub.found},
               {"mended", scrub.recovered},
               {"damaged", scrub.is_damaged}};
  if (scrub.passes > 0) json["ended_ms_ago"] = (report.now - scrub.last_ended).ms();
  return json;
}

}  // namespace

std::string members_json(const NodeReport& report) {
  Json json = {{"cluster", hex(report.cluster)}, {"members", members_of(report)}, {"changing", report.is_changing}};
  if (!report.withdrawn.empty()) json["withdrawn"] = withdrawn_of(report);
  if (!report.conflict.empty()) json["conflict"] = report.conflict;
  return json.dump();
}

std::string status_json(const NodeReport& report) {
  Json peers = Json::array();
  for (const NodeReport::Peer& peer : report.peers) peers.push_back(peer_json(report, peer));
  Json json = {
      {"id", report.raft.id},
      {"cluster", hex(report.cluster)},
      {"role", raft::to_text(report.raft.role)},
      {"leader", report.raft.leader},
      {"term", report.raft.hard_state.term},
      {"takes_writes", report.raft.takes_writes},
      {"incarnation", report.incarnation},
      {"mending", report.raft.recovering},
      {"log",
       {{"first", report.snapshots.log_first},
        {"last", report.raft.last.index},
        {"durable", report.raft.durable},
        {"committed", report.raft.committed}}},
      {"store",
       {{"applied", report.applied},
        {"revision", report.revision},
        {"compacted", report.compacted},
        {"versions", report.versions},
        {"history_bytes", report.history_bytes},
        {"keys", report.keys},
        {"digest", hex(report.digest)},
        {"value_bytes_max", report.value_bytes_max}}},
      {"disk",
       {{"entries", report.disk.entries},
        {"bytes", report.disk.bytes},
        {"syncs", report.disk.syncs},
        {"saved_on_loop", report.disk.saved_here},
        {"loop_taken_over", report.disk.left_behind},
        {"slowest_sync_us", report.disk.slowest_sync.us()},
        {"segment_bytes_left", report.disk.room},
        {"full", report.raft.is_full}}},
      {"snapshot",
       {{"index", report.raft.snapshot.index},
        {"made", report.snapshots.made},
        {"fetched", report.snapshots.fetched},
        {"resumed", report.snapshots.resumed},
        {"blocks", report.block_times.blocks},
        {"blocks_over_200_us", report.block_times.slow},
        {"longest_block_us", report.block_times.longest.us()},
        {"backups", report.snapshots.backups}}},
      {"scrub", scrub_of(report)},
      {"clients",
       {{"connections", report.clients.connections},
        {"requests", report.clients.requests},
        {"body_bytes", report.clients.body_bytes},
        {"waiting_writes", report.clients.waiting_writes},
        {"waiting_reads", report.clients.waiting_reads}}},
      {"changing", report.is_changing},
      {"members", members_of(report)},
      {"peers", std::move(peers)},
  };
  if (!report.withdrawn.empty()) json["withdrawn"] = withdrawn_of(report);
  return json.dump();
}

std::string version_json() { return Json{{"version", kVersion}, {"build", kBuild}}.dump(); }

}  // namespace skiff
