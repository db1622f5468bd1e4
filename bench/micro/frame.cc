// Messages between nodes, to frames and back.
#include <memory>

#include "bench/micro/micro.h"
#include "raft/check.h"
#include "store/state/command.h"
#include "transport/peers/wire.h"

namespace skiff::micro {
namespace {

PeerMessage append_entries(uint64_t count) {
  raft::AppendEntries append{.previous = {.term = 1, .index = 7}, .commit = 7, .entries = {}};
  for (uint64_t i = 0; i < count; ++i) {
    const auto payload =
        raft::Payload::of(store::encode({{1, 1, i + 1}, store::PutView{"/bench/00000042", std::string(256, 'x')}}));
    append.entries.push_back({{.term = 1, .index = 8 + i}, raft::EntryKind::command, payload});
  }
  return {.from = 1, .to = 2, .term = 1, .body = append};
}

PeerMessage reply() {
  return {.from = 2,
          .to = 1,
          .term = 1,
          .body = raft::AppendReply{.accepted = true, .match = 7, .refused = {}, .hint = {}}};
}

Repeat encode(const PeerMessage& message, uint64_t entries) {
  return [message, entries](uint64_t times) {
    for (uint64_t i = 0; i < times; i += entries) keep(transport::encode(message).size());
  };
}

Repeat decode(const PeerMessage& message, uint64_t entries) {
  auto reader = std::make_shared<transport::FrameReader>(transport::kFrameBytesMax);
  return [frame = transport::encode(message), entries, reader](uint64_t times) {
    const auto take = [](const transport::Frame& whole) -> Result<> {
      const auto decoded = transport::decode_message(whole);
      CHECK(decoded.has_value());
      keep(decoded->from);
      return {};
    };
    for (uint64_t i = 0; i < times; i += entries) CHECK(reader->feed(frame, take).has_value());
  };
}

}  // namespace

std::vector<Subject> frame_subjects() {
  return {{"frame-encode", "AppendEntries with one entry of 256 B", [] { return encode(append_entries(1), 1); }},
          {"frame-encode-batch", "one entry of 256 B of an AppendEntries with 64",
           [] { return encode(append_entries(64), 64); }},
          {"frame-decode", "AppendEntries with one entry of 256 B", [] { return decode(append_entries(1), 1); }},
          {"frame-decode-batch", "one entry of 256 B of an AppendEntries with 64",
           [] { return decode(append_entries(64), 64); }},
          {"frame-encode-reply", "an AppendReply", [] { return encode(reply(), 1); }},
          {"frame-decode-reply", "an AppendReply", [] { return decode(reply(), 1); }}};
}

}  // namespace skiff::micro
