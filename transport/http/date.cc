#include "transport/http/date.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>

#include "raft/check.h"

namespace skiff::transport {

uint64_t wall_clock_ms() {
  const auto since_1970 = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(since_1970).count());
}

// Not by strftime: the names of days and months must not depend on the locale.
void DateLine::renew(raft::Time now) {
  constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const uint64_t wall_ms = wall_clock_();
  const time_t seconds = static_cast<time_t>(wall_ms / 1000);
  tm date{};
  CHECK(gmtime_r(&seconds, &date) != nullptr);
  std::array<char, 64> text{};
  const int length =
      std::snprintf(text.data(), text.size(), "Date: %s, %02d %s %04d %02d:%02d:%02d GMT\r\n", kDays[date.tm_wday],
                    date.tm_mday, kMonths[date.tm_mon], date.tm_year + 1900, date.tm_hour, date.tm_min, date.tm_sec);
  CHECK(static_cast<size_t>(length) == line_.size());
  std::copy_n(text.begin(), line_.size(), line_.begin());
  good_until_ = now + 1_s - wall_ms % 1000 * 1_ms;
}

}  // namespace skiff::transport
