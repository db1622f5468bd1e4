#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "raft/check.h"
#include "raft/membership.h"
#include "src/base/overloaded.h"
#include "src/replica/can_repair.h"
#include "src/tool/inspect.h"
#include "src/tool/new_cluster.h"
#include "store/directory/storage.h"
#include "store/snapshot/snapshot.h"
#include "store/snapshot/snapshots.h"
#include "store/state/command.h"
#include "store/wal/data_dir_ids.h"
#include "store/wal/recover.h"
#include "store/wal/repair.h"
#include "store/wal/scan.h"

namespace skiff::tool {
namespace {

// A key as one printable word.
std::string show_key(std::string_view key) {
  std::string text;
  for (char letter : key) {
    const auto byte = static_cast<unsigned char>(letter);
    const bool is_plain = byte > 0x20 && byte < 0x7f && byte != '%';
    text += is_plain ? std::string(1, letter) : fmt::format("%{:02X}", byte);
  }
  return text;
}

std::string show_members(const raft::Configuration& configuration) {
  std::string text;
  for (const raft::Member& member : configuration.members) {
    const bool is_voter = member.role == raft::MemberRole::voter;
    text +=
        fmt::format("{}{} {} {}", text.empty() ? "" : ", ", member.id, is_voter ? "voter" : "learner", member.address);
  }
  return configuration.is_joint() ? text + ", in the middle of a change of voters" : text;
}

std::string show_members(const raft::Payload& bytes) {
  auto configuration = bytes ? raft::decode_configuration(*bytes) : std::nullopt;
  return configuration ? show_members(*configuration) : "that cannot be read";
}

std::string show_operation(const store::OperationView& operation) {
  return std::visit(Overloaded{[](const store::PutView& put) {
                                 return fmt::format("put       {} {} bytes", show_key(put.key), put.value.size());
                               },
                               [](const store::DeleteRangeView& range) {
                                 if (range.end.empty()) return fmt::format("remove    {}", show_key(range.key));
                                 return fmt::format("remove    {} to {}", show_key(range.key), show_key(range.end));
                               },
                               [](const store::Compact& compact) {
                                 return fmt::format("compact   to revision {}", compact.revision);
                               }},
                    operation);
}

std::string show_entry(const raft::Entry& entry) {
  std::string text = fmt::format("{:>6} {:>10} ", entry.position.term, entry.position.index);
  const std::string_view payload = entry.payload ? std::string_view(*entry.payload) : std::string_view();
  switch (entry.kind) {
    case raft::EntryKind::no_op: return text + "no-op";
    case raft::EntryKind::configuration: return text + "members   " + show_members(entry.payload);
    case raft::EntryKind::command: break;
  }
  auto command = store::decode(payload);
  if (!command) return text + fmt::format("command   {} bytes that cannot be read", payload.size());
  return text + show_operation(command->operation) + fmt::format(", from node {}", command->origin.node);
}

class DirectoryInspection {
 public:
  DirectoryInspection(store::Files& files, store::WalOptions wal, const std::string& directory, bool shows_entries,
                      Findings& findings)
      : files_(files), wal_(wal), directory_(directory), shows_entries_(shows_entries), findings_(findings) {}

  void run() {
    auto names = files_.list(directory_);
    if (!names) return findings_.wrong(names.error());
    look_for_a_node();
    auto identity = store::read_identity(files_, directory_);
    if (!identity) {
      findings_.wrong(identity.error());
    } else {
      owner_ = {identity->cluster, identity->node};
      is_alone_ = !can_repair(*identity, nullptr);
      findings_.say("directory", fmt::format("{}: node {} of cluster {}, founded by {}", directory_, identity->node,
                                             show_cluster(identity->cluster), show(identity->founders)));
    }
    look_at_names(*names);
    look_at_data_dir_ids();
    look_at_repair();
    look_at_snapshots(*names);
    if (owner_) look_at_log(*names);
    judge();
  }

 private:
  void look_for_a_node() {
    auto is_locked = files_.is_locked(store::join(directory_, store::kLockName));
    if (!is_locked) findings_.say("note", "whether a node runs on it is not known: " + to_text(is_locked.error()));
    if (!is_locked || !*is_locked) return;
    findings_.say("note",
                  "a node runs on it: its writes at this moment may look torn or be missing; if anything is wrong, "
                  "inspect it again");
  }

  void look_at_names(const std::vector<std::string>& names) {
    for (const std::string& name : names) {
      const bool is_known = name == store::kLockName || name == "lost+found" || name == store::kIdentityName ||
                            name == store::kDataDirIdName || name == store::kPeersName || name == store::kRepairName ||
                            store::segment_sequence(name) || store::snapshot_index(name);
      if (is_known) continue;
      if (name.starts_with("wal-") && name.ends_with(store::kSetAsideSuffix)) {
        findings_.say("note", store::join(directory_, name) + ": was set aside when the log was found damaged");
        continue;
      }
      const bool is_unfinished = name.ends_with(store::kAsideSuffix);
      findings_.say("note", store::join(directory_, name) + (is_unfinished ? ": was not finished, and does not count"
                                                                           : ": is none of the files of a node"));
    }
  }

  // The numbers of this directory and of the other members'. A directory draws its number at its first start.
  void look_at_data_dir_ids() {
    auto has_own = files_.exists(store::join(directory_, store::kDataDirIdName));
    if (has_own && *has_own) {
      if (auto own = store::own_data_dir_id(files_, directory_, 0); !own) findings_.wrong(own.error());
    }
    auto known = store::known_data_dir_ids(files_, directory_);
    if (!known) return findings_.wrong(known.error());
    if (!known->note.empty()) findings_.say("note", known->note);
  }

  void look_at_repair() {
    auto repair = store::read_repair(files_, directory_);
    if (!repair) return findings_.wrong(repair.error());
    if (!*repair) return;
    const std::string path = store::join(directory_, store::kRepairName);
    if (!(*repair)->is_under_way()) {
      return findings_.say(
          "note",
          path + ": the log was damaged once, and the other members have given back its content: " + (*repair)->damage);
    }
    findings_.damage(path +
                     ": the log is being repaired, and acknowledged entries may be missing until the other members " +
                     "have given them back: " + (*repair)->damage);
  }

  void look_at_snapshots(const std::vector<std::string>& names) {
    for (const std::string& name : names) {
      const auto index = store::snapshot_index(name);
      if (!index) continue;
      const std::string path = store::join(directory_, name);
      inspect_snapshot(files_, path, owner_ ? std::optional(owner_->cluster) : std::nullopt, findings_);
      auto file = files_.open(path, store::OpenMode::read);
      auto head = file ? store::read_snapshot_head(**file, path) : tl::unexpected(file.error());
      if (head && head->mark.position.index != *index) {
        findings_.damage(
            fmt::format("{}: at offset 0: it is the snapshot of index {}", path, head->mark.position.index));
      }
    }
  }

  void look_at_log(const std::vector<std::string>& names) {
    std::vector<uint64_t> sequences;
    for (const std::string& name : names) {
      if (auto sequence = store::segment_sequence(name)) sequences.push_back(*sequence);
    }
    if (sequences.empty()) return findings_.damage(directory_ + ": there is no log in it");
    if (shows_entries_) findings_.say("entries", "term      index what");
    for (uint64_t sequence : sequences) {
      const bool is_missing =
          sequence > sequences.front() && !std::binary_search(sequences.begin(), sequences.end(), sequence - 1);
      if (is_missing) findings_.say("note", store::join(directory_, store::segment_name(sequence - 1)) + " is missing");
      look_at_segment(sequence, sequence == sequences.back());
    }
  }

  void look_at_segment(uint64_t sequence, bool is_last) {
    CHECK(owner_.has_value());
    const std::string path = store::join(directory_, store::segment_name(sequence));
    const auto visit = [&](uint64_t, const store::Record& record) {
      const auto* entry = std::get_if<raft::Entry>(&record);
      if (shows_entries_ && entry != nullptr) findings_.say("entry", show_entry(*entry));
    };
    auto found = store::scan_segment({files_, directory_, *owner_}, sequence, is_last, visit);
    if (!found) return findings_.wrong(found.error());
    std::string entries = "no entries";
    if (found->entries > 0) {
      entries = fmt::format("{} entries of index {} to {}, term {} to {}", found->entries, found->lowest,
                            found->highest, found->first.term, found->last.term);
    }
    findings_.say("segment", fmt::format("{}: {} bytes, {} batches, {} records, {}; ends at offset {}", path,
                                         found->bytes, found->batches, found->records, entries, found->end));
    for (const store::SegmentDamage& damage : found->damage) {
      findings_.damage(fmt::format("{}: at offset {}: {}", path, damage.offset, damage.reason));
    }
    if (found->torn) {
      findings_.say("note", fmt::format("{}: at offset {}: {}; the next start cuts it off", path, found->torn->offset,
                                        found->torn->reason));
    }
  }

  // Runs recovery, which checks records against each other and finds the state of a start.
  void judge() {
    auto found = store::open_read_only(files_, directory_, wal_);
    if (!found) {
      if (findings_.is_clean()) return findings_.wrong(found.error());
      const bool may_be_repaired = found.error().code == Error::Code::corrupt && !is_alone_;
      return findings_.say("start",
                           (may_be_repaired ? "a node refuses this log: unless it is the only member, it sets the log "
                                              "aside, and the other members give back its content: "
                                            : "a node does not start from it: ") +
                               to_text(found.error()));
    }
    const raft::LogPosition snapshot = found->snapshot.position;
    const raft::LogPosition last = found->entries.empty() ? snapshot : found->entries.back().position;
    findings_.say("state", fmt::format("term {}, vote for {}, started {} times", found->hard_state.term,
                                       found->hard_state.vote, found->incarnation));
    findings_.say("log",
                  fmt::format("snapshot up to index {} of term {}, {} entries behind it; the last entry is index "
                              "{} of term {}",
                              snapshot.index, snapshot.term, found->entries.size(), last.index, last.term));
    raft::Payload members = found->snapshot.configuration;
    for (const raft::Entry& entry : found->entries) {
      if (entry.kind == raft::EntryKind::configuration) members = entry.payload;
    }
    const bool are_founders = members == nullptr;
    findings_.say("members", are_founders ? "as founded: " + show(found->identity.founders) : show_members(members));
  }

  store::Files& files_;
  const store::WalOptions wal_;
  const std::string& directory_;
  const bool shows_entries_;
  Findings& findings_;
  std::optional<store::WalOwner> owner_;
  bool is_alone_ = true;  // no other member could give back lost entries
};

}  // namespace

void inspect_snapshot(store::Files& files, const std::string& path, std::optional<uint64_t> cluster,
                      Findings& findings) {
  auto file = files.open(path, store::OpenMode::read);
  if (!file) return findings.wrong(file.error());
  auto head = store::read_snapshot_head(**file, path);
  if (!head) return findings.wrong(head.error());
  auto size = (*file)->size();
  if (!size) return findings.wrong(size.error());
  findings.say("snapshot",
               fmt::format("{}: {} bytes, of cluster {}, up to index {} of term {}; {} keys at revision {}, "
                           "digest {:016x}",
                           path, *size, show_cluster(head->cluster), head->mark.position.index,
                           head->mark.position.term, head->summary.keys, head->summary.revision, head->summary.digest));
  findings.say("members", show_members(head->mark.configuration));
  auto loaded = store::load_snapshot(**file, path, cluster.value_or(head->cluster));
  if (!loaded) findings.wrong(loaded.error());
}

void inspect_directory(store::Files& files, store::WalOptions wal, const std::string& directory, bool shows_entries,
                       Findings& findings) {
  DirectoryInspection(files, wal, directory, shows_entries, findings).run();
}

}  // namespace skiff::tool
