#include "raft/reads.h"

#include <utility>

#include "raft/check.h"
#include "raft/mutant.h"

namespace skiff::raft {

bool ReadRounds::ask(Reader reader, size_t waiting_max) {
  if (waiting_.size() >= waiting_max) return false;
  waiting_.push_back(reader);
  return true;
}

uint64_t ReadRounds::start(Index commit) {
  CHECK(wants_round());
  readers_.swap(waiting_);
  confirmed_by_.clear();
  index_ = commit;
  return ++number_;
}

void ReadRounds::confirm(NodeId node, uint64_t round) {
  if (under_way() && (round == number_ || MUTANT(old_round_confirms))) confirmed_by_.insert(node);
}

ReadRounds::Confirmed ReadRounds::finish() {
  CHECK(under_way());
  return {.index = index_, .readers = std::exchange(readers_, {})};
}

std::vector<ReadRounds::Reader> ReadRounds::give_up() {
  std::vector<Reader> all = std::exchange(readers_, {});
  all.insert(all.end(), waiting_.begin(), waiting_.end());
  waiting_.clear();
  return all;
}

}  // namespace skiff::raft
