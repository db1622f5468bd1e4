// Operation: what one write asks of the store, before the node that accepts it gives it an origin
// (store/state/command.h).
//
// An Operation owns its bytes, and travels from a door to the replica, which copies them once, into the command that
// becomes the payload of an entry. An OperationView looks at the bytes of such a payload, or of an Operation.
//
// Always: a new kind of operation is a new alternative here, with its encoding and decoding in command.cc and what it
// does in kv.cc; everything between a door and the map passes it on unread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "src/base/result.h"

namespace skiff::store {

using Revision = uint64_t;  // from kFirstRevision; 0 is none
using LeaseId = uint64_t;   // from 1; 0 is no lease

// The revision of a map that nothing has changed yet, as in etcd; the first change makes the one after it.
constexpr Revision kFirstRevision = 1;

// Longer keys are refused before they become an operation. Values are bounded by whoever takes them in.
constexpr uint64_t kKeyBytesMax = 4096;
// Above what a request's headers can hold, so no condition of a client is too large.
constexpr uint64_t kConditionBytesMax = 256 * 1024;

// Sets the value of a key, and which lease it hangs on.
template <class Bytes>
struct PutOf {
  Bytes key;
  Bytes value;
  LeaseId lease = 0;
  Bytes condition;  // store/state/condition.h; empty: none
  bool operator==(const PutOf&) const = default;
};

// Removes the keys from `key` up to but not including `end`, in one revision; with an empty `end`, that key alone, and
// only such a one may have a condition.
template <class Bytes>
struct DeleteRangeOf {
  Bytes key;
  Bytes end;
  Bytes condition;
  bool operator==(const DeleteRangeOf&) const = default;
};
// As an end: to the last key. (etcd's range_end of one zero byte)
constexpr std::string_view kToTheLast("\0", 1);

// Forgets what the map was before a revision.
struct Compact {
  Revision revision = 0;  // the oldest that can still be read
  bool operator==(const Compact&) const = default;
};

using Put = PutOf<std::string>;
using DeleteRange = DeleteRangeOf<std::string>;
using Operation = std::variant<Put, DeleteRange, Compact>;

using PutView = PutOf<std::string_view>;
using DeleteRangeView = DeleteRangeOf<std::string_view>;
using OperationView = std::variant<PutView, DeleteRangeView, Compact>;

// The view is valid as long as the operation.
OperationView view_of(const Operation& operation);
// Refuses an operation that no node may apply: an empty key, a key or an end above kKeyBytesMax, a value of 4 GiB or
// more, a condition that cannot be decoded or that is on a range, or a compaction without a revision.
Result<> check(const OperationView& operation);
// The bytes of its key, end, value and condition.
uint64_t bytes_of(const OperationView& operation);

}  // namespace skiff::store
