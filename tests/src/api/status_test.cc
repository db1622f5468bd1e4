#include "src/api/status.h"

#include <string>

#include "tests/support/catch.h"

namespace skiff::api_status_test {

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
                 .peers = {{.node = 2, .match = 117, .is_full = true, .heard_at = 4'000'000},
                           {.node = 3, .match = 90, .state = raft::Progress::State::replicate, .heard_at = 5'000'000}}};
  report.incarnation = 11;
  report.applied = 116;
  report.revision = 115;
  report.compacted = 50;
  report.versions = 66;
  report.history_bytes = 6'600;
  report.keys = 33;
  report.digest = 0xabc;
  report.value_bytes_max = 1'048'576;
  report.now_ns = 9'000'000;
  report.peers = {{.id = 2, .is_connected = true, .sent = 201, .dropped = 202},
                  {.id = 3, .is_connected = false, .sent = 301, .dropped = 302}};
  report.disk = {.entries = 21,
                 .bytes = 22,
                 .syncs = 23,
                 .saved_here = 24,
                 .left_behind = 25,
                 .slowest_sync_ns = 26'999,
                 .room = 27};
  report.snapshots = {.log_first = 80, .made = 31, .fetched = 32, .resumed = 34, .backups = 38};
  report.block_times = {.blocks = 35, .slow = 36, .longest_ns = 37'999, .longest_of_last_ns = 9};
  report.scrub = {.is_under_way = true,
                  .passes = 41,
                  .files = 42,
                  .bytes = 43,
                  .last_ended_ns = 2'000'000,
                  .found = 44,
                  .recovered = 45,
                  .is_damaged = true};
  report.clients = {.connections = 51, .requests = 52, .body_bytes = 53, .waiting_writes = 54, .waiting_reads = 55};
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
    R"("clients":{"connections":51,"requests":52,"body_bytes":53,"waiting_writes":54,"waiting_reads":55},)"
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
          R"("clients":{"connections":0,"requests":0,"body_bytes":0,"waiting_writes":0,"waiting_reads":0},)"
          R"("changing":false,"members":[],)"
          R"("peers":[{"id":8,"connected":false,"sent":0,"dropped":0}]})");
}

}  // namespace skiff::api_status_test
