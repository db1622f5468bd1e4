#include "store/state/condition.h"

#include <algorithm>

#include "src/base/bytes.h"

namespace skiff::store {
namespace {

constexpr uint8_t kIsThere = 1, kIsNotThere = 2, kOneOf = 4, kNoneOf = 8;

bool contains(const std::vector<Revision>& revisions, Revision revision) {
  return std::find(revisions.begin(), revisions.end(), revision) != revisions.end();
}

void put_revisions(std::string& out, const std::optional<std::vector<Revision>>& revisions) {
  if (!revisions) return;
  put_varint(out, revisions->size());
  for (const Revision revision : *revisions) put_varint(out, revision);
}

std::vector<Revision> take_revisions(ByteReader& reader) {
  std::vector<Revision> revisions;
  for (uint64_t left = reader.varint(); left > 0 && reader.ok(); --left) revisions.push_back(reader.varint());
  return revisions;
}

}  // namespace

bool Condition::holds(Revision current) const {
  if (is_there && current == 0) return false;
  if (is_not_there && current != 0) return false;
  if (one_of && (current == 0 || !contains(*one_of, current))) return false;
  return !none_of || current == 0 || !contains(*none_of, current);
}

std::string Condition::encode() const {
  if (*this == Condition{}) return {};
  const int flags =
      (is_there ? kIsThere : 0) | (is_not_there ? kIsNotThere : 0) | (one_of ? kOneOf : 0) | (none_of ? kNoneOf : 0);
  std::string out;
  put_number(out, static_cast<uint8_t>(flags));
  put_revisions(out, one_of);
  put_revisions(out, none_of);
  return out;
}

std::optional<Condition> decode_condition(std::string_view bytes) {
  if (bytes.empty()) return Condition{};
  ByteReader reader(bytes);
  const auto flags = reader.number<uint8_t>();
  if (flags == 0 || (flags & ~(kIsThere | kIsNotThere | kOneOf | kNoneOf)) != 0) return std::nullopt;
  Condition condition{.is_there = (flags & kIsThere) != 0, .is_not_there = (flags & kIsNotThere) != 0};
  if ((flags & kOneOf) != 0) condition.one_of = take_revisions(reader);
  if ((flags & kNoneOf) != 0) condition.none_of = take_revisions(reader);
  if (!reader.done()) return std::nullopt;
  return condition;
}

}  // namespace skiff::store
