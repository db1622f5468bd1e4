#include "raft/transfer.h"

#include <utility>

#include "raft/check.h"

namespace skiff::raft {

void Transfer::start(const Plan& plan) {
  CHECK(!is_under_way());
  if (plan.to == 0) return;
  to_ = plan.to;
  give_up_at_ = plan.now + timeout_;
  was_told_ = false;
  if (plan.request) request_ = Request{.id = *plan.request, .to = plan.to};
}

std::optional<AdminResult> Transfer::give_up_if_late(Time now) {
  if (!is_under_way() || now < give_up_at_) return std::nullopt;
  to_ = 0;
  const std::optional<Request> request = std::exchange(request_, std::nullopt);
  if (!request) return std::nullopt;
  return AdminResult{.id = request->id,
                     .kind = was_told_ ? AdminResult::Kind::unknown : AdminResult::Kind::refused,
                     .reason = "the other node did not take over in time"};
}

std::optional<AdminResult> Transfer::new_leader(NodeId leader) {
  const std::optional<Request> request = std::exchange(request_, std::nullopt);
  if (!request) return std::nullopt;
  const bool is_done = request->to == leader;
  return AdminResult{.id = request->id,
                     .kind = is_done ? AdminResult::Kind::done : AdminResult::Kind::unknown,
                     .reason = is_done ? "" : "another node leads now"};
}

}  // namespace skiff::raft
