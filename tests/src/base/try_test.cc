#include "src/base/try.h"

#include <memory>
#include <string>
#include <vector>

#include "tests/support/catch.h"

namespace skiff::try_test {
namespace {

tl::unexpected<Error> broken() { return fail(Error::Code::io, "read x: broken", "look at it"); }

Result<> act(bool succeeds) { return succeeds ? Result<>() : broken(); }

Result<int> number(bool succeeds) { return succeeds ? Result<int>(7) : broken(); }

bool is_broken(const Error& error) {
  return error.code == Error::Code::io && error.what == "read x: broken" && error.advice == "look at it";
}

// Counts how often it is copied and moved.
struct Traveller {
  Traveller() = default;
  Traveller(const Traveller& other) : copies(other.copies + 1), moves(other.moves) {}
  Traveller(Traveller&& other) noexcept : copies(other.copies), moves(other.moves + 1) {}
  Traveller& operator=(const Traveller&) = delete;
  Traveller& operator=(Traveller&&) = delete;
  ~Traveller() = default;

  int copies = 0;
  int moves = 0;
};

Result<Traveller> arrive() { return Result<Traveller>(tl::in_place); }

}  // namespace

TEST_CASE("an act that succeeds lets the function go on, and one that fails ends it with the act's own error") {
  int reached = 0;
  const auto run = [&](bool first, bool second) -> Result<> {
    TRY(act(first));
    ++reached;
    TRY(act(second));
    ++reached;
    return {};
  };

  REQUIRE(run(true, true));
  REQUIRE(reached == 2);
  REQUIRE(is_broken(run(true, false).error()));
  REQUIRE(reached == 3);
  REQUIRE(is_broken(run(false, true).error()));
  REQUIRE(reached == 3);
}

TEST_CASE("a value gets its name, and an error leaves a function of another type") {
  const auto twice = [](bool succeeds) -> Result<std::string> {
    TRY(const int one, number(succeeds));
    TRY(auto other, number(succeeds));
    TRY(std::ignore, number(succeeds));
    return std::to_string(one + other);
  };

  REQUIRE(twice(true) == "14");
  REQUIRE(is_broken(twice(false).error()));
}

TEST_CASE("a variable that is there already keeps its value when there is no new one") {
  int value = 1;
  const auto replace = [&](bool succeeds) -> Result<> {
    TRY(value, number(succeeds));
    return {};
  };

  REQUIRE_FALSE(replace(false));
  REQUIRE(value == 1);
  REQUIRE(replace(true));
  REQUIRE(value == 7);
}

TEST_CASE("the expression is evaluated once, whether it succeeds or not") {
  int calls = 0;
  const auto count = [&](bool succeeds) {
    ++calls;
    return number(succeeds);
  };
  const auto run = [&](bool succeeds) -> Result<> {
    TRY(const int value, count(succeeds));
    return value == 7 ? Result<>() : broken();
  };

  REQUIRE(run(true));
  REQUIRE(calls == 1);
  REQUIRE_FALSE(run(false));
  REQUIRE(calls == 2);
}

TEST_CASE("a false is a value like any other") {
  const auto run = []() -> Result<bool> {
    TRY(const bool is_there, Result<bool>(false));
    return !is_there;
  };

  REQUIRE(run().value());
}

TEST_CASE("an act without braces belongs to the `if` before it, and leaves the `else` to that") {
  const auto run = [](bool asked) -> Result<std::string> {
    if (asked)
      TRY(act(false));
    else
      return "not asked";
    return "went on";
  };

  REQUIRE(run(false) == "not asked");
  REQUIRE(is_broken(run(true).error()));
}

TEST_CASE("a value that cannot be copied is moved") {
  const auto run = []() -> Result<std::unique_ptr<int>> {
    TRY(auto owned, Result<std::unique_ptr<int>>(std::make_unique<int>(3)));
    return owned;
  };

  REQUIRE(*run().value() == 3);
}

TEST_CASE("a value is moved once into a variable, and stays where it is behind a reference") {
  const auto into_variable = []() -> Result<> {
    TRY(auto traveller, arrive());
    REQUIRE(traveller.copies == 0);
    REQUIRE(traveller.moves == 1);
    return {};
  };
  const auto behind_reference = []() -> Result<> {
    TRY(auto&& traveller, arrive());
    TRY(const auto& another, arrive());
    REQUIRE(traveller.copies + another.copies == 0);
    REQUIRE(traveller.moves + another.moves == 0);
    return {};
  };

  REQUIRE(into_variable());
  REQUIRE(behind_reference());
}

TEST_CASE("a result with a name keeps its value, unless it is given away") {
  const auto run = []() -> Result<> {
    auto kept = arrive();
    TRY(auto copy, kept);
    REQUIRE(copy.copies == 1);
    TRY(auto taken, std::move(kept));
    REQUIRE(taken.copies == 0);
    return {};
  };

  REQUIRE(run());
}

TEST_CASE("an error with a name stays whole when it is passed on") {
  const Result<> failed = broken();
  const auto run = [&]() -> Result<int> {
    TRY(failed);
    return 1;
  };

  REQUIRE(is_broken(run().error()));
  REQUIRE(is_broken(failed.error()));
}

}  // namespace skiff::try_test
