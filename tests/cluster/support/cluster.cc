#include "tests/cluster/support/cluster.h"

#include <arpa/inet.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <exception>
#include <filesystem>
#include <iostream>
#include <map>
#include <random>

#include "tests/support/catch.h"

namespace skiff::cluster_test {

bool is_free(uint16_t port) {
  int probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  bool bound = bind(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  close(probe);
  return bound;
}

uint16_t free_port() {
  static std::mt19937 random(std::random_device{}());
  while (true) {
    auto port = static_cast<uint16_t>(std::uniform_int_distribution<int>(12'000, 32'000)(random));
    if (is_free(port)) return port;
  }
}

Cluster::Cluster(int nodes, std::vector<std::string> flags, Site site)
    : site_(site),
      flags_(std::move(flags)),
      nodes_(static_cast<size_t>(nodes)),
      initial_members_(nodes),
      exceptions_(std::uncaught_exceptions()) {
  for (Node& node : nodes_) {
    node.port = free_port();
    node.peer_port = free_port();
  }
  for (int id = 1; id <= nodes; ++id) {
    std::filesystem::create_directory(disk(id));
    if (site_.disk_megabytes > 0) volumes_.push_back(std::make_unique<Volume>(disk(id), site_.disk_megabytes));
  }
  for (int id = 1; id <= nodes; ++id) start(id);
  for (int id = 1; id <= nodes; ++id) wait_until_healthy(id);
}

Cluster::~Cluster() {
  if (std::uncaught_exceptions() <= exceptions_) return;
  for (int id = 1; id <= size(); ++id) {
    std::string text = log(id);
    if (text.size() > 3'000) text.erase(0, text.size() - 3'000);
    std::cout << "---- node " << id << " had logged last:\n" << text << std::endl;
  }
}

std::vector<std::string> Cluster::command(int id) {
  std::string peers;
  for (int peer = 1; peer <= std::max(initial_members_, id); ++peer)
    peers += (peers.empty() ? "" : ",") + peer_url(peer);
  std::vector<std::string> command = site_.network == nullptr ? std::vector<std::string>{} : site_.network->enter(id);
  const std::vector<std::string> words = {SKIFF_BINARY,
                                          "--id",
                                          std::to_string(id),
                                          "--cluster",
                                          peers,
                                          "--port",
                                          std::to_string(port(id)),
                                          "--data-dir",
                                          data_directory(id)};
  if (site_.flush_us > 0) {
    const std::string preload = std::string("LD_PRELOAD=") + SLOW_DISK_LIBRARY;
    command.insert(command.end(), {"env", preload, "SLOW_DISK_US=" + std::to_string(site_.flush_us)});
  }
  command.insert(command.end(), words.begin(), words.end());
  if (site_.network != nullptr) command.insert(command.end(), {"--listen", address(id)});
  if (id > initial_members_) command.push_back("--join");
  command.insert(command.end(), flags_.begin(), flags_.end());
  return command;
}

int Cluster::add() {
  REQUIRE(site_.network == nullptr);
  nodes_.emplace_back();
  nodes_.back().port = free_port();
  nodes_.back().peer_port = free_port();
  std::filesystem::create_directory(disk(size()));
  return size();
}

void Cluster::start(int id, const std::vector<std::string>& before) {
  std::vector<std::string> all = before;
  for (std::string& word : command(id)) all.push_back(std::move(word));
  node(id).process = std::make_unique<Process>(all, log_file(id));
  node(id).is_up = true;
}

void Cluster::kill(int id) {
  process(id).signal(SIGKILL);
  REQUIRE(process(id).wait_ms(10'000) == 128 + SIGKILL);
  node(id).is_up = false;
}

void Cluster::pause(int id) {
  process(id).signal(SIGSTOP);
  const std::string file = "/proc/" + std::to_string(process(id).pid()) + "/status";
  REQUIRE(within_ms(5'000, [&] { return read_file(file).find("State:\tT") != std::string::npos; }));
}

void Cluster::resume(int id) { process(id).signal(SIGCONT); }

HttpReply Cluster::ask(int id, std::string_view method, std::string_view path, std::string_view body) {
  HttpClient client(address(id), port(id));
  return client.ask(method, path, body).value_or(HttpReply{});
}

nlohmann::json Cluster::status(int id) {
  auto said = nlohmann::json::parse(ask(id, "GET", "/status").body, nullptr, /*allow_exceptions=*/false);
  return said.is_object() ? said : nlohmann::json::object();
}

bool Cluster::is_healthy(int id) { return ask(id, "GET", "/health").code == 200; }

void Cluster::wait_until_healthy(int id) {
  INFO("node " << id);
  REQUIRE(within_ms(20'000, [&] { return !process(id).is_running() || is_healthy(id); }));
  REQUIRE(process(id).is_running());
}

int Cluster::wait_for_leader() {
  std::optional<int> leader;
  REQUIRE(within_ms(20'000, [&] { return (leader = find_leader()).has_value(); }));
  return *leader;
}

std::optional<int> Cluster::find_leader() {
  std::map<int, int> votes;
  for (int id = 1; id <= size(); ++id) {
    if (!node(id).is_up) continue;
    nlohmann::json said = status(id);
    if (said.contains("leader")) ++votes[said["leader"].get<int>()];
  }
  for (auto [leader, count] : votes) {
    if (leader != 0 && count * 2 > size() && node(leader).is_up) return leader;
  }
  return std::nullopt;
}

}  // namespace skiff::cluster_test
