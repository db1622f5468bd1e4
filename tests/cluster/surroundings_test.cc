// What surrounds a process: a log that is not read, descriptors that are closed, variables of others, signals that are
// sent to anybody, and limits of the system.

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "raft/check.h"
#include "tests/cluster/cluster.h"
#include "tests/support/catch.h"

namespace skiff::cluster_test::surroundings {

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

// Runs what follows it behind that.
std::vector<std::string> in_shell(const std::string& before) { return {"sh", "-c", before + "; exec \"$@\"", "sh"}; }

void stop_cleanly(Cluster& cluster, int id) {
  cluster.process(id).signal(SIGTERM);
  REQUIRE(cluster.process(id).wait_ms(20'000) == 0);
}

void restart(Cluster& cluster, const std::vector<std::string>& before) {
  stop_cleanly(cluster, 1);
  cluster.start(1, before);
  cluster.wait_until_healthy(1);
}

void require_that_it_serves(Cluster& cluster, int id) {
  REQUIRE(cluster.ask(id, "PUT", "/key", "value").code == 204);
  REQUIRE(cluster.ask(id, "GET", "/key").body == "value");
  REQUIRE(cluster.ask(id, "GET", "/livez").code == 200);
}

// A pipe with a name: what is written to it waits for take().
class NamedPipe {
 public:
  NamedPipe() : path_(folder_.file("pipe")) {
    CHECK(::mkfifo(path_.c_str(), 0600) == 0);
    descriptor_ = ::open(path_.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC);
    CHECK(descriptor_ >= 0);
    ::fcntl(descriptor_, F_SETPIPE_SZ, 4096);
  }
  ~NamedPipe() { ::close(descriptor_); }
  NamedPipe(const NamedPipe&) = delete;
  NamedPipe& operator=(const NamedPipe&) = delete;

  const std::string& path() const { return path_; }
  void fill() const {
    const std::string much(4096, '-');
    while (::write(descriptor_, much.data(), much.size()) > 0) {
    }
  }
  std::string take() const {
    std::string bytes(1 << 16, '\0');
    const ssize_t count = ::read(descriptor_, bytes.data(), bytes.size());
    bytes.resize(count > 0 ? static_cast<size_t>(count) : 0);
    return bytes;
  }

 private:
  TemporaryFolder folder_;
  std::string path_;
  int descriptor_ = -1;
};

TEST_CASE("a node whose log is not read serves, and stops") {
  Cluster cluster(1);
  const NamedPipe pipe;
  pipe.fill();
  restart(cluster, in_shell("exec 2>" + pipe.path()));
  require_that_it_serves(cluster, 1);
  stop_cleanly(cluster, 1);
  REQUIRE_FALSE(has(pipe.take(), "node 1"));  // not a line got out
}

TEST_CASE("three nodes that share a log that is not read keep their leader, and the log says what it lacks") {
  Cluster cluster(3, {"--log-level", "debug"});
  const NamedPipe pipe;
  pipe.fill();
  for (int id = 1; id <= 3; ++id) {
    stop_cleanly(cluster, id);
    cluster.start(id, in_shell("exec 2>" + pipe.path()));
    cluster.wait_until_healthy(id);
  }
  const int leader = cluster.wait_for_leader();
  const nlohmann::json before = cluster.status(leader);
  HttpClient client(cluster.port(leader));
  for (int number = 0; number < 3'000; ++number) REQUIRE(client.ask("PUT", "/key", "value")->code == 204);
  for (int id = 1; id <= 3; ++id) require_that_it_serves(cluster, id);
  REQUIRE(cluster.status(leader).at("term") == before.at("term"));

  std::string log;
  REQUIRE(within_ms(20'000, [&] {
    log += pipe.take();
    return has(log, " lines here\n") && has(log.substr(log.rfind(" lines here\n")), "debug");
  }));
  REQUIRE(has(log, "the log is not read fast enough: dropped "));
}

TEST_CASE("a node that is started with standard descriptors closed serves, and ends with status 0") {
  Cluster cluster(1);
  for (int closed = 1; closed < 8; ++closed) {
    std::string before = "exec";
    for (int number = 0; number < 3; ++number) {
      if ((closed >> number & 1) != 0) before += " " + std::to_string(number) + ">&-";
    }
    INFO(before);
    restart(cluster, in_shell(before));
    require_that_it_serves(cluster, 1);
  }
  stop_cleanly(cluster, 1);
  std::vector<std::string> tool = in_shell("exec 0>&- 1>&- 2>&-");
  tool.insert(tool.end(), {SKIFF_BINARY, "inspect", cluster.data_folder(1)});
  REQUIRE(run(tool).status == 0);
}

TEST_CASE("a node starts beside a service of its name, and says which variables it ignores") {
  Cluster cluster(1);
  restart(cluster, {"env", "SKIFF_SERVICE_HOST=10.96.3.4", "SKIFF_SERVICE_PORT=9121", "SKIFF_PORT=tcp://10.96.3.4:9121",
                    "SKIFF_PORT_9121_TCP_ADDR=10.96.3.4", "SKIFF_HEARTBEAT=", "SKIFF_ID=none"});
  require_that_it_serves(cluster, 1);
  REQUIRE(has(cluster.log(1),
              "ignores variables that Kubernetes or docker set for a service: SKIFF_PORT, "
              "SKIFF_PORT_9121_TCP_ADDR, SKIFF_SERVICE_HOST, SKIFF_SERVICE_PORT\n"));
}

}  // namespace skiff::cluster_test::surroundings
