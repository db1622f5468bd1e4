// Which methods a path takes, and what an answer lets caches do.
#include <memory>

#include "store/state/command.h"
#include "tests/src/api/api_world.h"
#include "tests/support/catch.h"

namespace skiff::api_methods_test {

using namespace api_world;
using transport::Caching;

TEST_CASE("OPTIONS says which methods a path takes, and the server") {
  struct Row {
    const char* path;
    const char* allow;
  };
  for (const Row& row :
       {Row{"*", "GET, HEAD, POST, PUT, DELETE, OPTIONS"}, Row{"/k", "GET, HEAD, PUT, DELETE, OPTIONS"},
        Row{"/", "GET, HEAD, PUT, DELETE, OPTIONS"}, Row{"/health", "GET, HEAD, OPTIONS"},
        Row{"/members", "GET, HEAD, OPTIONS"}, Row{"/members/4", "POST, PUT, DELETE, OPTIONS"},
        Row{"/members/4/lead", "POST, OPTIONS"}, Row{"/metrics", "GET, HEAD, OPTIONS"}, Row{"/txn", "POST, OPTIONS"}}) {
    INFO(row.path);
    Host host;
    auto response = take(host, Method::options, row.path);
    REQUIRE(response->status == 204);
    REQUIRE(header(*response, "Allow") == row.allow);
    REQUIRE(header(*response, "Access-Control-Allow-Methods").empty());
    REQUIRE(host.proposed.empty());
  }
}

TEST_CASE("a page that may speak to the node is told with which methods and headers") {
  Host host;
  auto response = take(host, Method::options, "/k", "",
                       {{"origin", "http://app.example"},
                        {"access-control-request-method", "PUT"},
                        {"access-control-request-headers", "content-type,if-match"}});
  REQUIRE(response->status == 204);
  REQUIRE(header(*response, "Access-Control-Allow-Methods") == "GET, HEAD, PUT, DELETE, OPTIONS");
  REQUIRE(header(*response, "Access-Control-Allow-Headers") == "content-type,if-match");
  REQUIRE(header(*response, "Access-Control-Max-Age") == "600");
}

TEST_CASE("no cache answers for a node: values are asked for again, what a node says of itself is not kept") {
  Host host;
  REQUIRE(ended(host, Method::get, "/none").caching == Caching::no_cache);
  store::Command command{{.node = 1, .incarnation = 1, .number = 1}, store::PutView{"/k", "v"}};
  host.map.apply(1, raft::Payload::of(store::encode(command)));
  const Response found = ended(host, Method::get, "/k");
  REQUIRE(found.status == 200);
  REQUIRE(found.caching == Caching::no_cache);
  REQUIRE(take(host, Method::get, "/k", "consistency=stale")->caching == Caching::no_cache);
  for (const char* path : {"/members", "/status", "/version", "/livez"}) {
    REQUIRE(take(host, Method::get, path)->caching == Caching::no_store);
  }
  REQUIRE(ended(host, Method::get, "/health").caching == Caching::no_store);
  REQUIRE(ended(host, Method::get, "/health", {.outcome = Answer::Outcome::refused, .reason = "why"}).caching ==
          Caching::no_store);
}

}  // namespace skiff::api_methods_test
