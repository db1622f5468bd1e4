#include "store/wal/repair.h"

#include <algorithm>
#include <utility>
#include <variant>
#include <vector>

#include "raft/check.h"
#include "raft/mutant.h"
#include "src/base/bytes.h"
#include "src/base/narrow.h"
#include "src/base/try.h"
#include "store/files/read_file.h"
#include "store/files/small_file.h"
#include "store/wal/recover.h"

namespace skiff::store {
namespace {

constexpr std::string_view kRepairMagic = "skiffrep";
constexpr uint32_t kRepairVersion = 1;
constexpr size_t kDamageBytesMax = 1000;
// More starts than any log could lose with one damage.
constexpr uint64_t kStartsLostMax = uint64_t{1} << 32;

constexpr char kRepairAdvice[] =
    "nothing was changed. Without it the promises of this node are unknown: do not remove it. The other members hold "
    "the data; replace this node by one with a new id and an empty directory";

// Reads the complete records of one segment, wherever they are.
class Surveyor {
 public:
  explicit Surveyor(Survey& survey) : survey_(survey) {}

  void read(std::string_view bytes, uint32_t salt) {
    std::string pieces;
    uint64_t offset = 0;
    while (offset < bytes.size()) {
      Fragment fragment = read_fragment(bytes, offset, salt);
      if (fragment.state != Fragment::State::complete) {
        pieces.clear();
        offset = next_block(offset);
        continue;
      }
      bool begins = fragment.type == FragmentType::full || fragment.type == FragmentType::first;
      bool ends = fragment.type == FragmentType::full || fragment.type == FragmentType::last;
      if (begins) pieces.clear();
      if (begins || !pieces.empty()) pieces.append(fragment.data);
      if (ends) survey_record(pieces);
      offset = fragment.next;
    }
  }

 private:
  void survey_record(const std::string& bytes) {
    auto record = decode_record(bytes);
    if (record) std::visit([this](const auto& found) { on(found); }, *record);
  }
  void on(const SegmentHeader& header) {
    on(header.state.hard_state);
    on(Start{header.state.incarnation});
  }
  void on(const raft::HardState& hard_state) { survey_.hard_state = std::max(survey_.hard_state, hard_state); }
  void on(const Start& start) { survey_.incarnation = std::max(survey_.incarnation, start.incarnation); }
  void on(const raft::Entry& entry) {
    if (entry.kind == raft::EntryKind::configuration) survey_.configuration = entry.payload;
  }
  void on(const Mark&) {}
  void on(const Restart&) {}

  Survey& survey_;
};

}  // namespace

std::string encode(const Repair& repair) {
  CHECK(repair.stage >= Repair::Stage::setting_aside);
  CHECK(repair.stage <= Repair::Stage::complete);
  std::string out;
  put_number(out, static_cast<uint8_t>(repair.stage));
  put_number(out, repair.sequence);
  put_number(out, repair.incarnation);
  put_number(out, repair.hard_state.term);
  put_number(out, repair.hard_state.vote);
  const std::string_view damage = std::string_view(repair.damage).substr(0, kDamageBytesMax);
  put_number(out, narrow<uint16_t>(damage.size()));
  out.append(damage);
  return seal(kRepairMagic, kRepairVersion, out);
}

Result<Repair> decode_repair(std::string_view bytes) {
  TRY(const auto content, unseal(kRepairMagic, kRepairVersion, bytes));
  ByteReader reader(content);
  Repair repair;
  repair.stage = static_cast<Repair::Stage>(reader.number<uint8_t>());
  repair.sequence = reader.number<uint64_t>();
  repair.incarnation = reader.number<uint64_t>();
  repair.hard_state.term = reader.number<uint64_t>();
  repair.hard_state.vote = reader.number<uint64_t>();
  repair.damage = std::string(reader.bytes(reader.number<uint16_t>()));
  if (!reader.done()) return fail(Error::Code::corrupt, "its length is wrong");
  if (repair.stage < Repair::Stage::setting_aside || repair.stage > Repair::Stage::complete) {
    return fail(Error::Code::corrupt, "it is at no known stage");
  }
  if (repair.sequence == 0 || repair.sequence == ~uint64_t{0}) {
    return fail(Error::Code::corrupt, "its new log begins with no segment");
  }
  return repair;
}

Result<std::optional<Repair>> read_repair(Files& files, const std::string& directory) {
  const std::string path = join(directory, kRepairName);
  TRY(auto bytes, read_small_file(files, path));
  if (!bytes) return std::nullopt;
  auto repair = decode_repair(*bytes);
  if (!repair) return fail(repair.error().code, "read " + path + ": " + repair.error().what, kRepairAdvice);
  return std::move(*repair);
}

Result<> write_repair(Files& files, const std::string& directory, const Repair& repair) {
  return write_small_file(files, directory, kRepairName, encode(repair));
}

Result<Survey> survey_log(const DataDir& dir) {
  TRY(const auto sequences, list_segments(dir.files, dir.path));
  Survey survey;
  for (uint64_t sequence : sequences) {
    survey.sequence = sequence;
    TRY(auto bytes, read_file(dir.files, dir.path_of(segment_name(sequence))));
    bytes.resize(bytes.size() / kBlockBytes * kBlockBytes);
    Surveyor(survey).read(bytes, segment_salt(dir.owner, sequence));
  }
  return survey;
}

Repair plan_repair(const Survey& survey, const std::optional<Repair>& before, std::string damage) {
  Repair repair{.stage = before && before->is_under_way() ? Repair::Stage::dropping : Repair::Stage::setting_aside,
                .sequence = survey.sequence + 1,
                .incarnation = survey.incarnation,
                .hard_state = survey.hard_state,
                .damage = std::move(damage)};
  if (before) {
    repair.sequence = std::max(repair.sequence, before->sequence + 1);
    repair.incarnation = std::max(repair.incarnation, before->incarnation);
    repair.hard_state = std::max(repair.hard_state, before->hard_state);
  }
  repair.incarnation += kStartsLostMax;
  repair.damage.resize(std::min(repair.damage.size(), kDamageBytesMax));
  return repair;
}

Result<> note_gone_back(const DataDir& dir, const std::string& damage, uint64_t unlike) {
  CHECK(!damage.empty());
  TRY(const auto before, read_repair(dir.files, dir.path));
  const bool is_in_the_middle = before && before->stage < Repair::Stage::fetching;
  if (is_in_the_middle) return {};
  TRY(const Survey survey, survey_log(dir));
  Repair repair = plan_repair(survey, before, damage);
  repair.incarnation += unlike % kStartsLostMax;
  if (MUTANT(gone_back_not_noted)) return {};
  return write_repair(dir.files, dir.path, repair);
}

Result<> run_repair(const DataDir& dir, WalOptions options, Repair& repair, raft::Index snapshot) {
  CHECK(repair.stage < Repair::Stage::fetching);
  TRY(const auto sequences, list_segments(dir.files, dir.path));
  for (uint64_t sequence : sequences) {
    const std::string path = dir.path_of(segment_name(sequence));
    // A new log that was begun and not finished has no entries yet.
    const bool is_kept = repair.stage == Repair::Stage::setting_aside && sequence < repair.sequence;
    TRY(is_kept ? dir.files.rename(path, path + kSetAsideSuffix) : dir.files.remove(path));
  }
  TRY(dir.files.sync_directory(dir.path));
  WalState state{.last_index = snapshot, .hard_state = repair.hard_state, .incarnation = repair.incarnation};
  TRY(std::ignore, Wal::begin_anew(dir, options, repair.sequence, state));
  repair.stage = Repair::Stage::fetching;
  return write_repair(dir.files, dir.path, repair);
}

Result<> end_repair(Files& files, const std::string& directory) {
  TRY(auto repair, read_repair(files, directory));
  CHECK(repair.has_value());
  // Newer damage was noted while this save was under way: that note stays, and the next start follows it.
  if (repair->stage < Repair::Stage::fetching) return {};
  repair->stage = Repair::Stage::complete;
  TRY(write_repair(files, directory, *repair));
  return remove_set_aside(files, directory);
}

Result<> remove_set_aside(Files& files, const std::string& directory) {
  TRY(const auto names, files.list(directory));
  for (const std::string& name : names) {
    if (!name.starts_with("wal-") || !name.ends_with(kSetAsideSuffix)) continue;
    TRY(files.remove(join(directory, name)));
  }
  return {};
}

}  // namespace skiff::store
