#include "src/api_status.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "version.h"

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
    json["heard_ms_ago"] = (report.now_ns - follower.heard_at) / 1'000'000;
  }
  return json;
}

}  // namespace

std::string members_json(const NodeReport& report) {
  Json members = Json::array();
  for (const NodeReport::Member& member : report.members) {
    Json json = {{"id", member.id}, {"address", member.address}, {"role", "voter"}};
    if (member.id == report.raft.leader) json["leader"] = true;
    members.push_back(std::move(json));
  }
  return Json{{"cluster", hex(report.cluster)}, {"members", std::move(members)}}.dump();
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
      {"incarnation", report.incarnation},
      {"mending", report.raft.mending},
      {"log",
       {{"first", report.snapshots.log_first},
        {"last", report.raft.last.index},
        {"durable", report.raft.durable},
        {"committed", report.raft.committed}}},
      {"store",
       {{"applied", report.applied},
        {"revision", report.revision},
        {"keys", report.keys},
        {"digest", hex(report.digest)},
        {"value_bytes_max", report.value_bytes_max}}},
      {"disk",
       {{"entries", report.disk.entries},
        {"bytes", report.disk.bytes},
        {"syncs", report.disk.syncs},
        {"slowest_sync_us", report.disk.slowest_sync_ns / 1'000}}},
      {"snapshot",
       {{"index", report.raft.snapshot.index}, {"made", report.snapshots.made}, {"fetched", report.snapshots.fetched}}},
      {"clients",
       {{"connections", report.clients.connections},
        {"requests", report.clients.requests},
        {"body_bytes", report.clients.body_bytes},
        {"waiting_writes", report.clients.waiting_writes},
        {"waiting_reads", report.clients.waiting_reads}}},
      {"peers", std::move(peers)},
  };
  return json.dump();
}

std::string version_json() { return Json{{"version", kVersion}, {"build", kBuild}}.dump(); }

}  // namespace skiff
