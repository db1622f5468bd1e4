#include "tests/raft/script.h"

#include <algorithm>
#include <charconv>
#include <sstream>

#include "raft/describe.h"

namespace skiff::raft_script {

const std::map<std::string, Script::Command>& Script::commands() {
  static const std::map<std::string, Command> table = {
      {"limit", &Script::limit},       {"cluster", &Script::cluster},   {"start", &Script::start},
      {"elect", &Script::elect},       {"campaign", &Script::campaign}, {"pass", &Script::pass},
      {"settle", &Script::settle},     {"propose", &Script::propose},   {"read", &Script::read},
      {"cut", &Script::cut},           {"heal", &Script::heal},         {"hold", &Script::hold},
      {"release", &Script::release},   {"drop", &Script::drop},         {"repeat", &Script::repeat},
      {"reverse", &Script::reverse},   {"crash", &Script::crash},       {"restart", &Script::restart},
      {"gone", &Script::gone},         {"messages", &Script::messages}, {"show", &Script::show},
      {"save", &Script::save},         {"change", &Script::change},     {"transfer", &Script::transfer},
      {"snapshot", &Script::snapshot}, {"arrive", &Script::arrive},     {"fill", &Script::fill},
      {"empty", &Script::empty},       {"damage", &Script::damage},
  };
  return table;
}

Script::Outcome Script::run(const std::string& commands) {
  Script script;
  std::istringstream lines(commands);
  for (std::string line; std::getline(lines, line) && script.outcome_.error.empty();) script.run_line(line);
  return script.outcome_;
}

void Script::run_line(const std::string& line) {
  std::string meant = line.substr(0, line.find('#'));
  if (meant.find_first_not_of(' ') == std::string::npos) return;
  tell("> " + meant.substr(0, meant.find_last_not_of(' ') + 1));
  std::istringstream parts(meant);
  for (std::string part; std::getline(parts, part, ';') && outcome_.error.empty();) {
    std::istringstream split(part);
    Words words;
    for (std::string word; split >> word;) words.push_back(word);
    if (!words.empty()) run_command(words);
    if (cluster_ && !cluster_->checker().broken().empty()) fail(cluster_->checker().broken());
    if (!outcome_.error.empty()) outcome_.error += "\nin: " + line;
  }
}

void Script::run_command(const Words& words) {
  auto command = commands().find(words[0]);
  if (command == commands().end()) return fail("unknown command: " + words[0]);
  bool is_before_cluster = words[0] == "limit" || words[0] == "cluster" || words[0] == "messages";
  if (!is_before_cluster && !cluster_) return fail("there is no cluster yet");
  (this->*command->second)(words);
}

// ---- the words of a command

void Script::fail(const std::string& error) {
  if (outcome_.error.empty()) outcome_.error = error;
}

std::string Script::word(const Words& words, size_t at) {
  if (at < words.size()) return words[at];
  fail(words[0] + ": a word is missing");
  return "";
}

uint64_t Script::number(const std::string& word) {
  uint64_t value = 0;
  auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (error != std::errc() || end != word.data() + word.size()) fail("not a number: " + word);
  return value;
}

NodeId Script::node(const std::string& word) {
  NodeId node = number(word);
  if (node >= 1 && node <= cluster_->size()) return node;
  fail("no such node: " + word);
  return 1;
}

// `1>2` is one link, `2` all links from and to 2, nothing all there are.
std::vector<Script::Link> Script::links(const Words& words, size_t at) {
  std::vector<Link> found;
  if (at < words.size() && words[at].find('>') != std::string::npos) {
    size_t arrow = words[at].find('>');
    return {{node(words[at].substr(0, arrow)), node(words[at].substr(arrow + 1))}};
  }
  NodeId only = at < words.size() ? node(words[at]) : 0;
  for (NodeId from = 1; from <= cluster_->size(); ++from) {
    for (NodeId to = 1; to <= cluster_->size(); ++to) {
      if (from != to && (only == 0 || only == from || only == to)) found.emplace_back(from, to);
    }
  }
  return found;
}

// ---- the stage

void Script::limit(const Words& words) {
  const std::string name = word(words, 1);
  uint64_t value = number(word(words, 2));
  if (cluster_) return fail("limits come before the cluster");
  if (name == "append-bytes") return void(limits_.append_bytes_max = value);
  if (name == "append-entries") return void(limits_.append_entries_max = value);
  if (name == "window-bytes") return void(limits_.window.bytes_max = value);
  if (name == "window-entries") return void(limits_.window.entries_max = value);
  if (name == "uncommitted-bytes") return void(limits_.uncommitted_bytes_max = value);
  if (name == "uncommitted-entries") return void(limits_.uncommitted_entries_max = value);
  if (name == "waiting-reads") return void(limits_.waiting_reads_max = value);
  if (name == "space-kept") return void(limits_.space_kept_bytes = value);
  fail("unknown limit: " + name);
}

void Script::cluster(const Words& words) {
  if (cluster_) return fail("there is a cluster already");
  uint64_t spares = 0;
  std::string leader;
  for (size_t at = 2; at < words.size(); ++at) {
    if (words[at] == "leader") {
      leader = word(words, ++at);
    } else if (words[at] == "spare") {
      spares = number(word(words, ++at));
    } else if (words[at] == "lease") {
      limits_.lease_reads = true;
    } else {
      return fail("cluster: unknown word: " + words[at]);
    }
  }
  cluster_.emplace(number(word(words, 1)), limits_, 1, spares);
  for (NodeId each = 1; each <= cluster_->size(); ++each) cluster_->start(each, now_);
  if (leader.empty()) return;
  tells_ = false;
  elect({"elect", leader});
  tells_ = true;
}

void Script::start(const Words& words) {
  NodeId starting = node(word(words, 1));
  Disk& disk = cluster_->disk(starting);
  if (now_ != 0_s || !disk.entries.empty()) return fail("start comes before everything else");
  for (size_t at = 2; at < words.size(); ++at) {
    if (words[at] == "term") {
      disk.hard_state.term = number(word(words, ++at));
    } else if (words[at] == "vote") {
      disk.hard_state.vote = number(word(words, ++at));
    } else if (words[at] == "log") {
      while (++at < words.size()) {
        disk.entries.push_back({.position = {.term = number(words[at]), .index = disk.entries.size() + 1},
                                .kind = EntryKind::command,
                                .payload = Payload::of("old")});
      }
    } else {
      fail("start: unknown word: " + words[at]);
    }
  }
  if (outcome_.error.empty()) cluster_->start(starting, now_);
}

// ---- time and everything under way

void Script::campaign(const Words& words) { campaign(node(word(words, 1))); }

void Script::campaign(NodeId node) {
  if (!cluster_->is_up(node)) return fail("it is down");
  now_ = std::max(now_, cluster_->raft(node).next_deadline());
  step(node, TimePassed{});
}

void Script::elect(const Words& words) {
  NodeId wanted = node(word(words, 1));
  campaign(wanted);
  settle_all();
  if (!cluster_->raft(wanted).is_leader()) fail("it does not lead");
}

void Script::pass(const Words& words) {
  std::string time = word(words, 1);
  if (time.size() < 3 || !time.ends_with("ms")) return fail("how long? " + time);
  Time until = now_ + number(time.substr(0, time.size() - 2)) * 1_ms;
  while (outcome_.error.empty()) {
    Time next = kNever;
    for (NodeId each = 1; each <= cluster_->size(); ++each) {
      if (cluster_->is_up(each)) next = std::min(next, cluster_->raft(each).next_deadline());
    }
    if (next > until) break;
    now_ = std::max(now_, next);
    for (NodeId each = 1; each <= cluster_->size(); ++each) {
      bool is_due = cluster_->is_up(each) && cluster_->raft(each).next_deadline() <= now_;
      if (is_due) step(each, TimePassed{});
      if (is_due && cluster_->raft(each).next_deadline() <= now_) fail("its deadline does not move");
    }
    settle_all();
  }
  now_ = until;
}

void Script::settle(const Words& words) {
  settle_all(words.size() > 1 ? static_cast<int>(number(words[1])) : kRoundsWithoutEnd);
}

void Script::settle_all(int rounds_max) {
  int rounds = 0;
  while (rounds < rounds_max && outcome_.error.empty() && (deliver_round() | finish_saves())) ++rounds;
  if (rounds == kRoundsWithoutEnd) fail("it never settles");
}

bool Script::deliver_round() {
  std::deque<Message> round = std::exchange(under_way_, {});
  bool anything_moved = false;
  for (const Message& message : round) {
    if (held_.contains({message.from, message.to})) {
      under_way_.push_back(message);
      continue;
    }
    anything_moved = true;
    deliver(message);
  }
  return anything_moved;
}

bool Script::finish_saves() {
  bool anything_moved = false;
  for (NodeId each = 1; each <= cluster_->size(); ++each) {
    while (!held_disks_.contains(each) && !cluster_->disk(each).under_way.empty()) {
      anything_moved = true;
      finish_save(each);
    }
  }
  return anything_moved;
}

void Script::finish_save(NodeId node) {
  for (Message& message : cluster_->finish_save(node, now_)) under_way_.push_back(std::move(message));
  apply_effects(node);
}

void Script::deliver(const Message& message) {
  bool is_nobody = message.to > cluster_->size();
  bool is_lost = is_nobody || cut_.contains({message.from, message.to}) || !cluster_->is_up(message.to);
  std::string line = describe(message) + (is_lost ? " (lost)" : "");
  if (tells_messages_ && line.find(*tells_messages_) != std::string::npos) tell("  " + line);
  if (!is_lost) step(message.to, Received{.message = message});
}

void Script::step(NodeId node, const Event& event) {
  cluster_->step(node, now_, event);
  apply_effects(node);
}

void Script::apply_effects(NodeId node) {
  Happened happened = cluster_->take(node);
  tell(node, happened);
  if (happened.fetch) fetches_[node] = happened.fetch->snapshot;
  for (Message& message : happened.messages) under_way_.push_back(std::move(message));
}

// ---- the outcome

void Script::messages(const Words& words) {
  tells_messages_.reset();
  if (word(words, 1) == "on") tells_messages_ = words.size() > 2 ? words[2] : "";
}

void Script::tell(const std::string& line) {
  if (tells_) outcome_.told += line + '\n';
}

void Script::tell(NodeId node, const Happened& happened) {
  std::string head = "  " + std::to_string(node) + "  ";
  std::string line = in_words(happened);
  if (!line.empty()) tell(head + line);
  for (const ConfirmedRead& read : happened.reads) {
    tell(head + "may answer read " + reads_[{node, read.id}] + " at " + std::to_string(read.index));
  }
  for (const RequestId& id : happened.refused_reads) tell(head + "refuses read " + reads_[{node, id}]);
}

void Script::show(const Words& words) {
  if (words.size() > 1) return show_peers(node(word(words, 2)));
  std::map<std::string, std::string> whose_log;
  for (NodeId each = 1; each <= cluster_->size(); ++each) {
    const std::string name = "  " + std::to_string(each);
    if (cluster_->is_up(each)) whose_log[in_words(cluster_->raft(each).log())] += name;
    tell(name + "  " + (cluster_->is_up(each) ? in_words(cluster_->raft(each).status()) : "down"));
  }
  for (const auto& [log, nodes] : whose_log) tell((whose_log.size() == 1 ? "  all" : nodes) + "  log " + log);
}

void Script::show_peers(NodeId leader) {
  for (const Status::Peer& peer : cluster_->raft(leader).status().peers) tell("  " + describe(peer));
}

}  // namespace skiff::raft_script
