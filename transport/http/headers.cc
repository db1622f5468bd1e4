#include "transport/http/headers.h"

#include <algorithm>

#include "src/base/narrow.h"

namespace skiff::transport {
namespace {

// Room for the headers of most clients, so that the buffer is allocated once.
constexpr size_t kFirstBytes = 256;

char to_lower(char byte) { return byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte - 'A' + 'a') : byte; }

bool is_blank(char byte) { return byte == ' ' || byte == '\t'; }

}  // namespace

Headers::Headers(std::initializer_list<HeaderField> fields) {
  for (const HeaderField& field : fields) add(field.name, field.value);
}

void Headers::add(std::string_view name, std::string_view value) {
  add_to_name(name);
  add_to_value(value);
  end_field();
}

void Headers::begin_field() {
  CHECK(field_at_ == kNoField);
  if (bytes_.empty()) bytes_.reserve(kFirstBytes);
  field_at_ = bytes_.size();
  name_bytes_ = 0;
  bytes_.append(kLengthBytes, '\0');  // end_field() fills them in
}

void Headers::add_to_name(std::string_view piece) {
  if (field_at_ == kNoField) begin_field();
  CHECK(bytes_.size() == field_at_ + kLengthBytes + name_bytes_);  // no byte of its value has come
  const size_t at = bytes_.size();
  bytes_ += piece;
  std::transform(bytes_.begin() + static_cast<std::ptrdiff_t>(at), bytes_.end(),
                 bytes_.begin() + static_cast<std::ptrdiff_t>(at), to_lower);
  name_bytes_ = narrow<uint32_t>(name_bytes_ + piece.size());
}

void Headers::add_to_value(std::string_view piece) {
  if (field_at_ == kNoField) begin_field();
  const size_t value_at = field_at_ + kLengthBytes + name_bytes_;
  CHECK(bytes_.size() >= value_at);
  if (bytes_.size() == value_at) {
    while (!piece.empty() && is_blank(piece.front())) piece.remove_prefix(1);
  }
  bytes_ += piece;
}

HeaderField Headers::end_field() {
  if (field_at_ == kNoField) begin_field();
  const size_t value_at = field_at_ + kLengthBytes + name_bytes_;
  while (bytes_.size() > value_at && is_blank(bytes_.back())) bytes_.pop_back();
  const Lengths lengths{name_bytes_, narrow<uint32_t>(bytes_.size() - value_at)};
  char* field = bytes_.data() + field_at_;
  std::memcpy(field, &lengths, kLengthBytes);
  field_at_ = kNoField;
  return *Iterator(field, bytes_.data() + bytes_.size());
}

Headers::Iterator Headers::begin() const {
  CHECK(field_at_ == kNoField);
  return {bytes_.data(), bytes_.data() + bytes_.size()};
}

Headers::Iterator Headers::end() const {
  CHECK(field_at_ == kNoField);
  const char* end = bytes_.data() + bytes_.size();
  return {end, end};
}

FoundValue Headers::find(std::string_view name) const {
  const auto is_same = [](char stored, char asked) { return stored == to_lower(asked); };
  FoundValue found;
  for (const HeaderField field : *this) {
    if (!std::equal(field.name.begin(), field.name.end(), name.begin(), name.end(), is_same)) continue;
    if (found.count == 0) found.first = field.value;
    ++found.count;
  }
  return found;
}

}  // namespace skiff::transport
