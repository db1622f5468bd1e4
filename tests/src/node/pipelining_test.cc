#include "src/node/pipelining.h"

#include "tests/support/catch.h"

namespace skiff::pipelining_test {

using transport::Method;
using transport::Ordering;

TEST_CASE("which requests of one connection may run side by side") {
  struct Row {
    const char* name;
    Method method;
    const char* path;
    const char* query;
    Ordering ordering;
  };
  const Row rows[] = {
      {"a read", Method::get, "/k", "", Ordering::safe},
      {"a read that says so", Method::get, "/k", "consistency=linearizable", Ordering::safe},
      {"HEAD", Method::head, "/k", "", Ordering::safe},
      {"a stale read", Method::get, "/k", "consistency=stale", Ordering::alone},
      {"a stale read that is escaped", Method::get, "/k", "consistency=st%61le", Ordering::alone},
      {"a stale HEAD", Method::head, "/k", "consistency=stale", Ordering::alone},
      {"a backup", Method::get, "/snapshot", "", Ordering::safe},
      {"a stale backup", Method::get, "/snapshot", "consistency=stale", Ordering::alone},
      {"is it healthy?", Method::get, "/health", "", Ordering::safe},
      {"is it alive?", Method::get, "/livez", "", Ordering::safe},
      {"its status", Method::get, "/status", "", Ordering::alone},
      {"the members", Method::get, "/members", "", Ordering::alone},
      {"what can be done", Method::options, "/k", "", Ordering::safe},
      {"a write", Method::put, "/k", "", Ordering::write},
      {"a removal", Method::del, "/k", "", Ordering::write},
      {"a member is added", Method::post, "/members/4", "", Ordering::alone},
      {"a member is moved", Method::put, "/members/4", "", Ordering::alone},
      {"a member is removed", Method::del, "/members/4", "", Ordering::alone},
      {"leadership is handed over", Method::post, "/members/4/lead", "", Ordering::alone},
      {"a key that only looks like a member", Method::put, "/membership", "", Ordering::write},
      {"a method nobody knows", Method::other, "/k", "", Ordering::alone},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    REQUIRE(ordering_of({.method = row.method, .path = row.path, .query = row.query, .headers = {}, .body = {}}) ==
            row.ordering);
  }
}

}  // namespace skiff::pipelining_test
