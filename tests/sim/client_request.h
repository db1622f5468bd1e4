// A request of a simulated client to a machine, and its answer. The machine takes the part of the API
// (src/api): a get becomes a barrier, and the map is read once the barrier is confirmed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "src/base/ticket.h"
#include "tests/sim/model.h"
#include "tests/support/linearizable.h"

namespace skiff::sim {

struct ClientRequest {
  linearizable::Operation::Kind kind = linearizable::Operation::Kind::get;
  Ticket ticket;
  std::string key;
  std::string value;  // of a put
  Demand demand;      // of a put
};

struct ClientAnswer {
  linearizable::Operation::Outcome outcome = linearizable::Operation::Outcome::ok;
  std::optional<std::string> value;  // of a get that found one
  bool is_conflict = false;          // a put whose condition did not hold: refused, as far as the map goes
  store::Revision revision = 0;      // of the map
  store::Revision key_revision = 0;  // of the key, as it is then; 0: it is not there
};

}  // namespace skiff::sim
