// Judgements about data directories that do not match.
#include "src/node/data_dir_conflicts.h"

#include "tests/support/catch.h"

namespace skiff::data_dir_conflicts_test {

using Nodes = std::vector<raft::NodeId>;
using Verdict = DataDirConflicts::Verdict;

constexpr transport::DataDirMatch kMatch{};
constexpr transport::DataDirMatch kOwnDiffers{.own_differs = true};
constexpr transport::DataDirMatch kPeerDiffers{.peer_differs = true};
constexpr transport::DataDirMatch kOthersDiffer{.others_differ = true};

// D10: a node comes back under its old id without its data
TEST_CASE("one member's word stops a newcomer, and only a majority's a node that has a log", "[D10]") {
  struct Row {
    std::string name;
    std::vector<std::pair<raft::NodeId, transport::DataDirMatch>> heard;
    Nodes members;
    bool has_log;
    Verdict verdict;
    Nodes nodes;
  };
  const std::vector<Row> table = {
      {"nothing was heard", {}, {1, 2, 3}, true, Verdict::none, {}},
      {"all is well", {{2, kMatch}, {3, kMatch}}, {1, 2, 3}, true, Verdict::none, {}},
      {"a newcomer, one word", {{3, kOwnDiffers}}, {1, 2, 3}, false, Verdict::stop, {3}},
      {"a log, one word of three", {{3, kOwnDiffers}}, {1, 2, 3}, true, Verdict::disputed, {3}},
      {"a log, two of three", {{2, kOwnDiffers}, {3, kOwnDiffers}}, {1, 2, 3}, true, Verdict::stop, {2, 3}},
      {"two of four", {{2, kOwnDiffers}, {3, kOwnDiffers}}, {1, 2, 3, 4}, true, Verdict::disputed, {2, 3}},
      {"two of five", {{4, kOwnDiffers}, {5, kOwnDiffers}}, {1, 2, 3, 4, 5}, true, Verdict::disputed, {4, 5}},
      {"three of five",
       {{3, kOwnDiffers}, {4, kOwnDiffers}, {5, kOwnDiffers}},
       {1, 2, 3, 4, 5},
       true,
       Verdict::stop,
       {3, 4, 5}},
      {"the other of two", {{2, kOwnDiffers}}, {1, 2}, true, Verdict::disputed, {2}},
      {"who is no member does not count",
       {{2, kOwnDiffers}, {9, kOwnDiffers}},
       {1, 2, 3},
       true,
       Verdict::disputed,
       {2}},
      {"nor of a newcomer", {{9, kOwnDiffers}}, {1, 2, 3}, false, Verdict::none, {}},
      {"taken back", {{2, kOwnDiffers}, {3, kOwnDiffers}, {2, kMatch}}, {1, 2, 3}, true, Verdict::disputed, {3}},
      {"one other directory is its own affair", {{2, kPeerDiffers}}, {1, 2, 3}, true, Verdict::none, {}},
      {"the odd one", {{1, kPeerDiffers}, {2, kPeerDiffers}}, {1, 2, 3}, true, Verdict::odd_one_out, {1, 2}},
      {"by what third members say",
       {{1, kPeerDiffers}, {2, kOthersDiffer}},
       {1, 2, 3},
       true,
       Verdict::odd_one_out,
       {1, 2}},
      {"it stops rather than wait",
       {{1, kPeerDiffers}, {2, kPeerDiffers}, {1, kOwnDiffers}, {2, kOwnDiffers}},
       {1, 2, 3},
       true,
       Verdict::stop,
       {1, 2}},
  };
  for (const Row& row : table) {
    INFO(row.name);
    DataDirConflicts conflicts;
    for (const auto& [peer, match] : row.heard) conflicts.heard(1_ns, peer, match);
    REQUIRE(conflicts.judge(1_ns, row.members, row.has_log) == DataDirConflicts::Judgement{row.verdict, row.nodes});
  }
}

// D10: a node comes back under its old id without its data
TEST_CASE("a member's word counts for a while: a majority must say so at one time", "[D10]") {
  DataDirConflicts conflicts;
  conflicts.heard(0_s, 2, kOwnDiffers);
  conflicts.heard(DataDirConflicts::kLasts - 1_ns, 3, kOwnDiffers);
  REQUIRE(conflicts.judge(DataDirConflicts::kLasts - 1_ns, {1, 2, 3}, true).verdict == Verdict::stop);
  REQUIRE(conflicts.judge(DataDirConflicts::kLasts, {1, 2, 3}, true).nodes == Nodes{3});
  REQUIRE(conflicts.judge(2 * DataDirConflicts::kLasts, {1, 2, 3}, true).verdict == Verdict::none);
}

// D10: a node comes back under its old id without its data
TEST_CASE("each line names the machine to look at, and what to type", "[D10]") {
  const DataDirNames names{
      .self = 1, .members = 3, .directory = "/var/skiff", .addresses = {{3, "http://10.0.0.3:9021"}}};
  struct Row {
    DataDirConflicts::Judgement judgement;
    std::vector<std::string> says;
  };
  const std::vector<Row> table = {
      {{Verdict::disputed, {3}},
       {"node 3 at http://10.0.0.3:9021 remembered node 1", "goes on", "move its data directory"}},
      {{Verdict::odd_one_out, {3}},
       {"http://10.0.0.3:9021", "move /var/skiff away", "skiff recover --data-dir /var/skiff --id 1"}},
      {{Verdict::stop, {3}}, {"another data directory than /var/skiff", "DELETE /members/1", "with a new id"}},
  };
  for (const Row& row : table) {
    for (const std::string& words : row.says) REQUIRE_THAT(describe(row.judgement, names), Catch::Contains(words));
    REQUIRE_THAT(summarize(row.judgement), Catch::Contains("node 3") && !Catch::Contains("\""));
  }
  REQUIRE(describe({}, names).empty());
  REQUIRE(summarize({}).empty());
}

}  // namespace skiff::data_dir_conflicts_test
