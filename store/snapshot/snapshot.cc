#include "store/snapshot/snapshot.h"

#include <memory>
#include <optional>
#include <utility>

#include "raft/check.h"
#include "src/base/bytes.h"
#include "src/base/crc32c.h"
#include "src/base/narrow.h"
#include "src/base/try.h"

namespace skiff::store {
namespace {

constexpr std::string_view kMagic = "skiffsnp";
constexpr uint64_t kKeysPerBlockMax = 1'000;  // keys without a version included: some tens of microseconds
constexpr uint64_t kReadAhead = 256 * 1024;

enum class Kind : uint8_t { head = 1, section = 2, end = 3 };
enum class Section : uint8_t { origins = 1, versions = 2 };
constexpr uint8_t kSectionVersion = 1;  // of all of them

// Of a version's record.
constexpr uint8_t kRemoved = 1, kSameKey = 2, kHasLease = 4, kHasOrder = 8;

std::string data_of(Kind kind) { return std::string(1, static_cast<char>(kind)); }

std::string data_of(Section section) {
  std::string data = data_of(Kind::section);
  put_number(data, static_cast<uint8_t>(section));
  put_number(data, kSectionVersion);
  return data;
}

void put_version(std::string& data, const VersionRecord& version, bool is_same_key) {
  const VersionFacts& facts = version.facts;
  const int flags = (version.value ? 0 : kRemoved) | (is_same_key ? kSameKey : 0) | (facts.lease != 0 ? kHasLease : 0) |
                    (version.order != 0 ? kHasOrder : 0);
  put_number(data, static_cast<uint8_t>(flags));
  if (!is_same_key) {
    put_varint(data, version.key.size());
    data.append(version.key);
  }
  put_varint(data, version.revision);
  if (version.value) {
    put_varint(data, facts.create_revision);
    put_varint(data, facts.number);
  }
  if (facts.lease != 0) put_varint(data, facts.lease);
  if (version.order != 0) put_varint(data, version.order);
  if (version.value) {
    put_varint(data, version.value->size());
    data.append(*version.value);
  }
}

// Returns nothing if the record ends early, or has flags that put_version() would not have written.
std::optional<VersionRecord> take_version(ByteReader& reader, std::string_view& key) {
  const auto flags = reader.number<uint8_t>();
  if ((flags & ~(kRemoved | kSameKey | kHasLease | kHasOrder)) != 0) return std::nullopt;
  if ((flags & kSameKey) == 0) key = reader.bytes(reader.varint());
  VersionRecord version{.key = key, .revision = reader.varint()};
  const bool is_removed = (flags & kRemoved) != 0;
  if (!is_removed) {
    version.facts.create_revision = reader.varint();
    version.facts.number = reader.varint();
  }
  if ((flags & kHasLease) != 0) version.facts.lease = reader.varint();
  if ((flags & kHasOrder) != 0) version.order = reader.varint();
  if (!is_removed) version.value = reader.bytes(reader.varint());
  const bool is_shortest =
      ((flags & kHasLease) != 0) == (version.facts.lease != 0) && ((flags & kHasOrder) != 0) == (version.order != 0);
  if (!reader.ok() || !is_shortest) return std::nullopt;
  return version;
}

uint32_t checksum(uint64_t offset, std::string_view data) {
  std::string prefix;
  put_number(prefix, offset);
  put_number(prefix, narrow<uint32_t>(data.size()));
  return crc32c_extend(crc32c(prefix), data);
}

std::string sealed(uint64_t offset, std::string_view data) {
  std::string block;
  block.reserve(kSnapshotBlockHeadBytes + data.size());
  put_number(block, checksum(offset, data));
  put_number(block, narrow<uint32_t>(data.size()));
  block.append(data);
  return block;
}

}  // namespace

// ---- making

SnapshotMaker::SnapshotMaker(const Kv& kv, raft::SnapshotMark mark, uint64_t cluster)
    : kv_(kv), mark_(std::move(mark)), cluster_(cluster), summary_(kv.summary()), pin_(kv.pin()) {
  CHECK(mark_.position.index == summary_.applied);
  CHECK(mark_.configuration != nullptr);
}

std::string SnapshotMaker::next(uint64_t bytes) {
  CHECK(!is_done());
  std::string data;
  if (step_ == Step::head) {
    data = head();
    step_ = Step::origins;
  } else if (step_ == Step::origins) {
    data = origins();
    step_ = summary_.revision == kFirstRevision ? Step::end : Step::versions;
  } else if (step_ == Step::versions) {
    data = versions(bytes);
  } else {
    data = data_of(Kind::end);
    put_number(data, count_);
    step_ = Step::done;
  }
  return seal(data);
}

std::string SnapshotMaker::head() const {
  CHECK(offset_ == 0);
  CHECK(summary_.compacted >= kFirstRevision);
  CHECK(summary_.compacted <= summary_.revision);
  std::string data = data_of(Kind::head);
  data.append(kMagic);
  put_number(data, kSnapshotFormatVersion);
  put_number(data, cluster_);
  put_number(data, mark_.position.term);
  put_number(data, mark_.position.index);
  put_number(data, narrow<uint32_t>(mark_.configuration->size()));
  data.append(*mark_.configuration);
  put_number(data, summary_.compacted);
  put_number(data, summary_.revision);
  put_number(data, summary_.keys);
  put_number(data, summary_.digest);
  return data;
}

// In one block: a cluster has few nodes.
std::string SnapshotMaker::origins() const {
  CHECK(offset_ > 0);
  std::string data = data_of(Section::origins);
  for (const Origin& origin : summary_.newest) {
    put_varint(data, origin.node);
    put_varint(data, origin.incarnation);
    put_varint(data, origin.number);
  }
  return data;
}

std::string SnapshotMaker::versions(uint64_t bytes) {
  CHECK(offset_ > 0);
  std::string data = data_of(Section::versions);
  std::string last;
  const bool is_end = kv_.walk_versions(cursor_, summary_, kKeysPerBlockMax, [&](const VersionRecord& version) {
    const bool is_same_key = version.key == last;
    put_version(data, version, is_same_key);
    if (!is_same_key) last = version.key;
    ++count_;
    return data.size() < bytes;
  });
  if (is_end) step_ = Step::end;
  return data;
}

std::string SnapshotMaker::seal(const std::string& data) {
  CHECK(data.size() < kSnapshotBlockBytesMax);
  std::string block = sealed(offset_, data);
  offset_ += block.size();
  return block;
}

// ---- reading

namespace {

class SnapshotReader {
 public:
  // Accepts snapshots of this cluster only, if one is given.
  SnapshotReader(File& file, const std::string& path, std::optional<uint64_t> cluster)
      : file_(file), path_(path), wanted_cluster_(cluster) {}

  Result<SnapshotHead> head() {
    TRY(size_, file_.size());
    TRY(const auto data, next_block());
    TRY(parse_block(data));
    return SnapshotHead{.cluster = cluster_, .mark = std::move(loaded_.mark), .summary = std::move(summary_)};
  }

  Result<LoadedSnapshot> run() {
    TRY(size_, file_.size());
    while (!has_ended_) {
      TRY(const auto data, next_block());
      TRY(parse_block(data));
      offset_ += kSnapshotBlockHeadBytes + data.size();
    }
    if (offset_ != size_) return corrupt("there are bytes behind its end");
    return std::move(loaded_);
  }

  // Loads nothing.
  Result<CheckedBlocks> check(uint64_t from, uint64_t bytes) {
    TRY(size_, file_.size());
    offset_ = from;
    bool is_end = false;
    while (!is_end && offset_ - from < bytes) {
      TRY(const auto data, next_block());
      is_end = static_cast<Kind>(data.front()) == Kind::end;
      offset_ += kSnapshotBlockHeadBytes + data.size();
    }
    if (is_end && offset_ != size_) return corrupt("there are bytes behind its end");
    return CheckedBlocks{.end = offset_, .is_end = is_end};
  }

  // The bytes behind the last intact block are fetched again, and so is the end block, because nothing may follow it.
  Result<std::optional<BegunSnapshot>> resume() {
    TRY(size_, file_.size());
    for (;;) {
      auto data = next_block();
      if (!data && data.error().code == Error::Code::io) return tl::unexpected(data.error());
      if (!data || static_cast<Kind>(data->front()) == Kind::end) break;
      ByteReader head(data->substr(1));
      if (offset_ == 0 && (static_cast<Kind>(data->front()) != Kind::head || !parse_head(head))) break;
      const std::string block = sealed(offset_, *data);
      TRY(file_.write_at(offset_, block));
      offset_ += block.size();
    }
    if (offset_ == 0) return std::nullopt;
    return BegunSnapshot{.mark = std::move(loaded_.mark), .end = offset_};
  }

 private:
  tl::unexpected<Error> corrupt(const std::string& why) const {
    return fail(Error::Code::corrupt, "read " + path_ + ": at offset " + std::to_string(offset_) + ": " + why);
  }

  // Returns a view of its data, valid until the next call.
  Result<std::string_view> next_block() {
    TRY(const auto head, bytes_at(offset_, kSnapshotBlockHeadBytes));
    const auto wanted = get_number<uint32_t>(head.data()), length = get_number<uint32_t>(head.data() + 4);
    const bool is_possible = length > 0 && length < kSnapshotBlockBytesMax;
    if (!is_possible || length > size_ - offset_ - kSnapshotBlockHeadBytes) return corrupt("a block of a wrong length");
    TRY(const auto data, bytes_at(offset_ + kSnapshotBlockHeadBytes, length));
    if (checksum(offset_, data) != wanted) return corrupt("a block's checksum is wrong");
    return data;
  }

  Result<std::string_view> bytes_at(uint64_t offset, uint64_t count) {
    if (count > size_ || offset > size_ - count) return corrupt("it ends early");
    if (offset < read_from_ || offset + count > read_from_ + read_.size()) {
      TRY(auto read, file_.read_at(offset, std::max(count, kReadAhead)));
      if (read.size() < count) return corrupt("it ends early");
      read_ = std::move(read);
      read_from_ = offset;
    }
    CHECK(offset >= read_from_);
    CHECK(offset - read_from_ + count <= read_.size());
    return std::string_view(read_).substr(offset - read_from_, count);
  }

  Result<> parse_block(std::string_view data) {
    ByteReader reader(data);
    const auto kind = static_cast<Kind>(reader.number<uint8_t>());
    if ((kind == Kind::head) != (offset_ == 0)) return corrupt("a block in the wrong place");
    switch (kind) {
      case Kind::head: return parse_head(reader);
      case Kind::section: return parse_section(reader);
      case Kind::end: return parse_end(reader);
    }
    return corrupt("a block of an unknown kind");
  }

  Result<> parse_head(ByteReader& reader) {
    if (reader.bytes(kMagic.size()) != kMagic) return corrupt("this is not a snapshot");
    if (const auto version = reader.number<uint32_t>(); version != kSnapshotFormatVersion) {
      return fail(Error::Code::invalid, "read " + path_ + ": its format version is " + std::to_string(version) +
                                            ", this program knows " + std::to_string(kSnapshotFormatVersion));
    }
    cluster_ = reader.number<uint64_t>();
    if (wanted_cluster_ && cluster_ != *wanted_cluster_) return corrupt("it belongs to another cluster");
    raft::LogPosition& position = loaded_.mark.position;
    position.term = reader.number<uint64_t>();
    position.index = summary_.applied = reader.number<uint64_t>();
    std::string_view configuration = reader.bytes(reader.number<uint32_t>());
    loaded_.mark.configuration = raft::Payload::of(configuration);
    summary_.compacted = reader.number<uint64_t>();
    summary_.revision = reader.number<uint64_t>();
    summary_.keys = reader.number<uint64_t>();
    summary_.digest = reader.number<uint64_t>();
    if (!reader.done() || position.term == 0 || position.index == 0) return corrupt("a head that cannot be read");
    const bool has_revisions = summary_.compacted >= kFirstRevision && summary_.revision >= kFirstRevision;
    if (!has_revisions) return corrupt("its head names no revision");
    loaded_.kv.begin_load(summary_.compacted);
    return {};
  }

  Result<> parse_section(ByteReader& reader) {
    const auto section = reader.number<uint8_t>(), version = reader.number<uint8_t>();
    const bool is_known =
        section == static_cast<uint8_t>(Section::origins) || section == static_cast<uint8_t>(Section::versions);
    if (!is_known || version != kSectionVersion) return unknown_section(section, version);
    if (section < section_) return corrupt("a section in the wrong place");
    section_ = section;
    return static_cast<Section>(section) == Section::origins ? parse_origins(reader) : parse_versions(reader);
  }

  tl::unexpected<Error> unknown_section(unsigned section, unsigned version) const {
    return fail(Error::Code::invalid, "read " + path_ + ": it holds section " + std::to_string(section) +
                                          " in format " + std::to_string(version) +
                                          ", which this program does not know");
  }

  Result<> parse_origins(ByteReader& reader) {
    while (reader.ok() && !reader.rest().empty()) {
      const uint64_t node = reader.varint(), incarnation = reader.varint();
      const Origin origin{.node = node, .incarnation = incarnation, .number = reader.varint()};
      const bool is_next = summary_.newest.empty() ? node > 0 : node > summary_.newest.back().node;
      if (reader.ok() && !is_next) return corrupt("origins that are not in order");
      summary_.newest.push_back(origin);
    }
    if (!reader.ok()) return corrupt("origins that cannot be read");
    return {};
  }

  Result<> parse_versions(ByteReader& reader) {
    std::string_view key;
    while (!reader.rest().empty()) {
      const std::optional<VersionRecord> version = take_version(reader, key);
      if (!version || !loaded_.kv.load(*version)) return corrupt("an impossible version");
      ++count_;
    }
    return {};
  }

  Result<> parse_end(ByteReader& reader) {
    const auto count = reader.number<uint64_t>();
    has_ended_ = true;
    if (!reader.done() || count != count_) return corrupt("versions are missing");
    if (!loaded_.kv.end_load(summary_)) return corrupt("it does not add up to what its head says");
    return {};
  }

  File& file_;
  const std::string& path_;
  const std::optional<uint64_t> wanted_cluster_;
  uint64_t cluster_ = 0;
  uint64_t size_ = 0;
  uint64_t offset_ = 0;  // of the block being read
  std::string read_;
  uint64_t read_from_ = 0;
  Summary summary_;
  LoadedSnapshot loaded_;
  uint8_t section_ = 0;  // the last one read
  uint64_t count_ = 0;
  bool has_ended_ = false;
};

}  // namespace

Result<SnapshotHead> read_snapshot_head(File& file, const std::string& path) {
  return SnapshotReader(file, path, std::nullopt).head();
}

Result<LoadedSnapshot> load_snapshot(File& file, const std::string& path, uint64_t cluster) {
  return SnapshotReader(file, path, cluster).run();
}

Result<> check_snapshot(File& file, const std::string& path, uint64_t cluster) {
  auto checked = check_blocks(file, path, cluster, 0, ~uint64_t{0});
  return checked ? Result<>() : tl::unexpected(checked.error());
}

Result<CheckedBlocks> check_blocks(File& file, const std::string& path, uint64_t cluster, uint64_t from,
                                   uint64_t bytes) {
  return SnapshotReader(file, path, cluster).check(from, bytes);
}

Result<std::optional<BegunSnapshot>> resume_snapshot(File& file, const std::string& path, uint64_t cluster) {
  return SnapshotReader(file, path, cluster).resume();
}

}  // namespace skiff::store
