#include "src/node/descriptors.h"

#include <fcntl.h>
#include <sys/resource.h>

#include <algorithm>
#include <cerrno>

#include "raft/check.h"
#include "src/config/limits.h"
#include "transport/peers/peer_listener.h"

namespace skiff {

// open() returns the lowest free number. Where there is no /dev/null, a descriptor that can be neither read nor written
// does as well.
void open_standard_descriptors() {
  for (int number = 0; number <= 2; ++number) {
    const bool is_closed = ::fcntl(number, F_GETFD) == -1 && errno == EBADF;
    if (is_closed && ::open("/dev/null", O_RDWR) < 0) ::open("/", O_PATH);
  }
}

uint64_t raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  const rlim_t soft = limit.rlim_cur;
  limit.rlim_cur = limit.rlim_max;
  return ::setrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_max : soft;
}

size_t connections_within(uint64_t limit, size_t members, const transport::HttpLimits& wanted) {
  const uint64_t reserve = limits::kDescriptorsReserved + limits::kDescriptorsPerMember * members +
                           transport::PeerListener::Limits{}.unidentified_max + wanted.turned_away_max;
  const uint64_t clients = limit <= reserve ? 0 : std::min<uint64_t>(limit - reserve, wanted.connections_max);
  CHECK(clients == 0 || clients + reserve <= limit);
  return clients;
}

}  // namespace skiff
