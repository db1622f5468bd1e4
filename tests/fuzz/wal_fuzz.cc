// Recovery of damaged logs. The first byte of the input chooses how the rest becomes a log:
//   records  with good checksums, of whatever bytes: what recovery believes must be a lawful log
//   edits    of a good log: what recovery believes must be what was written, as far as it goes
//   bytes    of a segment as they are
// A recovered log is recovered again the same, and can be appended to.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "raft/check.h"
#include "src/base/bytes.h"
#include "store/wal/recover.h"
#include "store/wal/wal.h"
#include "tests/store/wal/log_story.h"
#include "tests/support/memory_files.h"

namespace skiff::store::wal_fuzz {

using testing::MemoryFiles;

const WalOwner kOwner{77, 2};
constexpr uint64_t kSegmentBytes = 8 * kBlockBytes;

std::string path_of(uint64_t sequence) { return "data/" + segment_name(sequence); }

std::string padded(std::string bytes) {
  bytes.resize((bytes.size() + kBlockBytes) / kBlockBytes * kBlockBytes, '\0');
  return bytes;
}

// Each record is its length, of two bytes, and its bytes. A length of 0 begins a batch.
std::string segment_of_records(ByteReader input) {
  std::string bytes;
  uint32_t salt = segment_salt(kOwner, 1);
  append_fragments(bytes, 0, salt, encode(SegmentHeader{kOwner, 1, 0, {}}), {});
  append_fragments(bytes, 0, salt, encode(Mark{{1, bytes.size()}, 0}), {});
  while (input.ok() && !input.rest().empty()) {
    auto length = input.number<uint16_t>();
    std::string_view record = input.bytes(std::min<uint64_t>(length, input.rest().size()));
    if (length == 0) {
      auto last_index = input.number<uint8_t>();
      append_fragments(bytes, 0, salt, encode(Mark{{1, bytes.size()}, last_index}), {});
    } else if (!record.empty()) {
      append_fragments(bytes, 0, salt, record, {});
    }
  }
  return padded(std::move(bytes));
}

void check_lawful(const RecoveredWal& found) {
  raft::Term before = 1;
  for (size_t index = 0; index < found.entries.size(); ++index) {
    CHECK(found.entries[index].position.index == index + 1);
    CHECK(found.entries[index].position.term >= before);
    before = found.entries[index].position.term;
  }
  CHECK(found.entries.empty() || before <= found.state.hard_state.term);
  CHECK(found.state.last_index == found.entries.size());
}

void check_goes_on(MemoryFiles& files, const RecoveredWal& found) {
  auto again = recover_wal({files, "data", kOwner});
  CHECK(again.has_value());
  CHECK(again->end == found.end && again->state == found.state && again->notes.empty());
  if (found.state.incarnation == UINT64_MAX) return;
  auto wal = Wal::resume({files, "data", kOwner}, {kSegmentBytes}, found.end, found.state);
  CHECK(wal.has_value());
  CHECK((*wal)->start(found.state.incarnation + 1).has_value());
  files.crash(MemoryFiles::Loss::keep_none);
  again = recover_wal({files, "data", kOwner});
  CHECK(again.has_value());
  CHECK(log_story::is_same(again->entries, found.entries));
}

log_story::LogStory write_story(MemoryFiles& files, uint64_t seed) {
  raft::Random random(seed);
  log_story::LogStory story;
  auto wal = Wal::create({files, "data", kOwner}, {kSegmentBytes});
  CHECK(wal.has_value());
  for (int count = 0; count < 12; ++count) {
    Batch batch = log_story::random_batch(story.now(), random, 400);
    story.on(batch);
    CHECK((*wal)->append(std::vector<Batch>{batch}).has_value());
  }
  return story;
}

// Each edit is a segment, an offset and what to do to the byte, or the block, there.
void edit(MemoryFiles& files, ByteReader input) {
  while (!input.rest().empty() && input.ok()) {
    std::string path = path_of(input.number<uint8_t>() % 4 + 1);
    auto act = input.number<uint8_t>();
    auto position = input.number<uint16_t>();
    auto flip = static_cast<char>(input.number<uint8_t>());
    if (!input.ok() || !*files.exists(path)) continue;
    std::string bytes = files.content(path);
    if (bytes.empty()) continue;
    size_t offset = position % bytes.size(), block = offset / kBlockBytes * kBlockBytes;
    switch (act % 4) {
      case 0: bytes[offset] = static_cast<char>(bytes[offset] ^ flip); break;
      case 1: bytes[offset] = flip; break;
      case 2: bytes.replace(block, kBlockBytes, kBlockBytes, '\0'); break;
      case 3: bytes.replace(block, kBlockBytes, bytes, static_cast<unsigned char>(flip) % 8 * kBlockBytes, kBlockBytes);
    }
    bytes.resize(kSegmentBytes, '\0');
    files.set_content(path, std::move(bytes));
  }
}

void run(std::string_view bytes) {
  ByteReader input(bytes);
  auto mode = input.number<uint8_t>();
  MemoryFiles files;
  CHECK(files.make_directory("data").has_value());
  CHECK(files.sync_directory(".").has_value());
  std::optional<log_story::LogStory> story;
  switch (mode % 3) {
    case 0: files.set_content(path_of(1), segment_of_records(input)); break;
    case 1:
      story = write_story(files, mode);
      edit(files, input);
      break;
    case 2: files.set_content(path_of(1), padded(std::string(input.rest()))); break;
  }
  auto found = recover_wal({files, "data", kOwner});
  if (!found) return;
  check_lawful(*found);
  if (story) CHECK(story->find(found->state.hard_state, found->entries).has_value());
  check_goes_on(files, *found);
}

}  // namespace skiff::store::wal_fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  skiff::store::wal_fuzz::run({reinterpret_cast<const char*>(data), size});
  return 0;
}
