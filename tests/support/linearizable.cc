#include "tests/support/linearizable.h"

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <tuple>
#include <utility>

namespace skiff::linearizable {
namespace {

using Kind = Operation::Kind;
using Outcome = Operation::Outcome;

constexpr uint64_t kNever = std::numeric_limits<uint64_t>::max();
constexpr size_t kStatesMax = 200'000;  // of one key at one time: clients that wait for answers cause far fewer
constexpr size_t kMissing = 0;          // the number of no value

std::string text(const Operation& operation) {
  std::string what = operation.kind == Kind::put ? "put " : operation.kind == Kind::remove ? "remove" : "get ";
  if (operation.kind != Kind::remove) what += operation.value ? operation.value->substr(0, 40) : "nothing";
  const char* end = operation.outcome == Outcome::ok        ? ""
                    : operation.outcome == Outcome::refused ? " refused"
                                                            : " unknown";
  return "  client " + std::to_string(operation.client) + ": " + what + end + ", " + std::to_string(operation.started) +
         " to " + (operation.outcome == Outcome::unknown ? "?" : std::to_string(operation.ended));
}

// The relevant operations of one key, and the walk along them.
class Walk {
 public:
  explicit Walk(std::vector<Operation> history) : history_(std::move(history)) {}

  // Returns an empty string, or the operation that does not fit.
  std::string run() {
    if (std::string phantom = number_values(); !phantom.empty()) return phantom;
    for (const auto& [at, is_end, index] : events()) {
      if (!is_end) {
        start(index);
      } else if (!end(index)) {
        return "no order explains" + text(history_[index]) + "\n" + around(index);
      }
      if (states_.size() > kStatesMax) return "undecided, too many orders are possible:\n" + around(index);
    }
    return "";
  }

 private:
  // A possible state of the key, with the operations under way that are done already.
  struct State {
    size_t value = kMissing;
    std::vector<size_t> done;  // sorted
    size_t removes_used = 0;   // of those whose outcome is unknown; not compared, because fewer are always better

    auto key() const { return std::tie(value, done); }
    bool operator<(const State& other) const { return key() < other.key(); }
    bool has(size_t index) const { return std::binary_search(done.begin(), done.end(), index); }
  };
  using States = std::set<State>;
  using Event = std::tuple<uint64_t, bool, size_t>;  // starts before ends at the same time: they overlap

  std::string number_values() {
    std::map<std::string, size_t> numbers;
    ends_.resize(history_.size());
    values_.resize(history_.size(), kMissing);
    for (size_t index = 0; index < history_.size(); ++index) {
      const Operation& operation = history_[index];
      bool is_unknown = operation.outcome == Outcome::unknown;
      ends_[index] = is_unknown ? kNever : operation.ended;
      if (operation.kind != Kind::put || operation.outcome == Outcome::refused) continue;
      writers_.push_back(index);
      values_[index] = writers_.size();
      numbers[*operation.value] = writers_.size();
    }
    for (size_t index = 0; index < history_.size(); ++index) {
      const Operation& operation = history_[index];
      if (operation.kind != Kind::get || operation.outcome != Outcome::ok || !operation.value) continue;
      auto number = numbers.find(*operation.value);
      if (number == numbers.end()) return "what was never written, or refused, was read:\n" + text(operation) + "\n";
      values_[index] = number->second;
      uint64_t& end_of_write = ends_[writers_[number->second - 1]];
      end_of_write = std::min(end_of_write, operation.ended);
    }
    return "";
  }

  std::vector<Event> events() const {
    std::vector<Event> events;
    for (size_t index = 0; index < history_.size(); ++index) {
      const Operation& operation = history_[index];
      bool is_lost_read = operation.kind == Kind::get && operation.outcome != Outcome::ok;
      bool is_unread_write = operation.kind == Kind::put && ends_[index] == kNever;
      if (operation.outcome == Outcome::refused || is_lost_read || is_unread_write) continue;
      events.emplace_back(operation.started, false, index);
      if (ends_[index] != kNever) events.emplace_back(std::max(ends_[index], operation.started), true, index);
    }
    std::sort(events.begin(), events.end());
    return events;
  }

  void start(size_t index) {
    if (ends_[index] == kNever) {
      ++unknown_removes_;
      return;
    }
    under_way_.insert(index);
    if (history_[index].kind != Kind::get) return;
    States with_it;
    for (State state : states_) {
      if (state.value == values_[index]) mark_done(state, index);
      add(with_it, std::move(state));
    }
    states_.swap(with_it);
  }

  // Keeps the states in which the operation is done, or can be done.
  bool end(size_t index) {
    States kept;
    States seen = states_;
    std::vector<State> open(states_.begin(), states_.end());
    while (!open.empty() && seen.size() <= kStatesMax) {
      State state = std::move(open.back());
      open.pop_back();
      if (state.has(index)) {
        std::erase(state.done, index);
        add(kept, std::move(state));
        continue;
      }
      for (State& next : successors(state)) {
        if (add(seen, next)) open.push_back(std::move(next));
      }
    }
    under_way_.erase(index);
    states_.swap(kept);
    return !states_.empty();
  }

  std::vector<State> successors(const State& from) const {
    std::vector<State> next;
    for (size_t index : under_way_) {
      if (history_[index].kind == Kind::get || from.has(index)) continue;
      next.push_back(from);
      mark_done(next.back(), index);
      become(next.back(), values_[index]);
    }
    if (from.value != kMissing && from.removes_used < unknown_removes_) {
      next.push_back(from);
      ++next.back().removes_used;
      become(next.back(), kMissing);
    }
    return next;
  }

  void become(State& state, size_t value) const {
    state.value = value;
    for (size_t index : under_way_) {
      if (history_[index].kind == Kind::get && values_[index] == value && !state.has(index)) mark_done(state, index);
    }
  }

  static void mark_done(State& state, size_t index) {
    state.done.insert(std::lower_bound(state.done.begin(), state.done.end(), index), index);
  }

  // Returns false if this state, or a better one, was there.
  static bool add(States& states, State state) {
    auto [known, is_new] = states.insert(state);
    if (is_new || known->removes_used <= state.removes_used) return is_new;
    states.erase(known);
    states.insert(std::move(state));
    return true;
  }

  std::string around(size_t index) const {
    constexpr size_t kShown = 12;
    std::vector<Operation> sorted = history_;
    uint64_t until = history_[index].ended;
    std::erase_if(sorted, [&](const Operation& operation) { return operation.started > until; });
    std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.started < b.started; });
    std::string lines;
    for (size_t at = sorted.size() - std::min(sorted.size(), kShown); at < sorted.size(); ++at) {
      lines += text(sorted[at]) + "\n";
    }
    return lines;
  }

  std::vector<Operation> history_;
  std::vector<uint64_t> ends_;
  std::vector<size_t> values_;   // of each operation, as a number
  std::vector<size_t> writers_;  // of value number n: [n - 1]
  States states_ = {State{}};
  std::set<size_t> under_way_;
  size_t unknown_removes_ = 0;
};

}  // namespace

std::string explain_failure(const std::vector<Operation>& history) {
  std::map<std::string, std::vector<Operation>> by_key;
  for (const Operation& operation : history) by_key[operation.key].push_back(operation);
  for (auto& [key, operations] : by_key) {
    std::string failure = Walk(std::move(operations)).run();
    if (!failure.empty()) return "key " + key + ": " + failure;
  }
  return "";
}

}  // namespace skiff::linearizable
