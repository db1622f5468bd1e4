#include "bench/runner.h"

#include <csignal>
#include <optional>

#include "bench/process.h"
#include "bench/workload.h"
#include "src/base/try.h"
#include "transport/loop/loop.h"

namespace skiff::bench {

Result<Tally> run(const Plan& plan, const std::function<void(const Interval&)>& progress) {
  transport::Loop loop;
  TRY(auto nodes, look_up(loop, plan.nodes));
  Result<Tally> outcome;
  {
    Result<> result;
    Workload workload(loop, plan, std::move(nodes), [&loop] { return loop.now(); },
                      {.progress = progress, .done = [&](Result<> how) { result = std::move(how); }});
    transport::Signal interrupted(loop, SIGINT, [&] { workload.interrupt(); });
    transport::Signal terminated(loop, SIGTERM, [&] { workload.interrupt(); });
    const double cpu_before = own_cpu_seconds();
    const raft::Time began = loop.now();
    workload.start();
    while (!workload.is_done()) loop.run_once();
    if (result) {
      outcome = workload.tally();
      const double seconds = static_cast<double>((loop.now() - began).ns()) / 1e9;
      outcome->generator_share = (own_cpu_seconds() - cpu_before) / seconds;
    } else {
      outcome = tl::unexpected(result.error());
    }
  }
  loop.run();
  return outcome;
}

}  // namespace skiff::bench
