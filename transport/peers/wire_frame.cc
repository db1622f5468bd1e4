// The frame around a Cap'n Proto message: sixteen bytes with its kind, its length and checksums.
//
//    0  2  's' 'k'
//    2  1  layout of this header: 1
//    3  1  kind of frame
//    4  4  bytes of the body, a multiple of 8
//    8  4  CRC32C of the body
//   12  4  CRC32C of the twelve bytes above
#include <algorithm>

#include "raft/check.h"
#include "src/base/bytes.h"
#include "src/base/crc32c.h"
#include "src/base/narrow.h"
#include "transport/peers/wire.h"

namespace skiff::transport {
namespace {

constexpr std::string_view kMagic{"sk\x01", 3};
constexpr size_t kKindOffset = 3;
constexpr size_t kLengthOffset = 4;
constexpr size_t kBodyCrcOffset = 8;
constexpr size_t kHeaderCrcOffset = 12;
static_assert(kHeaderCrcOffset + sizeof(uint32_t) == kFrameHeaderBytes);
static_assert(kFrameHeaderBytes % 8 == 0, "the body's words stay aligned behind the header");
static_assert(kFrameBytesMax <= UINT32_MAX);

// A frame's buffer starts no larger than this, and is not kept when it has grown beyond it.
constexpr size_t kBufferBytes = size_t{1} << 20;

// A hint for operators who mix up the two ports.
std::string_view likely_cause(std::string_view header) {
  if (header.starts_with("HTTP/"))
    return " but HTTP: clients have that port (--port), members have another (--cluster)";
  for (std::string_view verb : {"GET /", "HEAD /", "PUT /", "POST /", "DELETE /", "PRI * HTTP/2"}) {
    if (header.starts_with(verb)) return " but a client's request: clients have another port (--port)";
  }
  return "";
}

}  // namespace

std::string_view describe(Refusal refusal) {
  switch (refusal) {
    case Refusal::other_cluster: return "it belongs to another cluster";
    case Refusal::unknown_member: return "it does not know this node as a member";
    case Refusal::other_version: return "it speaks another version of the peer protocol";
    case Refusal::other_node: return "another node lives at that address";
    case Refusal::removed: return "this node was removed from the cluster";
    case Refusal::taken: return "a voter of this id is there already";
    case Refusal::other_data_dir_id: return "it has known this node with another data directory";
    case Refusal::unexpected_data_dir: return "it has another data directory than this node remembers of it";
    case Refusal::running_twice: return "another process with the same data directory is connected to it";
    case Refusal::other_founding: return "it remembers other data directories of the members than this node does";
  }
  return "it gave no reason";
}

void seal(std::string& frame, FrameKind kind) {
  CHECK(frame.size() >= kFrameHeaderBytes);
  std::string_view body = std::string_view(frame).substr(kFrameHeaderBytes);
  std::string header(kMagic);
  header.push_back(static_cast<char>(kind));
  put_number(header, narrow<uint32_t>(body.size()));
  put_number(header, crc32c(body));
  put_number(header, crc32c(header));
  frame.replace(0, kFrameHeaderBytes, header);
}

Result<> FrameReader::feed(std::string_view bytes, const FrameReceived& frame_received) {
  while (!bytes.empty()) {
    size_t taken = std::min(wanted_ - pending_.size(), bytes.size());
    pending_.append(bytes.substr(0, taken));
    bytes.remove_prefix(taken);
    if (pending_.size() < wanted_) break;
    Result<> read = wanted_ == kFrameHeaderBytes ? header_complete() : frame_complete(frame_received);
    if (!read) return read;
  }
  return {};
}

Result<> FrameReader::header_complete() {
  CHECK(pending_.size() == kFrameHeaderBytes);
  std::string_view header(pending_);
  if (!header.starts_with(kMagic)) {
    return fail(Error::Code::corrupt, "frame: this is no peer's frame" + std::string(likely_cause(header)));
  }
  if (get_number<uint32_t>(&header[kHeaderCrcOffset]) != crc32c(header.substr(0, kHeaderCrcOffset))) {
    return fail(Error::Code::corrupt, "frame: the header was damaged on the way");
  }
  uint32_t length = get_number<uint32_t>(&header[kLengthOffset]);
  if (length == 0 || length % 8 != 0) {
    return fail(Error::Code::corrupt, "frame: a body of " + std::to_string(length) + " bytes");
  }
  if (kFrameHeaderBytes + length > frame_bytes_max_) {
    return fail(Error::Code::too_large, "frame: " + std::to_string(length) + " bytes announced, at most " +
                                            std::to_string(frame_bytes_max_ - kFrameHeaderBytes) + " taken");
  }
  wanted_ = kFrameHeaderBytes + length;
  pending_.reserve(std::min(wanted_, kBufferBytes));
  return {};
}

Result<> FrameReader::frame_complete(const FrameReceived& frame_received) {
  CHECK(pending_.size() == wanted_);
  std::string_view body = std::string_view(pending_).substr(kFrameHeaderBytes);
  if (get_number<uint32_t>(&pending_[kBodyCrcOffset]) != crc32c(body)) {
    return fail(Error::Code::corrupt, "frame: the body was damaged on the way");
  }
  Result<> taken = frame_received(Frame{static_cast<FrameKind>(pending_[kKindOffset]), body});
  wanted_ = kFrameHeaderBytes;
  pending_.clear();
  if (pending_.capacity() > kBufferBytes) pending_ = {};
  return taken;
}

}  // namespace skiff::transport
