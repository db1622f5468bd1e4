#include "src/config/options.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <set>
#include <string_view>

#include "src/base/narrow.h"
#include "src/config/options_fit.h"
#include "src/config/settings.h"
#include "src/config/units.h"
#include "transport/http/access.h"

namespace skiff {
namespace {

using transport::Address;

// ---- the values: each take() reads one text into one field

Result<uint64_t> parse_number(std::string_view text, uint64_t most, const std::string& what) {
  uint64_t number = 0;
  auto [end, trouble] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (trouble != std::errc() || end != text.data() + text.size() || number < 1 || number > most) {
    return fail(Error::Code::invalid, quoted(text) + " is not " + what + " (1 to " + std::to_string(most) + ")");
  }
  return number;
}

Result<> take_id(Options& into, std::string_view text) {
  Result<uint64_t> id = parse_number(text, limits::kNodeIdMax, "a node id");
  if (!id) return tl::unexpected(id.error());
  into.id = *id;
  return {};
}

// Elsewhere port 0 means "any free one"; an operator who writes it made a mistake.
Result<Address> parse_with_port(std::string_view text) {
  Result<Address> address = transport::parse_address(text);
  if (address && address->port == 0) return fail(Error::Code::invalid, quoted(text) + ": 0 is not a port (1 to 65535)");
  return address;
}

// One in --cluster, as people write lists: with blanks behind the commas.
Result<Address> parse_member(std::string_view text) {
  Result<Address> address = parse_with_port(trim(text));
  if (!address) return address;
  if (Result<> dialable = transport::require_dialable(*address); !dialable) return tl::unexpected(dialable.error());
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
    Result<Address> member = parse_member(text.substr(0, comma));
    if (!member) return tl::unexpected(member.error());
    if (Result<> added = add_member(cluster, *member); !added) return added;
    if (comma == text.size()) break;
    text.remove_prefix(comma + 1);
  }
  if (cluster.size() > limits::kMembersMax) {
    return fail(Error::Code::invalid, std::to_string(cluster.size()) + " members are too many (1 to " +
                                          std::to_string(limits::kMembersMax) + ")");
  }
  into.cluster = std::move(cluster);
  into.cluster_given = true;
  return {};
}

Result<> take_join(Options& into, std::string_view text) {
  if (text != "true" && text != "false") {
    return fail(Error::Code::invalid, quoted(text) + " is neither true nor false");
  }
  into.join = text == "true";
  return {};
}

Result<> take_port(Options& into, std::string_view text) {
  Result<uint64_t> port = parse_number(text, 65'535, "a port");
  if (!port) return tl::unexpected(port.error());
  into.port = narrow<uint16_t>(*port);
  return {};
}

// Whoever listens must name an address of this machine; resolving names is for those who dial.
Result<> require_numeric(const std::string& host) {
  std::array<unsigned char, sizeof(in6_addr)> address{};
  if (inet_pton(AF_INET, host.c_str(), address.data()) == 1) return {};
  if (inet_pton(AF_INET6, host.c_str(), address.data()) == 1) return {};
  return fail(Error::Code::invalid, quoted(host) + " is not a numeric address, like 127.0.0.1, 0.0.0.0 or ::1");
}

Result<> take_listen(Options& into, std::string_view text) {
  into.listen = text;
  return require_numeric(into.listen);
}

Result<> take_peer_listen(Options& into, std::string_view text) {
  Result<Address> address = parse_with_port(text);
  if (!address) return tl::unexpected(address.error());
  into.peer_listen = *address;
  return require_numeric(address->host);
}

Result<> take_data_dir(Options& into, std::string_view text) {
  if (text.empty()) return fail(Error::Code::invalid, "an empty name is no folder");
  into.data_dir = text;
  return {};
}

Result<> take_log_level(Options& into, std::string_view text) {
  Result<log::Level> level = log::parse_level(text);
  if (!level) return tl::unexpected(level.error());
  into.log_level = *level;
  return {};
}

Result<> take_config(Options& into, std::string_view text) {
  if (text.empty()) return fail(Error::Code::invalid, "an empty name is no file");
  into.config = text;
  return {};
}

template <auto field, uint64_t least, uint64_t most>
Result<> take_duration(Options& into, std::string_view text) {
  Result<uint64_t> duration = parse_duration_ns(text, least, most);
  if (!duration) return tl::unexpected(duration.error());
  into.*field = *duration;
  return {};
}

template <auto field, uint64_t least, uint64_t most>
Result<> take_duration_or_off(Options& into, std::string_view text) {
  into.*field = 0;
  return text == "off" ? Result<>() : take_duration<field, least, most>(into, text);
}

// Whoever writes 0 means never, and not all the time.
Result<> take_scrub_every(Options& into, std::string_view text) {
  constexpr auto kTake =
      take_duration_or_off<&Options::scrub_every_ns, limits::kScrubEveryMinNs, limits::kScrubEveryMaxNs>;
  return kTake(into, text == "0" ? "off" : text);
}

Result<> take_history_revisions(Options& into, std::string_view text) {
  Result<uint64_t> revisions = parse_number(text, limits::kHistoryRevisionsMax, "a number of revisions");
  if (!revisions) return tl::unexpected(revisions.error());
  into.history_revisions = *revisions;
  return {};
}

template <auto field, uint64_t least, uint64_t most>
Result<> take_bytes(Options& into, std::string_view text) {
  Result<uint64_t> size = parse_bytes(text, least, most);
  if (!size) return tl::unexpected(size.error());
  into.*field = *size;
  return {};
}

// ---- the table

struct Setting : SettingName {
  Result<> (*take)(Options& into, std::string_view text);
  std::string (*show_default)(const Options& fresh);
  std::string_view meaning;
};

const Setting kSettings[] = {
    {{"id", "N"},
     take_id,
     [](const Options& fresh) { return std::to_string(fresh.id); },
     "this node's id: its place in --cluster, from 1"},
    {{"cluster", "URL,URL,..."},
     take_cluster,
     [](const Options& fresh) { return transport::to_url(fresh.cluster.front()); },
     "the founding members' addresses for each other, in the order of\n"
     "their ids; http://host:port, tcp://host:port and host:port mean\n"
     "the same. Afterwards the membership in the log rules; members are\n"
     "also looked for at these addresses"},
    {{"join", ""},
     take_join,
     [](const Options&) -> std::string { return "off"; },
     "this node is being added to a running cluster: --cluster names\n"
     "members that are there, and this node in its place, or else\n"
     "--peer-listen says where it is. Of no effect once it has joined"},
    {{"port", "PORT"},
     take_port,
     [](const Options& fresh) { return std::to_string(fresh.port); },
     "where clients find this node"},
    {{"listen", "ADDRESS"},
     take_listen,
     [](const Options& fresh) { return fresh.listen; },
     "numeric address to listen on for clients; 0.0.0.0: all of IPv4"},
    {{"peer-listen", "ADDRESS:PORT"},
     take_peer_listen,
     [](const Options&) -> std::string { return "as in --cluster"; },
     "numeric address and port to listen on for the other members, where\n"
     "that differs from this node's entry of --cluster"},
    {{"cors-origin", "ORIGIN,..."},
     [](Options& into, std::string_view text) { return transport::parse_origins(text, into.cors_origins); },
     [](const Options&) -> std::string { return "none"; },
     "web pages of these other origins, like http://app.example, may use\n"
     "this node; * for all. Others are answered 403"},
    {{"host-whitelist", "NAME,..."},
     [](Options& into, std::string_view text) { return transport::parse_host_names(text, into.host_whitelist); },
     [](const Options&) -> std::string { return "none"; },
     "names in the Host of a request that this node answers to, beside\n"
     "localhost and IP addresses; * for all. Others are answered 421 if\n"
     "names are given here, or --listen is a loopback address"},
    {{"data-dir", "FOLDER"},
     take_data_dir,
     [](const Options&) -> std::string { return "skiff-<id>.data"; },
     "everything the node keeps; made if it does not exist, with the\n"
     "folders above it"},
    {{"heartbeat", "DURATION"},
     take_duration<&Options::heartbeat_ns, limits::kHeartbeatMinNs, limits::kHeartbeatMaxNs>,
     [](const Options& fresh) { return show_duration_ns(fresh.heartbeat_ns); },
     "how often a leader with nothing else to say says that it leads"},
    {{"election-timeout", "DURATION"},
     take_duration<&Options::election_timeout_ns, limits::kElectionTimeoutMinNs, limits::kElectionTimeoutMaxNs>,
     [](const Options& fresh) { return show_duration_ns(fresh.election_timeout_ns); },
     "the least silence of a leader after which another is elected; each\n"
     "node waits between once and twice that. At least three heartbeats"},
    {{"request-timeout", "DURATION"},
     take_duration<&Options::request_timeout_ns, limits::kRequestTimeoutMinNs, limits::kRequestTimeoutMaxNs>,
     [](const Options& fresh) { return show_duration_ns(fresh.request_timeout_ns); },
     "after which a request without an answer is answered 503 or 504"},
    {{"join-timeout", "DURATION"},
     take_duration<&Options::join_timeout_ns, limits::kJoinTimeoutMinNs, limits::kJoinTimeoutMaxNs>,
     [](const Options& fresh) { return show_duration_ns(fresh.join_timeout_ns); },
     "a member that was added, and that the leader has not heard of for\n"
     "so long, is withdrawn"},
    {{"value-bytes-max", "SIZE"},
     take_bytes<&Options::value_bytes_max, limits::kValueBytesMin, limits::kValueBytesMax>,
     [](const Options& fresh) { return show_bytes(fresh.value_bytes_max); },
     "larger values are answered 413"},
    {{"snapshot-log-bytes", "SIZE"},
     take_bytes<&Options::snapshot_log_bytes, limits::kSnapshotLogBytesMin, limits::kSnapshotLogBytesMax>,
     [](const Options& fresh) { return show_bytes(fresh.snapshot_log_bytes); },
     "a snapshot is made, and the log cut, when it has grown by that much"},
    {{"scrub-every", "DURATION"},
     take_scrub_every,
     [](const Options& fresh) { return show_duration_ns(fresh.scrub_every_ns); },
     "so often, unless it is off, all that rests on the disk is read\n"
     "again, slowly, and what is found damaged is replaced"},
    {{"history-revisions", "N"},
     take_history_revisions,
     [](const Options& fresh) { return std::to_string(fresh.history_revisions); },
     "about so many revisions of the map are kept behind the newest; the\n"
     "leader's settings count"},
    {{"history-bytes", "SIZE"},
     take_bytes<&Options::history_bytes, limits::kHistoryBytesMin, limits::kHistoryBytesMax>,
     [](const Options& fresh) { return show_bytes(fresh.history_bytes); },
     "and no more of them than hold so many bytes of keys and values"},
    {{"history-age", "DURATION"},
     take_duration_or_off<&Options::history_age_ns, limits::kHistoryAgeMinNs, limits::kHistoryAgeMaxNs>,
     [](const Options&) -> std::string { return "off"; },
     "and, unless it is off, none that are older than that"},
    {{"log-level", "LEVEL"},
     take_log_level,
     [](const Options&) -> std::string { return "info"; },
     "debug, info, warn, error or off; lines go to stderr"},
    {{"config", "FILE"},
     take_config,
     [](const Options&) -> std::string { return "none"; },
     "settings as lines `election-timeout = 500ms`; # begins a comment"},
};

std::vector<SettingName> names() { return {std::begin(kSettings), std::end(kSettings)}; }

// ---- all together

// Takes what one source gives. A source that says something twice is mistaken in one of the two.
Result<> take_all(const std::vector<Given>& source, Options& options) {
  std::set<size_t> seen;
  for (const Given& given : source) {
    if (!seen.insert(given.setting).second) return wrong(given.where, "given twice");
    if (given.text.find('\0') != std::string::npos) return wrong(given.where, "holds a zero byte");
    Result<> taken = kSettings[given.setting].take(options, given.text);
    if (!taken) return wrong(given.where, taken.error().what);
  }
  return {};
}

bool is_given(const std::vector<Given>& source, size_t setting) {
  return std::any_of(source.begin(), source.end(), [&](const Given& given) { return given.setting == setting; });
}

// Flag beats environment beats file: applied the other way round, the last one stays.
Result<Options> combine(const std::vector<Given>& flags, const std::vector<Given>& variables,
                        const ReadFile& read_file) {
  Options named;  // only to learn the file's name
  for (const std::vector<Given>* source : {&variables, &flags}) {
    Result<> taken = take_all(*source, named);
    if (!taken) return tl::unexpected(taken.error());
  }
  Options options;
  if (!named.config.empty()) {
    Result<std::string> text = read_file(named.config);
    if (!text) return tl::unexpected(text.error());
    Result<std::vector<Given>> settings = read_config_text(named.config, *text, names());
    if (!settings) return tl::unexpected(settings.error());
    Result<> taken = take_all(*settings, options);
    if (!taken) return tl::unexpected(taken.error());
  }
  for (const std::vector<Given>* source : {&variables, &flags}) {
    Result<> taken = take_all(*source, options);
    if (!taken) return tl::unexpected(taken.error());
  }
  return options;
}

}  // namespace

Result<Asked> read_options(std::span<const char* const> arguments, const Environment& environment,
                           const ReadFile& read_file) {
  Result<CommandLine> line = read_command_line(arguments, names());
  if (!line) return tl::unexpected(line.error());
  if (line->help) return Asked{Asked::What::help, {}};
  if (line->version) return Asked{Asked::What::version, {}};
  Result<Variables> variables = read_environment(environment, names());
  if (!variables) return tl::unexpected(variables.error());
  std::erase_if(variables->given, [&](const Given& variable) { return is_given(line->given, variable.setting); });
  Result<Options> options = combine(line->given, variables->given, read_file);
  if (!options) return tl::unexpected(options.error());
  Result<> fit = require_fit(*options);
  if (!fit) return tl::unexpected(fit.error());
  if (options->data_dir.empty()) options->data_dir = "skiff-" + std::to_string(options->id) + ".data";
  return Asked{Asked::What::run, std::move(*options), std::move(variables->ignored)};
}

std::string help_text() {
  constexpr size_t kColumn = 30;
  std::string text =
      "skiff: a replicated key-value store. Without any flag: a single durable node on port 9121.\n\n"
      "Usage: skiff [--FLAG VALUE | --FLAG=VALUE]...\n\n";
  const Options fresh;
  auto row = [&](std::string flag, std::string_view meaning) {
    flag.resize(std::max(flag.size() + 2, kColumn), ' ');
    text += flag;
    for (char letter : meaning) text += letter == '\n' ? "\n" + std::string(kColumn, ' ') : std::string(1, letter);
    text += '\n';
  };
  for (const Setting& setting : kSettings) {
    std::string flag = "  --" + std::string(setting.name);
    if (!setting.value.empty()) flag += " " + std::string(setting.value);
    row(std::move(flag), std::string(setting.meaning) + "\n[" + setting.show_default(fresh) + "]");
  }
  row("  --version", "print the version and end");
  row("  --help, -h", "print this and end");
  text +=
      "\nIn brackets: the default. Durations: 50ms, 5s, 1m. Sizes: 64KiB, 1MiB, 1MB, or bytes.\n"
      "Every setting is also an environment variable (SKIFF_ELECTION_TIMEOUT) and a line of the --config\n"
      "file (election-timeout = 500ms). A flag beats the environment, that beats the file. An empty\n"
      "variable counts as not set.\n";
  return text;
}

}  // namespace skiff
