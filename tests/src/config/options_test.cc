#include "src/config/options.h"

#include "src/config/settings.h"
#include "src/config/units.h"
#include "tests/support/catch.h"

namespace skiff::options_test {

using Arguments = std::vector<const char*>;

// Reads options with a configuration file of that text, whatever its name.
Result<Asked> read(const Arguments& arguments, const VariableMap& environment = {}, const std::string& file = "") {
  return read_options(arguments, environment, [&](const std::string&) -> Result<std::string> { return file; });
}

Options good(const Arguments& arguments, const VariableMap& environment = {}, const std::string& file = "") {
  Result<Asked> asked = read(arguments, environment, file);
  INFO((asked ? "" : asked.error().what));
  REQUIRE(asked.has_value());
  REQUIRE(asked->what == Asked::What::run);
  return asked->options;
}

std::string error(const Arguments& arguments, const VariableMap& environment = {}, const std::string& file = "") {
  Result<Asked> asked = read(arguments, environment, file);
  if (asked) return "no trouble";
  REQUIRE(asked.error().code == Error::Code::invalid);
  return asked.error().what;
}

TEST_CASE("without any setting it is a single node on port 9121") {
  Options options = good({});
  REQUIRE(options.id == 1);
  REQUIRE(options.cluster == std::vector<transport::Address>{{"127.0.0.1", 9021}});
  REQUIRE_FALSE(options.cluster_given);
  REQUIRE(options.port == 9121);
  REQUIRE(options.listen == "127.0.0.1");
  REQUIRE_FALSE(options.peer_listen.has_value());
  REQUIRE(options.data_dir == "skiff-1.data");
  REQUIRE(options.heartbeat == 50_ms);
  REQUIRE(options.election_timeout == 500_ms);
  REQUIRE(options.request_timeout == 5_s);
  REQUIRE(options.value_bytes_max == 1'048'576);
  REQUIRE(options.snapshot_log_bytes == 134'217'728);
  REQUIRE(options.scrub_every == 24_h);
  REQUIRE(options.history_revisions == 10'000);
  REQUIRE(options.history_bytes == 33'554'432);
  REQUIRE(options.history_age == 0_s);
  REQUIRE(options.cors_origins.empty());
  REQUIRE(options.host_whitelist.empty());
  REQUIRE(options.log_level == log::Level::info);
}

TEST_CASE("every flag arrives in its field") {
  Options options = good({"--id",
                          "2",
                          "--cluster",
                          "http://a:1,tcp://b:2,c:3/",
                          "--port",
                          "65535",
                          "--listen",
                          "::1",
                          "--peer-listen",
                          "0.0.0.0:9",
                          "--data-dir",
                          "here",
                          "--heartbeat",
                          "1ms",
                          "--election-timeout",
                          "10ms",
                          "--request-timeout=10m",
                          "--value-bytes-max=64MiB",
                          "--snapshot-log-bytes=64KiB",
                          "--scrub-every=90m",
                          "--history-revisions=1",
                          "--history-bytes=64KiB",
                          "--history-age=5m",
                          "--cors-origin=http://app.example, https://b.example:8443",
                          "--host-whitelist=skiff.example,DB",
                          "--log-level=off"});
  REQUIRE(options.id == 2);
  REQUIRE(options.cluster == std::vector<transport::Address>{{"a", 1}, {"b", 2}, {"c", 3}});
  REQUIRE(options.cluster_given);
  REQUIRE(options.port == 65535);
  REQUIRE(options.listen == "::1");
  REQUIRE(options.peer_listen == transport::Address{"0.0.0.0", 9});
  REQUIRE(options.data_dir == "here");
  REQUIRE(options.heartbeat == 1_ms);
  REQUIRE(options.election_timeout == 10_ms);
  REQUIRE(options.request_timeout == 10_min);
  REQUIRE(options.value_bytes_max == 67'108'864);
  REQUIRE(options.snapshot_log_bytes == 65'536);
  REQUIRE(options.scrub_every == 90_min);
  REQUIRE(options.history_revisions == 1);
  REQUIRE(options.history_bytes == 65'536);
  REQUIRE(options.history_age == 5_min);
  REQUIRE(options.cors_origins == std::vector<std::string>{"http://app.example", "https://b.example:8443"});
  REQUIRE(options.host_whitelist == std::vector<std::string>{"skiff.example", "db"});
  REQUIRE(options.log_level == log::Level::off);
}

TEST_CASE("files are read again, or not") {
  for (const char* off : {"--scrub-every=off", "--scrub-every=0"}) REQUIRE(good({off}).scrub_every == 0_s);
  REQUIRE(good({}, {{"SKIFF_SCRUB_EVERY", "1s"}}).scrub_every == 1_s);
}

TEST_CASE("lists in the environment and in the file are read as those of flags, and replaced as a whole") {
  const VariableMap environment = {{"SKIFF_CORS_ORIGIN", "http://a"}, {"SKIFF_HOST_WHITELIST", "a,b"}};
  REQUIRE(good({}, environment).cors_origins == std::vector<std::string>{"http://a"});
  REQUIRE(good({}, environment).host_whitelist == std::vector<std::string>{"a", "b"});
  REQUIRE(good({"--host-whitelist=c"}, environment).host_whitelist == std::vector<std::string>{"c"});
  REQUIRE(good({"--config=f"}, {}, "cors-origin = *\n").cors_origins == std::vector<std::string>{"*"});
}

TEST_CASE("a flag beats the environment, which beats the file") {
  const std::string file = "port = 1\nrequest-timeout = 1s\nheartbeat = 11ms\n";
  const VariableMap environment = {{"SKIFF_PORT", "2"}, {"SKIFF_REQUEST_TIMEOUT", "2s"}, {"SKIFF_CONFIG", "f"}};
  Options options = good({"--port", "3"}, environment, file);
  REQUIRE(options.port == 3);
  REQUIRE(options.request_timeout == 2_s);
  REQUIRE(options.heartbeat == 11_ms);
  REQUIRE(options.config == "f");
}

TEST_CASE("the data directory has the node's number, wherever that was given") {
  REQUIRE(good({"--cluster=a:1,b:1", "--id=2"}).data_dir == "skiff-2.data");
  REQUIRE(good({"--cluster=a:1,b:1"}, {{"SKIFF_ID", "2"}}).data_dir == "skiff-2.data");
}

TEST_CASE("a configuration file has comments, blanks and either line end") {
  const std::string file =
      "# all of it\r\n\r\n  port=7 # seven\r\ndata-dir = /a directory/b#c\t# with a blank\r\n\tlog-level\t=\twarn";
  Options options = good({"--config", "skiff.conf"}, {}, file);
  REQUIRE(options.port == 7);
  REQUIRE(options.data_dir == "/a directory/b#c");
  REQUIRE(options.log_level == log::Level::warn);
}

TEST_CASE("what a file cannot be read for is the answer") {
  Result<Asked> asked = read_options(
      Arguments{"--config=gone"}, {},
      [](const std::string& path) -> Result<std::string> { return fail(Error::Code::io, "read " + path); });
  REQUIRE_FALSE(asked.has_value());
  REQUIRE(asked.error().what == "read gone");
}

TEST_CASE("trouble names the place and what is wrong") {
  struct Row {
    Arguments arguments;
    std::string says;
  };
  const Row rows[] = {
      {{"--prot", "1"}, "--prot: there is no such flag; see skiff --help"},
      {{"--"}, "--: there is no such flag; see skiff --help"},
      {{""}, "\"\": not a flag; see skiff --help"},
      {{"9121"}, "\"9121\": not a flag; see skiff --help"},
      {{"--port"}, "--port: needs a value: PORT"},
      {{"--port", "70000"}, "--port: \"70000\" is not a port (1 to 65535)"},
      {{"--port=0"}, "--port: \"0\" is not a port (1 to 65535)"},
      {{"--port="}, "--port: \"\" is not a port (1 to 65535)"},
      {{"--port=-1"}, "--port: \"-1\" is not a port (1 to 65535)"},
      {{"--port=1x"}, "--port: \"1x\" is not a port (1 to 65535)"},
      {{"--port=1", "--port=1"}, "--port: given twice"},
      {{"--id=0"}, "--id: \"0\" is not a node id (1 to 65535)"},
      {{"--id=2"}, "--id: 2 has no entry in --cluster, which names 1"},
      {{"--id=99999999999999999999"}, "--id: \"99999999999999999999\" is not a node id (1 to 65535)"},
      {{"--cluster=a:1,a:1"}, "--cluster: http://a:1 stands there twice"},
      {{"--cluster=a:0"}, "--cluster: \"a:0\": 0 is not a port (1 to 65535)"},
      {{"--cluster=a:1,b:1,c:1,d:1,e:1,f:1,g:1,h:1,i:1,j:1"}, "--cluster: 10 members are too many (1 to 9)"},
      {{"--listen=localhost"}, "--listen: \"localhost\" is not a numeric address, like 127.0.0.1, 0.0.0.0 or ::1"},
      {{"--peer-listen=b:1"}, "--peer-listen: \"b\" is not a numeric address, like 127.0.0.1, 0.0.0.0 or ::1"},
      {{"--data-dir="}, "--data-dir: an empty name is no directory"},
      {{"--cors-origin=http://a/"},
       "--cors-origin: \"http://a/\" is no origin, like http://app.example or https://app.example:8443 (no path, no "
       "slash behind it), nor * for all"},
      {{"--host-whitelist=a:9121"},
       "--host-whitelist: \"a:9121\" is no host's name, like skiff.example (no port, no http://), nor * for all"},
      {{"--config="}, "--config: an empty name is no file"},
      {{"--heartbeat=50"}, "--heartbeat: \"50\" is no duration with a unit, like 50ms, 5s or 1m"},
      {{"--heartbeat=1us"}, "--heartbeat: \"1us\" is out of range (1ms to 10s)"},
      {{"--heartbeat=167ms"}, "--election-timeout: 500ms is less than 3 times --heartbeat, which is 167ms"},
      {{"--request-timeout=99ms"}, "--request-timeout: \"99ms\" is out of range (100ms to 10m)"},
      {{"--request-timeout=601s"}, "--request-timeout: \"601s\" is out of range (100ms to 10m)"},
      {{"--value-bytes-max=0"}, "--value-bytes-max: \"0\" is out of range (1B to 64MiB)"},
      {{"--value-bytes-max=65MiB"}, "--value-bytes-max: \"65MiB\" is out of range (1B to 64MiB)"},
      {{"--value-bytes-max=1 MiB"}, "--value-bytes-max: \"1 MiB\" is no size, like 1MiB, 64KiB or 4096"},
      {{"--history-revisions=0"}, "--history-revisions: \"0\" is not a number of revisions (1 to 1000000000)"},
      {{"--history-bytes=1KiB"}, "--history-bytes: \"1KiB\" is out of range (64KiB to 1024GiB)"},
      {{"--scrub-every=999ms"}, "--scrub-every: \"999ms\" is out of range (1s to 8784h)"},
      {{"--scrub-every=never"}, "--scrub-every: \"never\" is no duration with a unit, like 50ms, 5s or 1m"},
      {{"--history-age=0s"}, "--history-age: \"0s\" is out of range (1s to 8784h)"},
      {{"--snapshot-log-bytes=63KiB"}, "--snapshot-log-bytes: \"63KiB\" is out of range (64KiB to 1024GiB)"},
      {{"--log-level=loud"}, "--log-level: \"loud\" is not one of debug, info, warn, error, off"},
      {{"--join"}, "--join: --cluster must name members that are there"},
      {{"--join", "--cluster=a:1"}, "--join: --cluster must name members that are there"},
      {{"--join", "--id=4", "--cluster=a:1,b:1,c:1"}, "--id: 4 has no entry in --cluster, which names 3"},
      {{"--join-timeout=1ms"}, "--join-timeout: \"1ms\" is out of range (1s to 24h)"},
      {{"--join=perhaps"}, "--join: \"perhaps\" is neither true nor false"},
  };
  for (const Row& row : rows) REQUIRE(error(row.arguments) == row.says);
}

TEST_CASE("who joins asks everybody in --cluster but itself") {
  using Addresses = std::vector<transport::Address>;
  REQUIRE(others_of(good({"--join", "--id=3", "--cluster=a:1,b:1,c:1"})) == Addresses{{"a", 1}, {"b", 1}});
  REQUIRE(others_of(good({"--join", "--id=7", "--cluster=a:1,b:1", "--peer-listen=0.0.0.0:1"})) ==
          Addresses{{"a", 1}, {"b", 1}});
  REQUIRE(others_of(good({"--join", "--id=7", "--cluster=a:1,127.0.0.1:2", "--peer-listen=127.0.0.1:2"})) ==
          Addresses{{"a", 1}});
}

TEST_CASE("an address that is none is told from one that is") {
  REQUIRE(error({"--cluster="}).starts_with("--cluster: "));
  REQUIRE(error({"--cluster=a:1,"}).starts_with("--cluster: "));
  REQUIRE(error({"--cluster=https://a:1"}).starts_with("--cluster: "));
  REQUIRE(error({"--peer-listen=127.0.0.1"}).starts_with("--peer-listen: "));
}

TEST_CASE("trouble in the environment names the variable") {
  REQUIRE(error({}, {{"SKIFF_PRT", "1"}}) == "SKIFF_PRT: there is no such setting; see skiff --help");
  REQUIRE(error({}, {{"SKIFF_", "1"}}) == "SKIFF_: there is no such setting; see skiff --help");
  REQUIRE(error({}, {{"SKIFF_HELP", "1"}}) == "SKIFF_HELP: there is no such setting; see skiff --help");
  REQUIRE(error({}, {{"SKIFF_HEARTBEAT", "1"}}).starts_with("SKIFF_HEARTBEAT: \"1\" is no duration"));
  REQUIRE(good({}, {{"PORT", "x"}, {"skiff_port", "x"}}).port == 9121);
}

TEST_CASE("trouble in the file names file and line") {
  const Arguments arguments = {"--config", "skiff.conf"};
  REQUIRE(error(arguments, {}, "\n# port\nprot = 1") == "skiff.conf line 3: there is no setting \"prot\"");
  REQUIRE(error(arguments, {}, "port = x") == "skiff.conf line 1: port: \"x\" is not a port (1 to 65535)");
  REQUIRE(error(arguments, {}, "port 1") == "skiff.conf line 1: not of the form `name = value`");
  REQUIRE(error(arguments, {}, "config = other") == "skiff.conf line 1: there is no setting \"config\"");
  REQUIRE(error(arguments, {}, "port = 1\nport = 2") == "skiff.conf line 2: port: given twice");
  REQUIRE(error(arguments, {}, std::string("data-dir = a\0b", 14)) == "skiff.conf line 1: data-dir: holds a zero byte");
}

TEST_CASE("a value of the file that is overridden is checked all the same") {
  REQUIRE(error({"--port=1", "--config=f"}, {}, "port = x") == "f line 1: port: \"x\" is not a port (1 to 65535)");
}

TEST_CASE("help and version are asked for by flag, whatever else is said") {
  REQUIRE(read({"--port", "1", "--help"})->what == Asked::What::help);
  REQUIRE(read({"--version", "-h"})->what == Asked::What::help);
  REQUIRE(read({"--version"}, {{"SKIFF_PORT", "x"}})->what == Asked::What::version);
  REQUIRE(error({"--data-dir"}) == "--data-dir: needs a value: FOLDER");
  REQUIRE(good({"--data-dir", "--help"}).data_dir == "--help");
}

TEST_CASE("help names every setting with its default") {
  const std::string text = help_text();
  for (const char* flag : {"--id N",
                           "--cluster URL,URL,...",
                           "--join",
                           "--port PORT",
                           "--listen ADDRESS",
                           "--peer-listen ADDRESS:PORT",
                           "--data-dir FOLDER",
                           "--heartbeat DURATION",
                           "--election-timeout DURATION",
                           "--request-timeout DURATION",
                           "--value-bytes-max SIZE",
                           "--snapshot-log-bytes SIZE",
                           "--scrub-every DURATION",
                           "--history-revisions N",
                           "--history-bytes SIZE",
                           "--history-age DURATION",
                           "--join-timeout DURATION",
                           "--cors-origin ORIGIN,...",
                           "--host-whitelist NAME,...",
                           "--log-level LEVEL",
                           "--config FILE",
                           "--version",
                           "--help"}) {
    REQUIRE(text.find(flag) != std::string::npos);
  }
  for (const char* standard : {"[1]", "[http://127.0.0.1:9021]", "[off]", "[9121]", "[127.0.0.1]", "[skiff-<id>.data]",
                               "[50ms]", "[500ms]", "[5s]", "[1MiB]", "[128MiB]", "[info]", "[none]"}) {
    REQUIRE(text.find(standard) != std::string::npos);
  }
  for (size_t begin = 0, end = 0; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1) {
    REQUIRE(end - begin <= 100);
  }
}

TEST_CASE("units are read and shown") {
  struct Duration {
    const char* text;
    raft::Time time;
    const char* shown;
  };
  const Duration durations[] = {{"7ns", 7_ns, "7ns"}, {"1000us", 1_ms, "1ms"}, {"1500ms", 1'500_ms, "1500ms"},
                                {"60s", 60_s, "1m"},  {"1h", 3'600_s, "1h"},   {"0s", 0_ns, "0ns"}};
  for (const Duration& row : durations) {
    REQUIRE(parse_duration(row.text, 0_s, raft::Time::max()).value() == row.time);
    REQUIRE(show_duration(row.time) == row.shown);
  }
  struct Size {
    const char* text;
    uint64_t bytes;
    const char* shown;
  };
  const Size sizes[] = {{"4096", 4096, "4KiB"}, {"1MB", 1'000'000, "1000000B"}, {"3GiB", 3'221'225'472, "3GiB"}};
  for (const Size& row : sizes) {
    REQUIRE(parse_bytes(row.text, 0, ~uint64_t{0}).value() == row.bytes);
    REQUIRE(show_bytes(row.bytes) == row.shown);
  }
  for (const char* none : {"", "s", "5", "5 s", "5S", "-5s", "+5s", "0x5s", "5.0s", "5ss", "5s\n"}) {
    REQUIRE_FALSE(parse_duration(none, 0_s, raft::Time::max()).has_value());
  }
  // One more than fits, by the unit and by itself.
  REQUIRE_FALSE(parse_duration("5124096h", 0_s, raft::Time::max()).has_value());
  REQUIRE_FALSE(parse_bytes("18446744073709551616", 0, ~uint64_t{0}).has_value());
  REQUIRE(parse_bytes("18446744073709551615", 0, ~uint64_t{0}).value() == ~uint64_t{0});
}

TEST_CASE("an environment is read as the system hands it over") {
  const char* variables[] = {"SKIFF_PORT=1", "A=b=c", "odd", "SKIFF_PORT=2", nullptr};
  REQUIRE(environment_of(variables) == VariableMap{{"SKIFF_PORT", "1"}, {"A", "b=c"}});
}

TEST_CASE("a configuration file that is missing, or none, is said to be") {
  REQUIRE_FALSE(read_config_file("/nowhere/at/all").has_value());
  REQUIRE_FALSE(read_config_file("/").has_value());
  REQUIRE_FALSE(read_config_file("/dev/zero").has_value());
  REQUIRE(read_config_file("/dev/null").value().empty());
}

}  // namespace skiff::options_test
