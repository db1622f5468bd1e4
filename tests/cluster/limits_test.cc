// Limits of the machine and of the node: it keeps the descriptors that it needs, and ends when it is told to.

#include <signal.h>

#include "tests/cluster/support/cluster.h"
#include "tests/support/catch.h"

namespace skiff::cluster_test {

TEST_CASE("idle clients cannot take the descriptor that the log's next segment needs") {
  Cluster cluster(1);
  cluster.kill(1);
  cluster.start(1, {"sh", "-c", "ulimit -n 256 && exec \"$0\" \"$@\""});
  cluster.wait_until_healthy(1);
  REQUIRE(cluster.ask(1, "PUT", "/before", "x").code == 204);
  std::vector<HttpClient> idle;
  for (int count = 0; count < 400; ++count) idle.emplace_back(cluster.port(1));
  HttpClient writer(cluster.port(1));

  const std::string value(1'000'000, 'v');
  for (int count = 0; count < 20; ++count) {  // more than two segments
    INFO("write " << count);
    std::optional<HttpReply> reply = writer.ask("PUT", "/big", value);
    REQUIRE(reply.has_value());
    REQUIRE(reply->code == 204);
  }
  REQUIRE(cluster.process(1).is_running());
  REQUIRE(idle.front().is_closed_within_ms(10'000));  // the oldest is closed, and the newest is served
  REQUIRE(idle.back().ask("GET", "/before")->body == "x");
  idle.clear();
  cluster.wait_until_healthy(1);
}

TEST_CASE("a node that is stopped waits for requests, but not for as long as those may take") {
  Cluster cluster(3, {"--request-timeout", "10m"});
  const int last = cluster.wait_for_leader();
  for (int id = 1; id <= 3; ++id) {
    if (id != last) cluster.kill(id);
  }
  HttpClient client(cluster.port(last));
  client.send("PUT", "/key", "of no majority");
  REQUIRE(within_ms(10'000, [&] {
    const nlohmann::json said = cluster.status(last);
    return !said.empty() && said["clients"]["waiting_writes"] == 1;
  }));
  cluster.process(last).signal(SIGTERM);
  REQUIRE(cluster.process(last).wait_ms(30'000) == 0);
  REQUIRE_FALSE(client.receive().has_value());
}

}  // namespace skiff::cluster_test
