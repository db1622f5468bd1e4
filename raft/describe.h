// Describe: every message, event and state as one line of text, for debug logs and for the scripts of the tests.
//
// "1>2 t3 append after [t1 i1]: [t3 i2 x], commit 1" is a message from 1 to 2, sent in term 3. A short and printable
// command is shown as it is, any other by its size, so a line is never long and never holds a control character.
#pragma once

#include <string>

#include "raft/effects.h"
#include "raft/event.h"
#include "raft/message.h"
#include "raft/status.h"
#include "raft/types.h"

namespace skiff::raft {

std::string describe(LogPosition position);
std::string describe(const Entry& entry);
// At most `shown` entries, and the number of the others.
std::string describe(const std::vector<Entry>& entries, size_t shown = 16);
std::string describe(const Payload& command);
std::string describe(const Configuration& configuration);
std::string describe(const Change& change);
std::string describe(const SnapshotMark& snapshot);
std::string describe(const AdminResult& result);
std::string describe(const RequestId& id);
std::string describe(const HardState& hard_state);
std::string describe(const Message& message);
std::string describe(const Event& event);
std::string describe(const Status& status);
std::string describe(const Status::Peer& peer);

}  // namespace skiff::raft
