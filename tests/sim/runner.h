// Runner: many seeds, each in a process of its own, so that one that ends in a failed CHECK or hangs is a failure like
// any other; and what to make of a failure: the same one with less in it.
#pragma once

#include <cstdint>
#include <string>

#include "tests/sim/simulation.h"

namespace skiff::sim {

// Runs it in a process of its own, for at most so many seconds of the processor. A process that dies is a failure of
// the checker "CHECK", one that does not end of "hang". What plan.trace gets, it gets also of those.
Report run_apart(const Plan& plan, unsigned seconds_max = 60);

// The smallest plan found that still fails in the same checker: fewer nodes, clients, kinds of faults, less time.
Plan shrink(Plan plan, const std::string& checker);

}  // namespace skiff::sim
