// Runner: runs a simulation in a process of its own, so that a failed CHECK or a hang is a failure like any other; and
// shrinks a failure to a smaller one.
#pragma once

#include <cstdint>
#include <string>

#include "tests/sim/simulation.h"

namespace skiff::sim {

// Runs it for at most so many seconds of processor time. A process that dies is a failure of the checker "CHECK", one
// that does not end of "hang". plan.trace gets the lines of those, too.
Report run_apart(const Plan& plan, unsigned seconds_max = 60);

// The smallest plan found that still fails in the same checker: fewer nodes, clients, kinds of faults, less time.
Plan shrink(Plan plan, const std::string& checker);

}  // namespace skiff::sim
