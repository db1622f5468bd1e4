// The outcome of a step, in the words of the scripts.
#include "raft/describe.h"
#include "tests/raft/script.h"

namespace skiff::raft_script {
namespace {

constexpr size_t kNamedMax = 3;  // of committed entries; they were told one by one when they were taken

void add(std::string& line, const std::string& part) { line += (line.empty() ? "" : ", ") + part; }

std::string in_short(const std::vector<Entry>& entries) {
  if (entries.size() <= kNamedMax) return describe(entries);
  return std::to_string(entries.size()) + " entries to " + describe(entries.back());
}

}  // namespace

std::string in_words(const Happened& happened) {
  const Status& before = happened.before;
  const Status& after = happened.after;
  std::string line;
  if (before.role != after.role || before.hard_state.term != after.hard_state.term) {
    add(line, "becomes " + std::string(to_text(after.role)) + " at t" + std::to_string(after.hard_state.term));
  }
  bool is_new_leader = before.leader != after.leader || before.hard_state.term != after.hard_state.term;
  if (is_new_leader && after.leader != 0 && after.leader != after.id) {
    add(line, "follows " + std::to_string(after.leader));
  }
  bool is_new_vote = before.hard_state != after.hard_state && after.hard_state.vote != 0;
  if (is_new_vote && after.hard_state.vote != after.id) {
    add(line, "votes for " + std::to_string(after.hard_state.vote));
  }
  if (!happened.dropped.empty()) add(line, "drops " + describe(happened.dropped));
  if (!happened.taken.empty()) add(line, "takes " + describe(happened.taken));
  if (!happened.committed.empty()) add(line, "commits " + in_short(happened.committed));
  for (const AdminResult& result : happened.admin_results) add(line, "request " + describe(result));
  if (happened.fetch) {
    add(line,
        "fetches snapshot " + describe(happened.fetch->snapshot) + " from " + std::to_string(happened.fetch->from));
  }
  if (happened.removed) add(line, "is no member any more");
  if (before.recovering && !after.recovering) add(line, "is intact again");
  for (const std::string& command : happened.refused) {
    add(line, "refuses " + describe(Payload::of(command)));
  }
  return line;
}

std::string in_words(const Status& status) {
  std::string line = std::string(to_text(status.role)) + " at " + describe(status.hard_state);
  if (status.leader != 0 && status.leader != status.id) add(line, "follows " + std::to_string(status.leader));
  if (status.durable != status.last.index) add(line, "durable to " + std::to_string(status.durable));
  add(line, "commit " + std::to_string(status.committed));
  if (status.is_full) add(line, "full");
  if (!status.takes_writes) add(line, "no writes");
  if (status.recovering) add(line, "recovering");
  return line;
}

std::string in_words(const Log& log) {
  std::vector<Entry> entries;
  for (Index index = log.base().index + 1; index <= log.last().index; ++index) entries.push_back(log.at(index));
  std::string base = log.base().index == 0 ? "" : "behind " + describe(log.base());
  if (entries.empty()) return base.empty() ? "[start]" : base;
  return base + (base.empty() ? "" : ": ") + describe(entries);
}

}  // namespace skiff::raft_script
