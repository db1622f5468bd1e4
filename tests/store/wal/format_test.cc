#include "store/wal/format.h"

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "store/directory/identity.h"
#include "store/state/command.h"
#include "store/wal/wal.h"
#include "tests/store/wal/log_story.h"
#include "tests/support/catch.h"
#include "tests/support/memory_files.h"

namespace skiff::store::wal_format_test {

using log_story::entry;

TEST_CASE("a segment's name is its sequence number, and nothing else is a name") {
  REQUIRE(segment_name(1) == "wal-0000000000000001");
  for (uint64_t sequence :
       {uint64_t{0}, uint64_t{1}, uint64_t{0xabcdef}, uint64_t{1} << 32, uint64_t{1} << 63, UINT64_MAX}) {
    REQUIRE(segment_sequence(segment_name(sequence)) == sequence);
  }
  for (const char* name : {"", "wal-", "wal-1", "wal-00000000000000010", "wal-000000000000000g", "wal-000000000000000A",
                           "wal-0000000000000001.new", "log-0000000000000001", " wal-000000000000001"}) {
    CAPTURE(name);
    REQUIRE_FALSE(segment_sequence(name).has_value());
  }
}

// bug-46: numbers near the end of their range wrap around
TEST_CASE("records come back as they were, with numbers at their ends") {  // [bug-46]
  for (uint64_t number : {uint64_t{1}, (uint64_t{1} << 32) - 1, uint64_t{1} << 32, uint64_t{1} << 63, UINT64_MAX}) {
    CAPTURE(number);
    WalState state{number, {number, number - 1}, number};
    auto header = std::get<SegmentHeader>(*decode_record(encode(SegmentHeader{{number, 3}, number, 512, state})));
    REQUIRE(header.owner == WalOwner{number, 3});
    REQUIRE(header.sequence == number);
    REQUIRE(header.previous_end == 512);
    REQUIRE(header.state == state);
    auto mark = std::get<Mark>(*decode_record(encode(Mark{{number, number - 1}, number})));
    REQUIRE(mark.durable == WalPosition{number, number - 1});
    REQUIRE(mark.last_index == number);
    auto back = std::get<raft::Entry>(*decode_record(encode_head(entry(number, number - 1, "")) + "text"));
    REQUIRE(log_story::is_same(back, entry(number, number - 1, "text")));
    raft::HardState hard_state{number, number - 1};
    REQUIRE(std::get<raft::HardState>(*decode_record(encode(hard_state))) == hard_state);
    REQUIRE(std::get<Start>(*decode_record(encode(Start{number}))).incarnation == number);
  }
}

TEST_CASE("a record cut short or drawn out is refused") {
  for (const std::string& record : {encode(SegmentHeader{{1, 2}, 3, 4, {}}), encode(Mark{{1, 2}, 3}),
                                    encode(raft::HardState{1, 2}), encode(Start{1})}) {
    for (size_t cut = 0; cut < record.size(); ++cut) REQUIRE_FALSE(decode_record(record.substr(0, cut)).has_value());
    REQUIRE_FALSE(decode_record(record + '\0').has_value());
  }
  std::string head = encode_head(entry(1, 1, ""));
  for (size_t cut = 0; cut < head.size(); ++cut) REQUIRE_FALSE(decode_record(head.substr(0, cut)).has_value());
}

TEST_CASE("where a record ends is known before it is written") {
  for (uint64_t bytes = 1; bytes < 1200; ++bytes) {
    std::string out(60, '\0');
    append_fragments(out, 0, 7, std::string(bytes, 'x'), {});
    REQUIRE(out.size() == end_of_record(60, bytes));
  }
}

// W6: a disk returns other bytes than were written: flipped, lost, or from another place
TEST_CASE("a fragment is only believed where it was written") {  // [W6]
  std::string block;
  append_fragments(block, 0, segment_salt({1, 2}, 3), "record", {});
  append_fragments(block, 0, segment_salt({1, 2}, 3), "record", {});
  block.resize(kBlockBytes, '\0');
  uint64_t second = end_of_record(0, 6);
  auto state_with = [&](uint32_t salt) { return read_fragment(block, second, salt).state; };
  REQUIRE(state_with(segment_salt({1, 2}, 3)) == Fragment::State::complete);
  REQUIRE(state_with(segment_salt({9, 2}, 3)) == Fragment::State::corrupt);
  REQUIRE(state_with(segment_salt({1, 9}, 3)) == Fragment::State::corrupt);
  REQUIRE(state_with(segment_salt({1, 2}, 9)) == Fragment::State::corrupt);
  std::string moved = block.substr(0, second) + block.substr(0, second) + block.substr(2 * second);
  REQUIRE(read_fragment(moved, second, segment_salt({1, 2}, 3)).state == Fragment::State::corrupt);
}

// W1: a log is opened that is empty, torn anywhere, has garbage, or whose files are missing or out of order
TEST_CASE("a fragment cut short at any byte is torn, and whole only when whole") {  // [W1]
  std::string record = "record";
  record += '\0';  // a payload that ends in zeros is no shorter for it
  std::string block;
  append_fragments(block, 0, 7, record, {});
  size_t end = block.size();
  for (size_t cut = 0; cut <= end; ++cut) {
    CAPTURE(cut);
    std::string bytes = block.substr(0, cut);
    bytes.resize(kBlockBytes, '\0');
    auto expected = cut == 0 ? Fragment::State::empty : cut < end ? Fragment::State::torn : Fragment::State::complete;
    REQUIRE(read_fragment(bytes, 0, 7).state == expected);
  }
}

// W6: a disk returns other bytes than were written: flipped, lost, or from another place
TEST_CASE("bytes in the gap at the end of a block are noticed") {  // [W6]
  std::string block;
  append_fragments(block, 0, 7, std::string(kBlockBytes - kFragmentExtraBytes - kRoomMin + 1, 'x'), {});
  REQUIRE(block.size() == kBlockBytes);
  REQUIRE(read_fragment(block, 0, 7).state == Fragment::State::complete);
  for (size_t offset = kBlockBytes - kRoomMin + 1; offset < kBlockBytes; ++offset) {
    std::string damaged = block;
    damaged[offset] = 1;
    REQUIRE(read_fragment(damaged, 0, 7).state == Fragment::State::corrupt);
  }
}

// ---- docs/formats.md

// "00000010  01 02 ..  |..|" lines, as hexdump -C prints them; the last one is the length. Equal lines are written out.
std::string hexdump(std::string_view bytes) {
  std::ostringstream out;
  char number[32];
  for (size_t line = 0; line < bytes.size(); line += 16) {
    std::string_view row = bytes.substr(line, 16);
    std::snprintf(number, sizeof number, "%08zx ", line);
    out << number;
    for (size_t column = 0; column < 16; ++column) {
      if (column % 8 == 0) out << ' ';
      if (column < row.size()) std::snprintf(number, sizeof number, "%02x ", static_cast<unsigned char>(row[column]));
      out << (column < row.size() ? number : "   ");
    }
    out << " |";
    for (char byte : row) out << (byte >= ' ' && byte <= '~' ? byte : '.');
    out << "|\n";
  }
  return out.str();
}

void require_documented(const std::string& text) {
  std::ifstream file(SKIFF_SOURCE_ROOT "/docs/formats.md");
  std::stringstream document;
  document << file.rdbuf();
  INFO("docs/formats.md should say:\n" << text);
  REQUIRE(document.str().find("```\n" + text + "```\n") != std::string::npos);
}

TEST_CASE("the worked examples of docs/formats.md are what the code writes") {
  testing::MemoryFiles files;
  REQUIRE(files.make_directory("data").has_value());
  auto wal = Wal::create({files, "data", {0x5eaf, 2}}, {4 * kBlockBytes});
  REQUIRE((*wal)->start(1).has_value());
  Batch batch{raft::HardState{3, 2}, {entry(3, 1, "hello")}};
  REQUIRE((*wal)->append(std::vector<Batch>{batch}).has_value());
  require_documented(hexdump(files.content("data/" + segment_name(1)).substr(0, (*wal)->end().offset)));

  require_documented(hexdump(encode(Command{{2, 1, 7}, PutView{"/boat", "skiff"}})));
  require_documented(hexdump(encode(Identity{0x5eaf, 2, {{1, "a:9021"}, {2, "b:9021"}}})));
}

}  // namespace skiff::store::wal_format_test
