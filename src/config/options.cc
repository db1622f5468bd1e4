#include "src/config/options.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "raft/check.h"
#include "src/base/narrow.h"
#include "src/base/try.h"
#include "src/config/command_line.h"
#include "src/config/help.h"
#include "src/config/options_fit.h"
#include "src/config/values.h"
#include "transport/http/access.h"

namespace skiff {
namespace {

using transport::Address;

// ---- values that only a node has

// Elsewhere port 0 means "any free one"; an operator who writes it made a mistake.
Result<Address> parse_with_port(std::string_view text) {
  Result<Address> address = transport::parse_address(text);
  if (address && address->port == 0) return fail(Error::Code::invalid, quoted(text) + ": 0 is not a port (1 to 65535)");
  return address;
}

// One in --cluster, as people write lists: with blanks behind the commas.
Result<Address> parse_member(std::string_view text) {
  TRY(const Address address, parse_with_port(trim(text)));
  TRY(transport::require_dialable(address));
  CHECK(address.port != 0);
  return address;
}

Result<> add_member(std::vector<Address>& cluster, const Address& member) {
  for (const Address& other : cluster) {
    if (!transport::is_same_place(other, member)) continue;
    const std::string url = transport::to_url(member);
    if (other == member) return fail(Error::Code::invalid, url + " stands there twice");
    return fail(Error::Code::invalid, transport::to_url(other) + " and " + url + " are the same place");
  }
  cluster.push_back(member);
  return {};
}

Result<> take_cluster(Options& into, std::string_view text) {
  std::vector<Address> cluster;
  while (true) {
    size_t comma = std::min(text.find(','), text.size());
    TRY(const Address member, parse_member(text.substr(0, comma)));
    TRY(add_member(cluster, member));
    if (comma == text.size()) break;
    text.remove_prefix(comma + 1);
  }
  if (cluster.size() > limits::kMembersMax) {
    return fail(Error::Code::invalid, std::to_string(cluster.size()) + " members are too many (1 to " +
                                          std::to_string(limits::kMembersMax) + ")");
  }
  CHECK(!cluster.empty());
  into.cluster = std::move(cluster);
  into.cluster_given = true;
  return {};
}

// A node listens at a numeric address of its machine; names are looked up only to dial.
Result<> require_numeric(const std::string& host) {
  std::array<unsigned char, sizeof(in6_addr)> address{};
  if (inet_pton(AF_INET, host.c_str(), address.data()) == 1) return {};
  if (inet_pton(AF_INET6, host.c_str(), address.data()) == 1) return {};
  return fail(Error::Code::invalid, quoted(host) + " is not a numeric address, like 127.0.0.1, 0.0.0.0 or ::1");
}

Result<> take_peer_listen(Options& into, std::string_view text) {
  TRY(const Address address, parse_with_port(text));
  into.peer_listen = address;
  return require_numeric(address.host);
}

Value port(uint16_t& field) {
  auto read = [&field](std::string_view text) -> Result<> {
    TRY(const uint64_t port, parse_number(text, 1, 65'535, "a port"));
    field = narrow<uint16_t>(port);
    return {};
  };
  return {.name = "PORT", .read = read, .standard = std::to_string(field)};
}

Value listen(std::string& field) {
  auto read = [&field](std::string_view text) {
    field = text;
    return require_numeric(field);
  };
  return {.name = "ADDRESS", .read = read, .standard = field};
}

Value peer_listen(Options& into) {
  auto read = [&into](std::string_view text) { return take_peer_listen(into, text); };
  return {.name = "ADDRESS:PORT", .read = read, .standard = "as in --cluster"};
}

Value origins(std::vector<std::string>& field) {
  auto read = [&field](std::string_view text) { return transport::parse_origins(text, field); };
  return {.name = "ORIGIN,...", .read = read, .standard = "none"};
}

Value host_names(std::vector<std::string>& field) {
  auto read = [&field](std::string_view text) { return transport::parse_host_names(text, field); };
  return {.name = "NAME,...", .read = read, .standard = "none"};
}

// 0 means never, and not all the time.
Value scrub_every(raft::Time& field) {
  Value value = duration_or_off(field, limits::kScrubEveryMin, limits::kScrubEveryMax);
  value.read = [read = std::move(value.read)](std::string_view text) { return read(text == "0" ? "off" : text); };
  return value;
}

Value log_level(log::Level& field) {
  auto read = [&field](std::string_view text) -> Result<> {
    TRY(field, log::parse_level(text));
    return {};
  };
  return one_of("LEVEL", {"debug", "info", "warn", "error", "off"}, "info", read);
}

// ---- the table, in the order of --help

std::vector<Option> options_for_the_network(Options& into) {
  return {
      {"id", node_id(into.id), "this node's id: its place in --cluster, from 1"},
      {"cluster", members(into),
       "the founding members' addresses for each other, in the order of\n"
       "their ids; http://host:port, tcp://host:port and host:port mean\n"
       "the same. Afterwards the membership in the log rules; members are\n"
       "also looked for at these addresses"},
      {"join", shown_as("off", on_off(into.join)),
       "this node is being added to a running cluster: --cluster names\n"
       "members that are there, and this node in its place, or else\n"
       "--peer-listen says where it is. Of no effect once it has joined"},
      {"port", port(into.port), "where clients find this node"},
      {"listen", listen(into.listen), "numeric address to listen on for clients; 0.0.0.0: all of IPv4"},
      {"peer-listen", peer_listen(into),
       "numeric address and port to listen on for the other members, where\n"
       "that differs from this node's entry of --cluster"},
      {"cors-origin", origins(into.cors_origins),
       "web pages of these other origins, like http://app.example, may use\n"
       "this node; * for all. Others are answered 403"},
      {"host-whitelist", host_names(into.host_whitelist),
       "names in the Host of a request that this node answers to, beside\n"
       "localhost and IP addresses; * for all. Others are answered 421 if\n"
       "names are given here, or --listen is a loopback address"},
  };
}

std::vector<Option> options_for_the_disk_and_time(Options& into) {
  return {
      {"data-dir", shown_as("skiff-<id>.data", directory_name("FOLDER", into.data_dir)),
       "everything the node keeps; made if it does not exist, with the\n"
       "directories above it"},
      {"heartbeat", duration(into.heartbeat, limits::kHeartbeatMin, limits::kHeartbeatMax),
       "how often a leader with nothing else to say says that it leads"},
      {"election-timeout", duration(into.election_timeout, limits::kElectionTimeoutMin, limits::kElectionTimeoutMax),
       "the least silence of a leader after which another is elected; each\n"
       "node waits between once and twice that. At least three heartbeats"},
      {"request-timeout", duration(into.request_timeout, limits::kRequestTimeoutMin, limits::kRequestTimeoutMax),
       "after which a request without an answer is answered 503 or 504"},
      {"join-timeout", duration(into.join_timeout, limits::kJoinTimeoutMin, limits::kJoinTimeoutMax),
       "a member that was added, and that the leader has not heard of for\n"
       "so long, is withdrawn"},
  };
}

std::vector<Option> options_for_what_is_kept(Options& into) {
  return {
      {"value-bytes-max", size(into.value_bytes_max, limits::kValueBytesMin, limits::kValueBytesMax),
       "larger values are answered 413"},
      {"snapshot-log-bytes", size(into.snapshot_log_bytes, limits::kSnapshotLogBytesMin, limits::kSnapshotLogBytesMax),
       "a snapshot is made, and the log cut, when it has grown by that much"},
      {"scrub-every", scrub_every(into.scrub_every),
       "so often, unless it is off, all that rests on the disk is read\n"
       "again, slowly, and what is found damaged is replaced"},
      {"history-revisions",
       number("N", into.history_revisions, 1, limits::kHistoryRevisionsMax, "a number of revisions"),
       "about so many revisions of the map are kept behind the newest; the\n"
       "leader's settings count"},
      {"history-bytes", size(into.history_bytes, limits::kHistoryBytesMin, limits::kHistoryBytesMax),
       "and no more of them than hold so many bytes of keys and values"},
      {"history-age", duration_or_off(into.history_age, limits::kHistoryAgeMin, limits::kHistoryAgeMax),
       "and, unless it is off, none that are older than that"},
      {"log-level", log_level(into.log_level), "debug, info, warn, error or off; lines go to stderr"},
      {.name = "config",
       .value = shown_as("none", file_name("FILE", into.config)),
       .meaning = "settings as lines `election-timeout = 500ms`; # begins a comment",
       .in_file = false},
  };
}

// ---- all together

// Flag beats environment beats file: applied the other way round, the last one stays.
Result<> take_both(const std::vector<Given>& variables, const std::vector<Given>& flags, const Command& command) {
  TRY(take(variables, command));
  return take(flags, command);
}

Result<Options> combine(const std::vector<Given>& flags, const std::vector<Given>& variables,
                        const ReadFile& read_file) {
  Options named;  // only to learn the file's name
  TRY(take_both(variables, flags, node_command(named)));
  Options options;
  const Command command = node_command(options);
  if (!named.config.empty()) {
    TRY(const std::string text, read_file(named.config));
    TRY(const std::vector<Given> settings, read_config_text(named.config, text, command));
    TRY(take(settings, command));
  }
  TRY(take_both(variables, flags, command));
  return options;
}

}  // namespace

Result<Asked> read_options(std::span<const char* const> arguments, const VariableMap& environment,
                           const ReadFile& read_file) {
  Options unread;
  const Command command = node_command(unread);
  TRY(const CommandLine line, read_command_line(arguments, command));
  if (line.help) return Asked{Asked::What::help, {}};
  if (line.version) return Asked{Asked::What::version, {}};
  TRY(Variables variables, read_environment(environment, command));
  std::erase_if(variables.given, [&](const Given& variable) { return is_given(line.given, variable.option); });
  TRY(Options options, combine(line.given, variables.given, read_file));
  TRY(require_fit(options));
  if (options.data_dir.empty()) options.data_dir = "skiff-" + std::to_string(options.id) + ".data";
  CHECK(options.id <= limits::kNodeIdMax);
  CHECK(options.port != 0);
  return Asked{Asked::What::run, std::move(options), std::move(variables.ignored)};
}

Command node_command(Options& into) {
  Command command = {.name = "skiff", .variables = "SKIFF_", .has_version = true};
  for (auto* part : {options_for_the_network, options_for_the_disk_and_time, options_for_what_is_kept}) {
    for (Option& option : part(into)) {
      const auto has_its_name = [&](const Option& other) { return other.name == option.name; };
      CHECK(std::none_of(command.options.begin(), command.options.end(), has_its_name));
      command.options.push_back(std::move(option));
    }
  }
  return command;
}

Value node_id(raft::NodeId& field) { return number("N", field, 1, limits::kNodeIdMax, "a node id"); }

Value members(Options& into) {
  CHECK(!into.cluster.empty());
  auto read = [&into](std::string_view text) { return take_cluster(into, text); };
  return {.name = "URL,URL,...", .read = read, .standard = transport::to_url(into.cluster.front())};
}

std::string help_text() {
  constexpr HelpLayout kLayout = {.column = 30, .default_below = true};
  Options fresh;
  return "skiff: a replicated key-value store. Without any flag: a single durable node on port 9121.\n\n"
         "Usage: skiff [--FLAG VALUE | --FLAG=VALUE]...\n\n" +
         describe(node_command(fresh), kLayout) + describe_row("--version", "print the version and end", kLayout) +
         describe_row("--help, -h", "print this and end", kLayout) +
         "\nIn brackets: the default. Durations: 50ms, 5s, 1m. Sizes: 64KiB, 1MiB, 1MB, or bytes.\n"
         "Every setting is also an environment variable (SKIFF_ELECTION_TIMEOUT) and a line of the --config\n"
         "file (election-timeout = 500ms). A flag beats the environment, that beats the file. An empty\n"
         "variable counts as not set.\n";
}

}  // namespace skiff
