#include "store/state/command.h"

#include <string>

#include "tests/support/catch.h"

namespace skiff::store::command_test {

const Origin kOrigin{2, 3, 0x8000000000000001u};

// The head of a command of this kind: version, kind, and an origin of one byte each.
std::string with_head(uint8_t kind, std::string_view operation) {
  std::string bytes("\2\0\1\1\1", 5);
  bytes[1] = static_cast<char>(kind);
  return bytes.append(operation);
}
std::string put_bytes() { return encode(Command{{1, 1, 1}, PutView{"/key", "value"}}); }

TEST_CASE("a command comes back as it was") {
  const std::string longest_key(kKeyBytesMax, 'k');
  const std::string binary("\0\xff\r\n\0", 5);
  struct Row {
    const char* name;
    Command command;
  };
  const Row rows[] = {
      {"put", {kOrigin, PutView{"/key", "value"}}},
      {"put of nothing", {kOrigin, PutView{"/", ""}}},
      {"bytes of every kind", {kOrigin, PutView{binary, binary}}},
      {"longest key", {kOrigin, PutView{longest_key, "v"}}},
      {"put with a lease", {kOrigin, PutView{"/key", "value", 1}}},
      {"put with the last lease", {kOrigin, PutView{"/key", "value", UINT64_MAX}}},
      {"put with a condition", {kOrigin, PutView{.key = "/key", .value = "value", .condition = "\1"}}},
      {"put with both", {kOrigin, PutView{.key = "/key", .value = "value", .lease = 7, .condition = "\4\1\7"}}},
      {"remove with a condition", {kOrigin, DeleteRangeView{.key = "/key", .end = {}, .condition = "\1"}}},
      {"remove", {kOrigin, DeleteRangeView{"/key"}}},
      {"remove of a range", {kOrigin, DeleteRangeView{"/key", "/kez"}}},
      {"remove of everything", {kOrigin, DeleteRangeView{kToTheLast, kToTheLast}}},
      {"compact", {kOrigin, Compact{7}}},
      {"numbers at their ends", {{UINT64_MAX, UINT64_MAX, UINT64_MAX}, PutView{"k", "v"}}},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    const std::string bytes = encode(row.command);
    REQUIRE(*to_payload(row.command) == bytes);
    const auto decoded = decode(bytes);
    REQUIRE(decoded.has_value());
    REQUIRE(decoded->origin == row.command.origin);
    REQUIRE(decoded->operation == row.command.operation);
    REQUIRE(encode(*decoded) == bytes);
  }
}

TEST_CASE("a decoded value is a view of the bytes it came from") {
  const std::string bytes = put_bytes();
  const auto decoded = decode(bytes);
  REQUIRE(std::get<PutView>(decoded->operation).value.data() == bytes.data() + bytes.size() - 5);
}

TEST_CASE("a command that encode would not have written is refused") {
  const std::string long_key(kKeyBytesMax + 1, 'k');  // 4097 is 0x81 0x20 as a varint
  std::string nobody = put_bytes(), newer = put_bytes(), older = put_bytes();
  nobody[2] = 0;
  newer[0] = 3;
  older[0] = 1;
  const auto put = [](std::string_view operation) { return with_head(1, operation); };
  struct Row {
    const char* name;
    std::string bytes;
    const char* why;
  };
  const Row rows[] = {
      {"no bytes", "", "no bytes"},
      {"newer version", newer, "version 3"},
      {"older version", older, "version 1"},
      {"kind zero", with_head(0, "\1"), "kind 0"},
      {"unknown kind", with_head(4, "\1"), "kind 4"},
      {"a compact of revision 0", with_head(3, std::string_view("\0", 1)), "without a revision"},
      {"a compact of half a revision", with_head(3, "\x80"), "a number in it is none"},
      {"a compact with more than a revision", with_head(3, "\1\1"), "follow its end"},
      {"bytes behind the end", put_bytes() + '\0', "follow its end"},
      {"value shorter than said", put(std::string_view("\0\1\2kv", 5)), "cut short"},
      {"value longer than said", put(std::string_view("\0\1\1kvv", 6)), "follow its end"},
      {"key length beyond everything", put(std::string_view("\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\1\0", 12)),
       "cut short"},
      {"a number that is not in its shortest form", put(std::string_view("\0\x81\0\1kv", 6)), "a number in it is none"},
      {"empty key", put(std::string_view("\0\0\1v", 4)), "key is empty"},
      {"key too long", put(std::string("\0\x81\x20\0", 4) + long_key), "4097 bytes"},
      {"a lease that is none", put(std::string_view("\1\0\1\1kv", 6)), "a number in it is none"},
      {"flags that are not known", put(std::string_view("\4\1\1kv", 5)), "a number in it is none"},
      {"a condition of no bytes", put(std::string_view("\2\0\1\1kv", 6)), "a number in it is none"},
      {"a condition that is none", put(std::string_view("\2\1\x10\1\1kv", 7)), "condition cannot be read"},
      {"a range with a condition", with_head(2, "\2\1\1\1\1kl"), "a range has a condition"},
      {"a range with a lease", with_head(2, "\1\7\1\1kl"), "a number in it is none"},
      {"a range without a beginning", with_head(2, std::string_view("\0\0\1k", 4)), "key is empty"},
      {"a range with an end too long", with_head(2, std::string("\0\1\x81\x20k", 5) + long_key), "end of its range"},
      {"from nobody", nobody, "node 0"},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    const auto decoded = decode(row.bytes);
    REQUIRE_FALSE(decoded.has_value());
    REQUIRE(decoded.error().code == Error::Code::corrupt);
    REQUIRE_THAT(decoded.error().what, Catch::Contains(row.why));
  }
}

TEST_CASE("a command cut short at any byte is refused") {
  for (const Command& command : {Command{kOrigin, PutView{"/key", "value", 300}}, Command{kOrigin, Compact{300}},
                                 Command{kOrigin, DeleteRangeView{"/key", "/kez"}}}) {
    const std::string bytes = encode(command);
    for (size_t cut = 0; cut < bytes.size(); ++cut) {
      CAPTURE(cut);
      REQUIRE_FALSE(decode(std::string_view(bytes).substr(0, cut)).has_value());
    }
  }
}

}  // namespace skiff::store::command_test
