// skiff-bench: measures key-value stores that speak HTTP, and the machine under them.
//
// Exit status: 0 when it measured, 1 when it could not (no node was reached, or no request succeeded), 2 for options it
// cannot use.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <csignal>
#include <cstdio>
#include <exception>
#include <filesystem>

#include "bench/compare.h"
#include "bench/files.h"
#include "bench/options.h"
#include "bench/report.h"
#include "bench/runner.h"
#include "bench/show.h"
#include "bench/svg.h"
#include "src/base/try.h"
#include "src/node/descriptors.h"

namespace skiff::bench {
namespace {

// Overwrites its line on a terminal, and writes line by line elsewhere.
void show_progress(const Interval& interval) {
  const bool is_terminal = ::isatty(STDERR_FILENO) != 0;
  fmt::print(stderr, "{}{}{}", is_terminal ? "\r\x1b[K" : "", progress_line(interval), is_terminal ? "" : "\n");
  std::fflush(stderr);
}

// Writes the files that were asked for.
Result<> write_files(const Options& options, const Report& report) {
  const Histogram latency = report.tally.all().latency;
  Result<> written;
  const auto write = [&](const std::string& file, const std::string& bytes) {
    if (written && !file.empty()) written = write_file(file, bytes);
  };
  write(options.json, json(report));
  write(options.csv, csv(report.tally));
  write(options.hgrm, hgrm(latency));
  write(options.svg, svg({describe(report.plan), describe(report.machine), {curve_of(report)}}));
  return written;
}

Result<> run(const Options& options) {
  TRY(const Limits limits, options.limits.empty() ? Limits{} : read_limits(options.limits));
  Report report{options.label, options.plan, {}, this_machine(options.directory), limits};
  const bool is_terminal = ::isatty(STDERR_FILENO) != 0;
  Result<Tally> tally = run(options.plan, is_terminal || options.wants_progress ? show_progress : nullptr);
  if (is_terminal) fmt::print(stderr, "\r\x1b[K");
  if (!tally) return tl::unexpected(tally.error());
  report.tally = std::move(*tally);
  if (options.json != "-" && options.csv != "-" && options.hgrm != "-") fmt::print("{}", table(report));
  if (options.wants_bars) fmt::print("\n{}", bars(report.tally.all().latency));
  const Result<> written = write_files(options, report);
  return written ? report.tally.verdict() : written;
}

Result<> show_limit(const Options& options, const std::string& name, const std::string& how,
                    const Histogram& measured) {
  const auto at = [&](double quantile) { return show_time(static_cast<double>(measured.at(quantile))); };
  fmt::print("{}: p50 {}, p90 {}, p99 {}, p99.9 {}, max {}, of {}\n", how, at(0.5), at(0.9), at(0.99), at(0.999),
             show_time(static_cast<double>(measured.max_ns())), show_count(static_cast<double>(measured.count())));
  if (options.wants_bars) fmt::print("\n{}", bars(measured));
  if (!options.hgrm.empty()) {
    const Result<> written = write_file(options.hgrm, hgrm(measured));
    if (!written) return written;
  }
  return options.limits.empty() ? Result<>() : keep_limit(options.limits, name, how, measured);
}

Result<> disk(const Options& options) {
  TRY(const Histogram measured, measure_disk(options.disk));
  const std::string how =
      fmt::format("pwrite + fdatasync of {} B, {} at a time, in {} ({})", options.disk.bytes, options.disk.writers,
                  options.directory, this_machine(options.directory).file_system);
  return show_limit(options, "disk", how, measured);
}

Result<> net(const Options& options) {
  if (!options.serve.empty()) return serve_echo(options.serve);
  TRY(const Histogram measured, measure_net(options.net));
  const std::string how = fmt::format("round trip of {} B over TCP, {}", options.net.bytes,
                                      options.net.peer.empty() ? "loopback" : "to " + options.net.peer);
  return show_limit(options, "net", how, measured);
}

Result<> plot(const Options& options) {
  Picture picture{options.title.empty() ? "Latency by percentile" : options.title, "", {}};
  for (const std::string& input : options.inputs) {
    TRY(const std::string text, read_file(input));
    Result<Curve> curve = read_curve(text);
    if (!curve) return fail(input, curve.error());
    picture.curves.push_back(std::move(*curve));
  }
  picture.subtitle = picture.curves.front().machine;
  return write_file(options.svg, svg(picture));
}

// The skiff program beside this one.
std::string skiff_beside() {
  std::error_code code;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", code);
  return (self.parent_path() / "skiff").string();
}

Result<> compare_systems(CompareOptions options) {
  if (options.skiff.empty()) options.skiff = skiff_beside();
  if (options.scratch.empty()) options.scratch = "build/bench-data";
  return compare(options);
}

Result<> run_command(const Options& options) {
  switch (options.command) {
    case Command::run: return run(options);
    case Command::disk: return disk(options);
    case Command::net: return net(options);
    case Command::plot: return plot(options);
    case Command::compare: return compare_systems(options.compare);
    case Command::completion: fmt::print("{}", completion_text()); return {};
    case Command::help: fmt::print("{}", help_text()); return {};
  }
  return {};
}

int bench_main(std::span<const char* const> arguments) {
  const Result<Options> options = read_options(arguments);
  if (!options) {
    fmt::print(stderr, "skiff-bench: {} (skiff-bench --help lists every flag)\n", to_text(options.error()));
    return 2;
  }
  const Result<> done = run_command(*options);
  if (!done) fmt::print(stderr, "skiff-bench: {}\n", to_text(done.error()));
  return done ? 0 : 1;
}

}  // namespace
}  // namespace skiff::bench

int main(int count, char** arguments) {
  skiff::open_standard_descriptors();
  std::signal(SIGXFSZ, SIG_IGN);  // then it is an error, with a line
  try {
    return skiff::bench::bench_main({arguments + 1, static_cast<size_t>(count - 1)});
  } catch (const std::exception& unexpected) {
    std::fprintf(stderr, "skiff-bench: ended by an exception: %s\n", unexpected.what());
    return 1;
  }
}
