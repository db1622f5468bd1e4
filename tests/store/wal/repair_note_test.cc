// The file that says how far a repair has got.
#include <string>

#include "store/wal/repair.h"
#include "tests/support/catch.h"
#include "tests/support/memory_files.h"

namespace skiff::store::repair_note_test {

using testing::MemoryFiles;

TEST_CASE("the end of a repair leaves a note of newer damage as it is") {
  MemoryFiles files;
  REQUIRE(files.make_directory("data").has_value());
  Repair repair{.stage = Repair::Stage::dropping, .sequence = 9, .hard_state = {3, 1}, .damage = "it has gone back"};
  REQUIRE(write_repair(files, "data", repair).has_value());
  REQUIRE(end_repair(files, "data").has_value());
  REQUIRE(read_repair(files, "data").value() == repair);
  repair.stage = Repair::Stage::fetching;
  REQUIRE(write_repair(files, "data", repair).has_value());
  REQUIRE(end_repair(files, "data").has_value());
  REQUIRE_FALSE(read_repair(files, "data").value()->is_under_way());
}

}  // namespace skiff::store::repair_note_test
