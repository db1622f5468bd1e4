#include "bench/options.h"

#include "tests/support/bash.h"
#include "tests/support/catch.h"

namespace skiff::bench::options_test {

Result<Options> read(std::vector<const char*> words) { return read_options(words); }

TEST_CASE("every flag of a run sets its field") {
  const auto options = read({"run",
                             "--nodes",
                             "http://a:1,b:2",
                             "--target",
                             "etcd-v3",
                             "--clients",
                             "64",
                             "--depth=4",
                             "--rate",
                             "5000",
                             "--put",
                             "10",
                             "--stale",
                             "--value-bytes",
                             "64-4KiB",
                             "--distribution",
                             "zipfian",
                             "--keys",
                             "5",
                             "--prefix",
                             "/x/",
                             "--warm-up",
                             "2s",
                             "--duration",
                             "500ms",
                             "--timeout",
                             "3s",
                             "--retries",
                             "7",
                             "--json",
                             "f"});
  REQUIRE(options);
  const Plan& plan = options->plan;
  REQUIRE(options->command == Command::run);
  REQUIRE(plan.nodes == std::vector<transport::Address>{{"a", 1}, {"b", 2}});
  REQUIRE(plan.target == Target::etcd_v3);
  REQUIRE(plan.clients == 64);
  REQUIRE(plan.depth == 4);
  REQUIRE(plan.rate == 5000);
  REQUIRE(plan.put_percent == 10);
  REQUIRE(plan.stale_reads);
  REQUIRE(plan.value_bytes == 64);
  REQUIRE(plan.value_bytes_max == 4096);
  REQUIRE(plan.distribution == Distribution::zipfian);
  REQUIRE(plan.keys == 5);
  REQUIRE(plan.prefix == "/x/");
  REQUIRE(plan.warm_up == 2_s);
  REQUIRE(plan.duration == 500_ms);
  REQUIRE(plan.timeout == 3_s);
  REQUIRE(plan.retries == 7);
  REQUIRE(options->json == "f");
}

TEST_CASE("without a word before the flags it is a run, in a closed loop, that tries nothing again") {
  const auto options = read({"--clients", "2"});
  REQUIRE(options);
  REQUIRE(options->command == Command::run);
  REQUIRE_FALSE(options->plan.is_open_loop());
  REQUIRE(options->plan.retries == 0);
}

TEST_CASE("an option that cannot be used is refused with its name") {
  const std::vector<std::pair<std::vector<const char*>, std::string>> rows = {
      {{"walk"}, "\"walk\" is no command"},
      {{"run", "--clients", "0"}, "--clients: \"0\" is no number from 1 to 20000"},
      {{"run", "--clients", "7x"}, "--clients: \"7x\" is no number from 1 to 20000"},
      {{"run", "--clients"}, "--clients: needs a value: N"},
      {{"run", "--stale=yes"}, "--stale: \"yes\" is neither true nor false"},
      {{"run", "--put", "101"}, "--put: \"101\" is no number from 0 to 100"},
      {{"run", "--target", "redis"}, "--target: \"redis\" is no target (skiff, etcd-v2, etcd-v3, raw)"},
      {{"run", "--distribution", "normal"},
       "--distribution: \"normal\" is no distribution of keys (sequential, uniform, zipfian)"},
      {{"run", "--prefix", "/a b"}, "--prefix: begins with / and has letters, digits and /-._~ only"},
      {{"run", "--writers", "3"}, "--writers: there is no such flag; see skiff-bench run --help"},
      {{"run", "more"}, "\"more\": not a flag; see skiff-bench run --help"},
      {{"plot", "--svg", "x"}, "plot needs results: files that `run --json` wrote"},
      {{"plot", "a.json"}, "--svg: is missing"},
  };
  for (const auto& [words, what] : rows) {
    const auto options = read(words);
    CAPTURE(what);
    REQUIRE_FALSE(options);
    REQUIRE(options.error().what == what);
  }
  REQUIRE_FALSE(read({"run", "--nodes", "nonsense"}));
  REQUIRE_FALSE(read({"run", "--duration", "5"}));
  REQUIRE_FALSE(read({"run", "--value-bytes", "9-8"}));
}

TEST_CASE("of a flag that is given twice the last counts, as scripts with flags of their own need it") {
  const auto options = read({"compare", "--rounds", "3", "--folder", "a", "--rounds", "1", "--folder=b"});
  REQUIRE(options);
  REQUIRE(options->compare.rounds == 1);
  REQUIRE(options->compare.scratch == "b");
}

TEST_CASE("each command has the flags' fields to itself") {
  const auto disk = read({"disk", "--duration=7s", "--bytes=1KiB", "--folder=d", "--limits=l"});
  REQUIRE(disk);
  REQUIRE(disk->disk.duration == 7_s);
  REQUIRE(disk->disk.bytes == 1024);
  REQUIRE(disk->disk.directory == "d");
  REQUIRE(disk->directory == "d");
  REQUIRE(disk->limits == "l");
  const auto net = read({"net", "--duration=7s", "--bytes=1"});
  REQUIRE(net);
  REQUIRE(net->net.duration == 7_s);
  REQUIRE(net->net.bytes == 1);
  const auto compare = read({"compare", "--duration=7s", "--warm-up=1s", "--rate=9", "--systems=a,b", "--limits=l"});
  REQUIRE(compare);
  REQUIRE(compare->compare.duration == 7_s);
  REQUIRE(compare->compare.warm_up == 1_s);
  REQUIRE(compare->compare.rate == 9);
  REQUIRE(compare->compare.systems == std::vector<std::string>{"a", "b"});
  REQUIRE(compare->compare.limits == "l");
  REQUIRE(read({"plot", "b.json", "--svg", "p", "a.json"})->inputs == std::vector<std::string>{"b.json", "a.json"});
}

TEST_CASE("the help names every command and flag") {
  for (const char* word :
       {"run", "disk", "net", "plot", "compare", "--rate", "--svg", "--writers", "--peer", "--rounds"}) {
    REQUIRE(help_text().find(word) != std::string::npos);
  }
  for (const char* standard : {"[127.0.0.1:9121]", "[skiff]", "[256B]", "[10s]", "[3s]", "[500ms]", "[5000]"}) {
    REQUIRE(help_text().find(standard) != std::string::npos);
  }
  REQUIRE(read({"disk", "--help"})->command == Command::help);
  REQUIRE(read({})->command == Command::help);
}

TEST_CASE("bash completes commands, flags and values") {
  using bash::complete;
  using bash::Words;
  const std::string script = completion_text();
  REQUIRE(complete(script, {"skiff-bench", "c"}) == Words{"compare", "completion"});
  REQUIRE(complete(script, {"skiff-bench", "--targ"}) == Words{"--target"});  // of run, without a word before it
  REQUIRE(complete(script, {"skiff-bench", "run", "--target", "etcd"}) == Words{"etcd-v2", "etcd-v3"});
  REQUIRE(complete(script, {"skiff-bench", "--distribution", "=", "z"}) == Words{"zipfian"});
  REQUIRE(complete(script, {"skiff-bench", "compare", "--systems", "skiff,etcd-v2"}) == Words{"skiff,etcd-v2"});
  REQUIRE(complete(script, {"skiff-bench", "disk", "--"}) ==
          Words{"--duration", "--histogram", "--hgrm", "--limits", "--folder", "--bytes", "--writers", "--help"});
  REQUIRE(read({"completion", "bash"})->command == Command::completion);
  REQUIRE_FALSE(read({"completion", "zsh"}));
  REQUIRE_FALSE(read({"completion"}));
}

}  // namespace skiff::bench::options_test
