#include "src/api/status.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "raft/check.h"
#include "src/version.h"

namespace skiff {
namespace {

using Json = nlohmann::ordered_json;

// Ids of 64 bits do not survive a reader that takes every number for a double.
std::string hex(uint64_t number) { return fmt::format("{:016x}", number); }

void add(Json& json, const MetricList& metrics) {
  metrics.visit_metrics([&json](const Metric& metric, uint64_t value) {
    Json& field = json[std::string(metric.name)];
    CHECK(field.is_null());
    if (metric.unit == Metric::Unit::truth) {
      field = value != 0;
    } else {
      field = value;
    }
  });
}

Json peer_json(const NodeReport& report, const NodeReport::Peer& peer) {
  Json json = {{"id", peer.id}, {"connected", peer.is_connected}};
  add(json, peer.metrics);
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

Json log_of(const NodeReport& report) {
  return {{"first", report.log_first},
          {"last", report.raft.last.index},
          {"durable", report.raft.durable},
          {"committed", report.raft.committed}};
}

Json store_of(const NodeReport& report) {
  Json json;
  add(json, report.groups.store);
  json["digest"] = hex(report.digest);
  json["value_bytes_max"] = report.value_bytes_max;
  return json;
}

Json disk_of(const NodeReport& report) {
  Json json;
  add(json, report.groups.disk);
  json["full"] = report.raft.is_full;
  return json;
}

Json snapshot_of(const NodeReport& report) {
  Json json = {{"index", report.raft.snapshot.index}};
  add(json, report.groups.snapshot);
  return json;
}

Json scrub_of(const NodeReport& report) {
  Json json;
  add(json, report.groups.scrub);
  if (report.scrub_ended) json["ended_ms_ago"] = (report.now - *report.scrub_ended).ms();
  return json;
}

Json clients_of(const NodeReport& report) {
  Json json;
  add(json, report.groups.clients);
  return json;
}

Json peers_of(const NodeReport& report) {
  Json peers = Json::array();
  for (const NodeReport::Peer& peer : report.peers) peers.push_back(peer_json(report, peer));
  return peers;
}

}  // namespace

std::string members_json(const NodeReport& report) {
  Json json = {{"cluster", hex(report.cluster)}, {"members", members_of(report)}, {"changing", report.is_changing}};
  if (!report.withdrawn.empty()) json["withdrawn"] = withdrawn_of(report);
  if (!report.conflict.empty()) json["conflict"] = report.conflict;
  return json.dump();
}

std::string status_json(const NodeReport& report) {
  Json json = {{"id", report.raft.id},
               {"cluster", hex(report.cluster)},
               {"role", raft::to_text(report.raft.role)},
               {"leader", report.raft.leader},
               {"term", report.raft.hard_state.term},
               {"takes_writes", report.raft.takes_writes},
               {"incarnation", report.incarnation},
               {"mending", report.raft.recovering},
               {"log", log_of(report)},
               {"store", store_of(report)},
               {"disk", disk_of(report)},
               {"snapshot", snapshot_of(report)},
               {"scrub", scrub_of(report)},
               {"clients", clients_of(report)},
               {"changing", report.is_changing},
               {"members", members_of(report)},
               {"peers", peers_of(report)}};
  if (!report.withdrawn.empty()) json["withdrawn"] = withdrawn_of(report);
  return json.dump();
}

std::string version_json() { return Json{{"version", kVersion}, {"build", kBuild}}.dump(); }

}  // namespace skiff
