// Malicious and broken clients and peers: each gets the right answer or a closed connection, and the node keeps no
// memory, descriptor or state of them.

#include <sys/resource.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <random>

#include "tests/cluster/support/cluster.h"
#include "tests/support/catch.h"

namespace skiff::cluster_test {

size_t descriptors_of(const Process& process) {
  std::filesystem::directory_iterator entries("/proc/" + std::to_string(process.pid()) + "/fd");
  return static_cast<size_t>(std::distance(begin(entries), end(entries)));
}

size_t memory_kib_of(const Process& process) {
  const std::string status = read_file("/proc/" + std::to_string(process.pid()) + "/status");
  return std::strtoul(status.c_str() + status.find("VmRSS:") + 6, nullptr, 10);
}

void allow_descriptors(rlim_t wanted) {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  REQUIRE(limit.rlim_max >= wanted);
  limit.rlim_cur = std::max(limit.rlim_cur, wanted);
  setrlimit(RLIMIT_NOFILE, &limit);
}

std::string nonsense(std::mt19937& random, size_t bytes) {
  std::string text(bytes, '\0');
  for (char& byte : text) byte = static_cast<char>(random());
  return text;
}

TEST_CASE("a thousand idle and half-open connections and garbage leave nothing behind") {
  allow_descriptors(4'000);
  Cluster cluster(3);
  const int target = cluster.wait_for_leader();
  const size_t descriptors = descriptors_of(cluster.process(target)) + 2;  // libuv keeps one in reserve
  size_t memory_kib = 0;
  std::mt19937 random(7);
  for (int round = 0; round < 2; ++round) {
    {
      std::vector<HttpClient> clients;
      for (int count = 0; count < 1'000; ++count) {
        clients.emplace_back(cluster.port(target));
        REQUIRE(clients.back().is_connected());
        const char* halves[] = {"", "GET /ha", "PUT /half HTTP/1.1\r\nContent-Le",
                                "PUT /half HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nhalf"};
        clients.back().send_bytes(halves[count % 4]);
      }
      REQUIRE(within_ms(10'000, [&] { return descriptors_of(cluster.process(target)) >= 1'000; }));
      for (int count = 0; count < 200; ++count) {
        clients.emplace_back(cluster.peer_port(target));
        if (count % 2 == 0) clients.back().send_bytes(nonsense(random, 1 + random() % 4'000));
        HttpClient client(cluster.port(target));
        client.send_bytes(nonsense(random, 1 + random() % 4'000));
      }
      REQUIRE(cluster.ask(target, "PUT", "/key", "in between").code == 204);
      REQUIRE(cluster.is_healthy(target));
    }
    REQUIRE(cluster.process(target).is_running());
    REQUIRE(within_ms(20'000, [&] { return descriptors_of(cluster.process(target)) <= descriptors; }));
    // The first round fills the buffers that a node keeps; the second must not add memory.
    if (round == 0) memory_kib = memory_kib_of(cluster.process(target));
  }
#ifndef __SANITIZE_ADDRESS__  // the address sanitizer keeps freed memory for a while
  REQUIRE(memory_kib_of(cluster.process(target)) <= memory_kib + 8 * 1'024);
#endif
  (void)memory_kib;
  REQUIRE(cluster.is_healthy(target));
  REQUIRE(cluster.wait_for_leader() == target);  // no election was caused
}

// A6: each status code, and keys and values of any bytes
TEST_CASE("a request that cannot be understood is answered with an error, and the connection is closed", "[A6]") {
  Cluster cluster(1);
  struct Row {
    const char* name;
    std::string bytes;
    int code;
  };
  const std::string put = "PUT /k HTTP/1.1\r\nHost: localhost\r\n";
  const Row rows[] = {
      {"no HTTP at all", "hello, is anybody there?\r\n\r\n", 400},
      {"a method that is none", "FETCH /k HTTP/1.1\r\nHost: localhost\r\n\r\n", 501},
      {"a length that is none", put + "Content-Length: five\r\n\r\n", 400},
      {"a negative length", put + "Content-Length: -5\r\n\r\n", 400},
      {"two lengths", put + "Content-Length: 5\r\nContent-Length: 6\r\n\r\n", 400},
      {"a length and chunks", put + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
      {"a chunk that is none", put + "Transfer-Encoding: chunked\r\n\r\nxyz\r\n", 400},
      {"a body announced too large", put + "Content-Length: 99999999999\r\n\r\n", 413},
      {"a chunk announced too large", put + "Transfer-Encoding: chunked\r\n\r\nffffffff\r\n", 413},
      {"headers too large", "GET /k HTTP/1.1\r\nX: " + std::string(64 * 1'024, 'x'), 431},
      {"too many headers",
       "GET /k HTTP/1.1\r\n" +
           [] {
             std::string many;
             for (int count = 0; count < 10'000; ++count) many += "X: y\r\n";
             return many;
           }(),
       431},
      {"a key too long", "GET /" + std::string(64 * 1'024, 'k') + " HTTP/1.1\r\n\r\n", 414},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    HttpClient client(cluster.port(1), 5'000);
    client.send_bytes(row.bytes);
    std::optional<HttpReply> reply = client.receive();
    REQUIRE(reply.has_value());
    REQUIRE(reply->code == row.code);
    REQUIRE(client.is_closed_within_ms(5'000));
    REQUIRE(cluster.is_healthy(1));
  }
}

// bug-18: a node of another cluster is admitted
TEST_CASE("a node of another cluster on the peer port is refused, and logged once", "[bug-18]") {
  Cluster cluster(3), other_cluster(3);
  const uint64_t term = cluster.status(1).at("term");
  // Node 1 of the other cluster is told that our nodes are its peers.
  std::vector<std::string> command = other_cluster.command(1);
  for (int id = 2; id <= 3; ++id) {
    std::string& peers = command.at(4);
    const std::string foreign_port = std::to_string(other_cluster.peer_port(id));
    peers.replace(peers.find(foreign_port), foreign_port.size(), std::to_string(cluster.peer_port(id)));
  }
  other_cluster.kill(1);
  TemporaryDirectory directory;
  command.at(8) = directory.file("foreign.data");
  // strace counts its dials; with -D strace runs as a grandchild, so that the node itself is our child.
  command.insert(command.begin(), {"env", "ASAN_OPTIONS=detect_leaks=0", "strace", "-D", "-f", "-qq", "-o",
                                   directory.file("dials"), "-e", "trace=connect"});
  Process foreign(command, directory.file("log"));
  const std::string said = "turned away: it belongs to another cluster";
  REQUIRE(within_ms(10'000, [&] {
    const std::string log = read_file(directory.file("log"));
    return log.find(said) != log.rfind(said);  // refused by both nodes
  }));
  // It dials again and again, and our nodes log it only once.
  auto dials = [&] {
    const std::string trace = read_file(directory.file("dials"));
    return std::count(trace.begin(), trace.end(), '\n');
  };
  REQUIRE(within_ms(60'000, [&] { return dials() >= 12; }));
  REQUIRE(foreign.is_running());
  for (int id = 1; id <= 3; ++id) {
    const std::string line = "of another cluster";
    if (id != 1) REQUIRE(cluster.says(id, line));
    const std::string log = cluster.log(id);
    REQUIRE(log.find(line) == log.rfind(line));
    REQUIRE((log.find(line) != std::string::npos) == (id != 1));
    REQUIRE(cluster.is_healthy(id));
    REQUIRE(cluster.status(id).at("term") == term);
  }
}

}  // namespace skiff::cluster_test
