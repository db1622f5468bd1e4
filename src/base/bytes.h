// Bytes: views of memory, and little-endian numbers in it.
//
// A key or value is bytes; std::string owns them and std::string_view looks at them, as LevelDB's Slice does.
// On disk and in commands every number is little-endian and unaligned.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

namespace skiff {

static_assert(std::endian::native == std::endian::little, "the formats assume a little-endian machine");

// Appends to a std::string or a ByteWriter.
template <class Number, class Out>
void put_number(Out& out, Number number) {
  static_assert(std::is_unsigned_v<Number>);
  char bytes[sizeof number];
  std::memcpy(bytes, &number, sizeof number);
  out.append(bytes, sizeof number);
}

// LEB128: seven bits a byte, the lowest first, the highest bit says that more follow. From 1 to 10 bytes.
template <class Out>
void put_varint(Out& out, uint64_t number) {
  char bytes[10];
  size_t count = 0;
  for (; number >= 0x80; number >>= 7) bytes[count++] = static_cast<char>((number & 0x7f) | 0x80);
  bytes[count++] = static_cast<char>(number);
  out.append(bytes, count);
}

// Appends to a buffer of the caller. Requires: the buffer has room for all that is appended.
class ByteWriter {
 public:
  explicit ByteWriter(char* out) : end_(out) {}

  void append(const char* bytes, size_t count) {
    if (count > 0) std::memcpy(end_, bytes, count);
    end_ += count;
  }
  void append(std::string_view bytes) { append(bytes.data(), bytes.size()); }
  const char* end() const { return end_; }

 private:
  char* end_;
};

// Requires: at least sizeof(Number) bytes at `from`.
template <class Number>
Number get_number(const char* from) {
  static_assert(std::is_unsigned_v<Number>);
  Number number;
  std::memcpy(&number, from, sizeof number);
  return number;
}

// Reads numbers and byte strings off the front of a view. After the first read past the end, ok() is false and every
// read returns zero or an empty view, so a decoder checks once, at its end.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}

  template <class Number>
  Number number() {
    std::string_view front = bytes(sizeof(Number));
    return front.size() == sizeof(Number) ? get_number<Number>(front.data()) : Number{0};
  }
  // Only the shortest form is accepted, so that equal numbers are equal bytes.
  uint64_t varint() {
    uint64_t number = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const auto byte = this->number<uint8_t>();
      const uint64_t bits = byte & 0x7fu;
      const bool is_last = byte < 0x80;
      if (!ok_ || (shift == 63 && bits > 1) || (is_last && shift > 0 && bits == 0)) break;
      number |= bits << shift;
      if (is_last) return number;
    }
    fail();
    return 0;
  }
  std::string_view bytes(uint64_t count) {
    if (count > rest_.size()) {
      fail();
      return {};
    }
    std::string_view front = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return front;
  }
  std::string_view rest() const { return rest_; }
  // Marks the input as malformed: all further reads return nothing.
  void fail() {
    ok_ = false;
    rest_ = {};
  }
  bool ok() const { return ok_; }
  bool done() const { return ok_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace skiff
