#include "bench/options.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "bench/target.h"
#include "src/config/units.h"

namespace skiff::bench {
namespace {

constexpr uint64_t kHourNs = 3600 * kSecondNs;
constexpr uint64_t kValueBytesMax = 64 << 20;

// Which commands a flag is for, as a set.
constexpr unsigned kRun = 1, kDisk = 2, kNet = 4, kPlot = 8, kCompare = 16;

struct CommandRow {
  const char* name;
  Command command;
  unsigned bit;
  const char* meaning;
};
constexpr CommandRow kCommands[] = {
    {"run", Command::run, kRun, "ask running nodes, and measure how long their answers take"},
    {"disk", Command::disk, kDisk, "measure how long a flush takes in a folder"},
    {"net", Command::net, kNet, "measure a round trip over loopback or to a peer"},
    {"plot", Command::plot, kPlot, "draw results (files of --json) in one picture: plot a.json b.json --svg out.svg"},
    {"compare", Command::compare, kCompare, "start skiff and what is installed of etcd, and compare them"},
};

Result<uint64_t> parse_number(std::string_view text, uint64_t least, uint64_t most) {
  uint64_t number = 0;
  const auto [end, trouble] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (trouble != std::errc() || end != text.data() + text.size() || number < least || number > most) {
    return fail(Error::Code::invalid, fmt::format("\"{}\" is no number from {} to {}", text, least, most));
  }
  return number;
}

template <class Value>
Result<> set(Value& place, Result<Value> value) {
  if (!value) return tl::unexpected(value.error());
  place = std::move(*value);
  return {};
}

Result<> set_text(std::string& place, std::string_view text) {
  if (text.empty()) return fail(Error::Code::invalid, "is empty");
  place = text;
  return {};
}

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> parts;
  for (size_t at = 0; at <= text.size();) {
    const size_t comma = std::min(text.find(',', at), text.size());
    parts.emplace_back(text.substr(at, comma - at));
    at = comma + 1;
  }
  return parts;
}

Result<> set_nodes(std::vector<transport::Address>& nodes, std::string_view text) {
  nodes.clear();
  for (const std::string& part : split(text)) {
    const auto address = transport::parse_address(part);
    if (!address) return tl::unexpected(address.error());
    nodes.push_back(*address);
  }
  return {};
}

// "256" or "64-4096".
Result<> set_value_bytes(Plan& plan, std::string_view text) {
  const size_t dash = text.find('-');
  const auto least = parse_bytes(text.substr(0, dash), 0, kValueBytesMax);
  if (!least) return tl::unexpected(least.error());
  const auto most = dash == std::string_view::npos ? least : parse_bytes(text.substr(dash + 1), *least, kValueBytesMax);
  if (!most) return tl::unexpected(most.error());
  plan.value_bytes = *least;
  plan.value_bytes_max = *most;
  return {};
}

Result<> set_prefix(std::string& prefix, std::string_view text) {
  const auto is_plain = [](char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') || (letter >= '0' && letter <= '9') ||
           std::string_view("/-._~").find(letter) != std::string_view::npos;
  };
  if (!text.starts_with('/') || !std::all_of(text.begin(), text.end(), is_plain)) {
    return fail(Error::Code::invalid, "begins with / and has letters, digits and /-._~ only");
  }
  return set_text(prefix, text);
}

struct Flag {
  unsigned commands;
  const char* name;
  const char* value;  // what stands behind it; empty: nothing does
  const char* meaning;
  Result<> (*take)(Options&, std::string_view);
};

using View = std::string_view;

Result<> take_duration(Options& o, View v) {
  Result<> taken = set(o.plan.duration_ns, parse_duration_ns(v, kMillisecondNs, 24 * kHourNs));
  o.disk.duration_ns = o.net.duration_ns = o.compare.duration_ns = o.plan.duration_ns;
  return taken;
}
Result<> take_warm_up(Options& o, View v) {
  Result<> taken = set(o.plan.warm_up_ns, parse_duration_ns(v, 0, kHourNs));
  o.compare.warm_up_ns = o.plan.warm_up_ns;
  return taken;
}
Result<> take_rate(Options& o, View v) {
  Result<> taken = set(o.plan.rate, parse_number(v, 1, 10'000'000));
  o.compare.rate = o.plan.rate;
  return taken;
}
Result<> take_folder(Options& o, View v) {
  o.disk.folder = o.compare.scratch = v;
  return set_text(o.folder, v);
}
Result<> take_bytes(Options& o, View v) {
  Result<> taken = set(o.disk.bytes, parse_bytes(v, 1, 1 << 20));
  o.net.bytes = o.disk.bytes;
  return taken;
}

constexpr Flag kFlags[] = {
    {kRun, "nodes", "URL,...", "where they listen, 127.0.0.1:9121; clients are spread over them",
     [](Options& o, View v) { return set_nodes(o.plan.nodes, v); }},
    {kRun, "target", "NAME", "skiff, etcd-v2, etcd-v3 or raw (any store with PUT /key and GET /key)",
     [](Options& o, View v) { return set(o.plan.target, parse_target(v)); }},
    {kRun, "clients", "N", "connections, 1; each asks again when it was answered (closed loop)",
     [](Options& o, View v) { return set(o.plan.clients, parse_number(v, 1, 20'000)); }},
    {kRun, "depth", "N", "requests in flight on each connection (pipelining), 1",
     [](Options& o, View v) { return set(o.plan.depth, parse_number(v, 1, 10'000)); }},
    {kRun | kCompare, "rate", "N",
     "open loop: so many requests a second, and latency counts from when each was planned", take_rate},
    {kRun, "put", "PERCENT", "how many are PUT, the others GET, 100",
     [](Options& o, View v) { return set(o.plan.put_percent, parse_number(v, 0, 100)); }},
    {kRun, "stale", "", "read from the node's own state, without asking the others",
     [](Options& o, View) {
       o.plan.stale_reads = true;
       return Result<>();
     }},
    {kRun, "value-bytes", "N[-M]", "size of a value, 256; or each size from N to M",
     [](Options& o, View v) { return set_value_bytes(o.plan, v); }},
    {kRun, "distribution", "NAME", "of keys: uniform, sequential or zipfian (a few are popular)",
     [](Options& o, View v) { return set(o.plan.distribution, parse_distribution(v)); }},
    {kRun, "keys", "N", "how many there are, 10000",
     [](Options& o, View v) { return set(o.plan.keys, parse_number(v, 1, kKeysMax)); }},
    {kRun, "first-key", "N", "number of the first, 0",
     [](Options& o, View v) { return set(o.plan.first_key, parse_number(v, 0, uint64_t{1} << 60)); }},
    {kRun, "prefix", "PATH", "what keys begin with, /bench/",
     [](Options& o, View v) { return set_prefix(o.plan.prefix, v); }},
    {kRun, "seed", "N", "what is random comes from it, 1",
     [](Options& o, View v) { return set(o.plan.seed, parse_number(v, 0, ~uint64_t{0})); }},
    {kRun | kCompare, "warm-up", "TIME", "asked, but not counted, 1s (compare: 500ms)", take_warm_up},
    {kRun | kDisk | kNet | kCompare, "duration", "TIME", "of what counts, 10s (others: 3s)", take_duration},
    {kRun, "count", "N", "so many requests instead of a duration",
     [](Options& o, View v) { return set(o.plan.count, parse_number(v, 1, 1'000'000'000'000)); }},
    {kRun, "timeout", "TIME",
     "after which an answer is no longer waited for, nor sent what was planned before the end, 10s",
     [](Options& o, View v) { return set(o.plan.timeout_ns, parse_duration_ns(v, kMillisecondNs, kHourNs)); }},
    {kRun, "retries", "N", "how often a request that failed is tried again, 0; its latency counts from the first try",
     [](Options& o, View v) { return set(o.plan.retries, parse_number(v, 0, 1'000'000)); }},
    {kRun, "retry-wait", "TIME", "before it is, 10ms",
     [](Options& o, View v) { return set(o.plan.retry_wait_ns, parse_duration_ns(v, 0, kHourNs)); }},
    {kRun, "interval", "TIME", "between lines of progress and rows of --csv, 1s",
     [](Options& o, View v) { return set(o.plan.interval_ns, parse_duration_ns(v, 10 * kMillisecondNs, kHourNs)); }},
    {kRun, "progress", "", "show it also where standard error is no terminal",
     [](Options& o, View) {
       o.wants_progress = true;
       return Result<>();
     }},
    {kRun | kDisk | kNet, "histogram", "", "print latencies as bars",
     [](Options& o, View) {
       o.wants_bars = true;
       return Result<>();
     }},
    {kRun, "label", "TEXT", "name of the result in pictures", [](Options& o, View v) { return set_text(o.label, v); }},
    {kRun, "json", "FILE", "write everything, for programs and for plot (- is standard output)",
     [](Options& o, View v) { return set_text(o.json, v); }},
    {kRun, "csv", "FILE", "write a row for each interval", [](Options& o, View v) { return set_text(o.csv, v); }},
    {kRun | kDisk | kNet, "hgrm", "FILE", "write HdrHistogram's percentile format, in milliseconds",
     [](Options& o, View v) { return set_text(o.hgrm, v); }},
    {kRun | kPlot, "svg", "FILE", "draw latency by percentile", [](Options& o, View v) { return set_text(o.svg, v); }},
    {kPlot, "title", "TEXT", "of the picture", [](Options& o, View v) { return set_text(o.title, v); }},
    {kRun | kDisk | kNet | kCompare, "limits", "FILE",
     "disk and net add to it what they measured; run and compare print results beside it",
     [](Options& o, View v) {
       o.compare.limits = v;
       return set_text(o.limits, v);
     }},
    {kRun | kDisk | kCompare, "folder", "DIR", "where data lies: flushed there, described in results; . is the default",
     take_folder},
    {kDisk | kNet, "bytes", "N", "flushed (512) or sent there and back (256)", take_bytes},
    {kDisk, "writers", "N", "at the same time, each in a file of its own, 1",
     [](Options& o, View v) { return set(o.disk.writers, parse_number(v, 1, 64)); }},
    {kNet, "peer", "URL", "measure to a `skiff-bench net --serve`, not over loopback",
     [](Options& o, View v) { return set_text(o.net.peer, v); }},
    {kNet, "serve", "URL", "be the peer: send back what comes, until Ctrl-C",
     [](Options& o, View v) { return set_text(o.serve, v); }},
    {kCompare, "systems", "NAME,...", "of skiff, etcd-v2, etcd-v3; all that are installed",
     [](Options& o, View v) {
       o.compare.systems = split(v);
       return Result<>();
     }},
    {kCompare, "workloads", "NAME,...", "of the standard set; all of them",
     [](Options& o, View v) {
       o.compare.workloads = split(v);
       return Result<>();
     }},
    {kCompare, "rounds", "N", "of everything, 3",
     [](Options& o, View v) { return set(o.compare.rounds, parse_number(v, 1, 100)); }},
    {kCompare, "skiff", "FILE", "the program; the one beside this",
     [](Options& o, View v) { return set_text(o.compare.skiff, v); }},
    {kCompare, "out", "DIR", "for the table, the results and the pictures",
     [](Options& o, View v) { return set_text(o.compare.out, v); }},
};

const Flag* find_flag(std::string_view name, unsigned command) {
  for (const Flag& flag : kFlags) {
    if (flag.name == name && (flag.commands & command) != 0) return &flag;
  }
  return nullptr;
}

tl::unexpected<Error> wrong(std::string what) { return fail(Error::Code::invalid, std::move(what)); }

// `next` stands behind the flag; moves on where a value was taken.
Result<> take_flag(Options& options, const CommandRow& command, std::span<const char* const> arguments, size_t& next) {
  std::string_view name = std::string_view(arguments[next - 1]).substr(2);
  const size_t equals = name.find('=');
  const bool has_value = equals != std::string_view::npos;
  std::string_view value = has_value ? name.substr(equals + 1) : "";
  name = name.substr(0, equals);
  const Flag* flag = find_flag(name, command.bit);
  if (flag == nullptr) return wrong(fmt::format("--{} is no flag of `skiff-bench {}`", name, command.name));
  if (*flag->value == '\0' && has_value) return wrong(fmt::format("--{} takes no value", name));
  if (*flag->value != '\0' && !has_value) {
    if (next == arguments.size()) return wrong(fmt::format("--{} needs a value: {}", name, flag->value));
    value = arguments[next++];
  }
  const Result<> taken = flag->take(options, value);
  if (!taken) return wrong(fmt::format("--{}: {}", name, taken.error().what));
  return {};
}

Result<> check_together(const Options& options) {
  const bool is_plot = options.command == Command::plot;
  if (!is_plot && !options.inputs.empty()) return wrong("\"" + options.inputs.front() + "\" is no flag");
  if (is_plot && options.inputs.empty()) return wrong("plot needs results: files that `run --json` wrote");
  if (is_plot && options.svg.empty()) return wrong("plot needs --svg FILE");
  return {};
}

std::string flags_of(const CommandRow& command) {
  std::string text = fmt::format("\nskiff-bench {}: {}\n", command.name, command.meaning);
  for (const Flag& flag : kFlags) {
    if ((flag.commands & command.bit) == 0) continue;
    text += fmt::format("  {:24} {}\n", fmt::format("--{} {}", flag.name, flag.value), flag.meaning);
  }
  return text;
}

}  // namespace

Result<Options> read_options(std::span<const char* const> arguments) {
  Options options;
  if (arguments.empty()) return options;
  const std::string_view first = arguments[0];
  const auto asks_help = [](std::string_view word) { return word == "--help" || word == "-h" || word == "help"; };
  if (std::any_of(arguments.begin(), arguments.end(), asks_help)) return options;
  const bool names_command = !first.starts_with("--");
  const auto row = std::find_if(std::begin(kCommands), std::end(kCommands),
                                [&](const CommandRow& one) { return one.name == (names_command ? first : "run"); });
  if (row == std::end(kCommands)) return wrong(fmt::format("\"{}\" is no command", first));
  options.command = row->command;
  for (size_t next = names_command ? 1 : 0; next < arguments.size();) {
    const std::string_view word = arguments[next++];
    if (!word.starts_with("--")) {
      options.inputs.emplace_back(word);
      continue;
    }
    const Result<> taken = take_flag(options, *row, arguments, next);
    if (!taken) return tl::unexpected(taken.error());
  }
  const Result<> fits = check_together(options);
  if (!fits) return tl::unexpected(fits.error());
  return options;
}

std::string help_text() {
  std::string text =
      "skiff-bench measures key-value stores that speak HTTP. A word before the flags says what to do;\n"
      "without one it is run. docs/benchmarking.md says how to read what it prints.\n"
      "Exit status: 0 measured; 1 not measured, or no request succeeded; 2 the command cannot be understood.\n";
  for (const CommandRow& command : kCommands) text += flags_of(command);
  return text;
}

}  // namespace skiff::bench
