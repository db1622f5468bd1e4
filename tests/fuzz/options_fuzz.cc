// Feeds nonsense to the options: the first byte says how much is a configuration file, the rest are arguments and
// variables, split at line ends. Nothing may crash, and what is accepted must lie within its limits.

#include <string>
#include <string_view>
#include <vector>

#include "raft/check.h"
#include "src/config/options.h"
#include "src/config/settings.h"

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
  CHECK(options.heartbeat_ns >= limits::kHeartbeatMinNs);
  CHECK(options.election_timeout_ns >= limits::kHeartbeatsPerElectionTimeoutMin * options.heartbeat_ns);
  CHECK(options.election_timeout_ns <= limits::kElectionTimeoutMaxNs);
  CHECK(options.request_timeout_ns >= limits::kRequestTimeoutMinNs);
  CHECK(options.value_bytes_max >= limits::kValueBytesMin);
  CHECK(options.value_bytes_max <= limits::kValueBytesMax);
  CHECK(!options.data_dir.empty());
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
