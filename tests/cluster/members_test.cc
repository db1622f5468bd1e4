// Members are added, removed, moved and made leader with the real curl, as an operator does it, and under load.

#include <signal.h>

#include <iostream>
#include <set>

#include "tests/cluster/support/cluster.h"
#include "tests/cluster/support/load.h"
#include "tests/support/catch.h"

namespace skiff::cluster_test {

CurlReply request(Cluster& cluster, int at, const std::string& method, const std::string& path,
                  const std::string& body = "") {
  std::vector<std::string> words = {"-X", method, cluster.url(at, path)};
  if (!body.empty()) words.insert(words.end(), {"-d", body});
  CurlReply reply = curl(words);
  INFO(method << ' ' << path << ' ' << body << " at " << at << ": " << reply.code << ' ' << reply.body);
  return reply;
}

std::string member(int id) { return "/members/" + std::to_string(id); }

nlohmann::json members_at(Cluster& cluster, int at) {
  return nlohmann::json::parse(cluster.ask(at, "GET", "/members").body, nullptr, /*allow_exceptions=*/false);
}

// Empty if that node is no member.
std::string role_of(Cluster& cluster, int at, int id) {
  for (const nlohmann::json& one : members_at(cluster, at).value("members", nlohmann::json::array())) {
    if (one["id"] == id) return one["role"];
  }
  return "";
}

int leader_at(Cluster& cluster, int at) {
  int leader = 0;
  REQUIRE(within_ms(20'000, [&] {
    leader = cluster.status(at).value("leader", 0);
    return leader != 0;
  }));
  return leader;
}

// Adds that node, starts it, and waits until it is a voter.
void grow(Cluster& cluster, int at, int id) {
  REQUIRE(request(cluster, at, "POST", member(id), cluster.peer_url(id)).code == 204);
  cluster.start(id);
  REQUIRE(within_ms(20'000, [&] { return role_of(cluster, at, id) == "voter"; }));
  cluster.wait_until_healthy(id);
}

void shrink(Cluster& cluster, int at, int id) {
  REQUIRE(request(cluster, at, "DELETE", member(id)).code == 204);
  REQUIRE(cluster.process(id).wait_ms(20'000) == 0);
}

// M1: members are added and removed, with and without a vote
// M8: a removed node comes back
TEST_CASE("node 4 is added and read from, node 3 is removed and stops by itself", "[M1][M8]") {
  Cluster cluster(3);
  REQUIRE(request(cluster, 1, "PUT", "/my-key", "hello").code == 204);
  const int four = cluster.add();
  REQUIRE(request(cluster, 2, "POST", member(four), cluster.peer_url(four)).code == 204);
  REQUIRE(role_of(cluster, leader_at(cluster, 1), four) == "learner");
  cluster.start(four);
  REQUIRE(within_ms(20'000, [&] { return role_of(cluster, 1, four) == "voter"; }));
  cluster.wait_until_healthy(four);
  REQUIRE(request(cluster, four, "GET", "/my-key").body == "hello");
  REQUIRE(request(cluster, four, "PUT", "/my-key", "from four").code == 204);
  REQUIRE(request(cluster, 1, "GET", "/my-key").body == "from four");

  // A node that has joined comes back like any other, with --join and without.
  for (bool with_join : {true, false}) {
    cluster.process(four).signal(SIGTERM);
    REQUIRE(cluster.process(four).wait_ms(20'000) == 0);
    std::vector<std::string> command = cluster.command(four);
    if (!with_join) std::erase(command, "--join");
    Process again(command, cluster.disk(four) + "/again.log");
    REQUIRE(within_ms(20'000, [&] { return cluster.is_healthy(four); }));
    REQUIRE(request(cluster, four, "GET", "/my-key").body == "from four");
    again.signal(SIGTERM);
    REQUIRE(again.wait_ms(20'000) == 0);
    cluster.start(four);
    cluster.wait_until_healthy(four);
  }

  shrink(cluster, 1, 3);
  for (int times = 0; times < 2; ++times) {
    cluster.start(3);  // its log does not name its removal, also after the first refusal
    REQUIRE(cluster.process(3).wait_ms(20'000) == 0);
  }
  REQUIRE(cluster.says(3, "is no member of the cluster any more"));
  REQUIRE(role_of(cluster, four, 3) == "");
  REQUIRE(request(cluster, four, "GET", "/my-key").body == "from four");
}

// M6: a leader is removed: it leads to the end, does not count itself, and hands over to a voter that has everything
// M8: a removed node comes back
// M14: a dead member is replaced
TEST_CASE("the leader is removed by a request at itself and at another node, and so is a dead node", "[M6][M8][M14]") {
  Cluster cluster(5);
  Load load("removals", ports_of(cluster), 3);
  wait_for_progress(load);
  std::set<int> left = {1, 2, 3, 4, 5};
  for (bool asked_itself : {true, false}) {
    const int leader = leader_at(cluster, *left.begin());
    left.erase(leader);
    shrink(cluster, asked_itself ? leader : *left.begin(), leader);
    wait_for_progress(load);
  }
  const int dead = *left.rbegin();
  left.erase(dead);
  cluster.kill(dead);
  REQUIRE(request(cluster, *left.begin(), "DELETE", member(dead)).code == 204);
  wait_for_progress(load);
  cluster.start(dead);
  REQUIRE(cluster.process(dead).wait_ms(20'000) == 0);
  load.stop();
  REQUIRE(load.counts().failed == 0);
  std::vector<uint16_t> ports;
  for (int id : left) ports.push_back(cluster.port(id));
  REQUIRE(load.broken_promises(ports) == "");
}

// M1: members are added and removed, with and without a vote
// M15: the cluster shrinks to one member, and grows again
TEST_CASE("a cluster shrinks to one and grows to five under load", "[M1][M15]") {
  Cluster cluster(3);
  std::vector<uint16_t> ports = ports_of(cluster);
  for (int id = 4; id <= 7; ++id) ports.push_back(cluster.port(cluster.add()));
  Load load("shrink", ports, 3);
  wait_for_progress(load);
  for (int id = 2; id <= 3; ++id) shrink(cluster, id, id);
  wait_for_progress(load);
  for (int id = 4; id <= 7; ++id) grow(cluster, id == 4 ? 1 : id - 1, id);
  shrink(cluster, 7, 1);
  wait_for_progress(load);
  load.stop();
  const Load::Counts counts = load.counts();
  std::cout << "shrink and grow: " << load.acknowledged() << " writes, " << counts.refused << " refused, "
            << counts.broken << " connections ended, longest pause " << counts.longest_pause_ms << " ms" << std::endl;
  REQUIRE(counts.failed == 0);
  REQUIRE(load.broken_promises({ports.begin() + 3, ports.end()}) == "");
}

// M1: members are added and removed, with and without a vote
// M8: a removed node comes back
// M15: the cluster shrinks to one member, and grows again
TEST_CASE("a cluster grows from three to seven and shrinks to one under load", "[M1][M8][M15]") {
  Cluster cluster(3);
  std::vector<uint16_t> ports = ports_of(cluster);
  for (int id = 4; id <= 7; ++id) ports.push_back(cluster.port(cluster.add()));
  Load load("grow", ports, 3);
  for (int id = 4; id <= 7; ++id) {
    wait_for_progress(load);
    grow(cluster, id - 1, id);
  }
  for (int id = 1; id <= 6; ++id) {
    wait_for_progress(load);
    shrink(cluster, id % 2 == 0 ? id : 7, id);
  }
  wait_for_progress(load);
  load.stop();
  const Load::Counts counts = load.counts();
  std::cout << "three, seven, one: " << load.acknowledged() << " writes, " << counts.refused << " refused, "
            << counts.broken << " connections ended, longest pause " << counts.longest_pause_ms << " ms" << std::endl;
  REQUIRE(counts.failed == 0);
  REQUIRE(members_at(cluster, 7).at("members").size() == 1);
  REQUIRE(load.broken_promises({cluster.port(7)}) == "");
}

// M1: members are added and removed, with and without a vote
TEST_CASE("a new member receives its log from a leader that joined later than much of the log", "[M1]") {
  Cluster cluster(3);
  const int four = cluster.add(), five = cluster.add(), six = cluster.add();
  grow(cluster, 1, four);
  for (int number = 0; number < 40; ++number) {
    REQUIRE(cluster.ask(1, "PUT", "/key-" + std::to_string(number), std::string(200'000, 'v')).code == 204);
  }
  grow(cluster, 1, five);
  REQUIRE(request(cluster, 1, "POST", member(five) + "/lead").code == 204);
  grow(cluster, 1, six);
  REQUIRE(leader_at(cluster, six) == five);
}

// A9: all nodes are restarted, one after the other, under load
// T15: a leader that is asked to stop hands over first
TEST_CASE("a rolling restart of three costs a client that retries nothing", "[A9][T15]") {
  Cluster cluster(3);
  Load load("restart", ports_of(cluster), 4);
  for (int id = 1; id <= 3; ++id) {
    wait_for_progress(load, 200);
    cluster.process(id).signal(SIGTERM);
    REQUIRE(cluster.process(id).wait_ms(20'000) == 0);
    cluster.start(id);
    cluster.wait_until_healthy(id);
  }
  wait_for_progress(load, 200);
  load.stop();
  const Load::Counts counts = load.counts();
  std::cout << "rolling restart: " << load.acknowledged() << " writes, " << counts.refused << " refused, "
            << counts.broken << " connections ended, longest pause " << counts.longest_pause_ms << " ms" << std::endl;
  REQUIRE(counts.failed == 0);
  REQUIRE(load.broken_promises(ports_of(cluster)) == "");
}

// M1: members are added and removed, with and without a vote
// M10: several members change in one step, by joint consensus
TEST_CASE("a voter that was away while all the others changed is found by them, and serves again", "[M1][M10]") {
  Cluster cluster(3);
  REQUIRE(request(cluster, 1, "PUT", "/before", "1").code == 204);
  cluster.kill(3);
  for (int gone : {1, 2}) {
    const int fresh = cluster.add();
    REQUIRE(request(cluster, 2, "POST", member(fresh), cluster.peer_url(fresh)).code == 204);
    cluster.start(fresh);
    REQUIRE(within_ms(20'000, [&] { return role_of(cluster, 2, fresh) == "voter"; }));
    if (gone == 1) shrink(cluster, 2, 1);
  }
  shrink(cluster, 4, 2);
  REQUIRE(request(cluster, 4, "PUT", "/after", "2").code == 204);

  // Node 3 knows of 1, 2 and itself, and only 4 and 5 run.
  cluster.start(3);
  cluster.wait_until_healthy(3);
  REQUIRE(request(cluster, 3, "GET", "/after").body == "2");
  REQUIRE(request(cluster, 3, "PUT", "/back", "3").code == 204);

  // Node 3 is one of three: a majority is left when one of the others fails.
  cluster.kill(5);
  REQUIRE(within_ms(20'000, [&] { return cluster.ask(3, "PUT", "/again", "4").code == 204; }));
  REQUIRE(request(cluster, 4, "GET", "/again").body == "4");
}

// T13: leadership is transferred with writes under way
// M17: a member moves to another address
TEST_CASE("leadership is transferred and members are moved by curl", "[T13][M17]") {
  Cluster cluster(3);
  for (int id = 1; id <= 3; ++id) {
    REQUIRE(request(cluster, id % 3 + 1, "POST", member(id) + "/lead").code == 204);
    REQUIRE(leader_at(cluster, id) == id);
  }
  const std::string elsewhere = "http://127.0.0.1:" + std::to_string(free_port());
  cluster.kill(2);
  REQUIRE(request(cluster, 1, "PUT", member(2), elsewhere).code == 204);
  std::vector<std::string> command = cluster.command(2);
  command.insert(command.end(), {"--peer-listen", elsewhere});
  Process moved(command, cluster.disk(2) + "/moved.log");
  REQUIRE(within_ms(20'000, [&] { return cluster.is_healthy(2); }));
  REQUIRE(request(cluster, 2, "GET", "/members").body.find(elsewhere) != std::string::npos);
  REQUIRE(request(cluster, 1, "POST", member(2) + "/lead").code == 204);
}

// M9: ids and addresses are taken, or ids were removed
TEST_CASE("wrong admin requests are answered with advice, at every node", "[M9]") {
  Cluster cluster(3);
  const std::string four = "http://127.0.0.1:" + std::to_string(free_port());
  struct Row {
    std::string method, path, body;
    int code;
    std::string says;
  };
  for (int at = 1; at <= 3; ++at) {
    for (const Row& row : {Row{"POST", "/members/0", four, 400, "a node's id (1 to 65535)"},
                           Row{"POST", "/members/70000", four, 400, "a node's id (1 to 65535)"},
                           Row{"POST", "/members/4", "nonsense", 400, "the port is missing"},
                           Row{"POST", "/members/4", "", 400, "the body must be the member's address"},
                           Row{"POST", "/members/4", cluster.peer_url(2), 409, "is the address of node 2"},
                           Row{"POST", "/members/2", four, 409, "PUT /members/2 moves it"},
                           Row{"PUT", "/members/2", cluster.peer_url(1), 409, "is the address of node 1"},
                           Row{"PUT", "/members/9", four, 404, "there is no member 9"},
                           Row{"DELETE", "/members/9", "", 404, "there is no member 9"},
                           Row{"POST", "/members/9/lead", "", 404, "there is no member 9"},
                           Row{"GET", "/members/1", "", 405, "allowed: POST, PUT, DELETE"}}) {
      CurlReply reply = request(cluster, at, row.method, row.path, row.body);
      INFO(row.method << ' ' << row.path << ": " << reply.body);
      REQUIRE(reply.code == row.code);
      REQUIRE(reply.body.find(row.says) != std::string::npos);
    }
  }
  Cluster alone(1);
  REQUIRE(request(alone, 1, "DELETE", "/members/1").code == 409);
}

// M13: a new member cannot be reached
TEST_CASE("a member that never joins is withdrawn, and says so when it starts too late", "[M13]") {
  Cluster cluster(3, {"--join-timeout", "1s"});
  const int four = cluster.add();
  REQUIRE(request(cluster, 1, "POST", member(four), cluster.peer_url(four)).code == 204);
  const int leader = leader_at(cluster, 1);
  REQUIRE(within_ms(20'000, [&] { return members_at(cluster, leader).contains("withdrawn"); }));
  const nlohmann::json withdrawn = members_at(cluster, leader)["withdrawn"][0];
  REQUIRE(withdrawn["id"] == four);
  REQUIRE(withdrawn["reason"] == "it was added, and not heard of for 1s");
  REQUIRE(cluster.says(leader, "withdraws node 4"));
  REQUIRE(within_ms(20'000, [&] { return role_of(cluster, 1, four) == ""; }));
  cluster.start(four);
  REQUIRE(cluster.process(four).wait_ms(20'000) == 1);
  REQUIRE(cluster.says(four, "was removed from that cluster, and an id never comes back"));
}

// M1: members are added and removed, with and without a vote
TEST_CASE("a node that joins waits to be added, and a lost voter does not come back as a new one", "[M1]") {
  Cluster cluster(3);
  const int four = cluster.add();
  cluster.start(four);
  REQUIRE(within_ms(
      20'000, [&] { return cluster.log(four).find("it does not know this node as a member") != std::string::npos; }));
  cluster.process(four).signal(SIGTERM);
  REQUIRE(cluster.process(four).wait_ms(20'000) == 0);
  REQUIRE_FALSE(std::filesystem::exists(cluster.data_directory(four)));

  cluster.kill(2);
  std::filesystem::remove_all(cluster.data_directory(2));
  std::vector<std::string> command = cluster.command(2);
  command.push_back("--join");
  Done refused = run(command);
  INFO(refused.output);
  REQUIRE(refused.status == 1);
  REQUIRE(refused.output.find("node 2 is a voter of that cluster already") != std::string::npos);
  REQUIRE(request(cluster, 1, "DELETE", "/members/2").code == 204);
  grow(cluster, 1, four);
}

}  // namespace skiff::cluster_test
