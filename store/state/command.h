// Command: what an entry asks of the store, to and from bytes.
//
// A command is the payload of a raft entry: every node applies the same bytes, so what they mean may never change.
// The format starts with its version; a node that does not know a version refuses it here, at the door the bytes came
// in by (a peer's frame, the log on disk), and never applies it half.
//
//   version u8 = 1 | verb u8 | node u64 | incarnation u64 | number u64 | key length u32 | value length u32 | key |
//   value
//
// A compact has no key, and its value is the revision, as u64.
//
// Always: decode(encode(command)) gives the command back, and encode(decode(bytes)) the bytes.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "raft/types.h"
#include "src/base/result.h"

namespace skiff::store {

// Longer keys are refused before they become a command. Values are bounded by whoever takes them in.
constexpr uint64_t kKeyBytesMax = 4096;

enum class Verb : uint8_t {
  put = 1,
  remove = 2,
  compact = 3,  // forget what the map was before a revision
};

// Identifies a write: the node that took it, the count of that node's starts, and a number within that process.
// The order within a node is the order its writes were made in.
struct Origin {
  raft::NodeId node = 0;
  uint64_t incarnation = 0;
  uint64_t number = 0;
  auto operator<=>(const Origin&) const = default;
};

// Key and value are views into the bytes the command was read from.
struct Command {
  Verb verb = Verb::put;
  Origin origin;
  std::string_view key;    // empty for compact
  std::string_view value;  // empty but for put
  uint64_t revision = 0;   // for compact: the oldest that can still be read
};

// Requires: a node that is somebody. For put and remove: a key of 1 to kKeyBytesMax bytes, a value below 4 GiB, none on
// remove. For compact: a revision, no key, no value.
std::string encode(const Command& command);
// The same, ready to be an entry's payload: one allocation and one copy.
raft::Payload to_payload(const Command& command);

// Refuses whatever encode() would not have written.
Result<Command> decode(std::string_view bytes);

}  // namespace skiff::store
