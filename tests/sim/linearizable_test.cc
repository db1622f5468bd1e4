#include "tests/support/linearizable.h"

#include "raft/random.h"
#include "tests/support/catch.h"

namespace skiff::linearizable_test {

using namespace skiff::linearizable;
using Kind = Operation::Kind;
using Outcome = Operation::Outcome;

Operation put(std::string value, uint64_t started, uint64_t ended, Outcome outcome = Outcome::ok) {
  return {.kind = Kind::put, .outcome = outcome, .key = "k", .value = value, .started = started, .ended = ended};
}
Operation remove(uint64_t started, uint64_t ended, Outcome outcome = Outcome::ok) {
  return {.kind = Kind::remove, .outcome = outcome, .key = "k", .value = {}, .started = started, .ended = ended};
}
Operation get(std::optional<std::string> value, uint64_t started, uint64_t ended) {
  return {.kind = Kind::get, .outcome = Outcome::ok, .key = "k", .value = value, .started = started, .ended = ended};
}

constexpr auto kUnknown = Outcome::unknown;
constexpr auto kRefused = Outcome::refused;

TEST_CASE("histories that one map could have made, and histories that none could") {
  struct Row {
    const char* name;
    bool is_linearizable;
    std::vector<Operation> history;
  };
  const Row rows[] = {
      {"nothing", true, {}},
      {"nothing is there at first", true, {get({}, 1, 2)}},
      {"a write, then its read", true, {put("a", 1, 2), get("a", 3, 4)}},
      {"a stale read", false, {put("a", 1, 2), put("b", 3, 4), get("a", 5, 6)}},
      {"a lost write", false, {put("a", 1, 2), get({}, 3, 4)}},
      {"a read beside a write may see either", true, {put("a", 1, 2), put("b", 3, 9), get("a", 4, 5), get("b", 6, 7)}},
      {"but not the new one and then the old", false, {put("a", 1, 2), put("b", 3, 9), get("b", 4, 5), get("a", 6, 7)}},
      {"what was never written", false, {get("x", 1, 2)}},
      {"what was refused is not seen", true, {put("a", 1, 2, kRefused), get({}, 3, 4)}},
      {"what was refused is seen", false, {put("a", 1, 2, kRefused), get("a", 3, 4)}},
      {"an unknown write never shows", true, {put("a", 1, 0, kUnknown), get({}, 3, 4), get({}, 5, 6)}},
      {"an unknown write shows up late", true, {put("a", 1, 0, kUnknown), get({}, 3, 4), get("a", 50, 60)}},
      {"but goes away again", false, {put("a", 1, 0, kUnknown), get("a", 3, 4), get({}, 5, 6)}},
      {"an unknown write overwrites a later one",
       true,
       {put("a", 1, 0, kUnknown), put("b", 3, 4), get("b", 5, 6), get("a", 7, 8)}},
      {"and is read before it was asked for", false, {get("a", 1, 2), put("a", 3, 0, kUnknown)}},
      {"a remove", true, {put("a", 1, 2), remove(3, 4), get({}, 5, 6)}},
      {"a remove that did not happen", false, {put("a", 1, 2), remove(3, 4), get("a", 5, 6)}},
      {"a removed value comes back", false, {put("a", 1, 2), remove(3, 4), get({}, 5, 6), get("a", 7, 8)}},
      {"a remove beside the write", true, {put("a", 1, 9), remove(1, 9), get("a", 2, 3), get({}, 4, 5)}},
      {"an unknown remove takes effect late",
       true,
       {put("a", 1, 2), remove(3, 0, kUnknown), get("a", 5, 6), get({}, 7, 8)}},
      {"but only once", false, {put("a", 1, 2), remove(3, 0, kUnknown), get({}, 5, 6), put("b", 7, 8), get({}, 9, 10)}},
      {"two of them, twice",
       true,
       {put("a", 1, 2), remove(3, 0, kUnknown), remove(3, 0, kUnknown), get({}, 5, 6), put("b", 7, 8), get({}, 9, 10)}},
      {"two writes at once, read in both orders",
       false,
       {put("a", 1, 9), put("b", 1, 9), get("a", 2, 3), get("b", 4, 5), get("a", 6, 7)}},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    REQUIRE(explain_failure(row.history).empty() == row.is_linearizable);
  }
}

TEST_CASE("keys are independent of each other, and the explanation names the one") {
  Operation other = put("b", 1, 2);
  other.key = "other";
  Operation lost = get({}, 3, 4);
  lost.key = "other";
  std::string why = explain_failure({put("a", 1, 2), other, get("a", 3, 4), lost});
  REQUIRE(why.starts_with("key other: no order explains"));
  REQUIRE(why.find("put b") != std::string::npos);
}

// A map that does one thing at a time, at some moment within each operation; some outcomes get lost.
std::vector<Operation> story_of_a_map(uint64_t seed, size_t operations) {
  raft::Random random(seed);
  std::vector<Operation> history;
  std::optional<std::string> value;
  for (uint64_t now = 10; history.size() < operations; now += 10) {
    uint64_t started = now - random.below(40) % now;
    uint64_t ended = now + random.below(40);
    Outcome outcome = random.below(20) == 0 ? kUnknown : Outcome::ok;
    uint64_t dice = random.below(10);
    if (dice < 4) {
      history.push_back(put(std::to_string(history.size()), started, ended, outcome));
      if (outcome == Outcome::ok || random.below(2) == 0) value = history.back().value;
    } else if (dice == 4) {
      history.push_back(remove(started, ended, outcome));
      if (outcome == Outcome::ok || random.below(2) == 0) value.reset();
    } else {
      history.push_back(get(value, started, ended));
    }
  }
  return history;
}

TEST_CASE("a long history of one map is found to be one, and a single wrong read is found in it") {
  size_t found = 0;
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    std::vector<Operation> history = story_of_a_map(seed, 5'000);
    REQUIRE(explain_failure(history) == "");
    auto late_read = std::find_if(history.begin() + 4'000, history.end(),
                                  [](const Operation& each) { return each.kind == Kind::get && each.value; });
    REQUIRE(late_read != history.end());
    late_read->value =
        history[static_cast<size_t>(std::find_if(history.begin(), history.end(),
                                                 [](const Operation& each) {
                                                   return each.kind == Kind::put && each.outcome == Outcome::ok;
                                                 }) -
                                    history.begin())]
            .value;
    found += !explain_failure(history).empty();
  }
  REQUIRE(found == 5);
}

}  // namespace skiff::linearizable_test
