// Common to all tools: their errors, their help, and completion.
#include "tests/src/tool/tool_world.h"
#include "tests/support/bash.h"
#include "tests/support/catch.h"

namespace skiff::arguments_test {

using bash::complete;
using bash::Words;
using tool_world::World;

std::string said(const Words& words, int status) {
  World world;
  REQUIRE(world.run(words) == status);
  return world.said;
}

TEST_CASE("an error names the tool, the flag, and whom to ask") {
  struct Row {
    Words words;
    std::string says;
  };
  const Row rows[] = {
      {{"restore", "--form"}, "skiff restore: --form: there is no such flag; see skiff restore --help"},
      {{"restore", "--from"}, "skiff restore: --from: needs a value: FILE"},
      {{"restore", "--from", "a", "--data-dir", "b", "--id", "1"}, "skiff restore: --cluster: is missing"},
      {{"restore", "--from", "a", "--data-dir", "b", "--id", "2", "--cluster", "a:1"},
       "skiff restore: --id: 2 has no entry in --cluster, which names 1"},
      {{"recover", "--data-dir", "a", "--id", "x"}, "skiff recover: --id: \"x\" is not a node id (1 to 65535)"},
      {{"recover", "--data-dir", "a", "--data-dir", "a"}, "skiff recover: --data-dir: given twice"},
      {{"inspect"}, "skiff inspect: one data directory or one backup is needed"},
      {{"inspect", "-e"}, "skiff inspect: \"-e\": not a flag; see skiff inspect --help"},
      {{"completion", "zsh"}, "skiff completion: no shell is known but bash"},
      {{"completion"}, "skiff completion: the name of a shell is needed: bash"},
  };
  for (const Row& row : rows) {
    const std::string what = said(row.words, 2);
    INFO(what);
    REQUIRE(what.starts_with(row.says));
    REQUIRE_THAT(what, Catch::Contains("(skiff " + row.words[0] + " --help says more)"));
  }
}

TEST_CASE("the usage of a tool follows from its table") {
  REQUIRE_THAT(said({"restore", "-h"}, 0), Catch::Contains("Usage: skiff restore --from FILE --data-dir DIR --id N "
                                                           "--cluster URL,URL,... [--token TEXT]\n"));
  REQUIRE_THAT(said({"recover", "-h"}, 0),
               Catch::Contains("Usage: skiff recover --data-dir DIR --id N [--to DIR] [--yes-i-may-lose-writes]\n"));
  REQUIRE_THAT(said({"inspect", "-h"}, 0), Catch::Contains("Usage: skiff inspect [--entries] PATH\n"));
  REQUIRE_THAT(said({"completion", "-h"}, 0), Catch::Contains("Usage: skiff completion bash\n"));
}

TEST_CASE("bash completes the flags of the node and of every tool") {
  const std::string script = said({"completion", "bash"}, 0);
  REQUIRE(complete(script, {"skiff", "re"}) == Words{"restore", "recover"});
  REQUIRE(complete(script, {"skiff", "--history-"}) ==
          Words{"--history-revisions", "--history-bytes", "--history-age"});
  REQUIRE(complete(script, {"skiff", "--log-level", ""}) == Words{"debug", "info", "warn", "error", "off"});
  REQUIRE(complete(script, {"skiff", "--id", "1", "--log-level", "=", "de"}) == Words{"debug"});
  REQUIRE(complete(script, {"skiff", "restore", "--"}) ==
          Words{"--from", "--data-dir", "--id", "--cluster", "--token", "--help"});
  REQUIRE(complete(script, {"skiff", "inspect", "--e"}) == Words{"--entries"});
  REQUIRE(complete(script, {"skiff", "recover", "--y"}) == Words{"--yes-i-may-lose-writes"});
  REQUIRE(complete(script, {"skiff", "--data-dir", "/proc/self/tas"}) == Words{"/proc/self/task"});
}

}  // namespace skiff::arguments_test
