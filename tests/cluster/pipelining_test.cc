// Clients that pipeline: their requests take effect in order, at every node; and many of them that read nothing neither
// depose the leader nor exhaust the memory.

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <list>

#include "tests/cluster/support/cluster.h"
#include "tests/support/catch.h"

namespace skiff::cluster_pipelining_test {

using namespace cluster_test;

std::string request(std::string_view method, std::string_view path, std::string_view body = "",
                    std::string_view header = "") {
  return std::string(method) + " " + std::string(path) +
         " HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
         std::string(header) + "\r\n" + std::string(body);
}

// Sends all requests at once. Returns their answers: "204", "200 value".
std::vector<std::string> pipeline(HttpClient& client, const std::vector<std::string>& requests) {
  std::string all;
  for (const std::string& one : requests) all += one;
  REQUIRE(client.send_bytes(all));
  std::vector<std::string> answers;
  for (const std::string& one : requests) {
    std::optional<HttpReply> reply = client.receive(!one.starts_with("HEAD"));
    REQUIRE(reply.has_value());
    answers.push_back(std::to_string(reply->code) + (reply->code == 200 ? " " + reply->body : ""));
  }
  return answers;
}

using Answers = std::vector<std::string>;

// A5: clients leave in the middle of a request, or send several requests at once
TEST_CASE("pipelined requests take effect in the order in which they were sent, at the leader and at a follower",
          "[A5]") {
  Cluster cluster(3);
  const int leader = cluster.wait_for_leader();
  for (const int node : {leader, cluster.another(leader)}) {
    HttpClient client(cluster.port(node));
    for (int round = 0; round < 20; ++round) {
      INFO("node " << node << ", leader " << leader << ", round " << round);
      const std::string key = "/k-" + std::to_string(node) + "-" + std::to_string(round);
      const std::string stale = key + "?consistency=stale", async = "Prefer: respond-async\r\n";
      REQUIRE(pipeline(client, {request("GET", key), request("PUT", key, "1"), request("GET", key),
                                request("PUT", key, "2"), request("GET", stale), request("HEAD", stale)}) ==
              Answers{"404", "204", "200 1", "204", "200 2", "200 "});
      REQUIRE(pipeline(client, {request("PUT", key, "3"), request("PUT", key, "4"), request("GET", key),
                                request("GET", stale), request("DELETE", key), request("GET", key)}) ==
              Answers{"204", "204", "200 4", "200 4", "204", "404"});
      REQUIRE(pipeline(client, {request("PUT", key, "5", async), request("GET", stale),
                                request("DELETE", key, "", async), request("GET", stale), request("GET", key)}) ==
              Answers{"202", "200 5", "202", "404", "404"});
    }
  }
}

TEST_CASE("an admin request takes effect between the requests before it and those behind it") {
  Cluster cluster(3);
  const int node = cluster.another(cluster.wait_for_leader());
  HttpClient client(cluster.port(node));
  const std::string address = "http://127.0.0.1:" + std::to_string(free_port());
  const Answers answers =
      pipeline(client, {request("GET", "/members"), request("POST", "/members/4", address), request("GET", "/members"),
                        request("DELETE", "/members/4"), request("GET", "/members"), request("PUT", "/k", "v"),
                        request("GET", "/k")});
  const auto names_4 = [](const std::string& said) { return said.find("\"id\":4") != std::string::npos; };
  REQUIRE_FALSE(names_4(answers[0]));
  REQUIRE(answers[1] == "204");
  REQUIRE(names_4(answers[2]));
  REQUIRE(answers[3] == "204");
  REQUIRE_FALSE(names_4(answers[4]));
  REQUIRE(answers[6] == "200 v");
}

// Sends and never reads.
class Greedy {
 public:
  explicit Greedy(uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
    REQUIRE(::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  }
  ~Greedy() { ::close(socket_); }
  Greedy(const Greedy&) = delete;
  Greedy& operator=(const Greedy&) = delete;

  // As much as the socket takes; it may be closed already.
  void send(std::string_view bytes) {
    const ssize_t sent = ::send(socket_, bytes.data() + at_, bytes.size() - at_, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent > 0) at_ = (at_ + static_cast<size_t>(sent)) % bytes.size();
  }

 private:
  int socket_;
  size_t at_ = 0;
};

size_t memory_mib_of(const Process& process) {
  const std::string status = read_file("/proc/" + std::to_string(process.pid()) + "/status");
  return std::strtoul(status.c_str() + status.find("VmRSS:") + 6, nullptr, 10) / 1024;
}

TEST_CASE("clients that pipeline reads and read nothing depose no leader and take no more memory than they may") {
  Cluster cluster(3);
  const int leader = cluster.wait_for_leader();
  REQUIRE(cluster.ask(leader, "PUT", "/k", std::string(4'000, 'v')).code == 204);
  const nlohmann::json before = cluster.status(leader);
  const size_t memory_before = memory_mib_of(cluster.process(leader));
  const char* paths[] = {"/k?consistency=stale", "/k", "/livez"};
  std::vector<std::string> batches;
  for (const char* path : paths) {
    std::string batch;
    for (int count = 0; count < 1'300; ++count) batch += request("GET", path);
    batches.push_back(batch);
  }
  std::list<Greedy> greedy;
  for (int count = 0; count < 100; ++count) greedy.emplace_back(cluster.port(leader));
  HttpClient modest(cluster.port(leader));
  size_t most = 0;
  for (int round = 0; round < 200; ++round) {
    size_t number = 0;
    for (Greedy& one : greedy) one.send(batches[number++ % batches.size()]);
    for (const char* path : paths) {
      const std::optional<HttpReply> reply = modest.ask("GET", path);
      REQUIRE(reply.has_value());
      REQUIRE(reply->code == 200);
    }
    most = std::max(most, memory_mib_of(cluster.process(leader)));
  }
  REQUIRE(cluster.wait_for_leader() == leader);
  REQUIRE(cluster.status(leader).at("term") == before.at("term"));
#ifndef __SANITIZE_ADDRESS__
  // 64 MiB of answers, in strings whose capacity is up to twice their size, and the requests that were read ahead.
  REQUIRE(most <= memory_before + 2 * 64 + 32);
#endif
  (void)memory_before;
}

}  // namespace skiff::cluster_pipelining_test
