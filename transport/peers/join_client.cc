#include "transport/peers/newcomer.h"

#include <utility>

#include "raft/check.h"
#include "src/base/log.h"
#include "src/base/try.h"

namespace skiff::transport {
namespace {

constexpr uint64_t kNanosecondsPerMs = 1'000'000;

}  // namespace

Newcomer::Newcomer(Loop& loop, raft::NodeId self, std::vector<Address> ask, const Limits& limits, Events events)
    : loop_(loop), self_(self), ask_(std::move(ask)), limits_(limits), events_(std::move(events)), timer_(loop, [this] {
        time_up();
      }) {
  CHECK(!ask_.empty());
  timer_.start_ns(0);
}

// Either the pause is over or the answer is late.
void Newcomer::time_up() {
  if (dial_ || stream_) return try_next("no answer within " + std::to_string(limits_.answer_timeout_ms) + " ms");
  timer_.start_ns(limits_.answer_timeout_ms * kNanosecondsPerMs);
  dial_ = std::make_unique<Dial>(loop_, ask_[next_], [this](std::unique_ptr<Stream> stream, Dial::Failure failure) {
    dialled(std::move(stream), failure);
  });
}

void Newcomer::dialled(std::unique_ptr<Stream> stream, const Dial::Failure& failure) {
  dial_.reset();
  if (!stream) return try_next(failure.why);
  stream_ = std::move(stream);
  reader_ = FrameReader(kWelcomeBytesMax);
  stream_->start({.received = [this](std::string_view bytes) { received(bytes); },
                  .closed = [this](const std::string& why) { try_next(why); }});
  stream_->write(encode(Introduction{.from = self_}));
}

void Newcomer::received(std::string_view bytes) {
  Result<> fed = reader_.feed(bytes, [this](const Frame& frame) { return answered(frame); });
  if (welcome_) {
    auto welcomed = events_.welcomed;  // may destroy us
    return welcomed(std::move(*welcome_));
  }
  const bool is_final = refusal_ == Refusal::removed || refusal_ == Refusal::taken ||
                        refusal_ == Refusal::other_version || refusal_ == Refusal::other_data_dir_id;
  if (is_final) {
    auto refused = events_.refused;  // may destroy us
    return refused(*refusal_);
  }
  if (!fed) try_next(fed.error().what);
}

Result<> Newcomer::answered(const Frame& frame) {
  if (frame.kind == FrameKind::refusal) {
    TRY(const Refusal refusal, decode_refusal(frame));
    refusal_ = refusal;
    return fail(Error::Code::unavailable, std::string(describe(refusal)));
  }
  TRY(Welcome welcome, decode_welcome(frame));
  if (welcome.protocol != kProtocolVersion) {
    refusal_ = Refusal::other_version;
    return fail(Error::Code::unavailable, std::string(describe(*refusal_)));
  }
  welcome_ = std::move(welcome);
  return {};
}

void Newcomer::try_next(const std::string& why) {
  dial_.reset();
  stream_.reset();
  refusal_.reset();
  std::string& told = told_[next_];
  if (told != why) log::info("waits to be added: " + to_url(ask_[next_]) + ": " + why);
  told = why;
  next_ = (next_ + 1) % ask_.size();
  timer_.start_ns(limits_.pause_ms * kNanosecondsPerMs);
}

}  // namespace skiff::transport
