#include "src/base/result.h"

#include "tests/support/catch.h"

namespace skiff::result_test {

TEST_CASE("an error reads as what happened, and then what can be done about it") {
  const Error plain{.code = Error::Code::io, .what = "sync wal-1: No space left on device"};
  const Error advised{.what = "recover wal-x: it is no part of the log", .advice = "nothing was changed: move it away"};

  REQUIRE(to_text(plain) == "sync wal-1: No space left on device");
  REQUIRE(to_text(advised) == "recover wal-x: it is no part of the log; nothing was changed: move it away");
}

TEST_CASE("an error of a larger act names the act first, and keeps its code and its advice") {
  const Result<> failed = fail("read data/repair", {Error::Code::corrupt, "its checksum is wrong", "keep it"});

  REQUIRE(failed.error().code == Error::Code::corrupt);
  REQUIRE(failed.error().what == "read data/repair: its checksum is wrong");
  REQUIRE(to_text(failed.error()) == "read data/repair: its checksum is wrong; keep it");
}

TEST_CASE("an error that means something else to the caller changes its code alone") {
  const Result<> failed = fail_as(Error::Code::unavailable, {Error::Code::no_space, "write x: full", "make room"});

  REQUIRE(failed.error().code == Error::Code::unavailable);
  REQUIRE(to_text(failed.error()) == "write x: full; make room");
}

}  // namespace skiff::result_test
