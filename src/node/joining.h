// Joining: a node with --join and an empty data directory finds out which cluster it has been added to.
//
// It asks the other addresses of --cluster until one of them knows that it was added. The reply holds what its
// directory is founded with: the name of the cluster, and the members' addresses. From then on it is an ordinary node,
// and --join has no effect any more.
//
// Until then it serves no requests, and SIGTERM or SIGINT ends it. It can be started before it is added, and waits.
#pragma once

#include <optional>

#include "src/base/result.h"
#include "src/config/options.h"
#include "store/directory/identity.h"
#include "transport/loop/loop.h"

namespace skiff {

// Whether there is anything to ask: it is to join, and has no data directory yet.
Result<bool> must_join(const Options& options);

// Runs the loop until it knows. Nothing: it was told to stop. An error: it will never be admitted.
Result<std::optional<store::Identity>> join(transport::Loop& loop, const Options& options);

}  // namespace skiff
