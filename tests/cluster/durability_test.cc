// What reaches the disk before what reaches the client, as the kernel sees it.

#include <signal.h>

#include <sstream>

#include "tests/cluster/cluster.h"
#include "tests/cluster/load.h"
#include "tests/support/catch.h"

namespace skiff::cluster_test {

// In what order syncs ended and answers left: "s" and "a".
std::string order_of_events(const std::string& trace) {
  std::string order;
  std::istringstream lines(trace);
  for (std::string line; std::getline(lines, line);) {
    bool is_sync = line.find("fdatasync") != std::string::npos || line.find("fsync") != std::string::npos;
    if (is_sync && line.find("unfinished") == std::string::npos && line.find(" = 0") != std::string::npos) order += 's';
    if (line.find("HTTP/1.1 204") != std::string::npos) order += 'a';
  }
  return order;
}

TEST_CASE("every answer to a single writer comes after a sync of its own") {
  Cluster cluster(1);
  cluster.process(1).signal(SIGTERM);
  REQUIRE(cluster.process(1).wait_ms(20'000) == 0);
  TemporaryFolder folder;
  // The tracer stands aside (-D), so that the node is our child; the leak checker cannot work under one.
  cluster.start(1, {"env", "ASAN_OPTIONS=detect_leaks=0", "strace", "-D", "-f", "-qq", "-o", folder.file("trace"), "-e",
                    "trace=fdatasync,fsync,write,writev,sendto,sendmsg"});
  cluster.wait_until_healthy(1);
  HttpClient client(cluster.port(1));
  for (int number = 0; number < 50; ++number) {
    REQUIRE(client.ask("PUT", "/key-" + std::to_string(number), "value")->code == 204);
  }
  REQUIRE(within_ms(10'000, [&] {
    const std::string order = order_of_events(read_file(folder.file("trace")));
    return std::count(order.begin(), order.end(), 'a') == 50;
  }));
  const std::string order = order_of_events(read_file(folder.file("trace")));
  INFO(order);
  REQUIRE(order.find("aa") == std::string::npos);
  REQUIRE(order.find('s') < order.find('a'));
}

TEST_CASE("many writers share their syncs") {
  Cluster cluster(3);
  const int leader = cluster.wait_for_leader();
  Load load("shared", {cluster.port(leader)}, 64);
  REQUIRE(within_ms(20'000, [&] { return load.acknowledged() >= 500; }));
  const uint64_t syncs_before = cluster.status(leader).at("disk").at("syncs");
  const size_t writes_before = load.acknowledged();
  REQUIRE(within_ms(30'000, [&] { return load.acknowledged() >= writes_before + 4'000; }));
  const size_t writes = load.acknowledged() - writes_before;
  const uint64_t syncs = cluster.status(leader).at("disk").at("syncs").get<uint64_t>() - syncs_before;
  load.stop();
  INFO(writes << " writes, " << syncs << " syncs");
  REQUIRE(syncs * 4 <= writes);
}

}  // namespace skiff::cluster_test
