#include "store/state/command.h"

#include <string>

#include "tests/support/catch.h"

namespace skiff::store::command_test {

const Origin kOrigin{2, 3, 0x8000000000000001u};

std::string put_bytes() { return encode(Command{Verb::put, kOrigin, "/key", "value"}); }

TEST_CASE("a command comes back as it was") {
  std::string longest_key(kKeyBytesMax, 'k');
  std::string binary("\0\xff\r\n\0", 5);
  struct Row {
    const char* name;
    Command command;
  };
  const Row rows[] = {
      {"put", {Verb::put, kOrigin, "/key", "value"}},
      {"put of nothing", {Verb::put, kOrigin, "/", ""}},
      {"bytes of every kind", {Verb::put, kOrigin, binary, binary}},
      {"longest key", {Verb::put, kOrigin, longest_key, "v"}},
      {"remove", {Verb::remove, kOrigin, "/key", ""}},
      {"compact", {Verb::compact, kOrigin, "", "", 7}},
      {"numbers at their ends", {Verb::put, {UINT64_MAX, UINT64_MAX, UINT64_MAX}, "k", "v"}},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    std::string bytes = encode(row.command);
    auto decoded = decode(bytes);
    REQUIRE(decoded.has_value());
    REQUIRE(decoded->verb == row.command.verb);
    REQUIRE(decoded->origin == row.command.origin);
    REQUIRE(decoded->key == row.command.key);
    REQUIRE(decoded->value == row.command.value);
    REQUIRE(decoded->revision == row.command.revision);
    REQUIRE(encode(*decoded) == bytes);
  }
}

TEST_CASE("a decoded value is a view of the bytes it came from") {
  std::string bytes = put_bytes();
  auto decoded = decode(bytes);
  REQUIRE(decoded->value.data() == bytes.data() + bytes.size() - 5);
}

TEST_CASE("a command that encode would not have written is refused") {
  std::string too_long_key = encode(Command{Verb::put, kOrigin, std::string(kKeyBytesMax, 'k'), "v"});
  too_long_key[26] = 1;  // key length 4097,
  too_long_key[30] = 0;  // value length 0: the lengths still add up
  std::string remove_with_value = put_bytes();
  remove_with_value[1] = 2;
  std::string empty_key = put_bytes();
  empty_key[26] = 0;
  empty_key[30] = 9;
  std::string compact_nothing = encode(Command{Verb::compact, kOrigin, "", "", 1});
  compact_nothing[34] = 0;
  std::string compact_half = encode(Command{Verb::compact, kOrigin, "", "", 1});
  compact_half[30] = 7;
  compact_half.pop_back();
  std::string nobody = encode(Command{Verb::put, {1, 1, 1}, "k", "v"});
  nobody[2] = 0;

  auto with = [](size_t place, char byte) {
    std::string bytes = put_bytes();
    bytes[place] = byte;
    return bytes;
  };
  struct Row {
    const char* name;
    std::string bytes;
    const char* why;
  };
  const Row rows[] = {
      {"no bytes", "", "no bytes"},
      {"unknown version", with(0, 2), "version 2"},
      {"version zero", with(0, 0), "version 0"},
      {"verb zero", with(1, 0), "verb 0"},
      {"unknown verb", with(1, 4), "verb 4"},
      {"a compact of revision 0", compact_nothing, "without a revision"},
      {"a compact of half a revision", compact_half, "without a revision"},
      {"a compact with a key", with(1, 3), "a compact has a key"},
      {"bytes behind the end", put_bytes() + '\0', "follow its end"},
      {"value shorter than said", with(30, 6), "cut short"},
      {"value longer than said", with(30, 4), "follow its end"},
      {"key length beyond everything", with(29, '\xff'), "cut short"},
      {"empty key", empty_key, "key is empty"},
      {"key too long", too_long_key, "4097 bytes"},
      {"from nobody", nobody, "node 0"},
      {"remove with a value", remove_with_value, "carries a value"},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    auto decoded = decode(row.bytes);
    REQUIRE_FALSE(decoded.has_value());
    REQUIRE(decoded.error().code == Error::Code::corrupt);
    REQUIRE_THAT(decoded.error().what, Catch::Contains(row.why));
  }
}

TEST_CASE("a command cut short at any byte is refused") {
  std::string bytes = put_bytes();
  for (size_t cut = 0; cut < bytes.size(); ++cut) {
    CAPTURE(cut);
    REQUIRE_FALSE(decode(std::string_view(bytes).substr(0, cut)).has_value());
  }
}

}  // namespace skiff::store::command_test
