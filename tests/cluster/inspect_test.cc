// `skiff inspect` of a real directory that this user may not read.
#include <filesystem>

#include "tests/cluster/support/cluster.h"
#include "tests/support/catch.h"

namespace skiff::cluster_test::inspect_access {

// Without root's right to ignore file modes.
Done inspect(const std::string& path) {
  std::vector<std::string> command = {SKIFF_BINARY, "inspect", path};
  const std::vector<std::string> without = {"setpriv", "--bounding-set=-dac_override,-dac_read_search"};
  if (geteuid() == 0) command.insert(command.begin(), without.begin(), without.end());
  return run(command);
}

TEST_CASE("inspect distinguishes unreadable files from damaged ones by its exit status") {
  Cluster cluster(1);
  REQUIRE(cluster.ask(1, "PUT", "/key", "value").code == 204);
  const std::string directory = cluster.data_directory(1);
  REQUIRE(inspect(directory).status == 0);  // while the node runs
  cluster.kill(1);
  REQUIRE(inspect(directory).status == 0);

  for (const std::string& path : {directory + "/wal-0000000000000001", directory + "/identity", directory}) {
    const auto before = std::filesystem::status(path).permissions();
    std::filesystem::permissions(path, std::filesystem::perms::none);
    const Done done = inspect(directory);
    std::filesystem::permissions(path, before);
    INFO(done.output);
    REQUIRE(done.status == 3);
    REQUIRE_THAT(done.output, Catch::Contains(path + ": Permission denied") && Catch::Contains("unknown   "));
  }
  write_file(directory + "/identity", "something else");
  REQUIRE(inspect(directory).status == 1);
  REQUIRE(inspect(directory + "/none").status == 2);
}

}  // namespace skiff::cluster_test::inspect_access
