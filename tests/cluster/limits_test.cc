// What the machine limits: the node keeps for itself what it must have.

#include "tests/cluster/cluster.h"
#include "tests/support/catch.h"

namespace skiff::cluster_test {

TEST_CASE("clients that sit there cannot take the descriptor that the log's next segment needs") {
  Cluster cluster(1);
  cluster.kill(1);
  cluster.start(1, {"sh", "-c", "ulimit -n 256 && exec \"$0\" \"$@\""});
  cluster.wait_until_healthy(1);
  HttpClient writer(cluster.port(1));
  REQUIRE(writer.ask("PUT", "/before", "x")->code == 204);
  std::vector<HttpClient> idle;
  for (int count = 0; count < 400; ++count) idle.emplace_back(cluster.port(1));

  const std::string value(1'000'000, 'v');
  for (int count = 0; count < 20; ++count) {  // over two segments
    INFO("write " << count);
    std::optional<HttpReply> reply = writer.ask("PUT", "/big", value);
    REQUIRE(reply.has_value());
    REQUIRE(reply->code == 204);
  }
  REQUIRE(cluster.process(1).is_running());
  REQUIRE(idle.back().is_closed_within_ms(10'000));
  REQUIRE(idle.front().ask("GET", "/before")->body == "x");
  idle.clear();
  cluster.wait_until_healthy(1);
}

}  // namespace skiff::cluster_test
