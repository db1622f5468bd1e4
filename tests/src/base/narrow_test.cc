#include "src/base/narrow.h"

#include <cstdint>

#include "tests/support/catch.h"
#include "tests/support/dies.h"

namespace skiff::narrow_test {

TEST_CASE("a number that fits into a smaller type is that number") {
  REQUIRE(narrow<uint16_t>(uint64_t{0}) == 0);
  REQUIRE(narrow<uint16_t>(uint64_t{65'535}) == 65'535);
  REQUIRE(narrow<uint32_t>(int64_t{0xffffffff}) == 0xffffffff);
  REQUIRE(narrow<int>(int64_t{-1}) == -1);
  static_assert(narrow<uint8_t>(255) == 255);
}

TEST_CASE("a number that does not fit into a smaller type ends the process, and the line that relied on it is named") {
  const std::string said = dies_saying([] { narrow<uint16_t>(uint64_t{65'536}); });
  REQUIRE(said.find("broken invariant: a number fits into its smaller type") != std::string::npos);
  REQUIRE(said.find("narrow_test.cc:") != std::string::npos);
  REQUIRE(dies_saying([] { narrow<uint16_t>(int64_t{-1}); }) != "");
  REQUIRE(dies_saying([] { narrow<uint32_t>(uint64_t{1} << 32); }) != "");
  REQUIRE(dies_saying([] { narrow<int>(uint32_t{1} << 31); }) != "");
}

}  // namespace skiff::narrow_test
