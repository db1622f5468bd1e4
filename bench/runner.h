// Runner: a plan, carried out on a loop of its own to its end.
#pragma once

#include <functional>

#include "bench/plan.h"
#include "bench/tally.h"
#include "src/base/result.h"

namespace skiff::bench {

// `progress` may be null. SIGINT and SIGTERM end the run early, and it gives what it has.
Result<Tally> run(const Plan& plan, const std::function<void(const Interval&)>& progress);

}  // namespace skiff::bench
