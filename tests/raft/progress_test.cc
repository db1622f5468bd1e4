#include "raft/progress.h"

#include "tests/support/catch.h"
#include "tests/support/dies.h"

namespace skiff::progress_test {

using namespace skiff::raft;
using State = Progress::State;

// Everything up to `match` acknowledged, streaming.
static Progress streaming(Index match, Progress::Window window) {
  Progress progress(match + 1, 0_s, window);
  progress.sent(match, 0);
  progress.accepted(match, 0);
  return progress;
}

TEST_CASE("a probe is sent one at a time, until it is answered") {
  Progress progress(5, 0_s, {.entries_max = 10, .bytes_max = 100});
  REQUIRE(progress.state() == State::probe);
  REQUIRE(progress.may_send());
  progress.sent(7, 30);
  REQUIRE_FALSE(progress.may_send());
  REQUIRE(progress.next() == 5);
  REQUIRE(progress.accepted(7, 0));
  REQUIRE(progress.state() == State::replicate);
  REQUIRE(progress.match() == 7);
  REQUIRE(progress.next() == 8);
}

// F3: after lost acknowledgements a heartbeat's reply lets one more message out
// R9: a heartbeat's reply shows the leader that appends were lost
TEST_CASE("a heartbeat's answer allows another probe", "[F3][R9]") {
  Progress progress(5, 0_s, {.entries_max = 10, .bytes_max = 100});
  progress.sent(4, 0);
  REQUIRE_FALSE(progress.may_send());
  progress.heartbeat_answered();
  REQUIRE(progress.may_send());
}

TEST_CASE("a refused probe goes back to where the logs may agree, or one step") {
  struct Row {
    Index agree_at_most;
    Index next;
  };
  for (const Row& row : {Row{2, 3}, Row{0, 1}, Row{3, 4}, Row{4, 4}, Row{99, 4}}) {
    Progress progress(5, 0_s, {.entries_max = 10, .bytes_max = 100});
    progress.sent(9, 0);
    REQUIRE(progress.refused(4, row.agree_at_most));
    REQUIRE(progress.next() == row.next);
    REQUIRE(progress.may_send());
  }
}

// R12: replies that are late, repeated or impossible do no harm
TEST_CASE("a refusal of another probe than the last is out of date", "[R12]") {
  Progress progress(5, 0_s, {.entries_max = 10, .bytes_max = 100});
  progress.sent(4, 0);
  REQUIRE_FALSE(progress.refused(3, 1));
  REQUIRE_FALSE(progress.refused(6, 1));
  REQUIRE(progress.next() == 5);
  REQUIRE_FALSE(progress.may_send());
}

// R12: replies that are late, repeated or impossible do no harm
// bug-22: a leader goes back behind a follower's acknowledgement
TEST_CASE("next never falls to match or below, whatever is refused", "[R12][bug-22]") {
  Progress progress = streaming(5, {.entries_max = 10, .bytes_max = 100});
  progress.sent(8, 0);
  REQUIRE_FALSE(progress.refused(5, 0));
  REQUIRE_FALSE(progress.refused(2, 0));
  REQUIRE(progress.next() == 9);
  REQUIRE(progress.refused(8, 0));
  REQUIRE(progress.next() == 6);
  REQUIRE(progress.state() == State::probe);
}

// R12: replies that are late, repeated or impossible do no harm
// bug-28: an acknowledgement has a wrong last index
TEST_CASE("old acknowledgements change nothing", "[R12][bug-28]") {
  Progress progress = streaming(5, {.entries_max = 10, .bytes_max = 100});
  REQUIRE_FALSE(progress.accepted(5, 0));
  REQUIRE_FALSE(progress.accepted(3, 0));
  REQUIRE(progress.match() == 5);
  progress.probe_again();
  REQUIRE_FALSE(progress.accepted(4, 0));
  REQUIRE(progress.state() == State::probe);
  REQUIRE(progress.accepted(5, 0));
  REQUIRE(progress.state() == State::replicate);
}

// F1: a full window stops the stream
// F2: acknowledgements move the window on
TEST_CASE("a stream is sent ahead of its acknowledgements, up to so many entries", "[F1][F2]") {
  Progress progress = streaming(0, {.entries_max = 3, .bytes_max = 100});
  progress.sent(2, 10);
  REQUIRE(progress.next() == 3);
  REQUIRE(progress.may_send());
  progress.sent(4, 10);  // the last message may go over
  REQUIRE_FALSE(progress.may_send());
  progress.accepted(2, 0);
  REQUIRE(progress.may_send());
}

// F1: a full window stops the stream
// F4: an entry larger than every bound still gets through
TEST_CASE("and up to so many bytes; one giant is let through", "[F1][F4]") {
  Progress progress = streaming(0, {.entries_max = 100, .bytes_max = 50});
  REQUIRE(progress.may_send());
  progress.sent(1, 1000);
  REQUIRE_FALSE(progress.may_send());
  progress.accepted(1, 0);
  REQUIRE(progress.may_send());
  progress.sent(2, 30);
  progress.sent(3, 30);
  REQUIRE_FALSE(progress.may_send());
  progress.accepted(2, 0);
  REQUIRE(progress.may_send());
}

// F2: acknowledgements move the window on
TEST_CASE("an acknowledgement in the middle of a message frees only complete messages before it", "[F2]") {
  Progress progress = streaming(0, {.entries_max = 100, .bytes_max = 50});
  progress.sent(5, 60);
  progress.accepted(3, 0);
  REQUIRE_FALSE(progress.may_send());
  progress.accepted(5, 0);
  REQUIRE(progress.may_send());
}

// F3: after lost acknowledgements a heartbeat's reply lets one more message out
// bug-20: a window is counted wrongly, so that a stream stays paused
TEST_CASE("a message without entries takes no space in the window", "[F3][bug-20]") {
  Progress progress = streaming(0, {.entries_max = 2, .bytes_max = 10});
  for (int asked = 0; asked < 5; ++asked) progress.sent(0, 0);
  REQUIRE(progress.may_send());
  REQUIRE(progress.next() == 1);
}

// R14: a peer that was reported gone is probed, and streamed to when it is back
// R17: a connection breaks in the middle of a stream
TEST_CASE("messages under way when the process went are forgotten", "[R14][R17]") {
  Progress progress = streaming(5, {.entries_max = 10, .bytes_max = 50});
  progress.sent(9, 60);
  progress.probe_again();
  REQUIRE(progress.state() == State::probe);
  REQUIRE(progress.next() == 6);
  REQUIRE(progress.may_send());
  progress.sent(5, 0);
  progress.accepted(5, 0);
  REQUIRE(progress.may_send());  // the window is empty again
}

// R14: a peer that was reported gone is probed, and streamed to when it is back
TEST_CASE("a late acknowledgement of entries sent before an alarm still counts", "[R14]") {
  Progress progress = streaming(5, {.entries_max = 10, .bytes_max = 50});
  progress.sent(9, 10);
  progress.probe_again();
  REQUIRE(progress.accepted(9, 0));
  REQUIRE(progress.next() == 10);
}

TEST_CASE("a follower is told of a commit after a while, once, and no further than what it has") {
  Progress progress = streaming(5, {.entries_max = 10, .bytes_max = 100});
  REQUIRE_FALSE(progress.poll_commit_notice(9, 100_ns, 20_ns).has_value());
  REQUIRE(progress.commit_notice_at() == 120_ns);
  REQUIRE_FALSE(progress.poll_commit_notice(9, 119_ns, 20_ns).has_value());
  REQUIRE(progress.poll_commit_notice(9, 120_ns, 20_ns) == 5);
  REQUIRE(progress.commit_notice_at() == kNever);
  REQUIRE_FALSE(progress.poll_commit_notice(9, 200_ns, 20_ns).has_value());
}

TEST_CASE("a follower whose client waits is told of a commit at once, unless it was told with entries") {
  Progress progress = streaming(5, {.entries_max = 10, .bytes_max = 100});
  progress.await_commit(4);
  REQUIRE(progress.poll_commit_notice(3, 100_ns, 20_ns) == 3);
  REQUIRE(progress.poll_commit_notice(4, 100_ns, 20_ns) == 4);
  REQUIRE_FALSE(progress.poll_commit_notice(5, 100_ns, 20_ns).has_value());  // the client has what it waited for
  progress.told_commit(5);
  REQUIRE_FALSE(progress.poll_commit_notice(5, 120_ns, 20_ns).has_value());
  REQUIRE(progress.commit_notice_at() == kNever);
}

TEST_CASE("a window holds at least something") {
  REQUIRE_FALSE(dies_saying([] { Progress(1, 0_s, {.entries_max = 0, .bytes_max = 1}); }).empty());
  REQUIRE_FALSE(dies_saying([] { Progress(1, 0_s, {.entries_max = 1, .bytes_max = 0}); }).empty());
}

}  // namespace skiff::progress_test
