// The program's queues: within a loop, and to the loop of another thread and back.
#include <atomic>
#include <optional>
#include <thread>

#include "bench/micro/micro.h"
#include "transport/loop/async_queue.h"
#include "transport/loop/loop.h"

namespace skiff::micro {
namespace {

using Queue = transport::AsyncQueue<uint64_t>;

// Pushed and drained by the same thread, one item a turn.
class OneLoop {
 public:
  OneLoop() : queue_(loop_, [this](std::vector<uint64_t>&& items) { drained_ += items.size(); }) {}
  void hop() {
    queue_.push_here(1);
    for (const uint64_t before = drained_; drained_ == before;) loop_.run_once();
  }

 private:
  transport::Loop loop_;
  uint64_t drained_ = 0;
  Queue queue_;
};

// Items that are pushed to it come back to `back`.
class OtherThread {
 public:
  explicit OtherThread(Queue& back)
      : queue_(loop_,
               [this, &back](std::vector<uint64_t>&& items) {
                 for (const uint64_t item : items) item == kStop ? void(is_stopped_ = true) : back.push(item);
               }),
        thread_([this] {
          while (!is_stopped_) loop_.run_once();
        }) {}
  ~OtherThread() {
    queue_.push(kStop);
    thread_.join();
  }
  OtherThread(const OtherThread&) = delete;
  OtherThread& operator=(const OtherThread&) = delete;

  void push(uint64_t item) { queue_.push(item); }

 private:
  static constexpr uint64_t kStop = 0;

  transport::Loop loop_;
  bool is_stopped_ = false;
  Queue queue_;
  std::thread thread_;
};

class TwoLoops {
 public:
  TwoLoops() : back_(loop_, [this](std::vector<uint64_t>&& items) { returned_ += items.size(); }), other_(back_) {}
  void there_and_back() {
    other_.push(1);
    for (const uint64_t before = returned_; returned_ == before;) loop_.run_once();
  }

 private:
  transport::Loop loop_;
  uint64_t returned_ = 0;
  Queue back_;
  OtherThread other_;
};

Repeat hop_within() {
  return [loop = std::make_shared<OneLoop>()](uint64_t times) {
    for (uint64_t i = 0; i < times; ++i) loop->hop();
  };
}

Repeat hop_between() {
  return [loops = std::make_shared<TwoLoops>()](uint64_t times) {
    for (uint64_t i = 0; i < times; ++i) loops->there_and_back();
  };
}

}  // namespace

std::vector<Subject> hop_subjects() {
  return {{"hop", "an item through a queue of its own loop", hop_within},
          {"hop-threads", "an item to the loop of another thread, and back", hop_between}};
}

}  // namespace skiff::micro
