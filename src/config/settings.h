// Settings: what a command line, an environment and a configuration file give, before anybody asks what it means.
//
// Each source becomes a list of Given: which setting, which text, and where it stood, for error messages. An unknown
// name is an error here; whether a text is a good value is for options.cc to say.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/result.h"

namespace skiff {

struct SettingName {
  std::string_view name;   // "election-timeout"
  std::string_view value;  // what stands for its value in --help: "DURATION"; empty: a switch, which needs none
};

struct Given {
  std::string where;   // "--port", "SKIFF_PORT", "skiff.conf line 3: port"
  size_t setting = 0;  // its place among the names
  std::string text;
};

struct CommandLine {
  bool help = false;
  bool version = false;
  std::vector<Given> given;
};

// `--port 1`, `--port=1`, `--join`.
Result<CommandLine> read_command_line(std::span<const char* const> arguments, std::span<const SettingName> names);

struct Variables {
  std::vector<Given> given;
  std::vector<std::string> ignored;  // names that begin with SKIFF_ and are another program's
};
// `SKIFF_ELECTION_TIMEOUT`; an empty variable counts as not set. What does not begin with SKIFF_ is somebody else's,
// and so is what Kubernetes and docker --link set for a service of the name skiff, or of one that begins with it:
// SKIFF_SERVICE_HOST, SKIFF_SERVICE_PORT_HTTP, SKIFF_PORT=tcp://10.0.0.1:9121, SKIFF_PORT_9121_TCP_ADDR, and the like.
Result<Variables> read_environment(const std::map<std::string, std::string>& environment,
                                   std::span<const SettingName> names);
// One line that names those, for the log.
std::string describe_ignored(const std::vector<std::string>& variables);
// Lines `name = value`; `#` begins a comment. --config itself has no place in a file.
Result<std::vector<Given>> read_config_text(const std::string& path, std::string_view text,
                                            std::span<const SettingName> names);

// The outside world, for main().
std::map<std::string, std::string> environment_of(const char* const* variables);
Result<std::string> read_config_file(const std::string& path);

// "where: what", as an error of the kind that ends with status 2.
tl::unexpected<Error> wrong(const std::string& where, const std::string& what);
std::string quoted(std::string_view text);
// Without blanks and line ends around it.
std::string_view trim(std::string_view text);

}  // namespace skiff
