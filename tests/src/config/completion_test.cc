// The words that bash offers, by the scripts that are made for it.
#include "src/config/completion.h"

#include <algorithm>

#include "src/config/values.h"
#include "tests/support/bash.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_directory.h"

namespace skiff::completion_test {

using bash::complete;
using bash::Words;

struct Settings {
  std::string directory;
  std::string file;
  std::string level;
  std::vector<std::string> colors;
  bool deep = false;
  uint64_t depth = 3;
};

std::string script() {
  Settings settings;
  auto read = [](std::string_view) -> Result<> { return {}; };
  const Command tree = {.name = "a-tree",
                        .options = {{"data-dir", directory_name("DIR", settings.directory), ""},
                                    {"depth", number("N", settings.depth, 1, 9), ""},
                                    {"deep", on_off(settings.deep), ""},
                                    {"level", one_of("NAME", {"low", "high", "higher"}, "low", read), ""}},
                        .has_version = true};
  const Command cut = {.name = "a-tree cut",
                       .options = {{"colors", some_of("NAME,...", {"red", "green"}, settings.colors), ""},
                                   {"level", file_name("FILE", settings.file), ""}},
                       .operand = {.name = "PATH", .completion = {.kind = Completion::Kind::files}}};
  const std::vector<Command> commands = {unbound(cut), completion_command("a-tree")};
  return bash_completion(unbound(tree), commands);
}

TEST_CASE("the first word may be a sub-command or a flag, and further ones flags of what it named") {
  const Words flags = {"--data-dir", "--depth", "--deep", "--level", "--version", "--help"};
  Words first = {"cut", "completion"};
  first.insert(first.end(), flags.begin(), flags.end());
  REQUIRE(complete(script(), {"a-tree", ""}) == first);
  REQUIRE(complete(script(), {"a-tree", "c"}) == Words{"cut", "completion"});
  REQUIRE(complete(script(), {"a-tree", "--deep", ""}) == flags);
  REQUIRE(complete(script(), {"a-tree", "--de"}) == Words{"--depth", "--deep"});
  REQUIRE(complete(script(), {"a-tree", "cut", "--"}) == Words{"--colors", "--level", "--help"});
  REQUIRE(complete(script(), {"a-tree", "completion", ""}) == Words{"bash"});
}

TEST_CASE("values are offered where the table knows them, behind a blank and behind =") {
  REQUIRE(complete(script(), {"a-tree", "--level", ""}) == Words{"low", "high", "higher"});
  REQUIRE(complete(script(), {"a-tree", "--level", "hi"}) == Words{"high", "higher"});
  REQUIRE(complete(script(), {"a-tree", "--level", "="}) == Words{"low", "high", "higher"});
  REQUIRE(complete(script(), {"a-tree", "--level", "=", "l"}) == Words{"low"});
  REQUIRE(complete(script(), {"a-tree", "--depth", ""}).empty());
  REQUIRE(complete(script(), {"a-tree", "--depth", "=", ""}).empty());
  REQUIRE(complete(script(), {"a-tree", "--deep", "="}).empty());
}

TEST_CASE("of a list the last word is completed") {
  REQUIRE(complete(script(), {"a-tree", "cut", "--colors", ""}) == Words{"red", "green"});
  REQUIRE(complete(script(), {"a-tree", "cut", "--colors", "red,g"}) == Words{"red,green"});
  REQUIRE(complete(script(), {"a-tree", "--colors", "r"}).empty());  // an option of another command
}

TEST_CASE("files and directories are looked for, whatever they are called") {
  const testing::TemporaryDirectory directory;
  const std::string in = directory.path() + "/";
  bash::run("mkdir '" + in + "two parts'; touch '" + in + "two files'");
  Words both = complete(script(), {"a-tree", "cut", in + "tw"});
  std::sort(both.begin(), both.end());
  REQUIRE(both == Words{in + "two files", in + "two parts"});
  REQUIRE(complete(script(), {"a-tree", "cut", "--level", in}).size() == 2);  // a file here, words elsewhere
  REQUIRE(complete(script(), {"a-tree", "--data-dir", in + "tw"}) == Words{in + "two parts"});
}

TEST_CASE("bash is the one shell that is known") {
  REQUIRE(require_known_shell(Words{"bash"}));
  for (const Words& words : {Words{}, Words{"zsh"}, Words{"bash", "bash"}, Words{""}}) {
    REQUIRE_FALSE(require_known_shell(words));
  }
}

}  // namespace skiff::completion_test
