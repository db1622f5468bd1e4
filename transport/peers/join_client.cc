#include "transport/peers/join_client.h"

#include <utility>

#include "raft/check.h"
#include "src/base/log.h"
#include "src/base/try.h"

namespace skiff::transport {
JoinClient::JoinClient(Loop& loop, raft::NodeId self, std::vector<Address> ask, const Limits& limits, Events events)
    : loop_(loop), self_(self), ask_(std::move(ask)), limits_(limits), events_(std::move(events)), timer_(loop, [this] {
        timer_expired();
      }) {
  CHECK(!ask_.empty());
  CHECK(self_ != 0);
  timer_.start(0_s);
}

// Ends the pause, or the wait for an answer.
void JoinClient::timer_expired() {
  CHECK(!dial_ || !stream_);
  if (dial_ || stream_) return try_next("no answer within " + std::to_string(limits_.answer_timeout.ms()) + " ms");
  timer_.start(limits_.answer_timeout);
  dial_ = std::make_unique<Dial>(loop_, ask_[next_], [this](std::unique_ptr<Stream> stream, Dial::Failure failure) {
    dialled(std::move(stream), failure);
  });
}

void JoinClient::dialled(std::unique_ptr<Stream> stream, const Dial::Failure& failure) {
  dial_.reset();
  if (!stream) return try_next(failure.why);
  stream_ = std::move(stream);
  reader_ = FrameReader(kJoinReplyBytesMax);
  stream_->start({.received = [this](std::string_view bytes) { received(bytes); },
                  .closed = [this](const std::string& why) { try_next(why); }});
  stream_->write(encode(JoinRequest{.from = self_}));
}

void JoinClient::received(std::string_view bytes) {
  Result<> fed = reader_.feed(bytes, [this](const Frame& frame) { return reply_received(frame); });
  if (join_reply_) {
    auto got_join_reply = events_.got_join_reply;  // may destroy this client
    return got_join_reply(std::move(*join_reply_));
  }
  const bool is_final = refusal_ == Refusal::removed || refusal_ == Refusal::taken ||
                        refusal_ == Refusal::other_version || refusal_ == Refusal::other_data_dir_id;
  if (is_final) {
    auto refused = events_.refused;  // may destroy this client
    return refused(*refusal_);
  }
  if (!fed) try_next(fed.error().what);
}

Result<> JoinClient::reply_received(const Frame& frame) {
  if (frame.kind == FrameKind::refusal) {
    TRY(const Refusal refusal, decode_refusal(frame));
    refusal_ = refusal;
    return fail(Error::Code::unavailable, std::string(describe(refusal)));
  }
  TRY(JoinReply join_reply, decode_join_reply(frame));
  if (join_reply.protocol != kProtocolVersion) {
    refusal_ = Refusal::other_version;
    return fail(Error::Code::unavailable, std::string(describe(*refusal_)));
  }
  join_reply_ = std::move(join_reply);
  return {};
}

void JoinClient::try_next(const std::string& why) {
  dial_.reset();
  stream_.reset();
  refusal_.reset();
  std::string& logged = logged_[next_];
  if (logged != why) log::info("waits to be added: " + to_url(ask_[next_]) + ": " + why);
  logged = why;
  next_ = (next_ + 1) % ask_.size();
  CHECK(next_ < ask_.size());
  timer_.start(limits_.pause);
}

}  // namespace skiff::transport
