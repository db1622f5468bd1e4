// The environment variables of a node, and those of other programs.
#include "src/config/options.h"
#include "src/config/settings.h"
#include "tests/support/catch.h"

namespace skiff::environment_test {

using Arguments = std::vector<const char*>;
using Names = std::vector<std::string>;

Result<Asked> read(const VariableMap& environment, const Arguments& arguments = {}) {
  return read_options(arguments, environment, [](const std::string&) -> Result<std::string> { return ""; });
}

Asked good(const VariableMap& environment, const Arguments& arguments = {}) {
  Result<Asked> asked = read(environment, arguments);
  INFO((asked ? "" : asked.error().what));
  REQUIRE(asked.has_value());
  return *asked;
}

std::string error(const VariableMap& environment, const Arguments& arguments = {}) {
  Result<Asked> asked = read(environment, arguments);
  return asked ? "no trouble" : asked.error().what;
}

TEST_CASE("beside a service named skiff, the variables that Kubernetes sets for it are ignored") {
  const VariableMap environment = {{"SKIFF_SERVICE_HOST", "10.96.3.4"},
                                   {"SKIFF_SERVICE_PORT", "9121"},
                                   {"SKIFF_SERVICE_PORT_HTTP", "9121"},
                                   {"SKIFF_PORT", "tcp://10.96.3.4:9121"},
                                   {"SKIFF_PORT_9121_TCP", "tcp://10.96.3.4:9121"},
                                   {"SKIFF_PORT_9121_TCP_PROTO", "tcp"},
                                   {"SKIFF_PORT_9121_TCP_PORT", "9121"},
                                   {"SKIFF_PORT_9121_TCP_ADDR", "10.96.3.4"}};
  const Asked asked = good(environment);
  REQUIRE(asked.options.port == 9121);
  REQUIRE(asked.ignored_variables.size() == environment.size());
  REQUIRE(describe_ignored(asked.ignored_variables) ==
          "ignores variables that Kubernetes or docker set for a service: SKIFF_PORT, SKIFF_PORT_9121_TCP, "
          "SKIFF_PORT_9121_TCP_ADDR, SKIFF_PORT_9121_TCP_PORT, SKIFF_PORT_9121_TCP_PROTO and 3 more");
}

TEST_CASE("so are those for a service whose name begins with skiff, and for a container that is linked") {
  const VariableMap environment = {{"SKIFF_PEERS_SERVICE_HOST", "10.96.3.5"},
                                   {"SKIFF_PEERS_PORT", "udp://10.96.3.5:9021"},
                                   {"SKIFF_PEERS_PORT_9021_SCTP", "sctp://10.96.3.5:9021"},
                                   {"SKIFF_LISTEN_SERVICE_PORT_PEERS", "9021"},
                                   {"SKIFF_ENV_PATH", "/usr/bin"},
                                   {"SKIFF_1_ENV_HOME", "/root"},
                                   {"SKIFF_NAME", "/web/skiff"}};
  REQUIRE(good(environment).ignored_variables.size() == environment.size());
}

TEST_CASE("settings are settings beside them, and what is nobody's is still an error") {
  const Asked asked = good({{"SKIFF_PORT", "7"}, {"SKIFF_SERVICE_HOST", "10.96.3.4"}});
  REQUIRE(asked.options.port == 7);
  REQUIRE(asked.ignored_variables == Names{"SKIFF_SERVICE_HOST"});
  REQUIRE(describe_ignored(asked.ignored_variables) ==
          "ignores variables that Kubernetes or docker set for a service: SKIFF_SERVICE_HOST");
  for (const char* name : {"SKIFF_PRT", "SKIFF_SERVICE", "SKIFF_PEERS_PORT", "SKIFF_NAME", "SKIFF_SERVICE_HOSTS"}) {
    REQUIRE(error({{name, "1"}}) == std::string(name) + ": there is no such setting; see skiff --help");
  }
  REQUIRE(error({{"SKIFF_PORT", "http://a:1"}}).starts_with("SKIFF_PORT: "));
  REQUIRE(error({{"SKIFF_DATA_DIR", "tcp://a"}}) == "no trouble");  // an odd name, but a name
}

TEST_CASE("an empty variable counts as not set") {
  const VariableMap environment = {{"SKIFF_PORT", ""}, {"SKIFF_JOIN", ""}, {"SKIFF_DATA_DIR", ""}, {"SKIFF_PRT", ""}};
  const Asked asked = good(environment);
  REQUIRE(asked.options.port == 9121);
  REQUIRE(asked.options.data_dir == "skiff-1.data");
  REQUIRE(asked.ignored_variables.empty());
  REQUIRE(error({}, {"--data-dir="}) == "--data-dir: an empty name is no directory");  // a flag is no variable
}

TEST_CASE("a flag beats a variable whose value cannot be used") {
  REQUIRE(good({{"SKIFF_PORT", "x"}}, {"--port=1"}).options.port == 1);
  REQUIRE(good({{"SKIFF_ID", "0"}, {"SKIFF_CLUSTER", "?"}}, {"--id=1", "--cluster=a:1"}).options.id == 1);
  REQUIRE(good({{"SKIFF_CONFIG", "/nowhere"}}, {"--config=here"}).options.config == "here");
  REQUIRE(error({{"SKIFF_PORT", "x"}}) == "SKIFF_PORT: \"x\" is not a port (1 to 65535)");
  REQUIRE(error({{"SKIFF_PRT", "x"}}, {"--port=1"}).starts_with("SKIFF_PRT: "));
}

}  // namespace skiff::environment_test
