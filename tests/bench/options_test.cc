#include "bench/options.h"

#include "tests/support/catch.h"

namespace skiff::bench::options_test {

Result<Options> read(std::vector<const char*> words) { return read_options(words); }

TEST_CASE("every flag of a run finds its place") {
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
  REQUIRE(plan.warm_up_ns == 2 * kSecondNs);
  REQUIRE(plan.duration_ns == kSecondNs / 2);
  REQUIRE(plan.timeout_ns == 3 * kSecondNs);
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

TEST_CASE("what cannot be used is refused with its name") {
  const std::vector<std::pair<std::vector<const char*>, std::string>> rows = {
      {{"walk"}, "\"walk\" is no command"},
      {{"run", "--clients", "0"}, "--clients: \"0\" is no number from 1 to 20000"},
      {{"run", "--clients", "7x"}, "--clients: \"7x\" is no number from 1 to 20000"},
      {{"run", "--clients"}, "--clients needs a value: N"},
      {{"run", "--stale=yes"}, "--stale takes no value"},
      {{"run", "--put", "101"}, "--put: \"101\" is no number from 0 to 100"},
      {{"run", "--target", "redis"}, "--target: \"redis\" is no target (skiff, etcd-v2, etcd-v3, raw)"},
      {{"run", "--distribution", "normal"},
       "--distribution: \"normal\" is no distribution of keys (sequential, uniform, zipfian)"},
      {{"run", "--prefix", "/a b"}, "--prefix: begins with / and has letters, digits and /-._~ only"},
      {{"run", "--writers", "3"}, "--writers is no flag of `skiff-bench run`"},
      {{"run", "more"}, "\"more\" is no flag"},
      {{"plot", "--svg", "x"}, "plot needs results: files that `run --json` wrote"},
      {{"plot", "a.json"}, "plot needs --svg FILE"},
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

TEST_CASE("the help names every command and flag") {
  for (const char* word :
       {"run", "disk", "net", "plot", "compare", "--rate", "--svg", "--writers", "--peer", "--rounds"}) {
    REQUIRE(help_text().find(word) != std::string::npos);
  }
  REQUIRE(read({"disk", "--help"})->command == Command::help);
  REQUIRE(read({})->command == Command::help);
}

}  // namespace skiff::bench::options_test
