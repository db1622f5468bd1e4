// Headers and queries of a request, and the refusal of those that this version cannot serve.
#include "src/api/headers.h"

#include <memory>

#include "tests/src/api/api_world.h"
#include "tests/support/catch.h"

namespace skiff::api_headers_test {

using namespace api_world;
using transport::HeaderField;

// A6: each status code, and keys and values of any bytes
TEST_CASE("a write with a header that would change its meaning is refused, and nothing is done", "[A6]") {
  struct Row {
    const char* name;
    const char* value;
    int status;
  };
  const std::pair<Method, const char*> writes[] = {{Method::put, "/k"},          {Method::del, "/k"},
                                                   {Method::post, "/members/4"}, {Method::put, "/members/4"},
                                                   {Method::del, "/members/4"},  {Method::post, "/members/4/lead"}};
  for (const Row& row : {
           Row{"if-modified-since", "Sun, 06 Nov 1994 08:49:37 GMT", 501},
           Row{"if-unmodified-since", "yesterday", 501},
           Row{"if-range", "\"7\"", 501},
           Row{"if", "(<urn:uuid:1>)", 501},
           Row{"if-something-new", "", 501},
           Row{"idempotency-key", "7", 501},
           Row{"idempotency-key", "", 501},
           Row{"x-http-method-override", "DELETE", 501},
           Row{"x-http-method", "DELETE", 501},
           Row{"x-method-override", "DELETE", 501},
           Row{"content-range", "bytes 3-5/6", 400},
           Row{"content-range", "", 400},
           Row{"content-encoding", "gzip", 415},
           Row{"content-encoding", "Identity, br", 415},
           Row{"content-encoding", "aws-chunked", 415},
       }) {
    for (const auto& [method, path] : writes) {
      INFO(row.name << ": " << row.value << " " << path);
      Host host;
      auto response = take(host, method, path, "", {{row.name, row.value}});
      REQUIRE(response->status == row.status);
      REQUIRE(response->body.starts_with("nothing was done: "));
      REQUIRE(header(*response, "Accept-Encoding") == (row.status == 415 ? "identity" : ""));
      // Wherever it stands among the others.
      REQUIRE(take(host, method, path, "", {{"prefer", "respond-async"}, {row.name, row.value}})->status == row.status);
      REQUIRE(take(host, method, path, "", {{row.name, row.value}, {row.name, row.value}})->status == row.status);
      REQUIRE(host.proposed.empty());
      REQUIRE(host.orders.empty());
    }
  }
}

TEST_CASE("a condition on anything but a key is refused, because nothing else has a tag") {
  for (const char* name : {"if-match", "if-none-match"}) {
    for (const char* value : {"*", "\"7\"", ""}) {
      Host host;
      for (const char* path : {"/members/4", "/members/4/lead"}) {
        const auto response = take(host, Method::post, path, "", {{name, value}});
        REQUIRE(response->status == 400);
        REQUIRE(response->body.starts_with("nothing was done: if-"));
      }
      REQUIRE(take(host, Method::del, "/members/4", "", {{name, value}})->status == 400);
      for (const char* path : {"/members", "/snapshot", "/status"}) {
        REQUIRE((take(host, Method::get, path, "", {{"if-match", value}})->status) == 400);
      }
      REQUIRE(host.orders.empty());
      REQUIRE(host.backups == 0);
    }
  }
}

TEST_CASE("what changes nothing may be said with a write") {
  for (const HeaderField& harmless : {HeaderField{"content-encoding", "identity"}, HeaderField{"content-encoding", ""},
                                      HeaderField{"content-encoding", " , IDENTITY ,"},
                                      HeaderField{"prefer", "return=minimal"}, HeaderField{"origin", "http://h"}}) {
    INFO(harmless.name << ": " << harmless.value);
    Host host;
    REQUIRE_FALSE(take(host, Method::put, "/k", "", {harmless}));
    REQUIRE(host.proposed.size() == 1);
  }
}

TEST_CASE("a read skips conditions about dates and parts, and those on what has no tag but If-Match") {
  for (Method method : {Method::get, Method::head}) {
    for (const char* path : {"/k", "/health", "/snapshot"}) {
      INFO(path);
      Host host;
      for (const char* name : {"if-none-match", "if-modified-since", "if-unmodified-since", "if-range",
                               "idempotency-key", "content-range", "content-encoding", "x-http-method-override"}) {
        REQUIRE_FALSE(take(host, method, path, "", {{name, "\"7\""}}));
      }
      REQUIRE(take(host, method, path, "", {{"if-none-match", "x"}, {"if-match", ""}})->status == 400);
      REQUIRE(host.proposed.size() == 8);
    }
  }
}

TEST_CASE("what would not be done anyway is said before what is wrong with its headers") {
  Host host;
  REQUIRE(take(host, Method::put, "/health", "", {{"if-match", "*"}})->status == 405);
  REQUIRE(take(host, Method::get, "/metrics", "", {{"if-match", "*"}})->status == 404);
  REQUIRE(take(host, Method::options, "/k", "", {{"if-match", "*"}})->status == 204);
}

TEST_CASE("a query that is unknown, out of place or said twice is refused, wherever it is") {
  Host host;
  for (const char* path : {"/members", "/status", "/version", "/livez", "/health"}) {
    INFO(path);
    REQUIRE(take(host, Method::get, path, "consistency=stale")->status == 400);
    REQUIRE(take(host, Method::get, path, "x")->status == 400);
  }
  for (const char* path : {"/k", "/snapshot"}) {
    for (const char* query : {"consistency=stale&consistency=linearizable", "consistency=stale&consistency=stale",
                              "consistency=stale&x", "ttl=30s", "min_revision=1"}) {
      INFO(path << query);
      REQUIRE(take(host, Method::get, path, query)->status == 400);
    }
  }
  for (const char* query : {"ttl=30s", "lease=7", "prev", "prefix", "consistency=linearizable", "&"}) {
    INFO(query);
    for (Method method : {Method::put, Method::del}) REQUIRE(take(host, method, "/k", query)->status == 400);
    REQUIRE(take(host, Method::post, "/members/4", query)->status == 400);
  }
  REQUIRE(host.proposed.empty());
  REQUIRE(host.orders.empty());
}

}  // namespace skiff::api_headers_test
