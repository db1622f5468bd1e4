// RequestOrder: which requests of one connection are under way, and the one that waits for them.
//
// Pipelined requests take effect in the order in which they were sent (RFC 9112, 9.3.2). Requests that may run side by
// side are handed over as they come. One that may not waits until all before it have ended; no request behind it is
// parsed meanwhile, so at most one waits. A write that is answered before it takes effect ends with its effect.
//
// Always: all requests under way may run side by side.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "raft/check.h"
#include "transport/http/message.h"

namespace skiff::transport {

// Which requests of one connection may be in progress at the same time.
enum class Ordering : uint8_t {
  safe,   // beside other safe ones
  write,  // beside other writes: the handler applies those in the order it gets them
  alone,  // beside no other
};

class RequestOrder {
 public:
  struct Waiting {
    Request request;
    Ordering ordering;
    uint64_t number;
    size_t body_bytes;
  };

  // Whether a request may begin beside those that are under way.
  bool may_join(Ordering ordering) const {
    return under_way_ == 0 || (ordering == running_ && ordering != Ordering::alone);
  }
  // Requires: may_join(ordering).
  void begin(Ordering ordering) {
    CHECK(may_join(ordering));
    running_ = ordering;
    ++under_way_;
  }
  // The one that is being answered ends later than with its answer: end() follows twice.
  void ends_later() {
    CHECK(under_way_ > 0);
    ++under_way_;
  }
  void end() {
    CHECK(under_way_ > 0);
    --under_way_;
  }

  // Requires: !may_join(waiting.ordering), and none waits.
  void wait(Waiting&& waiting) {
    CHECK(!waiting_);
    CHECK(!may_join(waiting.ordering));
    waiting_.emplace(std::move(waiting));
  }
  bool has_waiting() const { return waiting_.has_value(); }
  size_t waiting_body_bytes() const { return waiting_ ? waiting_->body_bytes : 0; }
  // Whether the one that waits may begin.
  bool is_ready() const { return waiting_ && may_join(waiting_->ordering); }
  // Requires: is_ready().
  Waiting take_ready() {
    CHECK(is_ready());
    return *std::exchange(waiting_, std::nullopt);
  }

 private:
  size_t under_way_ = 0;               // handed over, and not ended
  Ordering running_ = Ordering::safe;  // of all of those
  std::optional<Waiting> waiting_;
};

}  // namespace skiff::transport
