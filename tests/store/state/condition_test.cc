#include "store/state/condition.h"

#include <string>
#include <vector>

#include "tests/support/catch.h"

namespace skiff::store::condition_test {

using Revisions = std::vector<Revision>;

TEST_CASE("a condition holds or not, by the revision of its key") {
  struct Row {
    const char* name;
    Condition condition;
    std::vector<Revision> holds_at, fails_at;
  };
  const Row rows[] = {
      {"none", {}, {0, 7}, {}},
      {"there", {.is_there = true}, {7}, {0}},
      {"not there", {.is_not_there = true}, {0}, {7}},
      {"one of", {.one_of = Revisions{7, 9}}, {7, 9}, {0, 8}},
      {"one of none", {.one_of = Revisions{}}, {}, {0, 7}},
      {"one of, with a zero", {.one_of = Revisions{0}}, {}, {0, 7}},
      {"none of", {.none_of = Revisions{7, 9}}, {0, 8}, {7, 9}},
      {"none of none", {.none_of = Revisions{}}, {0, 7}, {}},
      {"both", {.one_of = Revisions{7, 9}, .none_of = Revisions{9}}, {7}, {0, 8, 9}},
      {"what cannot be", {.is_there = true, .is_not_there = true}, {}, {0, 7}},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    for (const Revision current : row.holds_at) REQUIRE(row.condition.holds(current));
    for (const Revision current : row.fails_at) REQUIRE_FALSE(row.condition.holds(current));
    const std::string bytes = row.condition.encode();
    REQUIRE(decode_condition(bytes) == row.condition);
    REQUIRE(bytes.empty() == (row.condition == Condition{}));
    for (size_t cut = 1; cut < bytes.size(); ++cut) REQUIRE_FALSE(decode_condition(bytes.substr(0, cut)).has_value());
    if (!bytes.empty()) REQUIRE_FALSE(decode_condition(bytes + '\1').has_value());
  }
}

TEST_CASE("bytes that no condition has are none") {
  for (const std::string& bytes :
       {std::string(1, '\0'), std::string("\x10"), std::string("\4\2\7"), std::string("\4\1\x87\0", 4),
        std::string("\4\xff\xff\xff\xff\xff\xff\xff\xff\xff\1")}) {
    REQUIRE_FALSE(decode_condition(bytes).has_value());
  }
}

}  // namespace skiff::store::condition_test
