#include "transport/peers/peer_link.h"

#include <algorithm>
#include <array>
#include <utility>

#include "raft/check.h"
#include "src/base/log.h"
#include "src/base/try.h"
#include "transport/peers/greeting_rules.h"

namespace skiff::transport {
namespace {

std::optional<Address> configured_address(const PeerIdentity& us, raft::NodeId peer) {
  const auto found = us.configured.find(peer);
  return found == us.configured.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace

PeerLink::PeerLink(Loop& loop, const PeerIdentity& us, const PeerMember& peer, const Limits& limits, uint64_t seed,
                   Events events)
    : loop_(loop),
      us_(us),
      addresses_(peer, configured_address(us, peer.id)),
      limits_(limits),
      random_(seed),
      events_(std::move(events)),
      timer_(loop, [this] { timer_expired(); }) {
  CHECK(peer.id != us_.self);
  CHECK(limits_.redial_first > 0_s);
  timer_.start(0_s);
}

PeerLink::~PeerLink() {
  if (us_.running) us_.running->disconnected(peer().id, RunningProcesses::Side::link);
}

void PeerLink::send(const PeerMessage& message) {
  CHECK(message.from == us_.self);
  CHECK(message.to == peer().id);
  const size_t bytes = frame_bytes(message);
  if (bytes > kFrameBytesMax && may_log()) {
    log::error(name() + ": a message of " + std::to_string(bytes) + " bytes is too large for any frame");
  }
  if (state_ != State::connected || bytes > kFrameBytesMax || !has_room(bytes)) {
    ++counters_.dropped;
    return;
  }
  CHECK(stream_ != nullptr);
  std::string frame = encode(message);
  CHECK(frame.size() <= bytes);
  written_bytes_ += frame.size();
  stream_->write(std::move(frame));
  ++counters_.sent;
  expect_progress();
}

bool PeerLink::has_room(size_t bytes) const {
  const size_t waiting = stream_->outbox_bytes();
  const size_t room =
      limits_.outbox_bytes_max + (bytes <= limits_.small_frame_bytes ? limits_.outbox_bytes_reserved : 0);
  return waiting <= limits_.outbox_bytes_reserved || waiting + bytes <= room;
}

PeerLink::Status PeerLink::status() const {
  Status status{.is_connected = state_ == State::connected,
                .counters = counters_,
                .outbox_bytes = stream_ ? stream_->outbox_bytes() : 0,
                .error = log_.error(),
                .moved_to = {},
                .connected_since = connected_since_};
  const bool is_news = process_ != 0 && process_ != leaving_process_;
  if (status.is_connected && is_news) status.moved_to = addresses_.moved_to();
  return status;
}

void PeerLink::move_to(State next) {
  constexpr std::array<std::pair<State, State>, 6> kMoves = {{
      {State::waiting, State::dialling},
      {State::dialling, State::greeting},
      {State::dialling, State::waiting},
      {State::greeting, State::connected},
      {State::greeting, State::waiting},
      {State::connected, State::waiting},
  }};
  CHECK(std::find(kMoves.begin(), kMoves.end(), std::pair(state_, next)) != kMoves.end());
  state_ = next;
}

// The objects that belong to each state. Holds between the callbacks of the loop.
void PeerLink::check_invariants() const {
  CHECK((state_ == State::dialling) == (dial_ != nullptr));
  CHECK((state_ == State::greeting || state_ == State::connected) == (stream_ != nullptr));
  if (state_ == State::connected) CHECK(is_admitted_);
}

void PeerLink::timer_expired() {
  check_invariants();
  switch (state_) {
    case State::waiting: return dial();
    case State::dialling: return lost("no connection within " + std::to_string(limits_.greeting_timeout.ms()) + " ms");
    case State::greeting: return lost("no greeting within " + std::to_string(limits_.greeting_timeout.ms()) + " ms");
    case State::connected: return check_stall();
  }
}

void PeerLink::try_also(const Address& address) {
  if (addresses_.announce(address)) log_.forget_reasons();
  // The address in the log first, even where a connection broke just now: a peer has moved only once that has failed.
  const bool has_failed = state_ == State::waiting && addresses_.has_failed();
  if (has_failed && addresses_.dial_announced_next()) timer_.start(0_s);
}

void PeerLink::confirm_address(const Address& address) {
  CHECK(is_connected_at(address));
  addresses_.confirm(address);
}

void PeerLink::dial() {
  move_to(State::dialling);
  timer_.start(limits_.greeting_timeout);
  dial_ = std::make_unique<Dial>(
      loop_, addresses_.current(),
      [this](std::unique_ptr<Stream> stream, Dial::Failure failure) { dialled(std::move(stream), failure); });
}

void PeerLink::dialled(std::unique_ptr<Stream> stream, const Dial::Failure& failure) {
  CHECK(state_ == State::dialling);
  CHECK(stream_ == nullptr);
  dial_.reset();
  addresses_.note_dial(!stream && failure.refused);
  if (!stream) {
    lost(failure.why);
    if (!addresses_.are_all_refused() || !events_.gone) return;
    auto gone = events_.gone;  // may destroy this link
    return gone();
  }
  move_to(State::greeting);
  stream_ = std::move(stream);
  reader_ = FrameReader(kGreetingBytesMax);
  is_admitted_ = false;
  match_.reset();
  is_watching_ = false;
  written_bytes_ = 0;
  stream_->set_peer_timeout(limits_.stall_timeout);
  stream_->start({.received = [this](std::string_view bytes) { received(bytes); },
                  .closed = [this](const std::string& why) { lost(why); }});
  std::string frame = encode(greeting_to(peer().id, us_));
  written_bytes_ += frame.size();
  stream_->write(std::move(frame));
}

void PeerLink::received(std::string_view bytes) {
  Result<> fed = reader_.feed(bytes, [this](const Frame& frame) { return reply_received(frame); });
  if (!fed) {
    auto removed = std::exchange(was_removed_, false) ? events_.removed : nullptr;
    const auto twice_at = std::exchange(twice_at_, std::nullopt);
    auto runs_twice = twice_at ? events_.runs_twice : nullptr;
    const auto match = std::exchange(match_, std::nullopt);
    auto compared = match ? events_.compared : nullptr;
    lost(fed.error().what);
    if (removed) return removed();  // may destroy this link, like the next two
    if (runs_twice) return runs_twice(*twice_at);
    if (compared) compared(*match);
    return;
  }
  if (state_ == State::greeting && is_admitted_) greeted();
}

// The peer sends one frame on this connection.
Result<> PeerLink::reply_received(const Frame& frame) {
  if (is_admitted_) return fail(Error::Code::corrupt, "it sent a second frame");
  if (frame.kind == FrameKind::refusal) {
    TRY(const Refusal refusal, decode_refusal(frame));
    was_removed_ = refusal == Refusal::removed;
    if (refusal == Refusal::running_twice) twice_at_ = decode_refusal_address(frame).value_or("");
    if (!match_of(refusal).is_match()) match_ = match_of(refusal);
    return fail(Error::Code::unavailable, "turned away: " + std::string(describe(refusal)));
  }
  CHECK(state_ == State::greeting);
  TRY(const Greeting greeting, decode_greeting(frame));
  std::optional<Refusal> against = objection(greeting, us_);
  if (!against && greeting.from != peer().id) against = Refusal::other_node;
  if (against) return fail(Error::Code::unavailable, "not the peer we know: " + std::string(describe(*against)));
  TRY(compare(greeting));
  TRY(look_for_another_process(greeting));
  process_ = greeting.process;
  is_admitted_ = true;
  return {};
}

// A process that is reached at the address in the log takes precedence over one that connected to our listener.
Result<> PeerLink::look_for_another_process(const Greeting& greeting) {
  if (!us_.running) return {};
  const RunningProcess here = process_of(greeting, stream_->remote());
  if (auto other = us_.running->other_than(peer().id, here)) {
    if (!addresses_.is_at_member_address())
      return fail(Error::Code::unavailable, describe_twice(peer().id, *other, here));
    if (events_.peer_runs_twice) events_.peer_runs_twice(*other, here);
  }
  us_.running->connected(peer().id, RunningProcesses::Side::link, here);
  return {};
}

Result<> PeerLink::compare(const Greeting& greeting) {
  if (!us_.known) return {};
  match_ = us_.known->greeted(greeting, us_.data_dir_id);
  if (match_->is_match()) return {};
  const char* why = match_->peer_differs  ? "it had another data directory before"
                    : match_->own_differs ? "it remembers another data directory of this node"
                                          : "it remembers other data directories of the members than this node does";
  return fail(Error::Code::unavailable, std::string("not the peer we know: ") + why);
}

void PeerLink::greeted() {
  CHECK(is_admitted_);
  move_to(State::connected);
  timer_.stop();
  connected_since_ = loop_.cached_now();
  addresses_.reached();
  log_.connected();
  if (may_log()) log::info(name() + ": connected");
  const auto match = std::exchange(match_, std::nullopt);
  if (match && events_.compared) events_.compared(*match);
  if (!events_.connected) return;
  auto connected = events_.connected;  // may destroy this link
  connected();
}

// The connection broke, or could not be made.
void PeerLink::lost(const std::string& why) {
  const bool was_connected = state_ == State::connected;
  dial_.reset();
  stream_.reset();
  if (us_.running) us_.running->disconnected(peer().id, RunningProcesses::Side::link);
  log_error(was_connected ? "connection lost: " + why : why);
  addresses_.lost(was_connected);
  move_to(State::waiting);
  const bool had_settled = was_connected && loop_.cached_now() - connected_since_ >= limits_.settled;
  if (had_settled) failures_ = 0;
  timer_.start(had_settled ? 0_s : redial_delay());
  if (!was_connected || !events_.disconnected) return;
  auto disconnected = events_.disconnected;  // may destroy this link
  disconnected();
}

// Up to half of the delay is random, so that nodes that lost each other at the same moment do not dial in step.
raft::Time PeerLink::redial_delay() {
  const uint64_t doublings = std::min<uint64_t>(failures_++, 16);
  const raft::Time whole = std::min((uint64_t{1} << doublings) * limits_.redial_first, limits_.redial_max);
  CHECK(whole > 0_s);
  return whole - random_.below(whole.ms() / 2 + 1) * 1_ms;
}

// Checks regularly whether the outbox moves, as long as it holds bytes. An idle link has no timer.
void PeerLink::expect_progress() {
  CHECK(state_ == State::connected);
  if (is_watching_) return;
  is_watching_ = true;
  sent_bytes_seen_ = written_bytes_ - stream_->outbox_bytes();
  timer_.start(limits_.stall_timeout);
}

void PeerLink::check_stall() {
  CHECK(is_watching_);
  CHECK(written_bytes_ >= stream_->outbox_bytes());
  const bool has_stalled = stream_->outbox_bytes() > 0 && written_bytes_ - stream_->outbox_bytes() == sent_bytes_seen_;
  if (has_stalled) return lost("it took no bytes for " + std::to_string(limits_.stall_timeout.ms()) + " ms");
  is_watching_ = false;
  if (stream_->outbox_bytes() > 0) expect_progress();
}

std::string PeerLink::name() const {
  return "peer " + std::to_string(peer().id) + " at " + to_url(addresses_.current());
}

bool PeerLink::may_log() { return log_.may_log(loop_.cached_now()); }

void PeerLink::log_error(const std::string& why) {
  if (log_.failed(addresses_.current(), why, loop_.cached_now())) log::warn(name() + ": " + why);
}

}  // namespace skiff::transport
