#include "src/base/bytes.h"

#include "tests/support/catch.h"

namespace skiff::bytes_test {

TEST_CASE("numbers are written little-endian and read back") {
  std::string out;
  put_number<uint8_t>(out, 0x01);
  put_number<uint16_t>(out, 0x0302);
  put_number<uint32_t>(out, 0x07060504);
  put_number<uint64_t>(out, 0x0f0e0d0c0b0a0908);
  REQUIRE(out == "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f");
  ByteReader reader(out);
  REQUIRE(reader.number<uint8_t>() == 0x01);
  REQUIRE(reader.number<uint16_t>() == 0x0302);
  REQUIRE(reader.number<uint32_t>() == 0x07060504);
  REQUIRE_FALSE(reader.done());
  REQUIRE(reader.number<uint64_t>() == 0x0f0e0d0c0b0a0908);
  REQUIRE(reader.done());
}

TEST_CASE("a varint comes back, and only its shortest form is one") {
  const uint64_t numbers[] = {0, 1, 127, 128, 16'383, 16'384, UINT32_MAX, UINT64_MAX / 2, UINT64_MAX};
  std::string bytes;
  for (const uint64_t number : numbers) put_varint(bytes, number);
  REQUIRE(bytes.substr(0, 5) == std::string("\0\1\x7f\x80\1", 5));
  ByteReader reader(bytes);
  for (const uint64_t number : numbers) REQUIRE(reader.varint() == number);
  REQUIRE(reader.done());

  const std::string nines(9, '\xff');
  for (const std::string& wrong :
       {std::string(), std::string("\x80"), std::string("\x80\0", 2), std::string("\xff\x80\0", 3), nines,
        nines + '\x02', nines + '\xff', nines + "\x81\1"}) {
    CAPTURE(wrong.size());
    ByteReader wrong_reader(wrong);
    REQUIRE(wrong_reader.varint() == 0);
    REQUIRE_FALSE(wrong_reader.ok());
  }
}

TEST_CASE("a reader gives byte strings and what is left") {
  ByteReader reader("abcdef");
  REQUIRE(reader.bytes(2) == "ab");
  REQUIRE(reader.bytes(0) == "");
  REQUIRE(reader.rest() == "cdef");
  REQUIRE(reader.bytes(4) == "cdef");
  REQUIRE(reader.done());
}

TEST_CASE("after a read past the end everything is empty, and the reader says so") {
  ByteReader reader("abc");
  SECTION("a number") { REQUIRE(reader.number<uint32_t>() == 0); }
  SECTION("bytes") { REQUIRE(reader.bytes(4) == ""); }
  SECTION("a length that no memory has") { REQUIRE(reader.bytes(~uint64_t{0}) == ""); }
  REQUIRE_FALSE(reader.ok());
  REQUIRE_FALSE(reader.done());
  REQUIRE(reader.number<uint8_t>() == 0);
  REQUIRE(reader.bytes(1) == "");
  REQUIRE(reader.rest() == "");
  REQUIRE_FALSE(reader.ok());
}

}  // namespace skiff::bytes_test
