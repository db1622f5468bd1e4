// A first start with wrong or useless addresses: it says so, and leaves no files behind.

#include <signal.h>

#include <filesystem>

#include "tests/cluster/support/cluster.h"
#include "tests/support/catch.h"

namespace skiff::cluster_test::first_start {

bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

std::string peer(uint16_t port) { return "http://127.0.0.1:" + std::to_string(port); }

// The command of a single node, in that directory.
std::vector<std::string> node(uint16_t port, const std::string& data, const std::vector<std::string>& more) {
  std::vector<std::string> command = {SKIFF_BINARY, "--port", std::to_string(port), "--data-dir", data};
  command.insert(command.end(), more.begin(), more.end());
  return command;
}

bool is_healthy(uint16_t port) {
  HttpClient client(port);
  const std::optional<HttpReply> reply = client.ask("GET", "/health");
  return reply && reply->code == 200;
}

TEST_CASE("a start that fails for a port leaves no data directory behind, and none of those above it") {
  Cluster other(1);
  TemporaryDirectory directory;
  const std::string data = directory.file("a/b");
  struct Row {
    uint16_t port;
    uint16_t peer_port;
    uint16_t named;
  };
  for (const Row& row :
       {Row{other.port(1), free_port(), other.port(1)}, Row{free_port(), other.peer_port(1), other.peer_port(1)}}) {
    const Done done = run(node(row.port, data, {"--cluster", peer(row.peer_port)}));
    INFO(done.output);
    REQUIRE(done.status == 1);
    REQUIRE(holds(done.output, "127.0.0.1:" + std::to_string(row.named) + ": address already in use"));
    REQUIRE_FALSE(std::filesystem::exists(directory.file("a")));
  }
  const Done elsewhere = run(node(free_port(), data, {"--cluster", "http://192.0.2.1:9021"}));
  INFO(elsewhere.output);
  REQUIRE(elsewhere.status == 1);
  REQUIRE(holds(elsewhere.output, "this machine does not have it; 0.0.0.0 listens on all it has"));
  REQUIRE_FALSE(std::filesystem::exists(directory.file("a")));
}

TEST_CASE("an existing data directory is unchanged after a start that fails for a port") {
  Cluster other(1);
  TemporaryDirectory directory;
  const std::string data = directory.file("data");
  std::filesystem::create_directory(data);
  REQUIRE(run(node(other.port(1), data, {"--cluster", peer(free_port())})).status == 1);
  REQUIRE(std::filesystem::is_empty(data));
  // A directory with a log is intact after a failed start, too.
  const uint16_t port = free_port(), peers = free_port();
  for (int times = 0; times < 2; ++times) {
    Process process(node(port, data, {"--cluster", peer(peers)}), directory.file("log"));
    REQUIRE(within_ms(20'000, [&] { return is_healthy(port); }));
    process.signal(SIGTERM);
    REQUIRE(process.wait_ms(20'000) == 0);
    REQUIRE(run(node(other.port(1), data, {"--cluster", peer(peers)})).status == 1);
  }
}

TEST_CASE("a data directory is made with those above it, and the start says where the node is found") {
  TemporaryDirectory directory;
  const uint16_t port = free_port(), peers = free_port();
  Process process(node(port, directory.file("a/b/c"), {"--cluster", "localhost:" + std::to_string(peers)}),
                  directory.file("log"));
  REQUIRE(within_ms(20'000, [&] { return is_healthy(port); }));
  REQUIRE(std::filesystem::exists(directory.file("a/b/c/identity")));
  const std::string four = "peers at " + peer(peers) + "\n",
                    six = "peers at http://[::1]:" + std::to_string(peers) + "\n";
  REQUIRE(within_ms(10'000, [&] {
    const std::string log = read_file(directory.file("log"));
    const bool says_peers = holds(log, four) || holds(log, six);  // as this machine resolves localhost
    return says_peers && holds(log, "clients at " + peer(port) + ", ");
  }));
}

TEST_CASE("a node whose name leads to itself, while others are elsewhere, is told how to listen") {
  TemporaryDirectory directory;
  const std::string list = "localhost:" + std::to_string(free_port()) + ",192.0.2.1:9021";
  Process process(node(free_port(), directory.file("data"), {"--cluster", list}), directory.file("log"));
  REQUIRE(within_ms(20'000, [&] {
    const std::string log = read_file(directory.file("log"));
    return holds(log, "which only this machine can reach, but the member at 192.0.2.1:9021 is elsewhere") &&
           holds(log, "which is each machine itself, beside http://192.0.2.1:9021");
  }));
}

TEST_CASE("one address for clients and members is refused with status 2") {
  TemporaryDirectory directory;
  const std::string port = std::to_string(free_port());
  const Done done =
      run({SKIFF_BINARY, "--port", port, "--cluster", "127.0.0.1:" + port, "--data-dir", directory.file("data")});
  INFO(done.output);
  REQUIRE(done.status == 2);
  REQUIRE(holds(done.output, "--port: " + port + " is where this node waits for the other members"));
  REQUIRE_FALSE(std::filesystem::exists(directory.file("data")));
}

TEST_CASE("a node that asks to join as a member that is there is told so, by that member too") {
  Cluster cluster(1);
  TemporaryDirectory directory;
  const Done done = run(node(free_port(), directory.file("data"),
                             {"--id", "1", "--join", "--cluster", cluster.peer_url(1), "--peer-listen",
                              "127.0.0.1:" + std::to_string(free_port())}));
  INFO(done.output);
  REQUIRE(done.status == 1);
  REQUIRE(holds(done.output, "cannot start: node 1 is a voter of that cluster already"));
  REQUIRE_FALSE(std::filesystem::exists(directory.file("data")));
}

TEST_CASE("an address that cannot be dialled is refused as a member's") {
  Cluster cluster(1);
  for (const char* method : {"POST", "PUT"}) {
    for (const char* address : {"http://0.0.0.0:9024", "http://[::]:9024"}) {
      const HttpReply reply = cluster.ask(1, method, "/members/4", address);
      REQUIRE(reply.code == 400);
      REQUIRE(holds(reply.body, "is every address of a machine, and none that others can dial"));
    }
  }
}

TEST_CASE("clients' and members' ports that were exchanged are named, by both sides") {
  Cluster cluster(1);
  TemporaryDirectory directory;
  const std::string list = "127.0.0.1:" + std::to_string(cluster.port(1)) + ",127.0.0.1:" + std::to_string(free_port());
  Process joins(node(free_port(), directory.file("data"), {"--id", "2", "--join", "--cluster", list}),
                directory.file("log"));
  REQUIRE(within_ms(20'000, [&] { return holds(read_file(directory.file("log")), "clients have that port"); }));
  HttpClient client(cluster.peer_port(1));
  client.ask("GET", "/key");
  REQUIRE(within_ms(20'000, [&] { return holds(cluster.log(1), "a client's request: clients have another port"); }));
}

}  // namespace skiff::cluster_test::first_start
