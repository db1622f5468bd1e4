#include "store/wal/scan.h"

#include <algorithm>
#include <utility>

#include "raft/check.h"
#include "src/base/try.h"
#include "store/files/read_file.h"

namespace skiff::store {
namespace {

class Scan {
 public:
  Scan(std::string bytes, const WalOwner& owner, uint64_t sequence, bool is_last, const VisitRecord& visit)
      : bytes_(std::move(bytes)), owner_(owner), sequence_(sequence), is_last_(is_last), visit_(visit) {
    found_.bytes = bytes_.size();
  }

  ScannedSegment run() {
    if (bytes_.empty() || bytes_.size() % kBlockBytes != 0) {
      note(bytes_.size(), "it has " + std::to_string(bytes_.size()) + " bytes, which no segment has: it was cut");
      bytes_.resize(bytes_.size() / kBlockBytes * kBlockBytes);
      if (bytes_.empty()) return std::move(found_);
    }
    read_header();
    for (uint64_t offset = kHeaderEnd; offset < bytes_.size();) {
      const uint64_t next = scan_fragment(offset);
      CHECK(next > offset);
      offset = next;
    }
    end_gap(false);
    if (!pieces_.empty()) note(began_, "a record goes on behind the segment's end");
    return std::move(found_);
  }

 private:
  // Fragments that are not complete, without a complete one in between.
  struct Gap {
    uint64_t offset = 0;
    bool is_corrupt = false;
    bool is_torn = false;
  };

  void note(uint64_t offset, std::string reason) { found_.damage.push_back({offset, std::move(reason)}); }

  void read_header() {
    if (auto version = foreign_version(bytes_)) {
      return note(0, "its format version is " + std::to_string(*version) + ", this program knows " +
                         std::to_string(kWalFormatVersion));
    }
    auto record = decode_record(std::string_view(bytes_).substr(kFragmentHeadBytes, kHeaderBytes));
    if (!record || !std::holds_alternative<SegmentHeader>(*record)) return note(0, "the header cannot be read");
    const auto& header = std::get<SegmentHeader>(*record);
    const Fragment fragment = read_fragment(bytes_, 0, segment_salt(header.owner, header.sequence));
    if (fragment.state != Fragment::State::complete) return note(0, "the header's checksum is wrong");
    found_.header = header;
    found_.end = kHeaderEnd;
    if (header.owner != owner_) {
      note(0, "it belongs to node " + std::to_string(header.owner.node) + " of another cluster, or to another node");
    } else if (header.sequence != sequence_) {
      note(0, "it is " + segment_name(header.sequence) + " by its header");
    }
  }

  uint64_t scan_fragment(uint64_t offset) {
    const Fragment fragment = read_fragment(bytes_, offset, segment_salt(owner_, sequence_));
    if (fragment.state != Fragment::State::complete) {
      if (!gap_) gap_ = Gap{.offset = offset};
      gap_->is_corrupt |= fragment.state == Fragment::State::corrupt;
      gap_->is_torn |= fragment.state == Fragment::State::torn;
      pieces_.clear();
      return next_block(offset);
    }
    add_data(offset, fragment);
    return fragment.next;
  }

  void add_data(uint64_t offset, const Fragment& fragment) {
    const bool begins = fragment.type == FragmentType::full || fragment.type == FragmentType::first;
    const bool ends = fragment.type == FragmentType::full || fragment.type == FragmentType::last;
    if (begins) {
      if (!pieces_.empty()) note(began_, "a record breaks off");
      pieces_.clear();
      began_ = offset;
    } else if (pieces_.empty()) {
      if (!gap_) note(offset, "the middle of a record without its beginning");
      return;  // its beginning is in the gap
    }
    pieces_.append(fragment.data);
    if (!ends) return;
    auto record = decode_record(pieces_);
    pieces_.clear();
    if (!record) return note(began_, record.error().what);
    count_record(*record);
    found_.end = fragment.next;
  }

  void count_record(Record& record) {
    if (std::holds_alternative<Mark>(record)) {
      end_gap(true);
      ++found_.batches;
      return;
    }
    if (std::holds_alternative<SegmentHeader>(record)) return note(began_, "a header in the middle of a segment");
    ++found_.records;
    if (const auto* entry = std::get_if<raft::Entry>(&record)) count_entry(*entry);
    if (visit_) visit_(began_, record);
  }

  void count_entry(const raft::Entry& entry) {
    if (found_.entries++ == 0) found_.first = entry.position;
    found_.last = entry.position;
    found_.lowest = found_.lowest == 0 ? entry.position.index : std::min(found_.lowest, entry.position.index);
    found_.highest = std::max(found_.highest, entry.position.index);
  }

  // A mark follows the gap, which proves that all before it was durable; or else the end of the segment does.
  void end_gap(bool is_known_durable) {
    if (!gap_) return;
    const Gap gap = *std::exchange(gap_, std::nullopt);
    const bool is_empty_to_the_end = !is_known_durable && is_zero(std::string_view(bytes_).substr(gap.offset));
    if (gap.is_corrupt) {
      note(gap.offset, "bytes are there, but their checksum is wrong");
    } else if (is_known_durable) {
      note(gap.offset,
           "acknowledged records are missing from here on: a later batch says so at offset " + std::to_string(began_));
    } else if (is_empty_to_the_end) {
      return;
    } else if (is_last_) {
      found_.torn = {gap.offset, "a batch that was being written when the node stopped, and never acknowledged"};
    } else {
      note(gap.offset, "records are missing from here on, and the segment is not the last");
    }
  }

  std::string bytes_;
  const WalOwner& owner_;
  const uint64_t sequence_;
  const bool is_last_;
  const VisitRecord& visit_;
  ScannedSegment found_;
  std::optional<Gap> gap_;
  std::string pieces_;  // of the record that has begun
  uint64_t began_ = 0;  // its offset
};

}  // namespace

Result<ScannedSegment> scan_segment(const DataDir& dir, uint64_t sequence, bool is_last, const VisitRecord& visit) {
  TRY(auto bytes, read_file(dir.files, dir.path_of(segment_name(sequence))));
  return Scan(std::move(bytes), dir.owner, sequence, is_last, visit).run();
}

}  // namespace skiff::store
