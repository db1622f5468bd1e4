// skiff inspect: prints and verifies a data directory, or a backup. Opens everything for reading only, takes no lock
// and makes no file, so that it works on a read-only mount.
#include "src/tool/inspect.h"

#include "raft/check.h"
#include "src/config/values.h"
#include "src/tool/arguments.h"
#include "store/files/read_only_files.h"

namespace skiff::tool {
namespace {

constexpr char kRemarks[] =
    "\nEvery byte is read and checked: the identity, every snapshot, every segment of the log, and the state that a\n"
    "node would start with. Lines begin with a word: directory, snapshot, members, segment, entry, state, log, note;\n"
    "damage, with the file, the offset and the reason; unread, with the file and the reason; and at last whole,\n"
    "damaged or unknown.\n"
    "A batch at the very end that was being written when the node stopped is no damage: it was never acknowledged.\n"
    "A node may run meanwhile; its writes at that moment may look torn.\n\n"
    "Nothing is opened for writing, so a read-only mount can be inspected. A file that this user may not read counts\n"
    "as unread. A file that the disk does not give back (an input/output error) counts as damage.\n\n"
    "Exit status: 0 whole; 1 damaged; 2 the command cannot be understood, or there is nothing of that name; 3 some\n"
    "of it could not be read, and the rest is whole.\n";

Command command_for(bool& shows_entries) {
  return command_of("inspect", "prints and verifies a data directory or a backup, and changes nothing",
                    {{"entries", on_off(shows_entries),
                      "list the entries of the log in their order on disk, including those that were\nreplaced later"}},
                    {.name = "PATH", .completion = {.kind = Completion::Kind::files}});
}

// A directory cannot be read as a file. An empty file is a failed backup, not a file to inspect.
bool is_file(store::Files& files, const std::string& path) {
  if (!files.list(path)) return true;
  auto file = files.open(path, store::OpenMode::read);
  if (!file) return false;
  auto first = (*file)->read_at(0, 1);
  return first && !first->empty();
}

std::string places(uint64_t count) { return count == 1 ? "1 place" : std::to_string(count) + " places"; }

// Prints the last line, and returns the exit status.
int conclude(const World& world, const Findings& findings) {
  if (findings.is_clean()) return world.say("whole"), 0;
  CHECK(findings.damaged() + findings.unread() > 0);
  const std::string unread = places(findings.unread()) + " could not be read";
  if (findings.damaged() == 0) return world.say("unknown   " + unread), 3;
  world.say("damaged   in " + places(findings.damaged()) + (findings.unread() > 0 ? "; " + unread : ""));
  return 1;
}

}  // namespace

Command inspect_command() {
  bool shows_entries = false;
  return unbound(command_for(shows_entries));
}

int inspect(Arguments arguments, const World& world) {
  bool shows_entries = false;
  const Command command = command_for(shows_entries);
  const auto [status, paths] = parse_arguments(arguments, world, command, kRemarks);
  if (status) return *status;
  if (paths.size() != 1 || paths[0].empty())
    return misused(world, command, "one data directory or one backup is needed");
  store::ReadOnlyFiles untouched(world.files);
  auto is_there = untouched.exists(paths[0]);
  if (is_there && !*is_there) return misused(world, command, "there is no " + paths[0]);
  Findings findings(world);
  if (!is_there) {
    findings.unread(to_text(is_there.error()));
  } else if (is_file(untouched, paths[0])) {
    inspect_snapshot(untouched, paths[0], std::nullopt, findings);
  } else {
    inspect_directory(untouched, world.wal, paths[0], shows_entries, findings);
  }
  return conclude(world, findings);
}

}  // namespace skiff::tool
