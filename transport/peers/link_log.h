// LinkLog: which events of a link are worth a line in the log.
//
// A peer that cannot be reached is dialled twice a second, and would write as many lines. So each reason is logged once
// for each address, until the link works again, and a link gets at most ten lines in ten seconds: its peer may break
// the connection again and again, for another reason each time.
#pragma once

#include <map>
#include <string>

#include "raft/time.h"
#include "transport/loop/address.h"

namespace skiff::transport {

class LinkLog {
 public:
  static constexpr int kLinesMax = 10;
  static constexpr raft::Time kInterval = 10_s;

  // Whether there may be another line now, which is counted.
  bool may_log(raft::Time now) {
    if (now - interval_began_ >= kInterval) {
      interval_began_ = now;
      lines_ = 0;
    }
    return ++lines_ <= kLinesMax;
  }
  // The link failed for this reason. Whether that is worth a line.
  bool failed(const Address& address, const std::string& why, raft::Time now) {
    error_ = why;
    std::string& logged = logged_[address];
    if (why == logged || !may_log(now)) return false;
    logged = why;
    return true;
  }
  // Reasons that were logged are news again.
  void forget_reasons() { logged_.clear(); }
  void connected() {
    error_.clear();
    forget_reasons();
  }

  // Why there is no connection; empty: there is one, or it was not tried yet.
  const std::string& error() const { return error_; }

 private:
  std::string error_;
  std::map<Address, std::string> logged_;  // of at most three addresses
  raft::Time interval_began_;
  int lines_ = 0;
};

}  // namespace skiff::transport
