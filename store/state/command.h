// Command: an operation and its origin, to and from bytes.
//
// A command is the payload of a raft entry: every node applies the same bytes, so what they mean may never change.
// The format starts with its version; a node that does not know a version, or a kind of operation, refuses it here, at
// the door the bytes came in by (a peer's frame, the log on disk), and never applies it half.
//
//   version u8 = 2 | kind u8 | node | incarnation | number | the operation
//     kind 1 put           flags u8 (1 has a lease, 2 has a condition) | lease (if 1) | condition's length, condition
//                          (if 2) | key length | value length | key | value
//     kind 2 delete range  flags u8 (2 has a condition) | condition's length, condition (if 2) | key length |
//                          end length | key | end
//     kind 3 compact       revision
//
// All other numbers are varints (src/base/bytes.h).
//
// Always: decode(encode(command)) gives the command back, and encode(decode(bytes)) the bytes.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "raft/types.h"
#include "src/base/result.h"
#include "store/state/operation.h"

namespace skiff::store {

// Identifies a write: the node that took it, the count of that node's starts, and a number within that process.
// The order within a node is the order its writes were made in.
struct Origin {
  raft::NodeId node = 0;
  uint64_t incarnation = 0;
  uint64_t number = 0;
  auto operator<=>(const Origin&) const = default;
};

struct Command {
  Origin origin;
  OperationView operation;
};

// Requires: a node that is somebody; check(operation).
std::string encode(const Command& command);
// The same, ready to be an entry's payload: one allocation and one copy.
raft::Payload to_payload(const Command& command);

// Refuses whatever encode() would not have written. The operation looks at these bytes.
Result<Command> decode(std::string_view bytes);

}  // namespace skiff::store
