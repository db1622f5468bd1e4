// skiff restore: a backup becomes the data directory of one node of a new cluster.
#include <fmt/format.h>

#include "raft/check.h"
#include "src/base/try.h"
#include "src/config/options.h"
#include "src/config/options_fit.h"
#include "src/config/values.h"
#include "src/node/setup.h"
#include "src/tool/arguments.h"
#include "src/tool/new_cluster.h"
#include "src/tool/tool.h"
#include "store/directory/new_directory.h"
#include "store/directory/storage.h"
#include "store/snapshot/snapshot.h"

namespace skiff::tool {
namespace {

constexpr char kSign[] = "identity.restoring.new";  // if we cannot remove it, a start of the node does

constexpr char kRemarks[] =
    "\nRun it for every node of the new cluster, from the same file, with the same --cluster (and --token), and\n"
    "start the nodes with it. They hold the content of the backup. They are another cluster than the one it was\n"
    "taken from, under another name: nodes of that one are turned away, and no harm is done if some still run.\n"
    "A backup that is not whole is refused; skiff inspect FILE says the same without making anything.\n"
    "When it is cut short, run it again.\n\n"
    "Exit status: 0 done; 1 not done, and one line says why; 2 the command cannot be understood.\n";

struct Asked {
  std::string from;
  Options node;  // the node of the new directory: id, members and directory; all else is default
  std::string token;
};

Command command_for(Asked& into) {
  return command_of(
      "restore", "makes a data directory from a backup, for a node of a new cluster",
      {{"from", file_name("FILE", into.from), "the backup, as GET /snapshot gave it", true},
       {"data-dir", directory_name("DIR", into.node.data_dir), "the directory to make; it must be empty, or not exist",
        true},
       {"id", shown_as("", node_id(into.node.id)), "this node's id: its place, from 1, in --cluster", true},
       {"cluster", shown_as("", members(into.node)), "the members of the new cluster, in the order of their ids", true},
       {"token", text_or_none("TEXT", into.token),
        "another one makes another cluster of the same file and members: for when this\n"
        "was done before, and nodes of that time may still be about"}});
}

struct Backup {
  uint64_t cluster = 0;
  store::LoadedSnapshot loaded;
};

Result<Backup> read_backup(store::Files& files, const std::string& path) {
  TRY(auto file, files.open(path, store::OpenMode::read));
  TRY(const auto head, store::read_snapshot_head(*file, path));
  TRY(auto loaded, store::load_snapshot(*file, path, head.cluster));
  return Backup{.cluster = head.cluster, .loaded = std::move(loaded)};
}

// The same on every node that is made from this backup, with these members and this token.
store::Identity identity_of(const Backup& backup, const Options& options, const std::string& token) {
  store::Identity identity = wanted_identity(options);
  const raft::LogPosition position = backup.loaded.mark.position;
  const std::string story = fmt::format("restored {:016x} {} {} {:016x} {} {}", backup.cluster, position.term,
                                        position.index, backup.loaded.kv.digest(), show(identity.founders), token);
  identity.cluster = name_cluster(story, {backup.cluster, identity.cluster});
  return identity;
}

Result<std::string> make(const World& world, const Asked& asked) {
  const Options& options = asked.node;
  TRY(auto backup, read_backup(world.files, asked.from));
  store::Kv& kv = backup.loaded.kv;
  NewCluster made = found_from(kv, backup.loaded.mark.position, identity_of(backup, options, asked.token));
  const store::NewDirectory::Site site{world.files, options.data_dir, kSign};
  TRY(auto directory, store::NewDirectory::make(site, {made.identity, made.mark, kv}, world.wal));
  TRY(const auto found, store::open_read_only(world.files, options.data_dir, world.wal));
  TRY(check_read_back(found, made, kv));
  TRY(store::NewDirectory::finish(site));
  return fmt::format("restored  {}: node {} of cluster {}, {} keys as of index {}, from cluster {}\nmembers   {}",
                     options.data_dir, options.id, show_cluster(made.identity.cluster), kv.keys(),
                     made.mark.position.index, show_cluster(backup.cluster), show(made.identity.founders));
}

}  // namespace

Command restore_command() {
  Asked asked;
  return unbound(command_for(asked));
}

int restore(Arguments arguments, const World& world) {
  Asked asked;
  const Command command = command_for(asked);
  const ParsedArguments parsed = parse_arguments(arguments, world, command, kRemarks);
  if (parsed.status) return *parsed.status;
  if (auto fit = require_fit(asked.node); !fit) return misused(world, command, to_text(fit.error()));
  auto done = make(world, asked);
  if (!done) return failed(world, command, to_text(done.error()));
  world.say(*done);
  return 0;
}

}  // namespace skiff::tool
