#include "src/config/settings.h"

#include <algorithm>
#include <fstream>
#include <optional>

#include "src/config/limits.h"
#include "src/config/units.h"

namespace skiff {
namespace {

std::optional<size_t> find(std::span<const SettingName> names, std::string_view name) {
  for (size_t place = 0; place < names.size(); ++place) {
    if (names[place].name == name) return place;
  }
  return std::nullopt;
}

// Takes the argument at `at`, and the one behind it where that is its value.
Result<Given> read_flag(std::span<const char* const> arguments, size_t& at, std::span<const SettingName> names) {
  std::string_view argument = arguments[at];
  if (!argument.starts_with("--")) return wrong(quoted(argument), "not a flag; see skiff --help");
  size_t equals = argument.find('=');
  std::string flag(argument.substr(0, equals));
  std::optional<size_t> setting = find(names, std::string_view(flag).substr(2));
  if (!setting) return wrong(flag, "there is no such flag; see skiff --help");
  if (equals != std::string_view::npos) return Given{flag, *setting, std::string(argument.substr(equals + 1))};
  std::string_view value = names[*setting].value;
  if (value.empty()) return Given{flag, *setting, "true"};
  if (at + 1 == arguments.size()) return wrong(flag, "needs a value: " + std::string(value));
  return Given{flag, *setting, arguments[++at]};
}

std::string variable_of(std::string_view setting) {
  std::string name = "SKIFF_";
  for (char letter : setting) name += letter == '-' ? '_' : static_cast<char>(letter - 'a' + 'A');
  return name;
}

std::optional<size_t> find_variable(std::span<const SettingName> names, std::string_view variable) {
  for (size_t place = 0; place < names.size(); ++place) {
    if (variable_of(names[place].name) == variable) return place;
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

Result<Given> read_config_line(const std::string& where, std::string_view line, std::span<const SettingName> names) {
  size_t equals = line.find('=');
  if (equals == std::string_view::npos) return wrong(where, "not of the form `name = value`");
  std::string name(trim(line.substr(0, equals)));
  std::optional<size_t> setting = find(names, name);
  if (!setting || name == "config") return wrong(where, "there is no setting " + quoted(name));
  return Given{where + ": " + name, *setting, std::string(trim(line.substr(equals + 1)))};
}

}  // namespace

Result<CommandLine> read_command_line(std::span<const char* const> arguments, std::span<const SettingName> names) {
  CommandLine line;
  for (size_t at = 0; at < arguments.size(); ++at) {
    std::string_view argument = arguments[at];
    if (argument == "--help" || argument == "-h") {
      line.help = true;
    } else if (argument == "--version") {
      line.version = true;
    } else {
      Result<Given> given = read_flag(arguments, at, names);
      if (!given) return tl::unexpected(given.error());
      line.given.push_back(std::move(*given));
    }
  }
  return line;
}

Result<Variables> read_environment(const std::map<std::string, std::string>& environment,
                                   std::span<const SettingName> names) {
  Variables variables;
  for (const auto& [name, text] : environment) {
    if (!name.starts_with("SKIFF_") || text.empty()) continue;
    std::optional<size_t> setting = find_variable(names, name);
    if ((!setting || is_service_url(text)) && is_of_a_service(name, text)) {
      variables.ignored.push_back(name);
      continue;
    }
    if (!setting) return wrong(name, "there is no such setting; see skiff --help");
    variables.given.push_back({name, *setting, text});
  }
  return variables;
}

std::string describe_ignored(const std::vector<std::string>& variables) {
  constexpr size_t kShownMax = 5;
  std::string text = "ignores variables that Kubernetes or docker set for a service:";
  const size_t shown = std::min(variables.size(), kShownMax);
  for (size_t next = 0; next < shown; ++next) text += (next == 0 ? " " : ", ") + variables[next];
  if (shown < variables.size()) text += " and " + std::to_string(variables.size() - shown) + " more";
  return text;
}

Result<std::vector<Given>> read_config_text(const std::string& path, std::string_view text,
                                            std::span<const SettingName> names) {
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
    Result<Given> given = read_config_line(path + " line " + std::to_string(number), line, names);
    if (!given) return tl::unexpected(given.error());
    settings.push_back(std::move(*given));
  }
  return settings;
}

std::map<std::string, std::string> environment_of(const char* const* variables) {
  std::map<std::string, std::string> environment;
  for (; *variables != nullptr; ++variables) {
    std::string_view variable = *variables;
    size_t equals = variable.find('=');
    if (equals != std::string_view::npos) environment.emplace(variable.substr(0, equals), variable.substr(equals + 1));
  }
  return environment;
}

Result<std::string> read_config_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(limits::kConfigBytesMax + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!file.is_open() || file.bad()) return wrong("read " + path, "cannot be opened, or is no file");
  text.resize(static_cast<size_t>(file.gcount()));
  if (text.size() > limits::kConfigBytesMax) {
    return wrong("read " + path,
                 "larger than a configuration file may be (" + show_bytes(limits::kConfigBytesMax) + ")");
  }
  return text;
}

tl::unexpected<Error> wrong(const std::string& where, const std::string& what) {
  return fail(Error::Code::invalid, where + ": " + what);
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

std::string quoted(std::string_view text) { return "\"" + std::string(text) + "\""; }

}  // namespace skiff
