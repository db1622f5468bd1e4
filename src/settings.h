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
// `SKIFF_ELECTION_TIMEOUT`; what does not begin with SKIFF_ is somebody else's.
Result<std::vector<Given>> read_environment(const std::map<std::string, std::string>& environment,
                                            std::span<const SettingName> names);
// Lines `name = value`; `#` begins a comment. --config itself has no place in a file.
Result<std::vector<Given>> read_config_text(const std::string& path, std::string_view text,
                                            std::span<const SettingName> names);

// The outside world, for main().
std::map<std::string, std::string> environment_of(const char* const* variables);
Result<std::string> read_config_file(const std::string& path);

// "where: what", as an error of the kind that ends with status 2.
tl::unexpected<Error> wrong(const std::string& where, const std::string& what);
std::string quoted(std::string_view text);

}  // namespace skiff
