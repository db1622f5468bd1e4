#include "store/wal/recover.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "raft/check.h"
#include "raft/mutant.h"
#include "src/base/try.h"
#include "store/wal/repair.h"
#include "store/wal/wal.h"

namespace skiff::store {
namespace {

constexpr char kRecoverAdvice[] =
    "nothing was changed. Do not repair the directory by hand, empty it, or put an older copy in its place: the node "
    "would come back without votes and entries that it has promised to keep. If there are other members, they hold the "
    "data and go on without it";

// One segment while it is read.
struct Segment {
  uint64_t sequence = 0;
  std::string path;
  std::unique_ptr<File> file;
  std::string bytes;
  uint32_t salt = 0;
};

// How far the records of a segment go.
struct Stop {
  uint64_t cut = 0;     // behind the last complete record
  uint64_t offset = 0;  // of the first fragment that is not complete, or the end of the segment
};

uint64_t end_of_content(std::string_view bytes) {
  size_t last = bytes.find_last_not_of('\0');
  return last == std::string_view::npos ? 0 : last + 1;
}

tl::unexpected<Error> corrupt(const std::string& path, const std::string& why) {
  return fail(Error::Code::corrupt, "recover " + path + ": " + why, kRecoverAdvice);
}

tl::unexpected<Error> corrupt(const Segment& segment, uint64_t offset, const std::string& why) {
  return corrupt(segment.path, "at offset " + std::to_string(offset) + ": " + why);
}

Result<SegmentHeader> read_header_of(const DataDir& dir, uint64_t sequence);

class Recovery {
 public:
  Recovery(const DataDir& dir, raft::Index snapshot, uint64_t segment_bytes)
      : dir_(dir), snapshot_(snapshot), segment_bytes_(segment_bytes) {}

  Result<RecoveredWal> run() {
    TRY(const auto sequences, list_segments(dir_.files, dir_.path));
    if (sequences.empty()) return corrupt(dir_.path, "there is no log in it");
    auto first = first_that_counts(sequences);
    for (auto sequence = first; sequence != sequences.end(); ++sequence) {
      auto read = read_segment(*sequence, *sequence == sequences.back());
      if (read) continue;
      auto next = read.error().code == Error::Code::corrupt ? covered_behind(sequences, sequence) : sequences.end();
      if (next == sequences.end()) return tl::unexpected(read.error());
      found_ = RecoveredWal{.base = {}, .entries = {}, .state = {}, .end = {}, .notes = std::move(found_.notes)};
      found_.notes.push_back(read.error().what + "; a snapshot holds all that was in it");
      first = next;
      sequence = std::prev(next);
    }
    if (found_.base.index > snapshot_) {
      return corrupt(dir_.path, "its log begins behind index " + std::to_string(found_.base.index) +
                                    ", and no intact snapshot reaches that far");
    }
    for (auto sequence = sequences.begin(); sequence != first; ++sequence) {
      TRY(dir_.files.remove(path_of(*sequence)));
    }
    CHECK(found_.base.index + found_.entries.size() == found_.state.last_index);
    CHECK(found_.end.offset >= kHeaderEnd);
    return std::move(found_);
  }

  // The segments before this one are taken for held by a snapshot.
  Result<> check(uint64_t sequence, std::string bytes) {
    Segment segment{sequence, path_of(sequence), nullptr, std::move(bytes), segment_salt(dir_.owner, sequence)};
    TRY(check_size(segment.path, segment.bytes.size()));
    TRY(read_header(segment));
    TRY(const Stop stop, read_records(segment));
    if (!check_nothing_follows(segment, stop)) return corrupt(segment, stop.offset, "these bytes were never written");
    auto next = read_header_of(dir_, sequence + 1);
    if (!next) return {};  // that is its own damage
    const bool goes_on = next->previous_end == stop.cut && next->state == found_.state;
    return goes_on ? Result<>() : corrupt(segment, stop.cut, "it ends here, and not as the segment behind it says");
  }

 private:
  std::string path_of(uint64_t sequence) const { return dir_.path_of(segment_name(sequence)); }

  // The first segment behind the last gap in the sequence numbers.
  static std::vector<uint64_t>::const_iterator first_that_counts(const std::vector<uint64_t>& sequences) {
    CHECK(!sequences.empty());
    auto first = std::prev(sequences.end());
    while (first != sequences.begin() && *std::prev(first) + 1 == *first) --first;
    return first;
  }

  // The last segment behind a damaged one that begins where the snapshot ends, or before. Its header repeats the rest
  // of the state.
  std::vector<uint64_t>::const_iterator covered_behind(const std::vector<uint64_t>& sequences,
                                                       std::vector<uint64_t>::const_iterator damaged) const {
    if (snapshot_ == 0) return sequences.end();
    for (auto next = std::prev(sequences.end()); next != damaged; --next) {
      auto begins = last_index_before(dir_, *next);
      if (begins && *begins <= snapshot_) return next;
    }
    return sequences.end();
  }

  Result<> read_segment(uint64_t sequence, bool is_last) {
    Segment segment{sequence, path_of(sequence), nullptr, {}, segment_salt(dir_.owner, sequence)};
    TRY(load(segment));
    TRY(read_header(segment));
    TRY(const Stop stop, read_records(segment));
    found_.end.offset = stop.cut;
    return is_last ? truncate_torn_tail(segment, stop) : check_nothing_follows(segment, stop);
  }

  // Syncs the segment before it reads it: the writes of a killed process may not have reached the disk yet.
  Result<> load(Segment& segment) {
    TRY(segment.file, dir_.files.open(segment.path, OpenMode::existing));
    TRY(segment.file->sync());
    TRY(const uint64_t size, segment.file->size());
    TRY(check_size(segment.path, size));
    TRY(segment.bytes, segment.file->read_at(0, size));
    if (segment.bytes.size() != size) return corrupt(segment.path, "it ends early");
    return {};
  }

  Result<> check_size(const std::string& path, uint64_t bytes) const {
    if (bytes >= segment_bytes_ && bytes % kBlockBytes == 0) return {};
    return corrupt(path, "it has " + std::to_string(bytes) + " bytes, which no segment has");
  }

  Result<> read_header(const Segment& segment) {
    if (auto version = foreign_version(segment.bytes)) {
      return fail(Error::Code::invalid,
                  "recover " + segment.path + ": its format version is " + std::to_string(*version) +
                      ", this program knows " + std::to_string(kWalFormatVersion),
                  "nothing was changed: start the program that wrote it");
    }
    // The salt comes from the header itself first: a good header in the wrong file deserves a better answer than
    // "damaged".
    auto record = decode_record(std::string_view(segment.bytes).substr(kFragmentHeadBytes, kHeaderBytes));
    if (!record || !std::holds_alternative<SegmentHeader>(*record)) {
      return corrupt(segment, 0, "this is not the header of a segment");
    }
    const auto& header = std::get<SegmentHeader>(*record);
    Fragment fragment = read_fragment(segment.bytes, 0, segment_salt(header.owner, header.sequence));
    if (fragment.state != Fragment::State::complete || fragment.data.size() != kHeaderBytes) {
      return corrupt(segment, 0, "the header's checksum is wrong");
    }
    return check_header(segment, header);
  }

  Result<> check_header(const Segment& segment, const SegmentHeader& header) {
    if (header.owner != dir_.owner) {
      return fail(Error::Code::invalid,
                  "recover " + segment.path + ": it belongs to node " + std::to_string(header.owner.node) +
                      " of cluster " + std::to_string(header.owner.cluster),
                  "nothing was changed");
    }
    if (header.sequence != segment.sequence) return corrupt(segment, 0, "it is " + segment_name(header.sequence));
    if (found_.end.sequence > 0) CHECK(segment.sequence == found_.end.sequence + 1);
    const bool has_lost_its_head = found_.end.sequence == 0 && segment.sequence > 1;
    if (has_lost_its_head && snapshot_ == 0 && header.state.last_index > 0) {
      return corrupt(segment.path, "the segment before it, " + segment_name(segment.sequence - 1) + ", is missing");
    }
    if (has_lost_its_head) begin_with(header);
    if (header.previous_end != found_.end.offset) {
      return corrupt(segment, 0,
                     "the segment before it ended at " + std::to_string(header.previous_end) + ", not at " +
                         std::to_string(found_.end.offset));
    }
    if (header.state != found_.state) return corrupt(segment, 0, "it does not go on where the segment before it ended");
    found_.end.sequence = segment.sequence;
    known_durable_ = kHeaderEnd;
    has_mark_ = false;
    return {};
  }

  // A header repeats the state of the segments before it, without entries.
  void begin_with(const SegmentHeader& header) {
    found_.end.offset = header.previous_end;
    found_.state = header.state;
    found_.base = {.term = 0, .index = header.state.last_index};
  }

  Result<Stop> read_records(const Segment& segment) {
    Stop stop{kHeaderEnd, kHeaderEnd};
    std::string pieces;
    while (stop.offset < segment.bytes.size()) {
      Fragment fragment = read_fragment(segment.bytes, stop.offset, segment.salt);
      if (fragment.state != Fragment::State::complete) return stop;
      bool begins = fragment.type == FragmentType::full || fragment.type == FragmentType::first;
      bool ends = fragment.type == FragmentType::full || fragment.type == FragmentType::last;
      if (begins != (stop.offset == stop.cut)) return corrupt(segment, stop.offset, "a fragment is out of order");
      if (!begins || !ends) pieces.append(fragment.data);
      if (ends) {
        TRY(apply_record(segment, stop.cut, begins ? fragment.data : std::string_view(pieces)));
        pieces.clear();
        stop.cut = fragment.next;
      }
      stop.offset = fragment.next;
    }
    if (stop.cut != stop.offset) return corrupt(segment, stop.cut, "a record goes on behind the segment's end");
    return stop;
  }

  Result<> apply_record(const Segment& segment, uint64_t offset, std::string_view bytes) {
    auto record = decode_record(bytes);
    if (!record) return corrupt(segment, offset, record.error().what);
    offset_ = offset;
    const char* wrong = std::visit([this](auto& found) { return on(found); }, *record);
    if (wrong != nullptr) return corrupt(segment, offset, wrong);
    return {};
  }

  // Each applies a record to the state, and returns what is wrong with it, or null.
  const char* on(const SegmentHeader&) { return "a header in the middle of a segment"; }
  const char* on(const Mark& mark) {
    if (mark.durable != WalPosition{found_.end.sequence, offset_}) return "a batch does not begin where it says";
    if (mark.last_index != found_.state.last_index) return "a batch does not follow the entry it says";
    known_durable_ = offset_;
    has_mark_ = true;
    return nullptr;
  }
  const char* on(raft::Entry& entry) {
    if (!has_mark_) return "a record outside of a batch";
    const auto [term, index] = entry.position;
    if (index == 0 || index > found_.state.last_index + 1) return "an entry does not follow the one before";
    if (index <= found_.base.index) found_.base = {.term = 0, .index = index - 1};  // it replaces some before
    found_.entries.resize(std::min(found_.entries.size(), index - 1 - found_.base.index));
    raft::Term before = found_.entries.empty() ? found_.base.term : found_.entries.back().position.term;
    if (term < std::max<raft::Term>(before, 1)) return "an entry's term is older than that of the one before";
    if (term > found_.state.hard_state.term) return "an entry's term is newer than the node's";
    found_.entries.push_back(std::move(entry));
    found_.state.last_index = index;
    CHECK(found_.base.index + found_.entries.size() == index);
    return nullptr;
  }
  const char* on(const raft::HardState& hard_state) {
    if (!has_mark_) return "a record outside of a batch";
    if (!may_follow(found_.state.hard_state, hard_state)) return "the node goes back to an older term, or votes twice";
    found_.state.hard_state = hard_state;
    return nullptr;
  }
  const char* on(const Restart& restart) {
    if (!has_mark_) return "a record outside of a batch";
    const auto [term, index] = restart.base;
    if (term == 0 || index == 0) return "a log that begins nowhere";
    if (term > found_.state.hard_state.term) return "a log that begins with a newer term than the node's";
    found_.entries.clear();
    found_.base = restart.base;
    found_.state.last_index = index;
    return nullptr;
  }
  const char* on(const Start& start) {
    if (!has_mark_) return "a record outside of a batch";
    if (start.incarnation != found_.state.incarnation + 1) return "a start of the node is missing";
    found_.state.incarnation = start.incarnation;
    return nullptr;
  }

  // A segment was durable to its end before its successor was made.
  Result<> check_nothing_follows(const Segment& segment, const Stop& stop) {
    if (stop.cut == stop.offset && is_zero(std::string_view(segment.bytes).substr(stop.cut))) return {};
    return corrupt(segment, stop.offset, "damage in a segment that is not the last: acknowledged records may be lost");
  }

  // Writes again everything that no mark proves durable, as it was read or as zeros, whatever the kernel believes to be
  // on disk.
  Result<> truncate_torn_tail(const Segment& segment, const Stop& stop) {
    auto judged = check_is_torn(segment, stop.offset);
    if (!judged && !MUTANT(hole_taken_for_the_end)) return judged;
    CHECK(known_durable_ >= kHeaderEnd);
    CHECK(known_durable_ <= stop.cut);
    CHECK(stop.cut <= stop.offset);
    std::string image = segment.bytes.substr(known_durable_, stop.cut - known_durable_);
    image.resize(segment.bytes.size() - known_durable_, '\0');
    TRY(segment.file->write_at(known_durable_, image));
    TRY(segment.file->sync());
    uint64_t content_end = end_of_content(segment.bytes);
    if (content_end > stop.cut) {
      found_.notes.push_back("cut off " + std::to_string(content_end - stop.cut) + " bytes of " + segment.path +
                             " from offset " + std::to_string(stop.cut) +
                             " on: a batch that was being written when the node stopped, and never acknowledged");
    }
    return {};
  }

  // Looks at every block from the first fragment that is not complete to the end of the segment. An error unless only
  // the last batch is incomplete.
  Result<> check_is_torn(const Segment& segment, uint64_t first_missing) {
    uint64_t offset = first_missing;
    while (offset < segment.bytes.size()) {
      Fragment fragment = read_fragment(segment.bytes, offset, segment.salt);
      if (fragment.state == Fragment::State::corrupt) {
        return corrupt(segment, offset,
                       "bytes are there, but their checksum is wrong: they may have been acknowledged");
      }
      bool is_intact = fragment.state == Fragment::State::complete;
      if (is_intact && is_mark(fragment)) {
        return corrupt(
            segment, first_missing,
            "acknowledged records are missing from here on: a later batch says so at offset " + std::to_string(offset));
      }
      offset = is_intact ? fragment.next : next_block(offset);
    }
    return {};
  }

  static bool is_mark(const Fragment& fragment) {
    if (fragment.type != FragmentType::full) return false;
    auto record = decode_record(fragment.data);
    return record && std::holds_alternative<Mark>(*record);
  }

  const DataDir& dir_;
  const raft::Index snapshot_;
  const uint64_t segment_bytes_;
  RecoveredWal found_;
  uint64_t offset_ = 0;         // of the record being applied
  uint64_t known_durable_ = 0;  // a mark proves this segment durable up to here
  bool has_mark_ = false;       // in this segment, so far
};

Result<SegmentHeader> read_header_of(const DataDir& dir, uint64_t sequence) {
  const std::string path = dir.path_of(segment_name(sequence));
  TRY(auto file, dir.files.open(path, OpenMode::read));
  TRY(const std::string bytes, file->read_at(0, kBlockBytes));
  if (bytes.size() == kBlockBytes) {
    Fragment fragment = read_fragment(bytes, 0, segment_salt(dir.owner, sequence));
    auto record = decode_record(fragment.data);
    const bool is_header = fragment.state == Fragment::State::complete && record;
    if (is_header && std::holds_alternative<SegmentHeader>(*record)) return std::get<SegmentHeader>(*record);
  }
  return corrupt(path, "this is not the header of a segment");
}

}  // namespace

Result<RecoveredWal> recover_wal(const DataDir& dir, raft::Index snapshot, uint64_t segment_bytes) {
  return Recovery(dir, snapshot, segment_bytes).run();
}

Result<raft::Index> last_index_before(const DataDir& dir, uint64_t sequence) {
  TRY(const SegmentHeader header, read_header_of(dir, sequence));
  return header.state.last_index;
}

Result<> check_segment(const DataDir& dir, uint64_t sequence, std::string bytes, uint64_t segment_bytes) {
  constexpr raft::Index kAnyBase = ~raft::Index{0};
  auto checked = Recovery(dir, kAnyBase, segment_bytes).check(sequence, std::move(bytes));
  if (checked) return {};
  return fail(checked.error().code, checked.error().what);  // the advice is for a node that does not start
}

Result<std::vector<uint64_t>> list_segments(Files& files, const std::string& directory) {
  TRY(const auto names, files.list(directory));
  std::vector<uint64_t> sequences;
  for (const std::string& name : names) {
    const auto sequence = segment_sequence(name);
    if (sequence && *sequence >= 1 && *sequence < ~uint64_t{0}) {  // the first is 1, and the last has a successor
      sequences.push_back(*sequence);
    } else if (name.starts_with("wal-") && !name.ends_with(kAsideSuffix) && !name.ends_with(kSetAsideSuffix)) {
      return fail(Error::Code::corrupt,
                  "recover " + join(directory, name) + ": it is called like a part of the log, and is none",
                  "nothing was changed: move it away");
    }
  }
  return sequences;
}

}  // namespace skiff::store
