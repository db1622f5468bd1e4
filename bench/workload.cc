#include "bench/workload.h"

#include <algorithm>
#include <cstring>

#include "bench/show.h"
#include "raft/check.h"

namespace skiff::bench {
namespace {

constexpr uint64_t kHousekeepingMs = 10;
constexpr uint64_t kRedialNs = 20 * kMillisecondNs;
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
  housekeeping_.repeat_ms(kHousekeepingMs);
  unreachable_since_ns_ = clock_();
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
  begin_ns_ = clock_();
  schedule_.emplace(plan_, begin_ns_);
  interval_ = {};
  interval_.is_warm_up = plan_.warm_up_ns > 0;
  interval_end_ns_ = begin_ns_ + plan_.interval_ns;
}

void Workload::pump() {
  if (!schedule_ || is_done_) return;
  uint64_t now_ns = clock_();
  while (!free_.empty()) {
    std::optional<Operation> operation = next_operation(now_ns);
    if (!operation) break;
    Client& client = *free_.front();
    free_.pop_front();
    now_ns = clock_();
    operation->sent_ns = now_ns;
    writer_.write(client.send(*operation), *operation, client.node().name);
    ++in_flight_;
    to_flush_.push_back(&client);
  }
  for (Client* client : to_flush_) client->flush();
  to_flush_.clear();
  set_alarm(now_ns);
  if (is_finished(now_ns)) return finish({});
  if (!is_cut_off(now_ns)) return;
  tally_.cut_off =
      "no node could be reached for " + show_time(static_cast<double>(plan_.timeout_ns)) + ": " + why_lost_;
  finish({});
}

// A request that is retried comes first, because it has waited longest.
std::optional<Operation> Workload::next_operation(uint64_t now_ns) {
  if (!retries_.empty() && retries_.front().not_before_ns <= now_ns) {
    const Operation operation = retries_.front().operation;
    retries_.pop_front();
    return operation;
  }
  const std::optional<Schedule::Start> start = schedule_->take(now_ns);
  if (!start) return std::nullopt;
  return make_operation(*start);
}

Operation Workload::make_operation(const Schedule::Start& start) {
  Operation operation;
  operation.kind = random_.below(100) < plan_.put_percent ? Kind::put : Kind::get;
  operation.counts = start.counts;
  operation.planned_ns = start.planned_ns;
  operation.key = plan_.first_key + keys_.next();
  operation.value_bytes = plan_.value_bytes;
  if (plan_.value_bytes_max > plan_.value_bytes) {
    operation.value_bytes += random_.below(plan_.value_bytes_max - plan_.value_bytes + 1);
  }
  return operation;
}

// Only when a client is free to send; otherwise the next answer checks for due requests.
void Workload::set_alarm(uint64_t now_ns) {
  if (free_.empty() || !plan_.is_open_loop()) return;
  const std::optional<uint64_t> due_ns = schedule_->next_due_ns(now_ns);
  if (due_ns) alarm_.start_ns(*due_ns > now_ns ? *due_ns - now_ns : 1);
}

void Workload::ended(Client& client, const Operation& operation, End end, uint64_t now_ns) {
  --in_flight_;
  if (client.is_ready()) free_.push_back(&client);
  if (!is_success(end) && operation.attempts < plan_.retries) {
    ++tally_.retried;
    retries_.push_back({operation, now_ns + plan_.retry_wait_ns});
    ++retries_.back().operation.attempts;
    return;
  }
  last_end_ns_ = std::max(last_end_ns_, now_ns);
  ++(is_success(end) ? interval_.done : interval_.failed);
  if (is_success(end)) recent_.record(now_ns - operation.planned_ns);
  const bool is_in_time = schedule_->counted_from_ns() <= now_ns && now_ns <= schedule_->end_ns();
  if (is_success(end) && is_in_time) ++tally_.done_in_time;
  if (operation.counts) tally_.record(operation, end, now_ns);
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
  const uint64_t now_ns = clock_();
  if (ready_ == 0 && ready_before > 0) unreachable_since_ns_ = now_ns;
  redials_.push_back({&client, now_ns + kRedialNs});
  begin_when_all_have_tried();
}

void Workload::turn() {
  if (is_done_) return;
  const uint64_t now_ns = clock_();
  if (!schedule_ && now_ns >= unreachable_since_ns_ + plan_.timeout_ns)
    begin();  // without the clients that still try to connect
  if (!schedule_ || is_done_) return;
  redial(now_ns);
  time_out(now_ns);
  end_interval(now_ns);
  pump();
}

void Workload::redial(uint64_t now_ns) {
  const auto due =
      std::partition(redials_.begin(), redials_.end(), [now_ns](const Redial& one) { return one.at_ns > now_ns; });
  const std::vector<Redial> now(due, redials_.end());
  redials_.erase(due, redials_.end());
  for (const Redial& one : now) one.client->dial(nodes_[next_node_++ % nodes_.size()]);
}

void Workload::time_out(uint64_t now_ns) {
  for (const auto& client : clients_) {
    if (client->in_flight() > 0 && client->oldest().sent_ns + plan_.timeout_ns <= now_ns) {
      client->give_up(End::timed_out, "no answer");
    } else if (client->is_dialling() && client->dialled_ns() + plan_.timeout_ns <= now_ns) {
      client->give_up(End::broken, "connect: no answer");
    }
  }
}

void Workload::end_interval(uint64_t now_ns) {
  if (now_ns < interval_end_ns_) return;
  interval_.to_s = since_start_s(now_ns);
  interval_.p50_ns = recent_.at(0.5);
  interval_.p99_ns = recent_.at(0.99);
  interval_.p999_ns = recent_.at(0.999);
  interval_.max_ns = recent_.max_ns();
  if (tally_.intervals.size() < kIntervalsMax) tally_.intervals.push_back(interval_);
  if (events_.progress) events_.progress(interval_);
  interval_ = {};
  interval_.from_s = since_start_s(now_ns);
  interval_.is_warm_up = now_ns < schedule_->counted_from_ns();
  recent_.clear();
  interval_end_ns_ = std::max(now_ns + 1, interval_end_ns_ + plan_.interval_ns);
}

double Workload::since_start_s(uint64_t now_ns) const { return static_cast<double>(now_ns - begin_ns_) / 1e9; }

bool Workload::is_finished(uint64_t now_ns) const {
  const bool is_all_answered = schedule_->is_over(now_ns) && in_flight_ == 0 && retries_.empty();
  if (is_all_answered) return true;
  return plan_.count == 0 && now_ns >= schedule_->end_ns() + plan_.timeout_ns;
}

bool Workload::is_cut_off(uint64_t now_ns) const {
  return ready_ == 0 && now_ns >= unreachable_since_ns_ + plan_.timeout_ns;
}

void Workload::interrupt() {
  if (is_done_) return;
  tally_.was_interrupted = true;
  finish({});
}

void Workload::end_what_is_left(uint64_t now_ns) {
  for (const auto& client : clients_) {
    if (client->in_flight() > 0) client->give_up(End::timed_out, "the run is over");
  }
  for (const Retry& retry : retries_) {
    if (retry.operation.counts) tally_.record(retry.operation, End::timed_out, now_ns);
  }
}

// The end of the measured time: as planned if the run got that far, else when the last request ended or no node was
// left.
uint64_t Workload::end_of_measured_ns(uint64_t now_ns) const {
  const bool has_got_there = plan_.count == 0 && now_ns >= schedule_->end_ns();
  if (has_got_there) return schedule_->end_ns();
  return std::max(tally_.cut_off.empty() ? last_end_ns_ : now_ns, schedule_->counted_from_ns());
}

// The kinds of requests that were never sent were not drawn: they count as the most frequent kind.
void Workload::sum_up(uint64_t now_ns) {
  const uint64_t end_ns = end_of_measured_ns(now_ns);
  tally_.seconds = static_cast<double>(end_ns - schedule_->counted_from_ns()) / 1e9;
  tally_.drained_s = static_cast<double>(now_ns - std::min(now_ns, end_ns)) / 1e9;
  if (!tally_.was_interrupted) end_what_is_left(now_ns);
  const Kind kind = plan_.put_percent >= 50 ? Kind::put : Kind::get;
  tally_.series(kind).ends[static_cast<size_t>(End::never_sent)] += schedule_->overdue(now_ns);
  if (interval_.done + interval_.failed == 0) return;
  interval_end_ns_ = now_ns;
  end_interval(now_ns);
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
