// Data directories that do not belong together, with real processes: of an earlier founding, lost, or running twice.

#include <signal.h>

#include <filesystem>

#include "tests/cluster/cluster.h"
#include "tests/support/catch.h"

namespace skiff::cluster_test {

size_t count_of(const std::string& text, const std::string& words) {
  size_t found = 0;
  for (size_t at = text.find(words); at != std::string::npos; at = text.find(words, at + 1)) ++found;
  return found;
}

// Whether each node remembers the directories of all the others.
bool all_have_met(Cluster& cluster) {
  const size_t whole = 8 + 4 + 4 + 16 * static_cast<size_t>(cluster.size() - 1) + 4;
  for (int id = 1; id <= cluster.size(); ++id) {
    if (read_file(cluster.data_folder(id) + "/peers").size() != whole) return false;
  }
  return true;
}

void wipe(Cluster& cluster, int id) {
  cluster.kill(id);
  std::filesystem::remove_all(cluster.data_folder(id));
}

TEST_CASE("a stale node does not stop a majority that was founded anew", "[D10]") {
  Cluster cluster(3);
  REQUIRE(cluster.ask(1, "PUT", "/old", "first founding").code == 204);
  REQUIRE(within_ms(20'000, [&] { return all_have_met(cluster); }));
  REQUIRE(within_ms(20'000, [&] { return cluster.ask(3, "GET", "/old").code == 200; }));
  cluster.kill(3);
  for (int id : {1, 2}) wipe(cluster, id);
  for (int id : {1, 2}) cluster.start(id);
  for (int id : {1, 2}) cluster.wait_until_healthy(id);
  REQUIRE(cluster.ask(1, "PUT", "/new", "second founding").code == 204);

  // The old one is told, and says what to do; the others go on.
  cluster.start(3);
  const std::string odd = "a majority of the 3 members", disputed = "remembered node";
  REQUIRE(within_ms(20'000, [&] {
    return cluster.log(3).find(odd) != std::string::npos && cluster.log(1).find(disputed) != std::string::npos &&
           cluster.log(2).find(disputed) != std::string::npos;
  }));
  int writes = 0;
  for (const long end = now_ms() + 3'000; now_ms() < end; ++writes) {
    REQUIRE(cluster.ask(1 + writes % 2, "PUT", "/new-" + std::to_string(writes), "v").code == 204);
  }
  for (int id : {1, 2}) {
    REQUIRE(count_of(cluster.log(id), disputed) == 1);
    REQUIRE_THAT(cluster.log(id), Catch::Contains("Look at node 3 at " + cluster.peer_url(3)));
    REQUIRE_THAT(cluster.ask(id, "GET", "/members").body, Catch::Contains("\"conflict\":\"node 3 remembered"));
  }
  REQUIRE_THAT(cluster.log(3), Catch::Contains("skiff recover --data-dir " + cluster.data_folder(3) + " --id 3"));
  REQUIRE(count_of(cluster.log(3), odd) == 1);
  const HttpReply health = cluster.ask(3, "GET", "/health");
  REQUIRE(health.code == 503);
  REQUIRE_THAT(health.body, Catch::Contains("other data directories"));
  REQUIRE(cluster.ask(3, "PUT", "/from-old", "x").code == 503);
  REQUIRE(cluster.ask(3, "GET", "/new?consistency=stale").code == 404);

  // Nor does it come in when one of them is away for a moment.
  cluster.kill(1);
  REQUIRE(cluster.ask(2, "PUT", "/alone", "x").code != 204);
  cluster.start(1);
  for (int id : {1, 2}) {
    cluster.wait_until_healthy(id);
    REQUIRE(cluster.ask(id, "GET", "/new").body == "second founding");
    REQUIRE(cluster.ask(id, "GET", "/new-" + std::to_string(writes - 1)).body == "v");
    REQUIRE(cluster.ask(id, "GET", "/old").code == 404);
  }

  // As the lines say.
  cluster.kill(3);
  std::filesystem::rename(cluster.data_folder(3), cluster.data_folder(3) + ".old");
  cluster.start(3);
  cluster.wait_until_healthy(3);
  REQUIRE(cluster.ask(3, "GET", "/new").body == "second founding");
  REQUIRE(cluster.ask(3, "GET", "/old").code == 404);
}

TEST_CASE("a node without its data stops when only one of the others is there, too", "[D10]") {
  Cluster cluster(3);
  REQUIRE(cluster.ask(1, "PUT", "/key", "v").code == 204);
  REQUIRE(within_ms(20'000, [&] { return all_have_met(cluster); }));
  wipe(cluster, 2);
  cluster.kill(3);
  cluster.start(2);
  REQUIRE(cluster.process(2).wait_ms(20'000) == 1);
  REQUIRE_THAT(cluster.log(2), Catch::Contains("DELETE /members/2") && Catch::Contains("with a new id"));
  cluster.start(3);
  cluster.wait_until_healthy(3);
  REQUIRE(cluster.ask(3, "GET", "/key").body == "v");
}

}  // namespace skiff::cluster_test
