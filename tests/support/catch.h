// Catch2 with its short names, except CHECK, which is ours (raft/check.h): tests say REQUIRE.
#pragma once

#define CATCH_CONFIG_PREFIX_ALL
#include <catch2/catch.hpp>
#include <string>

#include "raft/time.h"

#define TEST_CASE(...) CATCH_TEST_CASE(__VA_ARGS__)
#define SECTION(...) CATCH_SECTION(__VA_ARGS__)
#define REQUIRE(...) CATCH_REQUIRE(__VA_ARGS__)
#define REQUIRE_FALSE(...) CATCH_REQUIRE_FALSE(__VA_ARGS__)
#define REQUIRE_THAT(...) CATCH_REQUIRE_THAT(__VA_ARGS__)
#define INFO(...) CATCH_INFO(__VA_ARGS__)
#define CAPTURE(...) CATCH_CAPTURE(__VA_ARGS__)
#define FAIL(...) CATCH_FAIL(__VA_ARGS__)

template <>
struct Catch::StringMaker<skiff::raft::Time> {
  static std::string convert(skiff::raft::Time time) { return std::to_string(time.ns()) + " ns"; }
};
