// OwnProcess: this run of the node, as it presents itself to the others (raft/starts.cc).
//
// A process draws a number at its start, says it with every reply, and tells what it found on its disk. A leader judges
// it by that: either it is admitted, or its disk lacks what the node had acknowledged, and the process is recovering
// until it has everything again (raft/recovering.cc). A log that is known to be damaged makes it recovering from the
// start.
//
// Always: a recovering process says so under its own number.
#pragma once

#include <cstdint>

#include "raft/check.h"
#include "raft/message.h"

namespace skiff::raft {

class OwnProcess {
 public:
  // `recovering` is `start`, or 0 if the disk lacks nothing.
  OwnProcess(uint64_t start, uint64_t recovering) : start_(start), recovering_(recovering) {
    CHECK(start != 0);
    CHECK(recovering == 0 || recovering == start);
  }

  uint64_t start() const { return start_; }
  const Found& found() const { return found_; }
  void set_found(Found found) { found_ = found; }

  bool is_admitted() const { return is_admitted_; }
  void admit() { is_admitted_ = true; }

  bool is_recovering() const { return recovering_ != 0; }
  uint64_t recovering() const { return recovering_; }  // as messages say it: 0, or start()
  void has_lost_something() { recovering_ = start_; }
  // The log is intact again, and ends as in `found`: no leader holds the loss against the process any more.
  void recovered(Found found) {
    recovering_ = 0;
    found_ = found;
  }

 private:
  uint64_t start_;
  uint64_t recovering_;
  Found found_;
  bool is_admitted_ = false;
};

}  // namespace skiff::raft
