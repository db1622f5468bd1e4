#include "tests/cluster/nemesis/nemesis.h"

#include <signal.h>

#include <algorithm>

#include "tests/support/catch.h"

namespace skiff::cluster_test {

Nemesis::Nemesis(Cluster& cluster, Network& network, uint64_t seed)
    : cluster_(cluster), network_(network), random_(seed) {}

const std::vector<Nemesis::Kind>& Nemesis::kinds() {
  static const std::vector<Kind> kinds = {{"kill", &Nemesis::kill_one},
                                          {"kill all", &Nemesis::kill_all},
                                          {"pause", &Nemesis::pause_one},
                                          {"isolate", &Nemesis::isolate_one},
                                          {"one direction cut", &Nemesis::cut_one_direction},
                                          {"partition", &Nemesis::partition},
                                          {"degraded links", &Nemesis::degrade_all_links},
                                          {"throttled node", &Nemesis::throttle_links_of_one},
                                          {"full disk", &Nemesis::fill_disks},
                                          {"restart", &Nemesis::stop_one},
                                          {"rolling restart", &Nemesis::restart_in_turn}};
  return kinds;
}

void Nemesis::inject_fault() {
  if (kinds_left_.empty()) {
    kinds_left_ = kinds();
    std::shuffle(kinds_left_.begin(), kinds_left_.end(), random_);
  }
  const Kind kind = kinds_left_.back();
  kinds_left_.pop_back();
  INFO("during: " << kind.name);
  ++counts_[kind.name];
  (this->*kind.inject)();
  let_fault_last();
}

void Nemesis::let_fault_last() { nap_ms(200 + below(1'500)); }

void Nemesis::kill_one() {
  const int node = leader_or_some();
  cluster_.kill(node);
  stopped_.insert(node);
}

void Nemesis::kill_all() {
  for (int node = 1; node <= cluster_.size(); ++node) cluster_.process(node).signal(SIGKILL);
  for (int node = 1; node <= cluster_.size(); ++node) {
    cluster_.kill(node);
    stopped_.insert(node);
  }
}

void Nemesis::pause_one() {
  const int node = leader_or_some();
  cluster_.pause(node);
  paused_.insert(node);
}

void Nemesis::isolate_one() { network_.isolate(leader_or_some()); }

// Either no packet from the node arrives anywhere, or no packet arrives at the node.
void Nemesis::cut_one_direction() {
  const int node = leader_or_some();
  const bool is_mute = below(2) == 0;
  for (int other = 1; other <= cluster_.size(); ++other) {
    if (other != node) network_.set(is_mute ? node : other, is_mute ? other : node, {.is_cut = true});
  }
}

void Nemesis::partition() {
  std::vector<int> nodes;
  for (int node = 1; node <= cluster_.size(); ++node) nodes.push_back(node);
  std::shuffle(nodes.begin(), nodes.end(), random_);
  const auto size = static_cast<size_t>(1 + below(cluster_.size() - 1));
  for (size_t one = 0; one < size; ++one) {
    for (size_t other = size; other < nodes.size(); ++other) {
      network_.set_both(nodes[one], nodes[other], {.is_cut = true});
    }
  }
}

void Nemesis::degrade_all_links() {
  for (int from = 1; from <= cluster_.size(); ++from) {
    for (int to = 1; to <= cluster_.size(); ++to) {
      if (from == to) continue;
      network_.set(from, to,
                   {.loss_percent = below(10),
                    .repeat_percent = below(10),
                    .delay_us = below(30'000),
                    .jitter_us = below(20'000)});
    }
  }
}

void Nemesis::throttle_links_of_one() {
  const int node = leader_or_some();
  for (int other = 1; other <= cluster_.size(); ++other) {
    if (other != node) network_.set_both(node, other, {.bytes_per_second = 50'000});
  }
}

// One disk, and in one case of four all of them. A node notices when it needs another segment of the log.
void Nemesis::fill_disks() {
  const int node = some_node();
  const bool is_everywhere = below(4) == 0;
  for (int each = 1; each <= cluster_.size(); ++each) {
    if (each != node && !is_everywhere) continue;
    cluster_.volume(each).fill();
    full_.insert(each);
  }
  const nlohmann::json::json_pointer full("/disk/full");
  if (within_ms(6'000, [&] { return cluster_.status(node).value(full, false); })) ++counts_["disks found full"];
}

void Nemesis::stop_one() { stop(leader_or_some()); }

void Nemesis::restart_in_turn() {
  for (int node = 1; node <= cluster_.size(); ++node) {
    stop(node);
    start_again(node);
    cluster_.wait_until_healthy(node);
  }
}

// As an operator stops a node: it must end with status 0. The node must have answered once, because a process that has
// not installed its signal handler yet would be killed.
void Nemesis::stop(int node) {
  REQUIRE(within_ms(20'000, [&] { return !cluster_.status(node).empty(); }));
  cluster_.process(node).signal(SIGTERM);
  REQUIRE(cluster_.process(node).wait_ms(20'000) == 0);
  stopped_.insert(node);
}

void Nemesis::start_again(int node) {
  cluster_.start(node);
  stopped_.erase(node);
}

int Nemesis::leader_or_some() {
  const int node = some_node();
  if (below(2) == 0) return node;
  const int leader = cluster_.status(node).value("leader", 0);
  return leader == 0 ? node : leader;
}

void Nemesis::heal() {
  network_.heal();
  for (int node : paused_) cluster_.resume(node);
  paused_.clear();
  for (int node : full_) cluster_.volume(node).clear();
  for (int node = 1; node <= cluster_.size(); ++node) {
    if (stopped_.contains(node)) {
      start_again(node);
    } else if (!cluster_.process(node).is_running()) {
      FAIL("node " << node << " has ended although the nemesis did not stop it:\n" << cluster_.log(node));
    }
  }
  full_.clear();
}

std::string Nemesis::counts() const {
  std::string text;
  for (const auto& [name, count] : counts_) {
    text += (text.empty() ? "" : ", ") + std::string(name) + " " + std::to_string(count);
  }
  return text;
}

}  // namespace skiff::cluster_test
