#include "src/options_fit.h"

#include <algorithm>

#include "src/settings.h"
#include "src/units.h"

namespace skiff {

using transport::Address;

std::vector<Address> others_of(const Options& options) {
  std::vector<Address> others = options.cluster;
  if (!options.peer_listen && options.id <= others.size()) {
    others.erase(others.begin() + static_cast<std::ptrdiff_t>(options.id - 1));
  }
  std::erase_if(others, [&](const Address& address) { return address == options.peer_listen; });
  return others;
}

Result<> require_fit(const Options& options) {
  const bool has_entry = options.id <= options.cluster.size();
  if (!has_entry && !options.peer_listen) {
    return wrong("--id", std::to_string(options.id) + " has no entry in --cluster, which names " +
                             std::to_string(options.cluster.size()));
  }
  if (options.join && others_of(options).empty()) {
    return wrong("--join", "--cluster must name members that are there");
  }
  if (options.election_timeout_ns < limits::kHeartbeatsPerElectionTimeoutMin * options.heartbeat_ns) {
    return wrong("--election-timeout", show_duration_ns(options.election_timeout_ns) + " is less than " +
                                           std::to_string(limits::kHeartbeatsPerElectionTimeoutMin) +
                                           " times --heartbeat, which is " + show_duration_ns(options.heartbeat_ns));
  }
  return {};
}

}  // namespace skiff
