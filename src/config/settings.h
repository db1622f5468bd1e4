// Settings: what an environment and a configuration file give for the options of a Command, before values are read.
//
// Each source becomes a list of Given: which option, which text, and where it stood, for error messages. An unknown
// name is an error here, with its variable or its line; whether a text is a good value is for take() to say.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/result.h"
#include "src/config/command_line.h"
#include "src/config/option.h"

namespace skiff {

using VariableMap = std::map<std::string, std::string>;

struct Variables {
  std::vector<Given> given;
  std::vector<std::string> ignored;  // names that begin like the command's and are another program's
};
// With the prefix SKIFF_: `SKIFF_ELECTION_TIMEOUT`; an empty variable counts as not set. A variable that does not begin
// with the prefix is another program's, and so is each that Kubernetes and docker --link set for a service of the name
// skiff, or of one that begins with it: SKIFF_SERVICE_HOST, SKIFF_SERVICE_PORT_HTTP, SKIFF_PORT=tcp://10.0.0.1:9121,
// SKIFF_PORT_9121_TCP_ADDR, and the like.
Result<Variables> read_environment(const VariableMap& environment, const Command& command);
// One line that names those, for the log.
std::string describe_ignored(const std::vector<std::string>& variables);
// Lines `name = value`; `#` begins a comment. Options that are not in_file have no place there.
Result<std::vector<Given>> read_config_text(const std::string& path, std::string_view text, const Command& command);

// The outside world, for main().
VariableMap environment_of(const char* const* variables);
Result<std::string> read_config_file(const std::string& path);

}  // namespace skiff
