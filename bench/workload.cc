#include "bench/workload.h"

#include <algorithm>
#include <cstring>

#include "bench/show.h"
#include "raft/check.h"

namespace skiff::bench {
namespace {

constexpr raft::Time kHousekeeping = 10_ms;
constexpr raft::Time kRedial = 20_ms;
constexpr size_t kIntervalsMax = 100'000;   // kept; a longer run has only its sums
constexpr uint64_t kKeysSeed = 0x6b657973;  // so that keys and kinds are drawn independently

}  // namespace

Result<std::vector<Node>> look_up(transport::Loop& loop, const std::vector<transport::Address>& addresses) {
  std::vector<Node> nodes;
  for (const transport::Address& address : addresses) {
    uv_getaddrinfo_t request{};
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    const int code = uv_getaddrinfo(loop.uv(), &request, nullptr, address.host.c_str(),
                                    std::to_string(address.port).c_str(), &hints);
    if (code != 0) {
      return fail(Error::Code::invalid, "look up " + address.host + ": " + uv_strerror(code));
    }
    Node node;
    node.name = transport::to_text(address);
    std::memcpy(&node.address, request.addrinfo->ai_addr, request.addrinfo->ai_addrlen);
    uv_freeaddrinfo(request.addrinfo);
    nodes.push_back(node);
  }
  return nodes;
}

Workload::Workload(transport::Loop& loop, const Plan& plan, std::vector<Node> nodes, Client::Clock clock, Events events)
    : loop_(loop),
      plan_(plan),
      nodes_(std::move(nodes)),
      clock_(std::move(clock)),
      events_(std::move(events)),
      writer_(plan_),
      keys_(plan_.distribution, plan_.keys, plan_.seed ^ kKeysSeed),
      random_(plan_.seed),
      alarm_(loop, [this] { pump(); }),
      housekeeping_(loop, [this] { turn(); }) {
  CHECK(!nodes_.empty());
  CHECK(plan_.clients > 0);
}

void Workload::start() {
  housekeeping_.repeat(kHousekeeping);
  unreachable_since_ = clock_();
  Client::Owner& owner = *this;
  for (uint64_t i = 0; i < plan_.clients; ++i) {
    clients_.push_back(std::make_unique<Client>(loop_, owner, clock_, plan_.depth));
    clients_.back()->dial(nodes_[next_node_++ % nodes_.size()]);
  }
}

void Workload::ready(Client& client) {
  ++ready_;
  for (size_t slot = 0; slot < client.depth(); ++slot) free_.push_back(&client);
  begin_when_all_have_tried();
  pump();
}

void Workload::begin_when_all_have_tried() {
  if (!schedule_ && !is_done_ && ++tried_ == plan_.clients) begin();
}

void Workload::begin() {
  if (ready_ == 0) return finish(fail(Error::Code::unavailable, "no node can be reached: " + why_lost_));
  began_at_ = clock_();
  schedule_.emplace(plan_, began_at_);
  interval_ = {};
  interval_.is_warm_up = plan_.warm_up > 0_s;
  interval_end_ = began_at_ + plan_.interval;
}

void Workload::pump() {
  if (!schedule_ || is_done_) return;
  raft::Time now = clock_();
  while (!free_.empty()) {
    std::optional<Operation> operation = next_operation(now);
    if (!operation) break;
    Client& client = *free_.front();
    free_.pop_front();
    now = clock_();
    operation->sent = now;
    writer_.write(client.send(*operation), *operation, client.node().name);
    ++in_flight_;
    to_flush_.push_back(&client);
  }
  for (Client* client : to_flush_) client->flush();
  to_flush_.clear();
  set_alarm(now);
  if (is_finished(now)) return finish({});
  if (!is_cut_off(now)) return;
  tally_.cut_off =
      "no node could be reached for " + show_time(static_cast<double>(plan_.timeout.ns())) + ": " + why_lost_;
  finish({});
}

// A request that is retried comes first, because it has waited longest.
std::optional<Operation> Workload::next_operation(raft::Time now) {
  if (!retries_.empty() && retries_.front().not_before <= now) {
    const Operation operation = retries_.front().operation;
    retries_.pop_front();
    return operation;
  }
  const std::optional<Schedule::Start> start = schedule_->take(now);
  if (!start) return std::nullopt;
  return make_operation(*start);
}

Operation Workload::make_operation(const Schedule::Start& start) {
  Operation operation;
  operation.kind = random_.below(100) < plan_.put_percent ? Kind::put : Kind::get;
  operation.counts = start.counts;
  operation.planned = start.planned;
  operation.key = plan_.first_key + keys_.next();
  operation.value_bytes = plan_.value_bytes;
  if (plan_.value_bytes_max > plan_.value_bytes) {
    operation.value_bytes += random_.below(plan_.value_bytes_max - plan_.value_bytes + 1);
  }
  return operation;
}

// Only when a client is free to send; otherwise the next answer checks for due requests.
void Workload::set_alarm(raft::Time now) {
  if (free_.empty() || !plan_.is_open_loop()) return;
  const std::optional<raft::Time> due = schedule_->next_due(now);
  if (due) alarm_.start(*due > now ? *due - now : 1_ns);
}

void Workload::ended(Client& client, const Operation& operation, End end, raft::Time now) {
  --in_flight_;
  if (client.is_ready()) free_.push_back(&client);
  if (!is_success(end) && operation.attempts < plan_.retries) {
    ++tally_.retried;
    retries_.push_back({operation, now + plan_.retry_wait});
    ++retries_.back().operation.attempts;
    return;
  }
  last_end_ = std::max(last_end_, now);
  ++(is_success(end) ? interval_.done : interval_.failed);
  if (is_success(end)) recent_.record((now - operation.planned).ns());
  const bool is_in_time = schedule_->counted_from() <= now && now <= schedule_->ends_at();
  if (is_success(end) && is_in_time) ++tally_.done_in_time;
  if (operation.counts) tally_.record(operation, end, now);
}

void Workload::lost(Client& client, const std::string& why) {
  why_lost_ = client.node().name + ": " + why;
  std::erase(free_, &client);
  const size_t ready_before = ready_;
  const auto is_ready = [](const auto& one) { return one->is_ready(); };
  ready_ = static_cast<size_t>(std::count_if(clients_.begin(), clients_.end(), is_ready));
  if (ready_ == ready_before) {
    ++tally_.failed_connects;
    tally_.why_not_connected = why_lost_;
  }
  const raft::Time now = clock_();
  if (ready_ == 0 && ready_before > 0) unreachable_since_ = now;
  redials_.push_back({&client, now + kRedial});
  begin_when_all_have_tried();
}

void Workload::turn() {
  if (is_done_) return;
  const raft::Time now = clock_();
  if (!schedule_ && now >= unreachable_since_ + plan_.timeout)
    begin();  // without the clients that still try to connect
  if (!schedule_ || is_done_) return;
  redial(now);
  time_out(now);
  end_interval(now);
  pump();
}

void Workload::redial(raft::Time now) {
  const auto due = std::partition(redials_.begin(), redials_.end(), [now](const Redial& one) { return one.at > now; });
  const std::vector<Redial> due_now(due, redials_.end());
  redials_.erase(due, redials_.end());
  for (const Redial& one : due_now) one.client->dial(nodes_[next_node_++ % nodes_.size()]);
}

void Workload::time_out(raft::Time now) {
  for (const auto& client : clients_) {
    if (client->in_flight() > 0 && client->oldest().sent + plan_.timeout <= now) {
      client->give_up(End::timed_out, "no answer");
    } else if (client->is_dialling() && client->dialled() + plan_.timeout <= now) {
      client->give_up(End::broken, "connect: no answer");
    }
  }
}

void Workload::end_interval(raft::Time now) {
  if (now < interval_end_) return;
  interval_.to_s = since_start_s(now);
  interval_.p50_ns = recent_.at(0.5);
  interval_.p99_ns = recent_.at(0.99);
  interval_.p999_ns = recent_.at(0.999);
  interval_.max_ns = recent_.max_ns();
  if (tally_.intervals.size() < kIntervalsMax) tally_.intervals.push_back(interval_);
  if (events_.progress) events_.progress(interval_);
  interval_ = {};
  interval_.from_s = since_start_s(now);
  interval_.is_warm_up = now < schedule_->counted_from();
  recent_.clear();
  interval_end_ = std::max(now + 1_ns, interval_end_ + plan_.interval);
}

double Workload::since_start_s(raft::Time now) const { return static_cast<double>((now - began_at_).ns()) / 1e9; }

bool Workload::is_finished(raft::Time now) const {
  const bool is_all_answered = schedule_->is_over(now) && in_flight_ == 0 && retries_.empty();
  if (is_all_answered) return true;
  return plan_.count == 0 && now >= schedule_->ends_at() + plan_.timeout;
}

bool Workload::is_cut_off(raft::Time now) const { return ready_ == 0 && now >= unreachable_since_ + plan_.timeout; }

void Workload::interrupt() {
  if (is_done_) return;
  tally_.was_interrupted = true;
  finish({});
}

void Workload::end_what_is_left(raft::Time now) {
  for (const auto& client : clients_) {
    if (client->in_flight() > 0) client->give_up(End::timed_out, "the run is over");
  }
  for (const Retry& retry : retries_) {
    if (retry.operation.counts) tally_.record(retry.operation, End::timed_out, now);
  }
}

// The end of the measured time: as planned if the run got that far, else when the last request ended or no node was
// left.
raft::Time Workload::end_of_measured(raft::Time now) const {
  const bool has_got_there = plan_.count == 0 && now >= schedule_->ends_at();
  if (has_got_there) return schedule_->ends_at();
  return std::max(tally_.cut_off.empty() ? last_end_ : now, schedule_->counted_from());
}

// The kinds of requests that were never sent were not drawn: they count as the most frequent kind.
void Workload::sum_up(raft::Time now) {
  const raft::Time end = end_of_measured(now);
  tally_.seconds = static_cast<double>((end - schedule_->counted_from()).ns()) / 1e9;
  tally_.drained_s = static_cast<double>((now - std::min(now, end)).ns()) / 1e9;
  if (!tally_.was_interrupted) end_what_is_left(now);
  const Kind kind = plan_.put_percent >= 50 ? Kind::put : Kind::get;
  tally_.series(kind).ends[static_cast<size_t>(End::never_sent)] += schedule_->overdue(now);
  if (interval_.done + interval_.failed == 0) return;
  interval_end_ = now;
  end_interval(now);
}

void Workload::finish(Result<> result) {
  is_done_ = true;
  alarm_.stop();
  housekeeping_.stop();
  if (schedule_) sum_up(clock_());
  clients_.clear();
  if (events_.done) events_.done(std::move(result));
}

}  // namespace skiff::bench
