// `skiff inspect` of a real folder on a real read-only mount. `make cluster-test`
#include <sys/mount.h>

#include "raft/check.h"
#include "tests/cluster/support/cluster.h"
#include "tests/support/catch.h"

namespace skiff::cluster_test {
namespace {

// Mounted over itself, for reading only. Requires what Volume does.
class ReadOnlyMount {
 public:
  explicit ReadOnlyMount(std::string folder) : folder_(std::move(folder)) {
    CHECK(mount(folder_.c_str(), folder_.c_str(), nullptr, MS_BIND, nullptr) == 0);
    CHECK(mount(nullptr, folder_.c_str(), nullptr, MS_BIND | MS_REMOUNT | MS_RDONLY, nullptr) == 0);
  }
  ~ReadOnlyMount() { umount2(folder_.c_str(), MNT_DETACH); }
  ReadOnlyMount(const ReadOnlyMount&) = delete;
  ReadOnlyMount& operator=(const ReadOnlyMount&) = delete;

 private:
  const std::string folder_;
};

}  // namespace

TEST_CASE("a folder on a read-only mount is whole, or damaged, as it would be elsewhere") {
  Network network(1, 1);
  Cluster cluster(1, {}, {.network = &network});
  REQUIRE(cluster.ask(1, "PUT", "/key", "value").code == 204);
  cluster.kill(1);
  const std::string folder = cluster.data_folder(1);
  {
    ReadOnlyMount mount(folder);
    REQUIRE(run({"touch", folder + "/lock"}).status != 0);
    const Done done = run({SKIFF_BINARY, "inspect", folder});
    INFO(done.output);
    REQUIRE(done.status == 0);
  }
  write_file(folder + "/identity", "something else");
  ReadOnlyMount mount(folder);
  REQUIRE(run({SKIFF_BINARY, "inspect", folder}).status == 1);
}

}  // namespace skiff::cluster_test
