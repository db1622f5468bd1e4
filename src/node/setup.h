// What a node begins with: whose directory it wants, what the disk gave back, what its replica and its doors are told.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "src/base/result.h"
#include "src/config/options.h"
#include "src/replica/replica.h"
#include "store/directory/identity.h"
#include "store/directory/storage.h"
#include "store/files/files.h"
#include "transport/http/access.h"
#include "transport/http/limits.h"
#include "transport/loop/address.h"
#include "transport/peers/admission_rules.h"
#include "transport/peers/peer_identity.h"

namespace skiff {

// Whether the directory's node was there when its cluster began; else it was added later, and its founders are those
// who told it about the cluster.
bool is_founder(const store::Identity& identity);
// An error if a directory would have to be founded, and this node has neither a place among the founders nor joins, or
// could not begin for another reason that shows before: a port that is taken, no descriptors, no threads. So a start
// that fails leaves no directory behind, which would hold a mistyped --cluster for good.
Result<> check_founding(store::Files& files, const Options& options, const store::Identity& wanted, bool joins);
// Where this node waits for its peers: what it was told, or else where the others know it to be.
Result<transport::Address> listening_address(const Options& options, const store::Recovered& recovered);

// Empty, or why others will not find a node that listens there: its name led to this machine alone, as on a Debian
// where /etc/hosts has 127.0.1.1 for it.
std::string why_unreachable(const transport::Address& listens_at, const std::vector<transport::Address>& others);

// Where this node's greetings say that it is found: its entry in --cluster. Empty: where the members know it to be.
std::string greeted_address(const Options& options, const store::Recovered& recovered);

// Where --cluster says that the others are.
std::map<raft::NodeId, transport::Address> configured_addresses(const Options& options);

// Whom to talk to, and what to say to others.
struct KnownMembers {
  std::vector<transport::PeerMember> members;
  transport::AdmissionRules admission;
};
KnownMembers known_members(const raft::Raft& raft, const store::Identity& identity);
// Beside them who came by, and may be a member by a part of the log that is not here yet. Nobody is told of those.
void add_discovered(KnownMembers& known, const raft::Configuration& configuration,
                    const std::vector<transport::PeerMember>& discovered);

// "it was added, and not heard of for 10m"
std::string why_withdrawn(const Options& options);

store::Identity wanted_identity(const Options& options);
uint64_t random_seed();
// As many clients as the limit of open files leaves room for; an error if that is none. Logs a line if that is fewer
// than usual.
Result<transport::HttpLimits> http_limits(const Options& options, size_t founders);
// Which pages may speak to this node, and by which names.
transport::HttpAccess http_access(const Options& options);
// Takes the entries; the map is for the replica's own constructor.
ReplicaConfig replica_config(const Options& options, store::Recovered& recovered);
// What we could not apply must not be served around, nor end the node again and again when it comes to be applied.
Result<> check_recovered(const store::Recovered& recovered, const std::string& directory);

}  // namespace skiff
