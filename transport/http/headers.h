// Headers: all header fields of one request, in the order in which they came.
//
// The fields lie one behind the other in a single buffer, each as two lengths, the name in lower case, and the value
// without the blanks around it. A request with a usual number of headers costs one allocation for them; a lookup reads
// the buffer from its beginning. The parser appends a field in the pieces that llhttp gives it.
//
// The buffer has no limit of its own: the parser limits the bytes of the head (HttpLimits::header_bytes_max), and a
// field takes eight bytes more here than its name and value.
//
// Always: only complete fields are iterated over and found, so these require that no field is under construction.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <iterator>
#include <string>
#include <string_view>

#include "raft/check.h"
#include "transport/http/found_value.h"

namespace skiff::transport {

// A view of one field, valid until the Headers that hold it change or move.
struct HeaderField {
  std::string_view name;  // lower-case
  std::string_view value;
};

class Headers {
  // Precedes the name and the value of each field.
  struct Lengths {
    uint32_t name_bytes;
    uint32_t value_bytes;
  };

 public:
  class Iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = HeaderField;
    using difference_type = std::ptrdiff_t;
    using pointer = const HeaderField*;
    using reference = HeaderField;

    Iterator(const char* at, const char* end) : at_(at), end_(end) { CHECK(at_ <= end_); }

    HeaderField operator*() const {
      const Lengths lengths = this->lengths();
      const char* name = at_ + sizeof lengths;
      return {{name, lengths.name_bytes}, {name + lengths.name_bytes, lengths.value_bytes}};
    }
    Iterator& operator++() {
      const Lengths lengths = this->lengths();
      at_ += sizeof lengths + lengths.name_bytes + lengths.value_bytes;
      CHECK(at_ <= end_);
      return *this;
    }
    bool operator==(const Iterator& other) const { return at_ == other.at_; }

   private:
    Lengths lengths() const {
      CHECK(at_ < end_);
      Lengths lengths;
      std::memcpy(&lengths, at_, sizeof lengths);
      return lengths;
    }

    const char* at_;
    const char* end_;
  };

  Headers() = default;
  // The names may be in any case.
  Headers(std::initializer_list<HeaderField> fields);

  void add(std::string_view name, std::string_view value);
  // The next field in pieces: those of its name in any case, then those of its value, then end_field(), which returns
  // the field.
  void add_to_name(std::string_view piece);
  void add_to_value(std::string_view piece);
  HeaderField end_field();

  Iterator begin() const;
  Iterator end() const;
  bool empty() const { return bytes_.empty(); }
  // The values of the fields with that name, in any case.
  FoundValue find(std::string_view name) const;

 private:
  static constexpr size_t kNoField = ~size_t{0};

  static constexpr size_t kLengthBytes = sizeof(Lengths);

  void begin_field();

  std::string bytes_;
  size_t field_at_ = kNoField;  // where the field under construction begins
  uint32_t name_bytes_ = 0;     // of that field
};

}  // namespace skiff::transport
