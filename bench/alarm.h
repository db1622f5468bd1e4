// Alarm: a timer that rings on the microsecond. libuv's own count whole milliseconds, and an open loop that sends its
// requests a millisecond late would charge the server for it.
#pragma once

#include <uv.h>

#include <cstdint>
#include <functional>

#include "raft/time.h"
#include "transport/loop/loop.h"

namespace skiff::bench {

class Alarm {
 public:
  Alarm(transport::Loop& loop, std::function<void()> rings);
  ~Alarm();
  Alarm(const Alarm&) = delete;
  Alarm& operator=(const Alarm&) = delete;

  void start(raft::Time delay);  // once; replaces an earlier start
  void stop();

 private:
  static void readable(uv_poll_t* handle, int status, int events);

  std::function<void()> rings_;
  int descriptor_;
  transport::Owned<uv_poll_t> handle_;
};

}  // namespace skiff::bench
