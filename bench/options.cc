#include "bench/options.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "bench/target.h"
#include "src/config/command_line.h"
#include "src/config/completion.h"
#include "src/config/help.h"
#include "src/config/units.h"
#include "src/config/values.h"

namespace skiff::bench {
namespace {

constexpr char kProgram[] = "skiff-bench";
constexpr uint64_t kValueBytesMax = 64 << 20;

// ---- values that only a bench has

template <class Field>
Result<> set(Field& field, Result<Field> value) {
  if (!value) return tl::unexpected(value.error());
  field = std::move(*value);
  return {};
}

Result<> parse_nodes(std::vector<transport::Address>& nodes, std::string_view text) {
  nodes.clear();
  for (bool more = true; more;) {
    const size_t comma = std::min(text.find(','), text.size());
    const auto address = transport::parse_address(text.substr(0, comma));
    if (!address) return tl::unexpected(address.error());
    nodes.push_back(*address);
    more = comma < text.size();
    text.remove_prefix(more ? comma + 1 : comma);
  }
  return {};
}

Value nodes(std::vector<transport::Address>& field) {
  const transport::Address& first = field.front();
  return {.name = "URL,...",
          .read = [&field](std::string_view text) { return parse_nodes(field, text); },
          .standard = fmt::format("{}:{}", first.host, first.port)};
}

Result<> take_value_bytes(Plan& plan, std::string_view text) {
  const size_t dash = text.find('-');
  const auto least = parse_bytes(text.substr(0, dash), 0, kValueBytesMax);
  if (!least) return tl::unexpected(least.error());
  const auto most = dash == std::string_view::npos ? least : parse_bytes(text.substr(dash + 1), *least, kValueBytesMax);
  if (!most) return tl::unexpected(most.error());
  plan.value_bytes = *least;
  plan.value_bytes_max = *most;
  return {};
}

// "256" or "64-4096".
Value value_bytes(Plan& plan) {
  return {.name = "SIZE[-MAX]",
          .read = [&plan](std::string_view text) { return take_value_bytes(plan, text); },
          .standard = show_bytes(plan.value_bytes)};
}

Value prefix(std::string& field) {
  Value value = text("PATH", field);
  value.read = [read = std::move(value.read)](std::string_view text) -> Result<> {
    const auto is_plain = [](char letter) {
      return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') || (letter >= '0' && letter <= '9') ||
             std::string_view("/-._~").find(letter) != std::string_view::npos;
    };
    if (text.starts_with('/') && std::all_of(text.begin(), text.end(), is_plain)) return read(text);
    return fail(Error::Code::invalid, "begins with / and has letters, digits and /-._~ only");
  };
  return value;
}

template <class Enum>
std::vector<std::string> names_of(std::initializer_list<Enum> all) {
  std::vector<std::string> names;
  for (Enum one : all) names.emplace_back(name_of(one));
  return names;
}

Value target(Target& field) {
  return one_of("NAME", names_of({Target::skiff, Target::etcd_v2, Target::etcd_v3, Target::raw}), name_of(field),
                [&field](std::string_view text) { return set(field, parse_target(text)); });
}

Value distribution(Distribution& field) {
  return one_of("NAME", names_of({Distribution::uniform, Distribution::sequential, Distribution::zipfian}),
                name_of(field), [&field](std::string_view text) { return set(field, parse_distribution(text)); });
}

// ---- options of several commands

Option rate(uint64_t& field, std::string standard) {
  return {"rate", shown_as(std::move(standard), number("N", field, 1, 10'000'000)),
          "open loop: so many requests a second, and latency counts from when\neach was planned"};
}
Option warm_up(raft::Time& field) { return {"warm-up", duration(field, 0_s, 1_h), "asked, but not counted"}; }
Option measured(raft::Time& field) { return {"duration", duration(field, 1_ms, 24_h), "of what counts"}; }
Option histogram(bool& field) { return {"histogram", on_off(field), "print latencies as bars"}; }
Option hgrm(std::string& field) {
  return {"hgrm", file_name("FILE", field), "write HdrHistogram's percentile format, in milliseconds"};
}
Option picture(std::string& field, bool is_required) {
  return {"svg", file_name("FILE", field), "draw latency by percentile", is_required};
}
Option limits(std::string& field) {
  return {"limits", file_name("FILE", field),
          "disk and net add to it what they measured; run and compare print\nresults beside it"};
}
Option directory(std::string& field) {
  return {"folder", directory_name("DIR", field), "where data lies: flushed there, described in results"};
}
Option bytes(uint64_t& field, const char* meaning) { return {"bytes", size(field, 1, 1 << 20), meaning}; }

// ---- the tables, in the order of --help

std::vector<Option> options_of_the_load(Plan& plan) {
  return {
      {"nodes", nodes(plan.nodes), "where they listen; clients are spread over them"},
      {"target", target(plan.target), "skiff, etcd-v2, etcd-v3 or raw (any store with PUT /key and\nGET /key)"},
      {"clients", number("N", plan.clients, 1, 20'000),
       "connections; each asks again when it was answered (closed loop)"},
      {"depth", number("N", plan.depth, 1, 10'000), "requests in flight on each connection (pipelining)"},
      rate(plan.rate, "none"),
      {"put", number("PERCENT", plan.put_percent, 0, 100), "how many are PUT, the others GET"},
      {"stale", on_off(plan.stale_reads), "read from the node's own state, without asking the others"},
      {"value-bytes", value_bytes(plan), "size of a value; or each size from SIZE to MAX"},
      {"distribution", distribution(plan.distribution), "of keys: uniform, sequential or zipfian (a few are popular)"},
      {"keys", number("N", plan.keys, 1, kKeysMax), "how many there are"},
      {"first-key", number("N", plan.first_key, 0, uint64_t{1} << 60), "number of the first"},
      {"prefix", prefix(plan.prefix), "what keys begin with"},
      {"seed", number("N", plan.seed, 0, ~uint64_t{0}), "what is random comes from it"},
      warm_up(plan.warm_up),
      measured(plan.duration),
      {"count", shown_as("none", number("N", plan.count, 1, 1'000'000'000'000)),
       "so many requests instead of a duration"},
      {"timeout", duration(plan.timeout, 1_ms, 1_h),
       "after which an answer is no longer waited for, nor sent what was\nplanned before the end"},
      {"retries", number("N", plan.retries, 0, 1'000'000),
       "how often a request that failed is tried again; its latency counts\nfrom the first try"},
      {"retry-wait", duration(plan.retry_wait, 0_s, 1_h), "before it is"},
  };
}

std::vector<Option> options_of_the_report(Options& into) {
  return {
      {"interval", duration(into.plan.interval, 10_ms, 1_h), "between lines of progress and rows of --csv"},
      {"progress", on_off(into.wants_progress), "show it also where standard error is no terminal"},
      histogram(into.wants_bars),
      {"label", text("TEXT", into.label), "name of the result in pictures"},
      {"json", file_name("FILE", into.json), "write everything, for programs and for plot (- is standard output)"},
      {"csv", file_name("FILE", into.csv), "write a row for each interval"},
      hgrm(into.hgrm),
      picture(into.svg, false),
      limits(into.limits),
      directory(into.directory),
  };
}

std::vector<Option> options_of_run(Options& into) {
  std::vector<Option> options = options_of_the_load(into.plan);
  for (Option& option : options_of_the_report(into)) options.push_back(std::move(option));
  return options;
}

std::vector<Option> options_of_disk(Options& into) {
  return {measured(into.disk.duration),
          histogram(into.wants_bars),
          hgrm(into.hgrm),
          limits(into.limits),
          directory(into.directory),
          bytes(into.disk.bytes, "flushed at a time"),
          {"writers", number("N", into.disk.writers, 1, 64), "at the same time, each in a file of its own"}};
}

std::vector<Option> options_of_net(Options& into) {
  return {measured(into.net.duration),
          histogram(into.wants_bars),
          hgrm(into.hgrm),
          limits(into.limits),
          bytes(into.net.bytes, "sent there and back"),
          {"peer", text("URL", into.net.peer), "measure to a `skiff-bench net --serve`, not over loopback"},
          {"serve", text("URL", into.serve), "be the peer: send back what comes, until Ctrl-C"}};
}

std::vector<Option> options_of_plot(Options& into) {
  return {picture(into.svg, true), {"title", text("TEXT", into.title), "of the picture"}};
}

std::vector<Option> options_of_compare(Options& into) {
  CompareOptions& compare = into.compare;
  const std::vector<std::string> systems = names_of({Target::skiff, Target::etcd_v2, Target::etcd_v3});
  return {rate(compare.rate, std::to_string(compare.rate)),
          warm_up(compare.warm_up),
          measured(compare.duration),
          limits(compare.limits),
          directory(compare.scratch),
          {"systems", shown_as("all that are installed", some_of("NAME,...", systems, compare.systems)),
           "of skiff, etcd-v2, etcd-v3"},
          {"workloads", shown_as("all", some_of("NAME,...", {}, compare.workloads)), "of the standard set"},
          {"rounds", number("N", compare.rounds, 1, 100), "of everything"},
          {"skiff", shown_as("the one beside this", file_name("FILE", compare.skiff)), "the program"},
          {"out", directory_name("DIR", compare.out), "for the table, the results and the pictures"}};
}

struct CommandRow {
  const char* name;
  Command command;
  const char* meaning;
  std::vector<Option> (*options)(Options& into);
};
constexpr CommandRow kCommands[] = {
    {"run", Command::run, "ask running nodes, and measure how long their answers take", options_of_run},
    {"disk", Command::disk, "measure how long a flush takes in a directory", options_of_disk},
    {"net", Command::net, "measure a round trip over loopback or to a peer", options_of_net},
    {"plot", Command::plot, "draw results (files of --json) in one picture: plot a.json b.json --svg out.svg",
     options_of_plot},
    {"compare", Command::compare, "start skiff and what is installed of etcd, and compare them", options_of_compare},
};

skiff::Command describe(const CommandRow& row, Options& into) {
  skiff::Command command = {.name = std::string(kProgram) + " " + row.name,
                            .meaning = row.meaning,
                            .options = row.options(into),
                            .last_counts = true};
  if (row.command == Command::plot) {
    command.operand = {.name = "FILE...", .completion = {.kind = Completion::Kind::files}};
  }
  return command;
}

const CommandRow* find(std::string_view name) {
  const auto* row =
      std::find_if(std::begin(kCommands), std::end(kCommands), [&](const CommandRow& one) { return one.name == name; });
  return row == std::end(kCommands) ? nullptr : row;
}

Result<Options> read_completion(std::span<const char* const> arguments) {
  const auto line = take_command_line(arguments, completion_command(kProgram));
  if (!line) return tl::unexpected(line.error());
  if (auto known = require_known_shell(line->operands); !known) return tl::unexpected(known.error());
  Options options;
  options.command = Command::completion;
  return options;
}

}  // namespace

Result<Options> read_options(std::span<const char* const> arguments) {
  Options options;
  const auto asks_help = [](std::string_view word) { return word == "--help" || word == "-h" || word == "help"; };
  if (arguments.empty() || std::any_of(arguments.begin(), arguments.end(), asks_help)) return options;
  const std::string_view first = arguments[0];
  const bool names_command = !first.starts_with("--");
  if (first == "completion") return read_completion(arguments.subspan(1));
  const CommandRow* row = find(names_command ? first : "run");
  if (row == nullptr) return fail(Error::Code::invalid, quoted(first) + " is no command");
  options.command = row->command;
  auto line = take_command_line(arguments.subspan(names_command ? 1 : 0), describe(*row, options));
  if (!line) return tl::unexpected(line.error());
  options.inputs = std::move(line->operands);
  if (row->command == Command::plot && options.inputs.empty()) {
    return fail(Error::Code::invalid, "plot needs results: files that `run --json` wrote");
  }
  options.disk.directory = options.directory;
  return options;
}

std::string help_text() {
  std::string text =
      "skiff-bench measures key-value stores that speak HTTP. A word before the flags says what to do;\n"
      "without one it is run. docs/benchmarking.md says how to read what it prints. In brackets: the default.\n"
      "Of a flag that is given twice the last counts.\n"
      "Exit status: 0 measured; 1 not measured, or no request succeeded; 2 the command cannot be understood.\n";
  for (const CommandRow& row : kCommands) {
    Options fresh;
    const skiff::Command command = describe(row, fresh);
    text += "\n" + command.name + ": " + command.meaning + "\n" + skiff::describe(command);
  }
  const skiff::Command completion = completion_command(kProgram);
  return text + "\n" + usage(completion) + ": " + completion.meaning + "\n";
}

std::string completion_text() {
  Options fresh;
  std::vector<skiff::Command> commands;
  for (const CommandRow& row : kCommands) commands.push_back(unbound(describe(row, fresh)));
  commands.push_back(completion_command(kProgram));
  skiff::Command program = commands.front();  // run, where no word says what to do
  program.name = kProgram;
  return bash_completion(program, commands);
}

}  // namespace skiff::bench
