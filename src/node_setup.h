// What a node begins with: whose folder it wants, what the disk gave back, what its replica and its doors are told.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "src/base/result.h"
#include "src/options.h"
#include "src/replica.h"
#include "store/identity.h"
#include "store/storage.h"
#include "transport/http_limits.h"

namespace skiff {

store::Identity wanted_identity(const Options& options);
uint64_t random_seed();
// As many clients as the limit of open files leaves room for; an error if that is none.
Result<transport::HttpLimits> http_limits(const Options& options, size_t members);
// Takes the entries; the map is for the replica's own constructor.
ReplicaConfig replica_config(const Options& options, store::Recovered& recovered);
// What we could not apply must not be served around, nor end the node again and again when it comes to be applied.
Result<> check_recovered(const store::Recovered& recovered, const std::string& folder);

}  // namespace skiff
