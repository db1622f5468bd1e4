// Effects: everything that must now be done. The order of the fields is the order of doing.
//
// Many steps, then one take_effects(): that is group commit.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "raft/message.h"
#include "raft/types.h"

namespace skiff::raft {

struct ConfirmedRead {
  RequestId id;
  Index index = 0;
};

struct Effects {
  std::vector<Message> messages;        // send at once: they promise nothing about our disk
  uint64_t save = 0;                    // not 0: there is something to make durable, in the order of these numbers;
                                        // say so with Persisted{save}
  std::optional<HardState> hard_state;  // make durable, together with
  std::vector<Entry> entries;           // these. An entry replaces what the log holds at its index and all behind it.
  std::vector<Message> messages_once_durable;  // votes and acks: only once everything up to `save` is on disk
  std::vector<Entry> committed;                // apply in this order
  std::vector<ConfirmedRead> reads;            // answer once applied >= index
  std::vector<RequestId> refused_reads;        // cannot be confirmed now: no leader, or leadership lost
  std::vector<uint64_t> refused;               // proposals that were not taken: not in any log, not on any wire

  bool empty() const {
    return messages.empty() && !hard_state && entries.empty() && messages_once_durable.empty() && committed.empty() &&
           reads.empty() && refused_reads.empty() && refused.empty();
  }
};

}  // namespace skiff::raft
