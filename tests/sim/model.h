// Model: the map that the committed log makes, in a few plain lines, and what each write of it must be answered.
//
// It is fed every command once, in the order of the log, and knows no history, snapshot or cut. A write is found by its
// value, which is different from all others. Revisions give the order away: an answer that names one must be the one
// that the write had at its place in the log, and a condition must be answered by how the key was right before.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "store/state/command.h"
#include "store/state/kv.h"

namespace skiff::sim {

// The condition of a client's put. holds() judges it without the code of the store, which only encodes it.
struct Demand {
  enum class Kind { nothing, is_there, is_not_there, is_at, is_not_at };
  Kind kind = Kind::nothing;
  store::Revision at = 0;  // of the last two

  bool holds(store::Revision current) const;
  // As the store's own bytes.
  std::string encode() const;
};

class Model {
 public:
  struct Written {
    store::Revision before = 0;    // that last wrote the key, when the write was applied; 0: it was not there
    store::Revision revision = 0;  // of the map, after it
    bool has_changed = false;
    bool was_repeated = false;  // overtaken, so it did nothing and had no condition to judge
  };

  // The next committed command.
  void apply(const store::Command& command);
  // Nothing: no such put is committed.
  const Written* find(const std::string& value) const;

 private:
  store::Revision current(const std::string& key) const;
  void put(const store::PutView& put);
  void remove(const store::DeleteRangeView& range);

  std::map<std::string, store::Revision> keys_;
  std::map<raft::NodeId, store::Origin> newest_;
  store::Revision revision_ = store::Kv().revision();
  std::map<std::string, Written> writes_;  // by value; of a write that comes twice the first
};

}  // namespace skiff::sim
