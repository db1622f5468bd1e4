#include "store/wal/data_dir_ids.h"

#include <string>

#include "store/files/small_file.h"
#include "tests/support/catch.h"
#include "tests/support/memory_files.h"

namespace skiff::store::data_dir_ids_test {

using testing::MemoryFiles;

void make_directory(MemoryFiles& files) {
  REQUIRE(files.make_directory("data").has_value());
  REQUIRE(files.sync_directory(".").has_value());
}

// D10: a node comes back under its old id without its data
TEST_CASE("a data directory keeps the number that it drew first") {  // [D10]
  MemoryFiles files;
  make_directory(files);
  REQUIRE(own_data_dir_id(files, "data", 7).value() == 7);
  files.crash(MemoryFiles::Loss::keep_none);
  REQUIRE(own_data_dir_id(files, "data", 8).value() == 7);
}

// D10: a node comes back under its old id without its data
TEST_CASE("the data directories of others are remembered, also after a power failure") {  // [D10]
  MemoryFiles files;
  make_directory(files);
  REQUIRE(known_data_dir_ids(files, "data")->data_dir_ids.empty());
  REQUIRE(remember_data_dir_ids(files, "data", {{2, 20}}).has_value());
  REQUIRE(remember_data_dir_ids(files, "data", {{2, 20}, {3, 30}}).has_value());
  files.crash(MemoryFiles::Loss::keep_none);
  REQUIRE(known_data_dir_ids(files, "data")->data_dir_ids == DataDirIds{{2, 20}, {3, 30}});
  REQUIRE(known_data_dir_ids(files, "data")->note.empty());
}

// W6: a disk returns other bytes than were written: flipped, lost, or from another place
// D10: a node comes back under its old id without its data
TEST_CASE("numbers that are damaged are not believed, at any byte") {  // [W6] [D10]
  MemoryFiles files;
  make_directory(files);
  REQUIRE(own_data_dir_id(files, "data", 7).has_value());
  REQUIRE(remember_data_dir_ids(files, "data", {{2, 20}}).has_value());
  for (const std::string path : {"data/instance", "data/peers"}) {
    const std::string whole = files.content(path);
    for (size_t offset = 0; offset < whole.size(); ++offset) {
      CAPTURE(path, offset);
      for (bool is_cut : {false, true}) {
        std::string bytes = whole;
        bytes[offset] = static_cast<char>(bytes[offset] ^ 0x20);
        files.set_content(path, is_cut ? whole.substr(0, offset) : bytes);
        if (path == "data/instance") {
          const Error refused = own_data_dir_id(files, "data", 9).error();
          REQUIRE_THAT(
              to_text(refused),
              Catch::StartsWith("read data/instance: it") &&
                  Catch::EndsWith("; nothing was changed. The other members know this node "
                                  "by this number: replace the node by one with a new id and an empty directory"));
        } else {
          REQUIRE(known_data_dir_ids(files, "data")->data_dir_ids.empty());
          REQUIRE_THAT(known_data_dir_ids(files, "data")->note, Catch::Contains("learned anew"));
        }
      }
    }
    files.set_content(path, whole);
  }
  files.set_content("data/peers", seal("skiffins", 2, "of another program"));
  REQUIRE_THAT(known_data_dir_ids(files, "data").error().what, Catch::Contains("start the program that wrote it"));
}

// W3: power fails, or an operation, between any two operations on files
TEST_CASE("remembering that stops anywhere leaves the old or the new") {  // [W3]
  bool has_stopped = true;
  for (uint64_t operation = 1; has_stopped; ++operation) {
    CAPTURE(operation);
    MemoryFiles files(operation);
    make_directory(files);
    REQUIRE(remember_data_dir_ids(files, "data", {{2, 20}}).has_value());
    files.stop_at(files.operations() + operation);
    has_stopped = !remember_data_dir_ids(files, "data", {{2, 20}, {3, 30}}).has_value();
    files.crash();
    auto known = known_data_dir_ids(files, "data");
    REQUIRE(known->note.empty());
    REQUIRE(known->data_dir_ids.at(2) == 20);
    if (!has_stopped) REQUIRE(known->data_dir_ids.size() == 2);
    REQUIRE(remember_data_dir_ids(files, "data", {{2, 20}, {3, 30}}).has_value());
  }
}

}  // namespace skiff::store::data_dir_ids_test
