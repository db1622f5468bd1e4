// How the log lies on disk, with the reason for every field. docs/formats.md shows a worked example.
//
// A segment is a file named wal-<sequence in 16 hex digits>, zero-filled to its end when it was made. It is a row of
// blocks of 512 bytes, which is the least a disk writes whole. A record is cut into fragments, none of which crosses a
// block; the rest of a block stays zero when no mark would fit into it. So every block can be read by itself: a reader
// finds the next good fragment behind a bad one, and a block that never reached the disk is zeros, whatever the others
// hold.
//
//   fragment:  checksum u32 | length u16 | ~length u16 | data | type u8
//
//   checksum   CRC32C of cluster, node, sequence (the salt), then offset in the segment, length, type and data. The
//              salt and the offset are not stored: a fragment that belongs somewhere else, or to another node on
//              the same disk, is not believed.
//   ~length    tells a damaged length from one that promises bytes which never came.
//   type       last, and never zero: a fragment that was cut short ends in a zero, a complete one does not.
//
// ~length and type tell a torn fragment (written in part before the machine stopped: dropped) from a corrupt one
// (complete once: never dropped, because it may have been acknowledged).
//
//   record:    kind u8, then
//     header   "skiffwal" | format version u32 | cluster u64 | node u64 | sequence u64 | end of the segment before u64
//              | last index u64 | term u64, vote u64 | incarnation u64. First in every segment, nowhere else; magic and
//              version stay at these places in every version to come. It repeats the state, so that the segments before
//              can be dropped when a snapshot replaces them.
//     mark     sequence u64 | offset u64 | last index u64. First in every batch: everything before it was durable when
//              the batch was written. So records that are gone are known to be missing, and not taken for records that
//              were never written. A mark fits one fragment, so that it can be read by itself.
//     entry    term u64 | index u64 | entry kind u8 | payload. Replaces everything at its index and behind.
//     hard     term u64 | vote u64
//     start    incarnation u64
//     restart  term u64, index u64
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "raft/types.h"
#include "src/base/result.h"

namespace skiff::store {

constexpr uint32_t kWalFormatVersion = 1;
constexpr uint64_t kBlockBytes = 512;
constexpr uint64_t kFragmentHeadBytes = 8;
constexpr uint64_t kFragmentExtraBytes = kFragmentHeadBytes + 1;  // added to the data of each
constexpr uint64_t kMarkBytes = 1 + 3 * 8;
constexpr uint64_t kRoomMin = kFragmentExtraBytes + kMarkBytes;  // less than this is left zero at the end of a block
constexpr uint64_t kHeaderBytes = 1 + 8 + 4 + 8 * 8;
static_assert(kHeaderBytes + kFragmentExtraBytes + kRoomMin <= kBlockBytes);
constexpr uint64_t kHeaderEnd = kHeaderBytes + kFragmentExtraBytes;  // where the first batch of a segment starts

// Returns where the block behind this offset starts. A reader goes on there after a fragment that it cannot read.
constexpr uint64_t next_block(uint64_t offset) { return (offset / kBlockBytes + 1) * kBlockBytes; }

// The owner of a log.
struct WalOwner {
  uint64_t cluster = 0;
  raft::NodeId node = 0;
  bool operator==(const WalOwner&) const = default;
};

// A position in the row of segments.
struct WalPosition {
  uint64_t sequence = 0;
  uint64_t offset = 0;
  auto operator<=>(const WalPosition&) const = default;
};

// The state that a log records, without its entries.
struct WalState {
  raft::Index last_index = 0;
  raft::HardState hard_state;
  uint64_t incarnation = 0;
  bool operator==(const WalState&) const = default;
};

struct SegmentHeader {
  WalOwner owner;
  uint64_t sequence = 0;
  uint64_t previous_end = 0;  // offset at which the segment before ends; 0 in the first
  WalState state;
};
struct Mark {
  WalPosition durable;
  raft::Index last_index = 0;
};
struct Start {
  uint64_t incarnation = 0;
};
// All entries before it are void: the log begins anew behind a snapshot.
struct Restart {
  raft::LogPosition base;
};
using Record = std::variant<SegmentHeader, Mark, raft::Entry, raft::HardState, Start, Restart>;

// A number as 16 hex digits, which sort as numbers do; and back, or nothing if that is no such name.
std::string hex_name(uint64_t number);
std::optional<uint64_t> number_of_hex_name(std::string_view name);

std::string segment_name(uint64_t sequence);
// Returns nothing if this is not the name of a segment.
std::optional<uint64_t> segment_sequence(std::string_view name);

// Every checksum in a segment begins with its salt.
uint32_t segment_salt(const WalOwner& owner, uint64_t sequence);

// Records without their fragments. An entry's payload follows its head.
std::string encode(const SegmentHeader& header);
std::string encode(const Mark& mark);
std::string encode(const raft::HardState& hard_state);
std::string encode(const Start& start);
std::string encode(const Restart& restart);
std::string encode_head(const raft::Entry& entry);
Result<Record> decode_record(std::string_view bytes);

// Appends the record head + body, cut into fragments, to `out`, whose first byte will lie at offset `start`.
void append_fragments(std::string& out, uint64_t start, uint32_t salt, std::string_view head, std::string_view body);
// Returns where the next record starts behind one of `record_bytes` bytes at `offset`.
uint64_t end_of_record(uint64_t offset, uint64_t record_bytes);

enum class FragmentType : uint8_t { full = 0x1e, first = 0x2d, middle = 0x4b, last = 0x87 };

struct Fragment {
  enum class State {
    complete,  // its checksum is right
    empty,     // zeros to the end of the block: never written, or cut away
    torn,      // its beginning, then zeros to the end of the block: cut short while it was written
    corrupt,   // bytes there, checksum wrong
  };
  State state = State::empty;
  FragmentType type = FragmentType::full;
  std::string_view data;
  uint64_t next = 0;  // offset of the one after it
};
// Requires: offset < segment.size(), which is a multiple of kBlockBytes.
Fragment read_fragment(std::string_view segment, uint64_t offset, uint32_t salt);

// Finds the format version of a segment that cannot be read, if its beginning looks like a segment of another version.
std::optional<uint32_t> foreign_version(std::string_view segment);

bool is_zero(std::string_view bytes);

}  // namespace skiff::store
