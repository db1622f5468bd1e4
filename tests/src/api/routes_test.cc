#include "src/api/routes.h"

#include <algorithm>

#include "tests/src/api/api_world.h"
#include "tests/support/catch.h"

namespace skiff::api_routes_test {

using namespace api_world;

// A path that the pattern fits, with something in the place of its '*'.
std::string path_of(const Route& route) {
  if (route.pattern == "*") return "/k";
  if (route.prefix.size() == route.pattern.size()) return std::string(route.pattern);
  return std::string(route.prefix) + "4" + std::string(route.suffix);
}

TEST_CASE("every row of the route table is found by its pattern, and by no longer path unless it has a star") {
  for (const Route& row : all_routes()) {
    INFO(row.pattern);
    const std::string path = path_of(row);
    const auto found = routes_of(path);
    REQUIRE(std::any_of(found.begin(), found.end(), [&](const Route& one) { return &one == &row; }));
    REQUIRE(std::all_of(found.begin(), found.end(), [&](const Route& one) { return one.pattern == row.pattern; }));
    if (row.pattern.find('*') == std::string_view::npos) REQUIRE(routes_of(path + "x").front().pattern != row.pattern);
  }
}

TEST_CASE("a star stands for any bytes, and for none, and what is before and behind it never overlaps") {
  struct Row {
    const char* path;
    const char* pattern;
  };
  for (const Row& row :
       {Row{"/members/", "/members/*"}, Row{"/members/4", "/members/*"}, Row{"/members/4/lead", "/members/*/lead"},
        Row{"/members//lead", "/members/*/lead"}, Row{"/members/4/5/lead", "/members/*/lead"},
        Row{"/members/lead", "/members/*"}, Row{"/members/4/leader", "/members/*"}, Row{"/v3/", "/v3/*"},
        Row{"/v3", "*"}, Row{"/", "*"}, Row{"/m", "*"}, Row{"", "*"}, Row{"*", "*"}}) {
    INFO(row.path);
    REQUIRE(routes_of(row.path).front().pattern == row.pattern);
  }
}

TEST_CASE("what changes something, or shows all of it, needs a permission that says so") {
  for (const Route& row : all_routes()) {
    INFO(row.pattern);
    const bool changes = row.methods.has(Method::put) || row.methods.has(Method::post) || row.methods.has(Method::del);
    if (row.handler == nullptr) {
      REQUIRE(row.permission == Permission::none);
    } else if (row.pattern == "*") {
      REQUIRE(row.permission == (changes ? Permission::write : Permission::read));
    } else {
      REQUIRE((row.permission == Permission::admin) == (changes || row.pattern == "/snapshot"));
    }
  }
}

}  // namespace skiff::api_routes_test
