#include "store/wal/format.h"

#include <algorithm>
#include <cstring>
#include <memory>

#include "raft/check.h"
#include "raft/mutant.h"
#include "src/base/bytes.h"
#include "src/base/crc32c.h"
#include "src/base/narrow.h"

namespace skiff::store {
namespace {

constexpr std::string_view kSegmentMagic = "skiffwal";
constexpr uint64_t kSegmentMagicOffset = kFragmentHeadBytes + 1;
constexpr std::string_view kNamePrefix = "wal-";
constexpr size_t kNameDigits = 16;

enum class Kind : uint8_t { header = 1, mark = 2, entry = 3, hard_state = 4, start = 5, restart = 6 };

std::string record_of(Kind kind) { return std::string(1, static_cast<char>(kind)); }

uint64_t room_at(uint64_t offset) { return kBlockBytes - offset % kBlockBytes; }

// The end of a block where not even a mark fits stays zero.
uint64_t settle(uint64_t offset) { return room_at(offset) < kRoomMin ? offset + room_at(offset) : offset; }

uint32_t checksum(uint32_t salt, uint64_t offset, std::string_view data_and_type) {
  char prefix[sizeof offset + sizeof(uint16_t)];
  auto length = narrow<uint16_t>(data_and_type.size() - 1);
  std::memcpy(prefix, &offset, sizeof offset);
  std::memcpy(prefix + sizeof offset, &length, sizeof length);
  return crc32c_extend(crc32c_extend(salt, {prefix, sizeof prefix}), data_and_type);
}

FragmentType type_of(bool is_first, bool is_last) {
  if (is_first) return is_last ? FragmentType::full : FragmentType::first;
  return is_last ? FragmentType::last : FragmentType::middle;
}

bool is_type(uint8_t type) {
  for (FragmentType known : {FragmentType::full, FragmentType::first, FragmentType::middle, FragmentType::last}) {
    if (type == static_cast<uint8_t>(known)) return true;
  }
  return false;
}

// A record that is being cut into fragments: what is left of its head, and then of its body.
struct Remainder {
  std::string_view head;
  std::string_view body;

  uint64_t bytes() const { return head.size() + body.size(); }
  // Moves the next `count` bytes of it to `out`.
  void move_to(std::string& out, uint64_t count) {
    CHECK(count <= bytes());
    const size_t of_head = std::min<size_t>(count, head.size());
    out.append(head.substr(0, of_head));
    out.append(body.substr(0, count - of_head));
    head.remove_prefix(of_head);
    body.remove_prefix(count - of_head);
  }
};

// A fragment before it is written; Fragment is the same one when it is read.
struct NextFragment {
  uint64_t offset = 0;  // in the segment
  uint64_t bytes = 0;   // of the record
  FragmentType type = FragmentType::full;
};

void append_fragment(std::string& out, uint32_t salt, const NextFragment& next, Remainder& record) {
  CHECK(next.bytes > 0);
  const size_t start = out.size();
  const auto length = narrow<uint16_t>(next.bytes);
  put_number(out, uint32_t{0});  // the checksum, once the data is there
  put_number(out, length);
  put_number(out, static_cast<uint16_t>(~length));
  record.move_to(out, next.bytes);
  CHECK(out.size() - start == kFragmentHeadBytes + next.bytes);
  out += static_cast<char>(next.type);
  const uint32_t crc = checksum(salt, next.offset, std::string_view(out).substr(start + kFragmentHeadBytes));
  std::memcpy(out.data() + start, &crc, sizeof crc);
}

Result<Record> refuse(const char* why) { return fail(Error::Code::corrupt, why); }

Result<Record> decode_header(ByteReader& reader) {
  if (reader.bytes(kSegmentMagic.size()) != kSegmentMagic) return refuse("a header without its magic");
  if (reader.number<uint32_t>() != kWalFormatVersion) return refuse("a header of another format version");
  SegmentHeader header;
  header.owner.cluster = reader.number<uint64_t>();
  header.owner.node = reader.number<uint64_t>();
  header.sequence = reader.number<uint64_t>();
  header.previous_end = reader.number<uint64_t>();
  header.state.last_index = reader.number<uint64_t>();
  header.state.hard_state.term = reader.number<uint64_t>();
  header.state.hard_state.vote = reader.number<uint64_t>();
  header.state.incarnation = reader.number<uint64_t>();
  return Record(header);
}

Result<Record> decode_entry(ByteReader& reader) {
  raft::Entry entry;
  entry.position.term = reader.number<uint64_t>();
  entry.position.index = reader.number<uint64_t>();
  auto kind = reader.number<uint8_t>();
  std::string_view payload = reader.bytes(reader.rest().size());
  if (kind < static_cast<uint8_t>(raft::EntryKind::no_op) ||
      kind > static_cast<uint8_t>(raft::EntryKind::configuration)) {
    return refuse("an entry of unknown kind");
  }
  entry.kind = static_cast<raft::EntryKind>(kind);
  if (!payload.empty()) entry.payload = raft::Payload::of(payload);
  return Record(std::move(entry));
}

Result<Record> decode_body(Kind kind, ByteReader& reader) {
  const auto number = [&] { return reader.number<uint64_t>(); };
  switch (kind) {
    case Kind::header: return decode_header(reader);
    case Kind::entry: return decode_entry(reader);
    case Kind::mark: {
      const uint64_t sequence = number(), offset = number();
      return Mark{{sequence, offset}, number()};
    }
    case Kind::hard_state: {
      const uint64_t term = number(), vote = number();
      return raft::HardState{term, vote};
    }
    case Kind::start: return Start{number()};
    case Kind::restart: {
      const uint64_t term = number(), index = number();
      return Restart{{term, index}};
    }
  }
  return refuse("a record of unknown kind");
}

}  // namespace

std::string hex_name(uint64_t number) {
  std::string name;
  for (size_t digit = kNameDigits; digit-- > 0;) name += "0123456789abcdef"[number >> (4 * digit) & 15];
  return name;
}

std::optional<uint64_t> number_of_hex_name(std::string_view name) {
  if (name.size() != kNameDigits) return std::nullopt;
  uint64_t number = 0;
  for (char digit : name) {
    size_t value = std::string_view("0123456789abcdef").find(digit);
    if (value == std::string_view::npos) return std::nullopt;
    number = number << 4 | value;
  }
  return number;
}

std::string segment_name(uint64_t sequence) { return std::string(kNamePrefix) + hex_name(sequence); }

std::optional<uint64_t> segment_sequence(std::string_view name) {
  if (!name.starts_with(kNamePrefix)) return std::nullopt;
  return number_of_hex_name(name.substr(kNamePrefix.size()));
}

uint32_t segment_salt(const WalOwner& owner, uint64_t sequence) {
  std::string who;
  put_number(who, owner.cluster);
  put_number(who, owner.node);
  put_number(who, sequence);
  return crc32c(who);
}

std::string encode(const SegmentHeader& header) {
  std::string out = record_of(Kind::header);
  out.append(kSegmentMagic);
  put_number(out, kWalFormatVersion);
  put_number(out, header.owner.cluster);
  put_number(out, header.owner.node);
  put_number(out, header.sequence);
  put_number(out, header.previous_end);
  put_number(out, header.state.last_index);
  put_number(out, header.state.hard_state.term);
  put_number(out, header.state.hard_state.vote);
  put_number(out, header.state.incarnation);
  CHECK(out.size() == kHeaderBytes);
  return out;
}

std::string encode(const Mark& mark) {
  std::string out = record_of(Kind::mark);
  put_number(out, mark.durable.sequence);
  put_number(out, mark.durable.offset);
  put_number(out, mark.last_index);
  CHECK(out.size() == kMarkBytes);
  return out;
}

std::string encode(const raft::HardState& hard_state) {
  std::string out = record_of(Kind::hard_state);
  put_number(out, hard_state.term);
  put_number(out, hard_state.vote);
  return out;
}

std::string encode(const Start& start) {
  std::string out = record_of(Kind::start);
  put_number(out, start.incarnation);
  return out;
}

std::string encode(const Restart& restart) {
  std::string out = record_of(Kind::restart);
  put_number(out, restart.base.term);
  put_number(out, restart.base.index);
  return out;
}

std::string encode_head(const raft::Entry& entry) {
  std::string out = record_of(Kind::entry);
  put_number(out, entry.position.term);
  put_number(out, entry.position.index);
  put_number(out, static_cast<uint8_t>(entry.kind));
  return out;
}

Result<Record> decode_record(std::string_view bytes) {
  ByteReader reader(bytes);
  const auto kind = static_cast<Kind>(reader.number<uint8_t>());
  Result<Record> record = decode_body(kind, reader);
  if (record && !reader.done()) return refuse("a record of a wrong length");
  return record;
}

void append_fragments(std::string& out, uint64_t start, uint32_t salt, std::string_view head, std::string_view body) {
  Remainder record{head, body};
  CHECK(record.bytes() > 0);
  for (bool is_first = true; record.bytes() > 0; is_first = false) {
    const uint64_t offset = start + out.size();
    CHECK(settle(offset) == offset);
    const uint64_t bytes = std::min(record.bytes(), room_at(offset) - kFragmentExtraBytes);
    append_fragment(out, salt, {offset, bytes, type_of(is_first, bytes == record.bytes())}, record);
    out.resize(settle(start + out.size()) - start, '\0');
  }
}

uint64_t end_of_record(uint64_t offset, uint64_t record_bytes) {
  while (record_bytes > 0) {
    uint64_t bytes = std::min(record_bytes, room_at(offset) - kFragmentExtraBytes);
    record_bytes -= bytes;
    offset = settle(offset + kFragmentExtraBytes + bytes);
  }
  return offset;
}

// A block is zeros except where a fragment was written, and a fragment ends in its type, which is not zero. So a
// fragment with only zeros from where its type should be was cut short, and any other was complete once.
Fragment read_fragment(std::string_view segment, uint64_t offset, uint32_t salt) {
  CHECK(offset < segment.size());
  CHECK(segment.size() % kBlockBytes == 0);
  std::string_view block = segment.substr(offset, room_at(offset));
  CHECK(block.size() >= kRoomMin);
  Fragment fragment;
  if (is_zero(block)) return fragment;
  fragment.state = Fragment::State::torn;
  if (is_zero(block.substr(kFragmentHeadBytes))) return fragment;
  fragment.state = Fragment::State::corrupt;

  auto length = get_number<uint16_t>(block.data() + 4);
  auto inverse = get_number<uint16_t>(block.data() + 6);
  if (length != static_cast<uint16_t>(~inverse)) return fragment;
  if (length == 0 || length > block.size() - kFragmentExtraBytes) return fragment;

  std::string_view data_and_type = block.substr(kFragmentHeadBytes, length + 1u);
  auto type = static_cast<uint8_t>(data_and_type.back());
  if (is_zero(block.substr(kFragmentHeadBytes + length))) fragment.state = Fragment::State::torn;
  if (!is_type(type)) return fragment;
  const bool is_right = get_number<uint32_t>(block.data()) == checksum(salt, offset, data_and_type);
  if (!is_right && !MUTANT(checksum_ignored)) return fragment;

  uint64_t end = offset + kFragmentExtraBytes + length;
  fragment.next = settle(end);
  CHECK(fragment.next > offset);
  CHECK(fragment.next <= segment.size());
  if (!is_zero(segment.substr(end, fragment.next - end))) return fragment;
  fragment.state = Fragment::State::complete;
  fragment.type = static_cast<FragmentType>(type);
  fragment.data = data_and_type.substr(0, length);
  return fragment;
}

std::optional<uint32_t> foreign_version(std::string_view segment) {
  if (segment.size() < kSegmentMagicOffset + kSegmentMagic.size() + sizeof(uint32_t)) return std::nullopt;
  if (segment.substr(kSegmentMagicOffset, kSegmentMagic.size()) != kSegmentMagic) return std::nullopt;
  auto version = get_number<uint32_t>(segment.data() + kSegmentMagicOffset + kSegmentMagic.size());
  return version == kWalFormatVersion ? std::nullopt : std::optional(version);
}

bool is_zero(std::string_view bytes) {
  return bytes.empty() || (bytes[0] == 0 && std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0);
}

}  // namespace skiff::store
