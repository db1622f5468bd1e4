#include "store/state/command.h"

#include <utility>

#include "raft/check.h"
#include "src/base/bytes.h"
#include "src/base/narrow.h"

namespace skiff::store {
namespace {

constexpr uint8_t kVersion = 1;
constexpr uint64_t kHeadBytes = 1 + 1 + 3 * 8 + 2 * 4;

bool is_known(uint8_t verb) {
  return verb >= static_cast<uint8_t>(Verb::put) && verb <= static_cast<uint8_t>(Verb::compact);
}

tl::unexpected<Error> refuse(std::string why) { return fail(Error::Code::corrupt, "decode command: " + why); }

void check(const Command& command) {
  CHECK(command.origin.node != 0);
  CHECK(command.verb == Verb::put || command.value.empty());
  CHECK((command.verb == Verb::compact) == (command.revision > 0));
  CHECK((command.verb == Verb::compact) == command.key.empty());
  CHECK(command.key.size() <= kKeyBytesMax);
  CHECK(command.value.size() <= UINT32_MAX);
}

Result<Command> take_revision(Command command) {
  ByteReader reader(std::exchange(command.value, {}));
  command.revision = reader.number<uint64_t>();
  if (!command.key.empty()) return refuse("a compact has a key");
  if (!reader.done() || command.revision == 0) return refuse("a compact without a revision");
  return command;
}

uint64_t value_bytes_of(const Command& command) {
  return command.verb == Verb::compact ? sizeof command.revision : command.value.size();
}

uint64_t encoded_bytes(const Command& command) { return kHeadBytes + command.key.size() + value_bytes_of(command); }

template <class Out>
void append(Out& out, const Command& command) {
  put_number(out, kVersion);
  put_number(out, static_cast<uint8_t>(command.verb));
  put_number(out, command.origin.node);
  put_number(out, command.origin.incarnation);
  put_number(out, command.origin.number);
  put_number(out, narrow<uint32_t>(command.key.size()));
  put_number(out, narrow<uint32_t>(value_bytes_of(command)));
  out.append(command.key);
  if (command.verb == Verb::compact) put_number(out, command.revision);
  out.append(command.value);
}

}  // namespace

std::string encode(const Command& command) {
  check(command);
  std::string out;
  out.reserve(encoded_bytes(command));
  append(out, command);
  CHECK(out.size() == encoded_bytes(command));
  return out;
}

raft::Payload to_payload(const Command& command) {
  check(command);
  const uint64_t bytes = encoded_bytes(command);
  return raft::Payload::made(bytes, [&](char* out) {
    ByteWriter writer(out);
    append(writer, command);
    CHECK(writer.end() == out + bytes);
  });
}

Result<Command> decode(std::string_view bytes) {
  ByteReader reader(bytes);
  auto version = reader.number<uint8_t>();
  if (!reader.ok()) return refuse("there are no bytes");
  if (version != kVersion) return refuse("version " + std::to_string(version) + " is not known to this program");

  Command command;
  auto verb = reader.number<uint8_t>();
  command.origin.node = reader.number<uint64_t>();
  command.origin.incarnation = reader.number<uint64_t>();
  command.origin.number = reader.number<uint64_t>();
  auto key_bytes = reader.number<uint32_t>();
  auto value_bytes = reader.number<uint32_t>();
  command.key = reader.bytes(key_bytes);
  command.value = reader.bytes(value_bytes);
  if (!reader.ok()) return refuse("it is cut short");
  if (!reader.done()) return refuse("bytes follow its end");

  if (!is_known(verb)) return refuse("verb " + std::to_string(verb) + " is not known to this program");
  command.verb = static_cast<Verb>(verb);
  if (command.origin.node == 0) return refuse("it comes from node 0, which is no id");
  if (command.verb == Verb::compact) return take_revision(command);
  if (command.key.empty()) return refuse("its key is empty");
  if (command.key.size() > kKeyBytesMax) return refuse("its key has " + std::to_string(key_bytes) + " bytes");
  if (command.verb == Verb::remove && !command.value.empty()) return refuse("a remove carries a value");
  return command;
}

}  // namespace skiff::store
