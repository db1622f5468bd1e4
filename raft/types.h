// Types: the nouns of Raft, on which all other code is built.
#pragma once

#include <compare>
#include <cstdint>

#include "raft/payload.h"
#include "raft/time.h"

namespace skiff::raft {

using NodeId = uint64_t;  // from 1; 0 is no node
using Term = uint64_t;    // from 1; 0 is before the first election
using Index = uint64_t;   // from 1; 0 is before the first entry

// Term and index travel together. The order is the one votes are given by: the later term is the more up to date
// log, and within a term the longer one (thesis 3.6.1).
struct LogPosition {
  Term term = 0;
  Index index = 0;
  auto operator<=>(const LogPosition&) const = default;
};

enum class EntryKind : uint8_t {
  no_op = 1,          // the first entry of every term: commits what came before it (thesis 6.4)
  command = 2,        // for the store; opaque here
  configuration = 3,  // all members (raft/membership.h)
};

inline uint64_t bytes_of(const Payload& payload) { return payload ? payload->size() : 0; }

struct Entry {
  LogPosition position;
  EntryKind kind = EntryKind::no_op;
  Payload payload;

  uint64_t bytes() const { return bytes_of(payload); }
};

// Must survive every restart: a node votes once in a term, and never goes back to an older term.
struct HardState {
  Term term = 0;
  NodeId vote = 0;
  auto operator<=>(const HardState&) const = default;
};

// A snapshot holds the effect of everything up to and including `position`, and the members as of it, in the encoding
// of raft/membership.h.
struct SnapshotMark {
  LogPosition position;
  Payload configuration;
};

// Names a request for ever: `incarnation` is the process that asked (Config::start), `number` counts its requests. A
// late answer can therefore never be taken for the answer to a newer request.
struct RequestId {
  uint64_t incarnation = 0;
  uint64_t number = 0;
  auto operator<=>(const RequestId&) const = default;
};

}  // namespace skiff::raft
