// Options: the command line of skiff-bench. options.cc has a table for each command; parsing, help and completion
// follow from the tables (src/config/option.h).
//
// An unknown flag, a flag that this command has no use for, and a value that is invalid or out of range are errors that
// name the flag; the command does not start then.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "bench/compare.h"
#include "bench/limits.h"
#include "bench/plan.h"
#include "src/base/result.h"

namespace skiff::bench {

enum class Command { run, disk, net, plot, compare, completion, help };

struct Options {
  Command command = Command::help;

  Plan plan;
  std::string label;
  bool wants_bars = false;
  bool wants_progress = false;       // also where standard error is no terminal
  std::string json, csv, hgrm, svg;  // files to write; empty: none

  std::string limits;  // file with the limits of the machine
  std::string directory = ".";
  DiskProbe disk;
  NetProbe net;
  std::string serve;  // net: be the peer, at this address

  std::vector<std::string> inputs;  // plot: results
  std::string title;

  CompareOptions compare;
};

// `arguments` without the program's name.
Result<Options> read_options(std::span<const char* const> arguments);
std::string help_text();
// For bash.
std::string completion_text();

}  // namespace skiff::bench
