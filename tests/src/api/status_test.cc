#include "src/api/status.h"

#include <string>

#include "src/base/block_times.h"
#include "src/node/disk_thread.h"
#include "src/replica/replica.h"
#include "src/replica/scrub_schedule.h"
#include "store/state/kv_counters.h"
#include "tests/support/catch.h"
#include "transport/http/server.h"
#include "transport/peers/peer_link.h"

namespace skiff::api_status_test {

using transport::PeerLink;

// The numbers of all modules.
struct Counters {
  store::KvCounters map;
  DiskThread::Counters disk;
  ReplicaSnapshots::Counts snapshots;
  BlockTimes blocks;
  ReplicaBackups::Counters backups;
  ScrubSchedule::Counts scrub;
  transport::HttpServer::Counters server;
  Replica::Counters replica;
};

// In the order of Node::metrics().
NodeReport::Groups groups_of(const Counters& counters) {
  NodeReport::Groups groups;
  counters.map.visit_metrics(groups.store);
  counters.disk.visit_metrics(groups.disk);
  counters.snapshots.visit_metrics(groups.snapshot);
  counters.blocks.visit_metrics(groups.snapshot);
  counters.backups.visit_metrics(groups.snapshot);
  counters.scrub.visit_metrics(groups.scrub);
  counters.server.visit_metrics(groups.clients);
  counters.replica.visit_metrics(groups.clients);
  return groups;
}

// A leader of three nodes, with another number in every field.
NodeReport leader_report() {
  NodeReport report;
  report.cluster = 0x2a;
  report.members = {{.id = 1, .address = "http://a:1"},
                    {.id = 2, .address = "http://b:2", .is_leaving = true},
                    {.id = 3, .address = "http://c:3", .role = raft::MemberRole::joining}};
  report.is_changing = true;
  report.withdrawn = {{.id = 4, .address = "http://d:4", .reason = "it never came"}};
  report.conflict = "another directory";
  report.raft = {.id = 1,
                 .role = raft::RoleName::leader,
                 .leader = 1,
                 .hard_state = {.term = 7, .vote = 1},
                 .last = {.term = 7, .index = 120},
                 .durable = 119,
                 .committed = 118,
                 .snapshot = {.term = 6, .index = 100},
                 .recovering = true,
                 .is_full = true,
                 .takes_writes = false,
                 .peers = {{.node = 2, .match = 117, .is_full = true, .heard_at = 4_ms},
                           {.node = 3, .match = 90, .state = raft::Progress::State::replicate, .heard_at = 5_ms}}};
  report.log_first = 80;
  report.incarnation = 11;
  report.digest = 0xabc;
  report.value_bytes_max = 1'048'576;
  report.now = 9_ms;
  report.scrub_ended = 2_ms;
  report.peers = {{.id = 2, .is_connected = true}, {.id = 3, .is_connected = false}};
  PeerLink::Counters{.sent = 201, .dropped = 202}.visit_metrics(report.peers[0].metrics);
  PeerLink::Counters{.sent = 301, .dropped = 302}.visit_metrics(report.peers[1].metrics);
  report.groups = groups_of({
      .map = {.applied = 116, .revision = 115, .compacted = 50, .versions = 66, .history_bytes = 6'600, .keys = 33},
      .disk = {.log = {.room = 27, .entries = 21, .bytes = 22, .syncs = 23},
               .saved_on_loop = 24,
               .loop_taken_over = 25,
               .slowest_sync = 26'999_ns},
      .snapshots = {.made = 31, .fetched = 32, .resumed = 34},
      .blocks = {.blocks = 35, .slow = 36, .longest = 37'999_ns, .longest_of_last = 9_ns},
      .backups = {.running = 38},
      .scrub = {.passes = 41,
                .files = 42,
                .bytes = 43,
                .found = 44,
                .recovered = 45,
                .is_under_way = true,
                .is_damaged = true},
      .server = {.connections = 51,
                 .connections_accepted = 56,
                 .connections_turned_away = 58,
                 .connections_gave_way = 57,
                 .connections_stalled = 59,
                 .requests = 52,
                 .refused = 60,
                 .bodies_bytes = 53},
      .replica = {.waiting_writes = 54, .waiting_barriers = 55},
  });
  return report;
}

constexpr char kLeaderMembers[] =
    R"({"cluster":"000000000000002a",)"
    R"("members":[{"id":1,"address":"http://a:1","role":"voter","leader":true},)"
    R"({"id":2,"address":"http://b:2","role":"voter","leaving":true,"connected":true,"match":117},)"
    R"({"id":3,"address":"http://c:3","role":"learner","joining":true,"connected":false,"match":90}],)"
    R"("changing":true,)"
    R"("withdrawn":[{"id":4,"address":"http://d:4","reason":"it never came"}],)"
    R"("conflict":"another directory"})";

constexpr char kLeaderStatus[] =
    R"({"id":1,"cluster":"000000000000002a","role":"leader","leader":1,"term":7,"takes_writes":false,)"
    R"("incarnation":11,"mending":true,)"
    R"("log":{"first":80,"last":120,"durable":119,"committed":118},)"
    R"("store":{"applied":116,"revision":115,"compacted":50,"versions":66,"history_bytes":6600,"keys":33,)"
    R"("digest":"0000000000000abc","value_bytes_max":1048576},)"
    R"("disk":{"entries":21,"bytes":22,"syncs":23,"saved_on_loop":24,"loop_taken_over":25,"slowest_sync_us":26,)"
    R"("segment_bytes_left":27,"full":true},)"
    R"("snapshot":{"index":100,"made":31,"fetched":32,"resumed":34,"blocks":35,"blocks_over_200_us":36,)"
    R"("longest_block_us":37,"backups":38},)"
    R"("scrub":{"under_way":true,"passes":41,"files":42,"bytes":43,"found":44,"mended":45,"damaged":true,)"
    R"("ended_ms_ago":7},)"
    R"("clients":{"connections":51,"requests":52,"body_bytes":53,"connections_accepted":56,)"
    R"("connections_gave_way":57,"connections_turned_away":58,"connections_stalled":59,"refused":60,)"
    R"("waiting_writes":54,"waiting_reads":55},)"
    R"("changing":true,)"
    R"("members":[{"id":1,"address":"http://a:1","role":"voter","leader":true},)"
    R"({"id":2,"address":"http://b:2","role":"voter","leaving":true,"connected":true,"match":117},)"
    R"({"id":3,"address":"http://c:3","role":"learner","joining":true,"connected":false,"match":90}],)"
    R"("peers":[{"id":2,"connected":true,"sent":201,"dropped":202,"match":117,"probing":true,"full":true,)"
    R"("heard_ms_ago":5},)"
    R"({"id":3,"connected":false,"sent":301,"dropped":302,"match":90,"probing":false,"full":false,)"
    R"("heard_ms_ago":4}],)"
    R"("withdrawn":[{"id":4,"address":"http://d:4","reason":"it never came"}]})";

TEST_CASE("the pages of a leader name every field in its order") {
  const NodeReport report = leader_report();

  REQUIRE(members_json(report) == kLeaderMembers);
  REQUIRE(status_json(report) == kLeaderStatus);
}

TEST_CASE("the pages of a node that knows nobody leave out the fields that say nothing") {
  NodeReport report;
  report.raft.id = 9;
  report.peers = {{.id = 8}};
  PeerLink::Counters{}.visit_metrics(report.peers[0].metrics);
  report.groups = groups_of({});

  REQUIRE(members_json(report) == R"({"cluster":"0000000000000000","members":[],"changing":false})");
  REQUIRE(status_json(report) ==
          R"({"id":9,"cluster":"0000000000000000","role":"follower","leader":0,"term":0,"takes_writes":true,)"
          R"("incarnation":0,"mending":false,)"
          R"("log":{"first":1,"last":0,"durable":0,"committed":0},)"
          R"("store":{"applied":0,"revision":0,"compacted":0,"versions":0,"history_bytes":0,"keys":0,)"
          R"("digest":"0000000000000000","value_bytes_max":0},)"
          R"("disk":{"entries":0,"bytes":0,"syncs":0,"saved_on_loop":0,"loop_taken_over":0,"slowest_sync_us":0,)"
          R"("segment_bytes_left":0,"full":false},)"
          R"("snapshot":{"index":0,"made":0,"fetched":0,"resumed":0,"blocks":0,"blocks_over_200_us":0,)"
          R"("longest_block_us":0,"backups":0},)"
          R"("scrub":{"under_way":false,"passes":0,"files":0,"bytes":0,"found":0,"mended":0,"damaged":false},)"
          R"("clients":{"connections":0,"requests":0,"body_bytes":0,"connections_accepted":0,)"
          R"("connections_gave_way":0,"connections_turned_away":0,"connections_stalled":0,"refused":0,)"
          R"("waiting_writes":0,"waiting_reads":0},)"
          R"("changing":false,"members":[],)"
          R"("peers":[{"id":8,"connected":false,"sent":0,"dropped":0}]})");
}

// A visitor that prints a line for each number, as a scraper of metrics might read it.
struct Lines {
  std::string group;
  std::string text;

  void operator()(const Metric& metric, uint64_t value) {
    text += group + "_" + std::string(metric.name);
    if (metric.kind == Metric::Kind::counter) text += "_total";
    text += " " + std::to_string(value) + "\n";
  }
};

TEST_CASE("another visitor prints the numbers of /status in another format") {
  Lines lines;
  leader_report().groups.visit([&lines](const char* group, const MetricList& metrics) {
    lines.group = group;
    metrics.visit_metrics(lines);
  });

  REQUIRE(lines.text ==
          "store_applied 116\nstore_revision 115\nstore_compacted 50\nstore_versions 66\nstore_history_bytes 6600\n"
          "store_keys 33\n"
          "disk_entries_total 21\ndisk_bytes_total 22\ndisk_syncs_total 23\ndisk_saved_on_loop_total 24\n"
          "disk_loop_taken_over_total 25\ndisk_slowest_sync_us 26\ndisk_segment_bytes_left 27\n"
          "snapshot_made_total 31\nsnapshot_fetched_total 32\nsnapshot_resumed_total 34\nsnapshot_blocks_total 35\n"
          "snapshot_blocks_over_200_us_total 36\nsnapshot_longest_block_us 37\nsnapshot_backups 38\n"
          "scrub_under_way 1\nscrub_passes_total 41\nscrub_files_total 42\nscrub_bytes_total 43\n"
          "scrub_found_total 44\nscrub_mended_total 45\nscrub_damaged 1\n"
          "clients_connections 51\nclients_requests_total 52\nclients_body_bytes 53\n"
          "clients_connections_accepted_total 56\nclients_connections_gave_way_total 57\n"
          "clients_connections_turned_away_total 58\nclients_connections_stalled_total 59\nclients_refused_total 60\n"
          "clients_waiting_writes 54\n"
          "clients_waiting_reads 55\n");
}

TEST_CASE("every number has a sentence of help, and a unit that its name agrees with") {
  const auto check = [](const Metric& metric, uint64_t) {
    INFO(metric.name);
    REQUIRE(metric.help.size() > 10);
    REQUIRE(metric.help.back() == '.');
    REQUIRE((metric.name.ends_with("bytes") || metric.name.ends_with("bytes_left")) ==
            (metric.unit == Metric::Unit::bytes));
    REQUIRE((metric.name.ends_with("_us") && !metric.name.ends_with("200_us")) ==
            (metric.unit == Metric::Unit::microseconds));
  };
  leader_report().groups.visit([&check](const char*, const MetricList& metrics) { metrics.visit_metrics(check); });
  leader_report().peers[0].metrics.visit_metrics(check);
}

}  // namespace skiff::api_status_test
