#include "src/replica/resubmit_schedule.h"

#include <vector>

#include "tests/support/catch.h"

namespace skiff::resubmit_schedule_test {

TEST_CASE("a change of the leadership is reported once, and only if there is a leader") {
  struct Row {
    ResubmitSchedule::Leadership known;
    bool has_changed;
  };
  const std::vector<Row> rows = {
      {{.leader = 0, .term = 0}, false},
      {{.leader = 0, .term = 1}, false},
      {{.leader = 2, .term = 1}, true},
      {{.leader = 2, .term = 1}, false},
      {{.leader = 2, .term = 2}, true},
      {{.leader = 3, .term = 2}, true},
      {{.leader = 3, .term = 2, .is_admitted = true}, true},
      {{.leader = 3, .term = 2, .is_admitted = true}, false},
      {{.leader = 3, .term = 2, .takes_writes = false, .is_admitted = true}, false},
      {{.leader = 3, .term = 2, .takes_writes = true, .is_admitted = true}, true},
      {{.leader = 3, .term = 2, .takes_writes = true, .is_admitted = true}, false},
      {{.leader = 0, .term = 2, .takes_writes = false, .is_admitted = true}, false},
      {{.leader = 0, .term = 2, .takes_writes = true, .is_admitted = true}, false},
      {{.leader = 3, .term = 2, .takes_writes = true, .is_admitted = true}, true},
  };
  ResubmitSchedule schedule(100_ns);
  for (size_t at = 0; at < rows.size(); ++at) {
    INFO("row " << at);
    REQUIRE(schedule.has_changed(rows[at].known) == rows[at].has_changed);
  }
}

TEST_CASE("without progress the next attempt comes later each time, and soon again after progress") {
  ResubmitSchedule schedule(100_ns);
  schedule.note_progress(1'000_ns);
  REQUIRE(schedule.due_at() == 1'100_ns);

  REQUIRE(schedule.back_off() == 100_ns);
  schedule.submitted_again(1'100_ns);
  REQUIRE(schedule.due_at() == 1'300_ns);
  REQUIRE(schedule.back_off() == 200_ns);
  schedule.submitted_again(1'300_ns);
  REQUIRE(schedule.due_at() == 1'700_ns);

  schedule.note_progress(1'650_ns);
  REQUIRE(schedule.due_at() == 1'750_ns);
}

}  // namespace skiff::resubmit_schedule_test
