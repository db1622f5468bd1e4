// Wire: messages between nodes to bytes and back.
//
// A frame is a header of 16 bytes and a body, one Cap'n Proto message. The header carries the body's length and CRC32C
// and a CRC32C of its own, so a damaged length is noticed at once and the reader does not wait for bytes that never
// come. TCP's checksum is too weak for a store.
//
// Truncated, damaged or forged frames are Errors. Every field is checked before it is used, and memory grows with the
// bytes that have arrived, not with the length in a header.
//
// Always: a message from decode_message() has nodes other than 0, terms and indexes that can be added to without
// overflow, and entries with consecutive indexes, and it owns its bytes.            (docs/formats.md has the layout)
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/result.h"
#include "src/replica/peer_message.h"

namespace skiff::transport {

constexpr uint16_t kProtocolVersion = 3;
constexpr size_t kFrameHeaderBytes = 16;

// The largest frame: one entry with the largest value that can be configured (64 MiB) and its key, behind a batch of
// entries of about 1 MiB, with as much again for the schema's overhead and for growth.
constexpr size_t kFrameBytesMax = size_t{80} << 20;

// Before its greeting, no more than this is buffered of a peer. A greeting takes 112 bytes, the address, and
// 16 bytes for every data directory that it names.
constexpr size_t kGreetingBytesMax = 896;
constexpr size_t kKnownDataDirsMax = 24;  // more than members, and few enough to fit

// The longest name of a host is 253 bytes (RFC 1035); a reason is one line of text.
constexpr size_t kAddressBytesMax = 300;
constexpr size_t kReasonBytesMax = 1024;
// Voters and learners together, with room for a later version that allows more of them.
constexpr size_t kJoinReplyMembersMax = 64;
constexpr size_t kJoinReplyBytesMax = size_t{32} << 10;

// Terms and indexes beyond this are forged: at one a nanosecond they last 146 years. The range above is left so that
// sums cannot overflow.
constexpr uint64_t kCountMax = uint64_t{1} << 62;

struct Greeting {
  uint16_t protocol = kProtocolVersion;
  uint64_t cluster = 0;
  raft::NodeId from = 0;
  raft::NodeId to = 0;
  uint64_t incarnation = 0;                     // counts the starts of `from`
  uint64_t data_dir_id = 0;                     // names its data directory; 0: not said
  std::string address = {};                     // where others find it, as they know it; empty: not said
  std::map<raft::NodeId, uint64_t> known = {};  // the data directories that `from` remembers
  uint64_t process = 0;                         // drawn when it started; 0: not said
  uint16_t port = 0;                            // where it listens for its peers; 0: not said

  auto operator<=>(const Greeting&) const = default;
};

// The request of a node that has been added and knows neither cluster nor members yet: its data directory is founded
// with the answer. Accepted only from nodes that are no voters: a voter has a directory, and must not come back without
// it.
struct JoinRequest {
  uint16_t protocol = kProtocolVersion;
  raft::NodeId from = 0;

  auto operator<=>(const JoinRequest&) const = default;
};
struct JoinReply {
  struct Member {
    raft::NodeId id = 0;
    std::string address;
    auto operator<=>(const Member&) const = default;
  };
  uint16_t protocol = kProtocolVersion;
  uint64_t cluster = 0;
  std::vector<Member> members;

  auto operator<=>(const JoinReply&) const = default;
};

// Why a greeting or a join request is refused.
enum class Refusal : uint16_t {
  other_cluster = 1,
  unknown_member = 2,  // the greeter is not a member, as far as the receiver knows
  other_version = 3,
  other_node = 4,           // the greeting was meant for another node
  removed = 5,              // the greeter was a member, and has been removed for good
  taken = 6,                // the sender of a join request is a voter already, so it must have a directory
  other_data_dir_id = 7,    // the greeter has another data directory than the node of that id had
  unexpected_data_dir = 8,  // the greeter remembers another data directory of the receiver
  other_founding = 9,       // the two do not know each other, and remember different directories of the same members
  running_twice = 10,       // the greeter has the data directory of a process that is connected already
};

// "it belongs to another cluster"
std::string_view describe(Refusal refusal);

enum class FrameKind : uint8_t { greeting = 1, refusal = 2, message = 3, join_request = 4, join_reply = 5 };

// A frame that passed its checksums. The body is a view, valid for the length of a call.
struct Frame {
  FrameKind kind = FrameKind::message;
  std::string_view body;
};

// The size of encode(message), or slightly more, for decisions before the encoding.
size_t frame_bytes(const PeerMessage& message);

// Each returns a complete frame. Requires: frame_bytes(message) <= kFrameBytesMax.
std::string encode(const PeerMessage& message);
std::string encode(const Greeting& greeting);
std::string encode(const JoinRequest& join_request);
std::string encode(const JoinReply& join_reply);
// `address` is for Refusal::running_twice: that of the other process.
std::string encode(Refusal refusal, const std::string& address = {});

Result<PeerMessage> decode_message(const Frame& frame);
Result<Greeting> decode_greeting(const Frame& frame);
Result<JoinRequest> decode_join_request(const Frame& frame);
Result<JoinReply> decode_join_reply(const Frame& frame);
Result<Refusal> decode_refusal(const Frame& frame);
// Empty if the refusal has no address.
Result<std::string> decode_refusal_address(const Frame& frame);

// Fills in the first kFrameHeaderBytes of `frame` to fit the rest of it.
void seal(std::string& frame, FrameKind kind);

// FrameReader: bytes in pieces of any size to complete frames.
class FrameReader {
 public:
  // An Error ends feed(), which returns it. Must not destroy the reader.
  using FrameReceived = std::function<Result<>(const Frame&)>;

  explicit FrameReader(size_t frame_bytes_max) : frame_bytes_max_(frame_bytes_max) {}

  // Applies from the next header on.
  void set_frame_bytes_max(size_t bytes) { frame_bytes_max_ = bytes; }

  // After an Error the stream cannot be read any further: where the next frame starts is unknown.
  Result<> feed(std::string_view bytes, const FrameReceived& frame_received);

  size_t buffered_bytes() const { return pending_.size(); }

 private:
  Result<> header_complete();
  Result<> frame_complete(const FrameReceived& frame_received);

  size_t frame_bytes_max_;
  size_t wanted_ = kFrameHeaderBytes;  // then the whole frame, once its header is known
  std::string pending_;                // what has arrived of the current frame
};

}  // namespace skiff::transport
