// Linearizable: checks whether the clients' history of a map is linearizable, that is, whether a single map that
// executes one operation at a time could have given the same answers.
//
// Every operation must seem to take effect at one moment between its start and its end. Keys are independent of each
// other, so each is checked alone (locality: Herlihy & Wing 1990). For one key the checker walks the history in time.
// It keeps every possible state of the map, together with the operations under way that count as done in it. When an
// operation ends, only those states stay in which it is done, or can be done in time (Wing & Gong 1993, with
// just-in-time linearization after Lowe 2017).
//
// All values are different, which keeps the number of states small:
//   a read that fits counts as done at once: it changes nothing
//   an unknown write that was never read is left out: it makes no difference whether it took effect
//   an unknown write that was read took effect before that read ended, so that is its end
//   unknown removes are all alike: only their number counts
//
// A refused operation must never take effect: a read that returns a refused value, or one that was never written, is a
// failure.
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
  std::optional<std::string> value;  // of a put: different from all others; of a get: the value found, or nothing
  uint64_t started = 0;              // by one clock for all
  uint64_t ended = 0;                // without meaning if the outcome is unknown
  uint64_t client = 0;               // for the explanation
};

// Returns an empty string if the history is linearizable. Otherwise a text: the key, the operation that does not fit,
// and the operations on the key around it.
std::string explain_failure(const std::vector<Operation>& history);

}  // namespace skiff::linearizable
