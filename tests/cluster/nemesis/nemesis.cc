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
                                          {"pause", &Nemesis::pause},
                                          {"isolate", &Nemesis::isolate},
                                          {"one way", &Nemesis::one_way},
                                          {"split", &Nemesis::split},
                                          {"slow network", &Nemesis::slow_network},
                                          {"slow node", &Nemesis::slow_node},
                                          {"full disk", &Nemesis::full_disk},
                                          {"restart", &Nemesis::restart},
                                          {"rolling restart", &Nemesis::restart_all}};
  return kinds;
}

void Nemesis::strike() {
  if (to_come_.empty()) {
    to_come_ = kinds();
    std::shuffle(to_come_.begin(), to_come_.end(), random_);
  }
  const Kind kind = to_come_.back();
  to_come_.pop_back();
  INFO("during: " << kind.name);
  ++counts_[kind.name];
  (this->*kind.deed)();
  last();
}

void Nemesis::last() { nap_ms(200 + below(1'500)); }

void Nemesis::kill_one() {
  const int node = leader_or_some();
  cluster_.kill(node);
  down_.insert(node);
}

void Nemesis::kill_all() {
  for (int node = 1; node <= cluster_.size(); ++node) cluster_.process(node).signal(SIGKILL);
  for (int node = 1; node <= cluster_.size(); ++node) {
    cluster_.kill(node);
    down_.insert(node);
  }
}

void Nemesis::pause() {
  const int node = leader_or_some();
  cluster_.freeze(node);
  paused_.insert(node);
}

void Nemesis::isolate() { network_.isolate(leader_or_some()); }

// Nobody hears it, or it hears nobody.
void Nemesis::one_way() {
  const int node = leader_or_some();
  const bool is_mute = below(2) == 0;
  for (int other = 1; other <= cluster_.size(); ++other) {
    if (other != node) network_.set(is_mute ? node : other, is_mute ? other : node, {.is_cut = true});
  }
}

void Nemesis::split() {
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

void Nemesis::slow_network() {
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

void Nemesis::slow_node() {
  const int node = leader_or_some();
  for (int other = 1; other <= cluster_.size(); ++other) {
    if (other != node) network_.set_both(node, other, {.bytes_per_second = 50'000});
  }
}

// It notices when it needs a new piece of disk; now and then there is none on any.
void Nemesis::full_disk() {
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

void Nemesis::restart() { stop(leader_or_some()); }

void Nemesis::restart_all() {
  for (int node = 1; node <= cluster_.size(); ++node) {
    stop(node);
    start_again(node);
    cluster_.wait_until_healthy(node);
  }
}

// As an operator does. It must end well. Not a process that has only just been made: until its first lines have run,
// nobody can say what the signal means to it.
void Nemesis::stop(int node) {
  REQUIRE(within_ms(20'000, [&] { return !cluster_.status(node).empty(); }));
  cluster_.process(node).signal(SIGTERM);
  REQUIRE(cluster_.process(node).wait_ms(20'000) == 0);
  down_.insert(node);
}

void Nemesis::start_again(int node) {
  cluster_.start(node);
  down_.erase(node);
}

int Nemesis::leader_or_some() {
  const int node = some_node();
  if (below(2) == 0) return node;
  const int leader = cluster_.status(node).value("leader", 0);
  return leader == 0 ? node : leader;
}

void Nemesis::heal() {
  network_.heal();
  for (int node : paused_) cluster_.wake(node);
  paused_.clear();
  for (int node : full_) cluster_.volume(node).clear();
  for (int node = 1; node <= cluster_.size(); ++node) {
    if (down_.contains(node)) {
      start_again(node);
    } else if (!cluster_.process(node).is_running()) {
      FAIL("node " << node << " has ended by itself:\n" << cluster_.log(node));
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
