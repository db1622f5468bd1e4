// Greeting rules: what this node says in its greetings, and why it refuses a greeting.
#pragma once

#include <optional>

#include "raft/types.h"
#include "transport/peers/known_peers.h"
#include "transport/peers/peer_identity.h"
#include "transport/peers/wire.h"

namespace skiff::transport {

// Requires: `node` is another node.
Greeting greeting_to(raft::NodeId node, const PeerIdentity& us);

// Why this node refuses the greeting, if it does. Membership is left to the caller. The version comes first: nothing
// else is believed of a greeting of another version.
std::optional<Refusal> objection(const Greeting& greeting, const PeerIdentity& us);

// The refusal for this finding; none if the directories match. A greeter that lost its data hears that first.
std::optional<Refusal> objection(const DataDirMatch& match);

// The finding that a refusal tells the greeter.
DataDirMatch match_of(Refusal refusal);

}  // namespace skiff::transport
