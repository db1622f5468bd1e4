// Frames from anybody: whatever arrives is read without harm, and what is believed of it can be said again.
//
// The bytes are tried twice: as a stream in pieces, and as the body of a frame whose checksums were made to fit, so
// that the fuzzer gets past them to what they protect.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "raft/check.h"
#include "src/base/try.h"
#include "transport/peers/wire.h"

namespace {

using namespace skiff;
using namespace skiff::transport;

Result<> read(const Frame& frame) {
  auto greeting = decode_greeting(frame);
  auto refusal = decode_refusal(frame);
  auto join_request = decode_join_request(frame);
  auto join_reply = decode_join_reply(frame);
  CHECK(!join_request || frame.kind == FrameKind::join_request);
  CHECK(!join_reply || frame.kind == FrameKind::join_reply);
  CHECK(!greeting || frame.kind == FrameKind::greeting);
  CHECK(!refusal || frame.kind == FrameKind::refusal);
  TRY(const PeerMessage message, decode_message(frame));

  std::string said = encode(message);
  CHECK(said.size() <= frame_bytes(message));
  Result<PeerMessage> heard = decode_message({FrameKind::message, std::string_view(said).substr(kFrameHeaderBytes)});
  CHECK(heard.has_value());
  CHECK(encode(*heard) == said);
  return {};
}

void read_as_stream(std::string_view bytes, size_t piece) {
  FrameReader reader(1 << 20);
  while (!bytes.empty()) {
    if (!reader.feed(bytes.substr(0, piece), read)) return;
    CHECK(reader.buffered_bytes() <= 1 << 20);
    bytes.remove_prefix(std::min(piece, bytes.size()));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (bytes.empty()) return 0;
  const auto choice = static_cast<unsigned char>(bytes[0]);
  bytes.remove_prefix(1);
  read_as_stream(bytes, choice + size_t{1});

  std::string frame(kFrameHeaderBytes, '\0');
  frame += bytes;
  frame.resize((frame.size() + 7) / 8 * 8);
  seal(frame, static_cast<FrameKind>(1 + choice % 3));
  read_as_stream(frame, frame.size());
  return 0;
}
