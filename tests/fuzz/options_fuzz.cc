// Feeds nonsense to the options: the first byte says how much is a configuration file, the rest are arguments and
// variables, split at line ends. Nothing may crash, and what is accepted must lie within its limits. Once with the
// node's table, and once with one that has every kind of value, as tools and the bench use it.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "raft/check.h"
#include "src/config/command_line.h"
#include "src/config/help.h"
#include "src/config/options.h"
#include "src/config/settings.h"
#include "src/config/values.h"

namespace skiff {
namespace {

std::vector<std::string> split_lines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    size_t end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

void check_limits(const Options& options) {
  CHECK(options.port != 0);
  CHECK(options.id >= 1);
  CHECK(options.id <= options.cluster.size());
  CHECK(options.cluster.size() <= limits::kMembersMax);
  CHECK(options.heartbeat >= limits::kHeartbeatMin);
  CHECK(options.election_timeout >= limits::kHeartbeatsPerElectionTimeoutMin * options.heartbeat);
  CHECK(options.election_timeout <= limits::kElectionTimeoutMax);
  CHECK(options.request_timeout >= limits::kRequestTimeoutMin);
  CHECK(options.value_bytes_max >= limits::kValueBytesMin);
  CHECK(options.value_bytes_max <= limits::kValueBytesMax);
  CHECK(!options.data_dir.empty());
}

struct Kinds {
  uint64_t number = 2, size = 4;
  raft::Time duration = 20_ns, age;
  bool deep = false;
  std::string text = "a", token, file = "a", directory = "a", level = "low";
  std::vector<std::string> colors = {"red"};
};

Command command_for(Kinds& into) {
  const auto read_level = [&into](std::string_view text) -> Result<> {
    if (text != "low" && text != "high") return fail(Error::Code::invalid, "neither");
    into.level = text;
    return {};
  };
  return {.name = "tree",
          .options = {{"number", number("N", into.number, 2, 9), ""},
                      {"duration", duration(into.duration, 20_ns, 100_ns), ""},
                      {"age", duration_or_off(into.age, 20_ns, 100_ns), ""},
                      {"size", size(into.size, 4, 4096), ""},
                      {"deep", on_off(into.deep), ""},
                      {"text", text("TEXT", into.text), ""},
                      {"token", text_or_none("TEXT", into.token), ""},
                      {"file", file_name("FILE", into.file), ""},
                      {"directory", directory_name("DIR", into.directory), ""},
                      {"level", one_of("LEVEL", {"low", "high"}, "low", read_level), ""},
                      {"colors", some_of("NAME,...", {"red", "green"}, into.colors), ""}}};
}

void check_limits(const Kinds& kinds) {
  CHECK(kinds.number >= 2 && kinds.number <= 9);
  CHECK(kinds.duration >= 20_ns && kinds.duration <= 100_ns);
  CHECK(kinds.age == 0_s || (kinds.age >= 20_ns && kinds.age <= 100_ns));
  CHECK(kinds.size >= 4 && kinds.size <= 4096);
  CHECK(!kinds.text.empty() && !kinds.file.empty() && !kinds.directory.empty());
  CHECK(kinds.level == "low" || kinds.level == "high");
  CHECK(!kinds.colors.empty());
}

// The same bytes as a command line with operands, as variables and as a file, each with fields of its own.
void feed_table(std::span<const char* const> arguments, const VariableMap& environment, const std::string& file) {
  Kinds kinds;
  Command command = command_for(kinds);
  command.operand.name = "PATH";
  for (bool last_counts : {false, true}) {
    command.last_counts = last_counts;
    const auto line = take_command_line(arguments, command);
    if (line && !line->help) check_limits(kinds);
    CHECK(!line || line->given.size() + line->operands.size() <= arguments.size());
    kinds = Kinds();
  }
  command.variables = "SKIFF_";
  const auto variables = read_environment(environment, command);
  if (variables && take(variables->given, command)) check_limits(kinds);
  kinds = Kinds();
  const auto lines = read_config_text("file", file, command);
  if (lines && take(*lines, command)) check_limits(kinds);
  CHECK(describe(command).ends_with('\n'));
}

void feed(std::string_view bytes) {
  if (bytes.empty()) return;
  size_t file_bytes = std::min<size_t>(static_cast<unsigned char>(bytes[0]), bytes.size() - 1);
  std::string file(bytes.substr(1, file_bytes));
  std::vector<const char*> arguments = {"--config", "file"};
  std::vector<const char*> variables;
  const std::vector<std::string> lines = split_lines(bytes.substr(1 + file_bytes));
  for (const std::string& line : lines) (line.starts_with('-') ? arguments : variables).push_back(line.c_str());
  variables.push_back(nullptr);
  feed_table(std::span(arguments).subspan(2), environment_of(variables.data()), file);
  Result<Asked> asked = read_options(arguments, environment_of(variables.data()),
                                     [&](const std::string&) -> Result<std::string> { return file; });
  if (asked && asked->what == Asked::What::run) check_limits(asked->options);
}

}  // namespace
}  // namespace skiff

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  skiff::feed({reinterpret_cast<const char*>(data), size});
  return 0;
}
