// skiff inspect: prints and verifies a data folder, or a backup. Opens everything for reading only.
#include "src/tool/inspect.h"

#include <array>
#include <vector>

#include "src/tool/arguments.h"

namespace skiff::tool {
namespace {

constexpr char kName[] = "inspect";

enum Place : size_t { kEntries };
constexpr std::array<Flag, 1> kFlags = {{
    {{"entries", ""}, "list the entries of the log as they stand there, also those that were\nreplaced later"},
}};

std::string help() {
  return "skiff inspect: prints and verifies a data folder or a backup, and changes nothing.\n\n"
         "Usage: skiff inspect [--entries] PATH\n\n" +
         describe(kFlags) +
         "\nEvery byte is read and checked: the identity, every snapshot, every segment of the log, and what a node\n"
         "would make of it all. Lines begin with a word: folder, snapshot, members, segment, entry, state, log, note;\n"
         "damage, with the file, the offset and what is wrong; and at last whole or damaged.\n"
         "A batch at the very end that was being written when the node stopped is no damage: nobody was told that it\n"
         "is safe. A node may run meanwhile; what it writes at that moment may look torn.\n\n"
         "Exit status: 0 whole; 1 damaged; 2 the command cannot be understood, or there is nothing of that name.\n";
}

// Of a folder, nothing can be read; an empty file is a backup that came to nothing.
bool is_file(store::Files& files, const std::string& path) {
  if (!files.list(path)) return true;
  auto file = files.open(path, store::OpenMode::read);
  if (!file) return false;
  auto first = (*file)->read_at(0, 1);
  return first && !first->empty();
}

}  // namespace

int inspect(Arguments arguments, const World& world) {
  std::vector<const char*> flags;
  std::vector<std::string> paths;
  for (const char* argument : arguments) {
    if (argument[0] == '-') {
      flags.push_back(argument);
    } else {
      paths.emplace_back(argument);
    }
  }
  auto given = Given::read(flags, kFlags);
  if (!given) return misused(world, kName, given.error().what);
  if (given->wants_help()) return world.say(help()), 0;
  if (paths.size() != 1 || paths[0].empty()) return misused(world, kName, "one data folder or one backup is needed");
  auto is_there = world.files.exists(paths[0]);
  if (!is_there || !*is_there) {
    return misused(world, kName, is_there ? "there is no " + paths[0] : is_there.error().what);
  }
  Findings findings(world);
  if (is_file(world.files, paths[0])) {
    inspect_snapshot(world.files, paths[0], std::nullopt, findings);
  } else {
    inspect_folder(world, paths[0], (*given)[kEntries].has_value(), findings);
  }
  const bool is_whole = findings.damaged() == 0;
  const std::string places = findings.damaged() == 1 ? "1 place" : std::to_string(findings.damaged()) + " places";
  world.say(is_whole ? "whole" : "damaged   in " + places);
  return is_whole ? 0 : 1;
}

}  // namespace skiff::tool
