#include "transport/http/budget.h"

#include <algorithm>

#include "raft/check.h"

namespace skiff::transport {
namespace {

constexpr size_t kRequestsBetweenLooks = 32;  // at the clock: a look costs as much as a part of a small request
constexpr size_t kShareRequestsMin = 8;
constexpr size_t kShareBytesMin = 64 * 1024;  // what is read at once

}  // namespace

HttpBudget::HttpBudget(Loop& loop, const HttpLimits& limits)
    : loop_(loop), limits_(limits), hook_(loop, [this] { serve_waiting(); }) {
  refill();
}

bool HttpBudget::may_take(const Client& client) const {
  if (is_spent()) return false;
  return client.turn_ != turn_ || (client.requests_ < share_requests_ && client.bytes_ < share_bytes_);
}

void HttpBudget::used_request(Client& client) {
  CHECK(until_look_ > 0);
  begin_turn_of(client);
  ++client.requests_;
  requests_left_ -= std::min<size_t>(requests_left_, 1);
  if (--until_look_ > 0) return;
  until_look_ = kRequestsBetweenLooks;
  const raft::Time now = loop_.now();
  if (began_ == 0_s) began_ = now;
  is_late_ = now - began_ > limits_.turn_max;
}

void HttpBudget::used_bytes(Client& client, size_t bytes) {
  begin_turn_of(client);
  client.bytes_ += bytes;
  bytes_left_ -= std::min(bytes_left_, bytes);
}

void HttpBudget::begin_turn_of(Client& client) {
  if (client.turn_ == turn_) return;
  client.turn_ = turn_;
  client.requests_ = client.bytes_ = 0;
}

void HttpBudget::wait(Client& client) {
  if (client.is_linked()) return;
  if (waiting_size_++ == 0) hook_.stay_awake(true);
  waiting_.move_to_end(client);
}

void HttpBudget::owes(Client& client, size_t bytes) {
  CHECK(owed_ >= client.owed_);
  owed_ += bytes;
  owed_ -= client.owed_;
  client.owed_ = bytes;
}

void HttpBudget::leave(Client& client) {
  owes(client, 0);
  if (!client.is_linked()) return;
  CHECK(waiting_size_ > 0);
  client.unlink();
  --waiting_size_;
}

// Each client once: a client that has more to do waits again, at the end.
void HttpBudget::serve_waiting() {
  refill();
  while (!waiting_.is_empty() && !is_spent() && waiting_.front().served_turn_ != turn_) {
    Client& next = waiting_.front();
    CHECK(waiting_size_ > 0);
    next.served_turn_ = turn_;
    next.unlink();
    --waiting_size_;
    next.run_turn();  // may destroy it
  }
  ++turn_;
  refill();
  CHECK(waiting_.is_empty() == (waiting_size_ == 0));
  if (waiting_.is_empty()) hook_.stay_awake(false);
}

void HttpBudget::refill() {
  requests_left_ = limits_.turn_requests_max;
  bytes_left_ = limits_.turn_bytes_max;
  share_requests_ = std::max(kShareRequestsMin, requests_left_ / (waiting_size_ + 1));
  share_bytes_ = std::max(kShareBytesMin, bytes_left_ / (waiting_size_ + 1));
  until_look_ = kRequestsBetweenLooks;
  began_ = 0_s;
  is_late_ = false;
}

}  // namespace skiff::transport
