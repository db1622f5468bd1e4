#include "bench/system.h"

#include <chrono>
#include <nlohmann/json.hpp>
#include <thread>

#include "bench/ask.h"
#include "bench/files.h"
#include "bench/target.h"
#include "src/base/try.h"

namespace skiff::bench {
namespace {

constexpr size_t kNodes = 3;
constexpr int kAskMs = 200;
constexpr int kStartMs = 30'000;
constexpr const char* kProbe = "/bench-probe";

using Clock = std::chrono::steady_clock;

double ms_since(Clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

// Tries until it works; false when it does not within the time that a start may take.
template <class Attempt>
bool await(Attempt attempt) {
  for (const auto begin = Clock::now(); ms_since(begin) < kStartMs;) {
    if (attempt()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return false;
}

std::string url(uint16_t port) { return transport::to_url({"127.0.0.1", port}); }

}  // namespace

Result<std::unique_ptr<System>> System::start(const SystemKind& kind, const std::string& directory) {
  std::unique_ptr<System> system(new System(kind, directory));
  for (auto step : {&System::choose_ports, &System::start_nodes, &System::await_first_write, &System::find_leader}) {
    const Result<> done = (system.get()->*step)();
    if (!done)
      return fail(done.error().code, kind.name + ": " + done.error().what + " (its output is in " + directory + ")");
  }
  return system;
}

System::~System() {
  for (Process& process : processes_) process.stop();
}

Result<> System::choose_ports() {
  for (size_t node = 0; node < kNodes; ++node) {
    TRY(const uint16_t client, free_port());
    TRY(const uint16_t peer, free_port());
    ports_.push_back({client, peer});
  }
  return {};
}

Result<> System::start_nodes() {
  for (size_t node = 0; node < kNodes; ++node) {
    const std::string directory = directory_ + "/" + std::to_string(node + 1);
    const Result<> made = make_directories(directory);
    if (!made) return made;
    processes_.emplace_back(command(node), directory + "/output.txt");
  }
  return {};
}

std::vector<std::string> System::command(size_t node) const {
  return kind_.target == Target::skiff ? skiff_command(node) : etcd_command(node);
}

std::vector<std::string> System::skiff_command(size_t node) const {
  std::string cluster;
  for (const Ports& ports : ports_) cluster += (cluster.empty() ? "" : ",") + url(ports.peer);
  const std::string id = std::to_string(node + 1);
  return {kind_.program,
          "--id",
          id,
          "--cluster",
          cluster,
          "--port",
          std::to_string(ports_[node].client),
          "--data-dir",
          directory_ + "/" + id + "/data",
          "--log-level",
          "warn"};
}

std::vector<std::string> System::etcd_command(size_t node) const {
  std::string cluster;
  for (size_t i = 0; i < ports_.size(); ++i) {
    cluster += (i == 0 ? "n" : ",n") + std::to_string(i + 1) + "=" + url(ports_[i].peer);
  }
  const std::string id = std::to_string(node + 1);
  const std::string client = url(ports_[node].client), peer = url(ports_[node].peer);
  return {kind_.program,
          "--name=n" + id,
          "--data-dir=" + directory_ + "/" + id + "/data",
          "--listen-client-urls=" + client,
          "--advertise-client-urls=" + client,
          "--listen-peer-urls=" + peer,
          "--initial-advertise-peer-urls=" + peer,
          "--initial-cluster=" + cluster,
          "--enable-v2=true",
          "--logger=zap",
          "--log-level=error"};
}

Result<> System::await_first_write() {
  const auto begin = Clock::now();
  const bool is_up = await([this] { return !processes_[0].is_running() || can_write(); });
  first_write_ms_ = ms_since(begin);
  if (!processes_[0].is_running()) return fail(Error::Code::unavailable, kind_.program + " ended right away");
  if (!is_up) return fail(Error::Code::unavailable, "no write succeeded");
  return {};
}

bool System::can_write() const {
  const std::string json = R"({"key":")" + base64(kProbe) + R"(","value":"eA=="})";
  const bool is_v3 = kind_.target != Target::skiff;
  const auto reply = is_v3 ? ask(ports_[0].client, "POST", "/v3/kv/put", json, kAskMs)
                           : ask(ports_[0].client, "PUT", kProbe, "x", kAskMs);
  return reply && reply->status >= 200 && reply->status < 300;
}

bool System::leads(size_t node) const {
  const bool is_skiff = kind_.target == Target::skiff;
  const auto reply = is_skiff ? ask(ports_[node].client, "GET", "/members", "", kAskMs)
                              : ask(ports_[node].client, "POST", "/v3/maintenance/status", "{}", kAskMs);
  if (!reply || reply->status != 200) return false;
  const auto json = nlohmann::json::parse(reply->body, nullptr, false);
  if (!json.is_object()) return false;
  if (!is_skiff) return json.contains("leader") && json["leader"] == json.value("/header/member_id"_json_pointer, "");
  for (const auto& member : json.value("members", nlohmann::json::array())) {
    if (member.value("id", uint64_t{0}) == node + 1) return member.value("leader", false);
  }
  return false;
}

Result<> System::find_leader() {
  size_t leader = 0;
  const bool is_found = await([&] {
    for (leader = 0; leader < kNodes; ++leader) {
      if (leads(leader)) return true;
    }
    return false;
  });
  if (!is_found) return fail(Error::Code::unavailable, "no node says that it leads");
  for (size_t i = 0; i < kNodes; ++i) nodes_.push_back({"127.0.0.1", ports_[(leader + i) % kNodes].client});
  return {};
}

double System::cpu_seconds() const {
  double sum = 0;
  for (const Process& process : processes_) sum += process.cpu_seconds();
  return sum;
}

}  // namespace skiff::bench
