#include "store/state/command.h"

#include <utility>

#include "raft/check.h"
#include "src/base/bytes.h"
#include "src/base/overloaded.h"
#include "src/base/try.h"

namespace skiff::store {
namespace {

constexpr uint8_t kVersion = 2;
enum class Kind : uint8_t { put = 1, delete_range = 2, compact = 3 };
constexpr uint8_t kHasLease = 1, kHasCondition = 2;

tl::unexpected<Error> refuse(std::string why) { return fail(Error::Code::corrupt, "decode command: " + why); }

// ---- to bytes

// An Out that counts what would be appended.
struct Counter {
  void append(const char*, size_t count) { bytes += count; }
  void append(std::string_view text) { bytes += text.size(); }
  size_t bytes = 0;
};

Kind kind_of(const OperationView& operation) {
  return std::visit(
      Overloaded{[](const PutView&) { return Kind::put; }, [](const DeleteRangeView&) { return Kind::delete_range; },
                 [](const Compact&) { return Kind::compact; }},
      operation);
}

template <class Out>
void append_condition(Out& out, std::string_view condition) {
  if (condition.empty()) return;
  put_varint(out, condition.size());
  out.append(condition);
}

template <class Out>
void append(Out& out, const PutView& put) {
  const int flags = (put.lease == 0 ? 0 : kHasLease) | (put.condition.empty() ? 0 : kHasCondition);
  put_number(out, static_cast<uint8_t>(flags));
  if (put.lease != 0) put_varint(out, put.lease);
  append_condition(out, put.condition);
  put_varint(out, put.key.size());
  put_varint(out, put.value.size());
  out.append(put.key);
  out.append(put.value);
}

template <class Out>
void append(Out& out, const DeleteRangeView& range) {
  put_number(out, range.condition.empty() ? uint8_t{0} : kHasCondition);
  append_condition(out, range.condition);
  put_varint(out, range.key.size());
  put_varint(out, range.end.size());
  out.append(range.key);
  out.append(range.end);
}

template <class Out>
void append(Out& out, const Compact& compact) {
  put_varint(out, compact.revision);
}

template <class Out>
void append(Out& out, const Command& command) {
  put_number(out, kVersion);
  put_number(out, static_cast<uint8_t>(kind_of(command.operation)));
  put_varint(out, command.origin.node);
  put_varint(out, command.origin.incarnation);
  put_varint(out, command.origin.number);
  std::visit([&](const auto& operation) { append(out, operation); }, command.operation);
}

size_t encoded_bytes(const Command& command) {
  CHECK(command.origin.node != 0);
  CHECK(check(command.operation));
  Counter counter;
  append(counter, command);
  return counter.bytes;
}

// ---- from bytes

// The flags of what was read must be those that were written.
void take_facts(ByteReader& reader, uint8_t flags_known, LeaseId& lease, std::string_view& condition) {
  const auto flags = reader.number<uint8_t>();
  if ((flags & kHasLease) != 0) lease = reader.varint();
  if ((flags & kHasCondition) != 0) condition = reader.bytes(reader.varint());
  const int found = (lease == 0 ? 0 : kHasLease) | (condition.empty() ? 0 : kHasCondition);
  if (flags != found || (flags & ~flags_known) != 0) reader.fail();
}

OperationView take_put(ByteReader& reader) {
  PutView put;
  take_facts(reader, kHasLease | kHasCondition, put.lease, put.condition);
  const uint64_t key_bytes = reader.varint(), value_bytes = reader.varint();
  put.key = reader.bytes(key_bytes);
  put.value = reader.bytes(value_bytes);
  return put;
}

OperationView take_delete_range(ByteReader& reader) {
  DeleteRangeView range;
  LeaseId no_lease = 0;
  take_facts(reader, kHasCondition, no_lease, range.condition);
  const uint64_t key_bytes = reader.varint(), end_bytes = reader.varint();
  range.key = reader.bytes(key_bytes);
  range.end = reader.bytes(end_bytes);
  return range;
}

Result<OperationView> take_operation(ByteReader& reader, uint8_t kind) {
  switch (static_cast<Kind>(kind)) {
    case Kind::put: return take_put(reader);
    case Kind::delete_range: return take_delete_range(reader);
    case Kind::compact: return Compact{.revision = reader.varint()};
  }
  return refuse("kind " + std::to_string(kind) + " is not known to this program");
}

}  // namespace

std::string encode(const Command& command) {
  std::string out;
  out.reserve(encoded_bytes(command));
  append(out, command);
  return out;
}

raft::Payload to_payload(const Command& command) {
  const size_t bytes = encoded_bytes(command);
  return raft::Payload::made(bytes, [&](char* out) {
    ByteWriter writer(out);
    append(writer, command);
    CHECK(writer.end() == out + bytes);
  });
}

Result<Command> decode(std::string_view bytes) {
  ByteReader reader(bytes);
  const auto version = reader.number<uint8_t>();
  if (!reader.ok()) return refuse("there are no bytes");
  if (version != kVersion) return refuse("version " + std::to_string(version) + " is not known to this program");
  const auto kind = reader.number<uint8_t>();
  Command command;
  command.origin.node = reader.varint();
  command.origin.incarnation = reader.varint();
  command.origin.number = reader.varint();
  if (!reader.ok()) return refuse("it is cut short");
  TRY(command.operation, take_operation(reader, kind));
  if (!reader.ok()) return refuse("it is cut short, or a number in it is none");
  if (!reader.done()) return refuse("bytes follow its end");
  if (command.origin.node == 0) return refuse("it comes from node 0, which is no id");
  if (auto checked = check(command.operation); !checked) return refuse(checked.error().what);
  return command;
}

}  // namespace skiff::store
