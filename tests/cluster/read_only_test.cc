// `skiff inspect` of a real directory on a real read-only mount. `make cluster-test`
#include <sys/mount.h>

#include "raft/check.h"
#include "tests/cluster/support/cluster.h"
#include "tests/support/catch.h"

namespace skiff::cluster_test {
namespace {

// A directory that is mounted over itself, read-only. Requires: the same as Volume.
class ReadOnlyMount {
 public:
  explicit ReadOnlyMount(std::string directory) : directory_(std::move(directory)) {
    CHECK(mount(directory_.c_str(), directory_.c_str(), nullptr, MS_BIND, nullptr) == 0);
    CHECK(mount(nullptr, directory_.c_str(), nullptr, MS_BIND | MS_REMOUNT | MS_RDONLY, nullptr) == 0);
  }
  ~ReadOnlyMount() { umount2(directory_.c_str(), MNT_DETACH); }
  ReadOnlyMount(const ReadOnlyMount&) = delete;
  ReadOnlyMount& operator=(const ReadOnlyMount&) = delete;

 private:
  const std::string directory_;
};

}  // namespace

TEST_CASE("a directory on a read-only mount is reported intact or damaged as it would be elsewhere") {
  Network network(1, 1);
  Cluster cluster(1, {}, {.network = &network});
  REQUIRE(cluster.ask(1, "PUT", "/key", "value").code == 204);
  cluster.kill(1);
  const std::string directory = cluster.data_directory(1);
  {
    ReadOnlyMount mount(directory);
    REQUIRE(run({"touch", directory + "/lock"}).status != 0);
    const Done done = run({SKIFF_BINARY, "inspect", directory});
    INFO(done.output);
    REQUIRE(done.status == 0);
  }
  write_file(directory + "/identity", "something else");
  ReadOnlyMount mount(directory);
  REQUIRE(run({SKIFF_BINARY, "inspect", directory}).status == 1);
}

}  // namespace skiff::cluster_test
