// The environment of a process: a log that is not read, closed descriptors, variables of other programs, signals, and
// limits of the system.

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "raft/check.h"
#include "tests/cluster/support/cluster.h"
#include "tests/support/catch.h"

namespace skiff::cluster_test::surroundings {

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

// The words before a command that run it in a shell, after `before`.
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

// A named pipe: bytes that are written to it wait for take().
class NamedPipe {
 public:
  NamedPipe() : path_(directory_.file("pipe")) {
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
  TemporaryDirectory directory_;
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
  REQUIRE_FALSE(has(pipe.take(), "node 1"));  // not a single line was written
}

TEST_CASE("three nodes that share a log that is not read keep their leader, and the log says how many lines it lacks") {
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
  tool.insert(tool.end(), {SKIFF_BINARY, "inspect", cluster.data_directory(1)});
  REQUIRE(run(tool).status == 0);
}

TEST_CASE("a node starts beside a service of its name, and says which variables it ignores") {
  Cluster cluster(1);
  restart(cluster, {"env", "SKIFF_SERVICE_HOST=10.96.3.4", "SKIFF_SERVICE_PORT=9121", "SKIFF_PORT=tcp://10.96.3.4:9121",
                    "SKIFF_PORT_9121_TCP_ADDR=10.96.3.4", "SKIFF_HEARTBEAT=", "SKIFF_ID=none"});
  require_that_it_serves(cluster, 1);
  REQUIRE(cluster.says(1,
                       "ignores variables that Kubernetes or docker set for a service: SKIFF_PORT, "
                       "SKIFF_PORT_9121_TCP_ADDR, SKIFF_SERVICE_HOST, SKIFF_SERVICE_PORT\n"));
}

TEST_CASE("signals without a meaning end no node, and are logged") {
  Cluster cluster(1);
  for (int number : {SIGHUP, SIGUSR1, SIGUSR2}) {
    const std::string line = std::string("ignores SIG") + ::sigabbrev_np(number) + ": ";
    for (int times = 0; times < 3; ++times) cluster.process(1).signal(number);
    REQUIRE(within_ms(10'000, [&] { return has(cluster.log(1), line); }));
  }
  for (int number : {SIGPIPE, SIGXFSZ}) cluster.process(1).signal(number);
  require_that_it_serves(cluster, 1);
  stop_cleanly(cluster, 1);
}

TEST_CASE("SIGHUP ends no node that starts, or waits to be added") {
  Cluster cluster(1);
  stop_cleanly(cluster, 1);
  const size_t logged = cluster.log(1).size();
  cluster.start(1, {"env", "SKIFF_SERVICE_HOST=10.96.3.4"});
  REQUIRE(within_ms(10'000, [&] { return has(cluster.log(1).substr(logged), "ignores variables"); }));
  while (cluster.process(1).is_running() && !cluster.is_healthy(1)) cluster.process(1).signal(SIGHUP);
  require_that_it_serves(cluster, 1);

  const int joins = cluster.add();
  cluster.start(joins);
  REQUIRE(within_ms(10'000, [&] { return has(cluster.log(joins), "waits to be added"); }));
  cluster.process(joins).signal(SIGHUP);
  REQUIRE(within_ms(10'000, [&] { return has(cluster.log(joins), "ignores SIGHUP"); }));
  stop_cleanly(cluster, joins);
}

TEST_CASE("a write beyond the limit of a file's size ends the node with a line, as any failed write") {
  Cluster cluster(1);
  const std::string next =
      cluster.data_directory(1) + "/wal-spare.new";  // without the spare the node would only be full
  std::error_code none;
  REQUIRE(within_ms(20'000, [&] { return std::filesystem::file_size(next, none) == 8 << 20; }));
  const rlimit limit{.rlim_cur = 1 << 20, .rlim_max = RLIM_INFINITY};
  REQUIRE(::prlimit(cluster.process(1).pid(), RLIMIT_FSIZE, &limit, nullptr) == 0);
  const std::string value(256 * 1024, 'x');
  for (int number = 0; number < 8; ++number) cluster.ask(1, "PUT", "/key", value);
  REQUIRE(cluster.process(1).wait_ms(20'000) == 1);
  REQUIRE(cluster.says(1, "File too large: over the limit of a file's size (ulimit -f)"));
}

TEST_CASE("if the limit of a file's size leaves no room for a log, a start says so") {
  Cluster cluster(1);
  std::vector<std::string> command = in_shell("ulimit -f 64");  // dash counts 512 bytes each, bash 1024
  for (const std::string& word : cluster.command(1))
    command.push_back(word == cluster.data_directory(1) ? cluster.disk(1) + "/other" : word);
  stop_cleanly(cluster, 1);
  const Done done = run(command);
  INFO(done.output);
  REQUIRE(done.status == 1);
  REQUIRE(has(done.output, "File too large"));
}

// The process runs under a limit of threads. Root has no such limit, so the process becomes another user; the program
// is opened before that, because the other user may not read its directory.
TEST_CASE("if no thread can be started, the node names its purpose and the limit to check") {
  Cluster cluster(1);
  const std::vector<std::string> command = cluster.command(1);
  stop_cleanly(cluster, 1);
  const bool is_root = ::geteuid() == 0;
  const std::string user = std::to_string(100'000 + ::getpid());
  if (is_root && run({"setpriv", "--reuid", user, "--clear-groups", "true"}).status != 0) {
    return;
  }
  bool has_started = false;
  int refusals = 0;
  for (int threads = 1; threads < 12 && !has_started; ++threads) {
    TemporaryDirectory directory;
    const std::string data = directory.file("");
    REQUIRE(::chmod(data.c_str(), 0777) == 0);
    std::vector<std::string> limited = in_shell("exec 9<" SKIFF_BINARY);
    if (is_root) limited.insert(limited.end(), {"setpriv", "--reuid", user, "--clear-groups", "--inh-caps=-all"});
    limited.insert(limited.end(), {"prlimit", "--nproc=" + std::to_string(is_root ? threads : 1)});
    for (const std::string& word : command) {
      limited.push_back(word == command[0]                  ? "/proc/self/fd/9"
                        : word == cluster.data_directory(1) ? data + "data"
                                                            : word);
    }
    Process process(limited, directory.file("log"));
    within_ms(20'000, [&] { return !process.is_running() || (has_started = cluster.is_healthy(1)); });
    const std::string log = read_file(directory.file("log"));
    INFO(log);
    if (has_started) break;
    REQUIRE(process.wait_ms(0) == 1);
    REQUIRE(has(log, "cannot start: no thread for "));
    REQUIRE(has(log, "ulimit -u"));
    REQUIRE_FALSE(std::filesystem::exists(data + "data"));
    ++refusals;
    if (!is_root) return;
  }
  REQUIRE(has_started);
  REQUIRE(refusals == 4);  // the threads of the log, of the standby, of the disk and of snapshots
}

}  // namespace skiff::cluster_test::surroundings
