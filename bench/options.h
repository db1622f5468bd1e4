// Options: what is asked of skiff-bench. A table for each of its commands says what there is, in options.cc; everything
// else follows from them (src/config/option.h).
//
// What can go wrong: an unknown flag, one that this command has no use for, a value that is none or out of its range.
// All of it is an error that names the flag, and nothing is started on a guess.
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

  std::string limits;  // file of what the machine allows
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
