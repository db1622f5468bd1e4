// Every kind of value: what it takes, what it says of the rest, and what --help shows of it.
#include "src/config/values.h"

#include "tests/support/catch.h"

namespace skiff::values_test {

std::string error(const Value& value, std::string_view text) {
  const Result<> read = value.read(text);
  return read ? "no trouble" : read.error().what;
}

TEST_CASE("a number is whole and within its range") {
  uint64_t field = 7;
  const Value value = number("N", field, 2, 9, "a number of things");
  REQUIRE(value.name == "N");
  REQUIRE(value.standard == "7");
  for (const char* good : {"2", "9", "03"}) REQUIRE(error(value, good) == "no trouble");
  REQUIRE(field == 3);
  for (const char* bad : {"", "1", "10", "-3", "+3", " 3", "3 ", "3x", "0x3", "99999999999999999999999"}) {
    REQUIRE(error(value, bad) == quoted(bad) + " is not a number of things (2 to 9)");
  }
  REQUIRE(error(number("N", field, 2, 9), "1") == "\"1\" is no number from 2 to 9");
  uint64_t any = 0;
  REQUIRE(error(number("N", any, 0, ~uint64_t{0}), "18446744073709551615") == "no trouble");
  REQUIRE(any == ~uint64_t{0});
}

TEST_CASE("a duration has a unit and a range, and may be off where that is allowed") {
  raft::Time field = 50_ms;
  REQUIRE(duration(field, 1_ms, 100_ms).standard == "50ms");
  REQUIRE(error(duration(field, 1_ms, 100_ms), "7ms") == "no trouble");
  REQUIRE(field == 7_ms);
  REQUIRE(error(duration(field, 1_ms, 100_ms), "1s") == "\"1s\" is out of range (1ms to 100ms)");
  REQUIRE(error(duration(field, 1_ms, 100_ms), "off") == "\"off\" is no duration with a unit, like 50ms, 5s or 1m");
  const Value value = duration_or_off(field, 1_ms, 100_ms);
  REQUIRE(value.standard == "7ms");
  REQUIRE(error(value, "off") == "no trouble");
  REQUIRE(field == 0_s);
  REQUIRE(error(value, "0s") == "\"0s\" is out of range (1ms to 100ms)");
  REQUIRE(duration_or_off(field, 1_ms, 100_ms).standard == "off");
}

TEST_CASE("a size is read in bytes") {
  uint64_t field = 4096;
  const Value value = size(field, 1, 1 << 20);
  REQUIRE(value.standard == "4KiB");
  REQUIRE(error(value, "64KiB") == "no trouble");
  REQUIRE(field == 65'536);
  REQUIRE(error(value, "2MiB") == "\"2MiB\" is out of range (1B to 1MiB)");
}

TEST_CASE("a switch is on, or off") {
  bool field = false;
  const Value value = on_off(field);
  REQUIRE(value.name.empty());
  REQUIRE(error(value, "true") == "no trouble");
  REQUIRE(field);
  REQUIRE(error(value, "false") == "no trouble");
  REQUIRE_FALSE(field);
  REQUIRE(error(value, "yes") == "\"yes\" is neither true nor false");
}

TEST_CASE("a text may be empty only where that means something") {
  std::string field = "old";
  REQUIRE(error(text("TEXT", field), "") == "is empty");
  REQUIRE(error(file_name("FILE", field), "") == "an empty name is no file");
  REQUIRE(error(directory_name("DIR", field), "") == "an empty name is no directory");
  REQUIRE(field == "old");
  REQUIRE(file_name("FILE", field).standard == "old");
  REQUIRE(error(text_or_none("TEXT", field), "") == "no trouble");
  REQUIRE(field.empty());
  REQUIRE(error(text("TEXT", field), "new") == "no trouble");
  REQUIRE(field == "new");
}

TEST_CASE("lists are taken apart at commas, and replaced as a whole") {
  std::vector<std::string> field = {"z"};
  const Value value = some_of("NAME,...", {"a", "b"}, field);
  REQUIRE(error(value, "b,,a") == "no trouble");
  REQUIRE(field == std::vector<std::string>{"b", "", "a"});
  REQUIRE(value.completion.kind == Completion::Kind::list);
}

TEST_CASE("a default may be shown in other words") {
  uint64_t field = 0;
  const Value value = shown_as("none", number("N", field, 1, 9));
  REQUIRE(value.standard == "none");
  REQUIRE(error(value, "4") == "no trouble");
  REQUIRE(field == 4);
}

}  // namespace skiff::values_test
