#include "src/config/settings.h"

#include <algorithm>
#include <fstream>
#include <optional>

#include "raft/check.h"
#include "src/base/try.h"
#include "src/config/units.h"

namespace skiff {
namespace {

constexpr size_t kConfigBytesMax = 64 * 1024;  // many times what every option with a comment takes

std::optional<size_t> find(const Command& command, std::string_view name) {
  for (size_t place = 0; place < command.options.size(); ++place) {
    const Option& option = command.options[place];
    if (option.in_file && option.name == name) return place;
  }
  return std::nullopt;
}

std::string variable_of(const Command& command, const Option& option) {
  std::string name = command.variables;
  for (char letter : option.name) CHECK(letter == '-' || (letter >= 'a' && letter <= 'z'));
  for (char letter : option.name) name += letter == '-' ? '_' : static_cast<char>(letter - 'a' + 'A');
  return name;
}

std::optional<size_t> find_variable(const Command& command, std::string_view variable) {
  for (size_t place = 0; place < command.options.size(); ++place) {
    if (variable_of(command, command.options[place]) == variable) return place;
  }
  return std::nullopt;
}

// "tcp://10.0.0.1:9121": an address as it is set for a service, where a setting has a number.
bool is_service_url(std::string_view text) {
  return text.starts_with("tcp://") || text.starts_with("udp://") || text.starts_with("sctp://");
}

// Kubernetes sets these for every service of the namespace; docker for each container that is linked.
bool is_of_a_service(std::string_view variable, std::string_view text) {
  const auto has = [&](std::string_view part) { return variable.find(part) != std::string_view::npos; };
  if (variable.ends_with("_SERVICE_HOST") || has("_SERVICE_PORT") || has("_PORT_")) return true;
  if (variable.ends_with("_PORT")) return is_service_url(text);
  return has("_ENV_") || (variable.ends_with("_NAME") && text.starts_with('/'));
}

// A comment begins at the start of a line or behind a blank, so that a value may hold a #.
std::string_view without_comment(std::string_view line) {
  for (size_t at = line.find('#'); at != std::string_view::npos; at = line.find('#', at + 1)) {
    if (at == 0 || line[at - 1] == ' ' || line[at - 1] == '\t') return line.substr(0, at);
  }
  return line;
}

Result<Given> read_config_line(const std::string& where, std::string_view line, const Command& command) {
  size_t equals = line.find('=');
  if (equals == std::string_view::npos) return wrong(where, "not of the form `name = value`");
  std::string name(trim(line.substr(0, equals)));
  std::optional<size_t> option = find(command, name);
  if (!option) return wrong(where, "there is no setting " + quoted(name));
  return Given{where + ": " + name, *option, std::string(trim(line.substr(equals + 1)))};
}

}  // namespace

Result<Variables> read_environment(const VariableMap& environment, const Command& command) {
  CHECK(!command.variables.empty());
  Variables variables;
  for (const auto& [name, text] : environment) {
    if (!name.starts_with(command.variables) || text.empty()) continue;
    std::optional<size_t> option = find_variable(command, name);
    if ((!option || is_service_url(text)) && is_of_a_service(name, text)) {
      variables.ignored.push_back(name);
      continue;
    }
    if (!option) return wrong(name, "there is no such setting; see " + command.name + " --help");
    variables.given.push_back({name, *option, text});
  }
  return variables;
}

std::string describe_ignored(const std::vector<std::string>& variables) {
  CHECK(!variables.empty());
  constexpr size_t kShownMax = 5;
  std::string text = "ignores variables that Kubernetes or docker set for a service:";
  const size_t shown = std::min(variables.size(), kShownMax);
  for (size_t next = 0; next < shown; ++next) text += (next == 0 ? " " : ", ") + variables[next];
  if (shown < variables.size()) text += " and " + std::to_string(variables.size() - shown) + " more";
  return text;
}

Result<std::vector<Given>> read_config_text(const std::string& path, std::string_view text, const Command& command) {
  std::vector<Given> settings;
  const bool is_utf16 = text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff");
  if (is_utf16) return wrong(path, "written in UTF-16: save it as UTF-8");
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";  // of editors that mark UTF-8, too
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  for (size_t number = 1; !text.empty(); ++number) {
    size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = trim(without_comment(text.substr(0, end)));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty()) continue;
    TRY(Given given, read_config_line(path + " line " + std::to_string(number), line, command));
    CHECK(given.option < command.options.size());
    settings.push_back(std::move(given));
  }
  return settings;
}

VariableMap environment_of(const char* const* variables) {
  CHECK(variables != nullptr);
  VariableMap environment;
  for (; *variables != nullptr; ++variables) {
    std::string_view variable = *variables;
    size_t equals = variable.find('=');
    if (equals != std::string_view::npos) environment.emplace(variable.substr(0, equals), variable.substr(equals + 1));
  }
  return environment;
}

Result<std::string> read_config_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(kConfigBytesMax + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!file.is_open() || file.bad()) return wrong("read " + path, "cannot be opened, or is no file");
  CHECK(file.gcount() >= 0);
  text.resize(static_cast<size_t>(file.gcount()));
  if (text.size() > kConfigBytesMax) {
    return wrong("read " + path, "larger than a configuration file may be (" + show_bytes(kConfigBytesMax) + ")");
  }
  return text;
}

}  // namespace skiff
