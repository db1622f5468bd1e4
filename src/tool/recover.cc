// skiff recover: when the majority is lost for good, the data of one survivor becomes a cluster of one node.
//
// The new directory is made beside the old one, completely and synced; then the two exchange names in one step. So
// after a crash the data directory is either the old or the new one. The old one is kept.
#include <fmt/format.h>

#include <utility>

#include "raft/check.h"
#include "raft/membership.h"
#include "src/base/try.h"
#include "src/config/options.h"
#include "src/config/values.h"
#include "src/node/setup.h"
#include "src/tool/arguments.h"
#include "src/tool/new_cluster.h"
#include "src/tool/tool.h"
#include "store/directory/new_directory.h"
#include "store/directory/storage.h"
#include "store/state/command.h"

namespace skiff::tool {
namespace {

constexpr char kSign[] = "identity.recovering.new";  // if we cannot remove it, a start of the node does
constexpr char kConsent[] = "I may lose writes";

constexpr char kRemarks[] =
    "\nThis is the last resort. As long as a majority can be brought back, do that; if there is a backup that is\n"
    "young enough, restore it. Of several survivors take the one with the longest log: compare what\n"
    "skiff inspect says of each, the term of the last entry first, then its index.\n\n"
    "Writes may be lost: those that the lost nodes acknowledged and the survivor never received. The entries in the\n"
    "survivor's log are taken for committed, whether they were or not: a write that was answered 504 may turn out\n"
    "to have happened.\n\n"
    "The new cluster has another name, so that lost nodes that come back are turned away and cannot take it\n"
    "over. The old directory is kept beside the new one. Grow again with POST /members/N, with nodes that start\n"
    "from empty directories. When it is cut short, run it again.\n\n"
    "Exit status: 0 done; 1 not done, and one line says why; 2 the command cannot be understood.\n";

struct Asked {
  std::string directory;
  raft::NodeId id = 0;
  std::string to;  // empty: in place of the old directory
  bool consents = false;
};

Command command_for(Asked& into) {
  return command_of("recover", "makes a cluster of one node from a survivor, when the majority is lost for good",
                    {{"data-dir", directory_name("DIR", into.directory),
                      "the data directory of the survivor; its node must not run", true},
                     {"id", shown_as("", node_id(into.id)), "the survivor's id", true},
                     {"to", directory_name("DIR", into.to),
                      "make the new directory here (empty, or not there yet), and leave the old one alone:\n"
                      "for a data directory that is a mount point, whose name cannot be exchanged"},
                     {"yes-i-may-lose-writes", on_off(into.consents), "do not ask"}});
}

std::string plain(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

struct Survivor {
  store::Identity identity;
  raft::SnapshotMark snapshot;
  size_t entries = 0;
  raft::LogPosition last;
  raft::Configuration members;
  store::Kv kv;  // with all of the log applied
};

Error unreadable(const raft::Entry& entry, const std::string& why) {
  return {Error::Code::corrupt, fmt::format("entry {} of term {}: {}", entry.position.index, entry.position.term, why)};
}

// Applies an entry of the log, which is taken for committed.
Result<> apply_committed(Survivor& survivor, const raft::Entry& entry) {
  CHECK(entry.position.index == survivor.kv.applied() + 1);
  CHECK(entry.position.index > survivor.last.index);
  survivor.last = entry.position;
  if (entry.kind == raft::EntryKind::command) {
    if (!entry.payload) return tl::unexpected(unreadable(entry, "it is empty"));
    if (auto command = store::decode(*entry.payload); !command) {
      return tl::unexpected(unreadable(entry, command.error().what));
    }
    survivor.kv.apply(entry.position.index, entry.payload);
    return {};
  }
  survivor.kv.skip(entry.position.index);
  if (entry.kind != raft::EntryKind::configuration) return {};
  auto members = entry.payload ? raft::decode_configuration(*entry.payload) : std::nullopt;
  if (!members) return tl::unexpected(unreadable(entry, "it names members in a way that cannot be read"));
  survivor.members = std::move(*members);
  return {};
}

Result<Survivor> read_survivor(store::Files& files, const std::string& directory, store::WalOptions wal) {
  TRY(auto found, store::open_read_only(files, directory, wal));
  if (found.damage) {
    return fail(Error::Code::invalid,
                directory +
                    " is being repaired: its log was damaged, and the other members have not given back its "
                    "acknowledged entries yet; recover from another survivor, or restore a backup (" +
                    *found.damage + ")");
  }
  TRY(check_recovered(found, directory));
  Survivor survivor{.identity = std::move(found.identity),
                    .snapshot = std::move(found.snapshot),
                    .entries = found.entries.size(),
                    .last = {},
                    .members = {},
                    .kv = std::move(found.kv)};
  survivor.last = survivor.snapshot.position;
  for (const store::Founder& founder : survivor.identity.founders) {
    survivor.members.members.push_back({.id = founder.id, .role = raft::MemberRole::voter, .address = founder.address});
  }
  if (survivor.last.index > 0) survivor.members = *raft::decode_configuration(*survivor.snapshot.configuration);
  for (const raft::Entry& entry : found.entries) {
    TRY(apply_committed(survivor, entry));
  }
  return survivor;
}

std::string show(const raft::Configuration& members) {
  std::string text;
  for (raft::NodeId id : members.everybody()) {
    text += (text.empty() ? "" : ", ") + std::to_string(id);
    if (const raft::Member* member = members.find(id)) text += " " + member->address;
  }
  return text;
}

Result<std::string> address_of(const Survivor& survivor) {
  const raft::NodeId id = survivor.identity.node;
  for (const auto* part : {&survivor.members.members, &survivor.members.outgoing}) {
    for (const raft::Member& member : *part) {
      if (member.id == id) return member.address;
    }
  }
  return fail(Error::Code::invalid,
              fmt::format("node {} is no member of its cluster any more ({})", id, show(survivor.members)),
              "recover from a node that is");
}

void say_what_may_be_lost(const World& world, const std::string& directory, const Survivor& survivor) {
  world.say(fmt::format("survivor  {}: node {} of cluster {}; members {}", directory, survivor.identity.node,
                        show_cluster(survivor.identity.cluster), show(survivor.members)));
  world.say(fmt::format(
      "it holds  {} keys, up to index {} of term {}; of that, {} entries behind its snapshot of index {}",
      survivor.kv.keys(), survivor.last.index, survivor.last.term, survivor.entries, survivor.snapshot.position.index));
  world.say(
      "lost      every write that others acknowledged and this node never received. Their number cannot be told\n"
      "          here. If another survivor has a last entry of a later term, or of the same term and a higher\n"
      "          index, recover from that one instead: skiff inspect shows it");
  world.say(
      "taken     for committed: every entry of its log, whether a majority had it or not. A write that was never\n"
      "          acknowledged, or was answered 504, may turn out to have happened");
  world.say(
      "members   all others are gone for good from then on. Those that come back are turned away; they can join with\n"
      "          empty directories only");
}

bool consents(const World& world, const Asked& asked) {
  return asked.consents || world.ask(fmt::format("To go on, type: {}", kConsent)) == kConsent;
}

store::Identity identity_of(const World& world, const Survivor& survivor, const std::string& address) {
  const std::string story =
      fmt::format("recovered {:016x} {} {} {} {:016x} {:016x}", survivor.identity.cluster, survivor.identity.node,
                  survivor.last.term, survivor.last.index, survivor.kv.digest(), world.random());
  return {.cluster = name_cluster(story, {survivor.identity.cluster}),
          .node = survivor.identity.node,
          .founders = {{.id = survivor.identity.node, .address = address}}};
}

// The directories of a recovery.
struct Paths {
  std::string directory;
  std::string made;  // the new directory until it is finished
  std::string kept;  // the old directory after that
  bool exchanges = true;
};

Paths paths_of(const Asked& asked) {
  Paths paths{.directory = plain(asked.directory), .made = plain(asked.to), .kept = {}, .exchanges = asked.to.empty()};
  if (paths.exchanges) paths.made = paths.directory + ".recovering";
  paths.kept = paths.directory + ".before-recovery";
  return paths;
}

// If an earlier attempt has made a new directory and not put it in place, lets it be made again.
Result<> make_room(store::Files& files, const Paths& paths) {
  if (!paths.exchanges) return {};
  TRY(const bool is_ours, store::NewDirectory::is_unfinished({files, paths.made, kSign}));
  if (!is_ours) return {};
  TRY(files.remove(store::join(paths.made, store::kIdentityName)));
  return files.sync_directory(paths.made);
}

// Syncs the new directory, and gives it the name of the old one.
Result<> put_in_place(store::Files& files, const Paths& paths) {
  CHECK(paths.exchanges);
  CHECK(paths.made != paths.directory);
  TRY(files.sync_directory(paths.directory));
  TRY(files.sync_directory(paths.made));
  if (auto exchanged = files.exchange(paths.made, paths.directory); !exchanged) {
    return fail(exchanged.error().code, exchanged.error().what,
                "nothing was changed: is it a mount point? --to DIR makes the new directory elsewhere");
  }
  return files.sync_directory(store::parent_of(paths.directory));
}

Result<> keep_old(store::Files& files, const Paths& paths) {
  TRY(const bool is_there, files.exists(paths.made));
  if (is_there) TRY(files.rename(paths.made, paths.kept));
  TRY(files.sync_directory(store::parent_of(paths.directory)));
  return store::NewDirectory::finish({files, paths.directory, kSign});
}

Result<> require_free(store::Files& files, const Paths& paths) {
  TRY(const bool is_there, files.exists(paths.kept));
  if (!is_there || !paths.exchanges) return {};
  return fail(Error::Code::invalid, paths.kept + " is there already, from an earlier recovery", "move it away first");
}

Result<std::string> make(const World& world, const Asked& asked, const Paths& paths) {
  store::Files& files = world.files;
  auto lock = files.lock(store::join(paths.directory, store::kLockName));
  if (!lock && lock.error().code == Error::Code::unavailable) {
    return fail(lock.error().code, "a node runs on " + paths.directory, "stop it first");
  }
  if (!lock) return tl::unexpected(lock.error());
  TRY(require_free(files, paths));
  TRY(Survivor survivor, read_survivor(files, paths.directory, world.wal));
  if (survivor.identity.node != asked.id) {
    return fail(Error::Code::invalid, fmt::format("{} belongs to node {}, not to node {}", paths.directory,
                                                  survivor.identity.node, asked.id));
  }
  if (survivor.last.index == 0) {
    return fail(Error::Code::invalid, paths.directory + " holds nothing that could be recovered");
  }
  TRY(const std::string address, address_of(survivor));

  say_what_may_be_lost(world, paths.directory, survivor);
  if (!consents(world, asked)) {
    return fail(Error::Code::invalid,
                "nothing was changed: it goes on when you say --yes-i-may-lose-writes, or type it");
  }
  const NewCluster made = found_from(survivor.kv, survivor.last, identity_of(world, survivor, address));
  TRY(make_room(files, paths));
  const store::NewDirectory::Site site{files, paths.made, kSign};
  TRY(auto directory, store::NewDirectory::make(site, {made.identity, made.mark, survivor.kv}, world.wal));
  TRY(const auto found, store::open_read_only(files, paths.made, world.wal));
  CHECK(made.mark.position == survivor.last);
  TRY(check_read_back(found, made, survivor.kv));
  if (paths.exchanges) TRY(put_in_place(files, paths));
  TRY(paths.exchanges ? keep_old(files, paths) : store::NewDirectory::finish(site));
  return fmt::format(
      "recovered {}: node {} of cluster {}, which has no other member, {} keys as of index {}\n"
      "kept      {}: the old directory, as it was",
      paths.exchanges ? paths.directory : paths.made, asked.id, show_cluster(made.identity.cluster), survivor.kv.keys(),
      survivor.last.index, paths.exchanges ? paths.kept : paths.directory);
}

// Finishes an earlier attempt that got as far as exchanging the directories. Returns whether there was one.
Result<bool> finish_earlier(store::Files& files, const Paths& paths) {
  auto is_new = store::NewDirectory::is_unfinished({files, paths.directory, kSign});
  if (!is_new || !*is_new) return is_new;
  TRY(keep_old(files, paths));
  return true;
}

}  // namespace

Command recover_command() {
  Asked asked;
  return unbound(command_for(asked));
}

int recover(Arguments arguments, const World& world) {
  Asked asked;
  const Command command = command_for(asked);
  const ParsedArguments parsed = parse_arguments(arguments, world, command, kRemarks);
  if (parsed.status) return *parsed.status;
  const Paths paths = paths_of(asked);
  const std::string name = paths.directory.substr(paths.directory.rfind('/') + 1);
  if (name.empty() || name == "." || name == "..") {
    return misused(world, command, "--data-dir: give the directory by its name, not as " + paths.directory);
  }
  auto is_finished = finish_earlier(world.files, paths);
  if (!is_finished) return failed(world, command, to_text(is_finished.error()));
  if (*is_finished) {
    world.say("recovered " + paths.directory +
              ": a recovery that was cut short has been finished; the old directory is " + paths.kept);
    return 0;
  }
  auto done = make(world, asked, paths);
  if (!done) return failed(world, command, to_text(done.error()));
  world.say(*done);
  return 0;
}

}  // namespace skiff::tool
