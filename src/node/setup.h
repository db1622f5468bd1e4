// The parts of a node's start that need no loop: its data directory, its addresses, and the settings of its replica and
// its ports.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "src/api/api.h"
#include "src/base/result.h"
#include "src/config/options.h"
#include "src/replica/replica_config.h"
#include "src/replica/scrub_schedule.h"
#include "store/directory/identity.h"
#include "store/directory/storage.h"
#include "store/files/files.h"
#include "transport/http/access.h"
#include "transport/http/limits.h"
#include "transport/loop/address.h"
#include "transport/peers/admission_rules.h"
#include "transport/peers/peer_identity.h"

namespace skiff {

// An open data directory, with all that a node needs of it.
struct OpenedDirectory {
  store::Opened opened;
  uint64_t data_dir_id = 0;
  store::DataDirIds known;  // the directories of other members
};
// Opens the data directory, founds it if there is none, and logs what the operator should know about it. `joined` is
// the identity that a joining node was told; null: it founds its cluster, or comes back.
Result<OpenedDirectory> open_directory(const Options& options, const store::Identity* joined);
// An error if a directory would have to be founded, and this node has neither an entry among the founders nor joins, or
// could not begin for another reason that shows before: a port that is taken, no descriptors, no threads. So a start
// that fails leaves no directory behind, which would hold a mistyped --cluster for good.
Result<> check_founding(store::Files& files, const Options& options, const store::Identity& wanted, bool joins);
// The address at which this node listens for its peers: --peer-listen, its entry in --cluster, or the address by which
// the others know it.
Result<transport::Address> listening_address(const Options& options, const store::Recovered& recovered);

// Empty, or why others cannot reach a node that listens there: its name resolves to the loopback, as on a Debian where
// /etc/hosts has 127.0.1.1 for it.
std::string why_unreachable(const transport::Address& listens_at, const std::vector<transport::Address>& others);

// The address that this node's greetings carry: its entry in --cluster. Empty: the one by which the members know it.
std::string greeted_address(const Options& options, const store::Recovered& recovered);

// The addresses of the others by --cluster.
std::map<raft::NodeId, transport::Address> configured_addresses(const Options& options);

// The members to connect to, and the replies for nodes that are not ordinary members.
struct KnownMembers {
  std::vector<transport::PeerMember> members;
  transport::AdmissionRules admission;
};
KnownMembers known_members(const raft::Raft& raft, const store::Identity& identity);
// Adds nodes that connected by themselves and may be members by a part of the log that is not here yet. They are not
// part of a join reply.
void add_discovered(KnownMembers& known, const raft::Configuration& configuration,
                    const std::vector<transport::PeerMember>& discovered);

// "it was added, and not heard of for 10m"
std::string why_withdrawn(const Options& options);

store::Identity wanted_identity(const Options& options);
uint64_t random_seed();
// As many clients as the limit of open files allows; an error if that is none. Logs a line if that is fewer than usual.
Result<transport::HttpLimits> http_limits(const Options& options, size_t founders);
// The web pages that may use this node, and the names by which they may.
transport::HttpAccess http_access(const Options& options);
ApiConfig api_config(const Options& options);
ReplicaSettings replica_settings(const Options& options);
ScrubConfig scrub_config(const Options& options);
// An error if the node could not apply an entry. It must neither be sent to others, nor end the process at each start.
Result<> check_recovered(const store::Recovered& recovered, const std::string& directory);

}  // namespace skiff
