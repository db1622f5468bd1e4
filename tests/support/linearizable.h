// Linearizable: whether what clients saw of a map could have come from one map that does one thing at a time.
//
// Every operation must seem to take effect at one moment between its start and its end. Keys are independent of each
// other, so each is checked alone (locality: Herlihy & Wing 1990). For one key the history is walked in time, and every
// possible state of the map is kept together with the operations under way that it counts as done; when an operation
// ends, only those states stay that have it done, or can have it done in time (Wing & Gong 1993, with just-in-time
// linearization after Lowe 2017).
//
// Kept small by what is known of a map whose values are all different:
//   a read that fits is counted as done at once: it changes nothing
//   an unknown write that nobody ever read never took effect, as far as anybody can tell: it is left out
//   an unknown write that was read took effect before that read ended: that is its end
//   unknown removes are all alike: they only count how many may still happen
//
// What was refused must never take effect: a value that was refused, or never written, is a failure wherever it is
// read.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace skiff::linearizable {

struct Operation {
  enum class Kind { put, remove, get };
  enum class Outcome {
    ok,
    refused,  // never takes effect
    unknown,  // may take effect at any time after its start, or never
  };
  Kind kind = Kind::get;
  Outcome outcome = Outcome::ok;
  std::string key;
  std::optional<std::string> value;  // of a put: unlike any other; of a get: what was found, or nothing
  uint64_t started = 0;              // by one clock for all
  uint64_t ended = 0;                // of no meaning where the outcome is unknown
  uint64_t client = 0;               // to explain
};

// Empty if the history is linearizable. Otherwise in words: the key, the operation that does not fit, and what happened
// to the key around it.
std::string explain_failure(const std::vector<Operation>& history);

}  // namespace skiff::linearizable
