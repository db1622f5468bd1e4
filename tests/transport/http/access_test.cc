#include "transport/http/access.h"

#include "tests/support/catch.h"
#include "tests/transport/http/http_world.h"
#include "transport/loop/address.h"

namespace skiff::http_access_test {

using namespace http_world;

Request sent_to(const std::string& host, std::vector<std::string> origins = {}) {
  Request request{.path = "/k", .query = {}, .host = host, .headers = {}, .body = {}};
  for (const std::string& origin : origins) request.headers.add("origin", origin);
  return request;
}

int judged(const HttpAccess& access, const Request& request) {
  auto refusal = HttpGate(access).refuse(request);
  return refusal ? refusal->status : 200;
}

// A6: each status code, and keys and values of any bytes
TEST_CASE("a page may speak to the server it came from, and no other page may", "[A6]") {
  struct Row {
    const char* host;
    const char* origin;
    int status;
  };
  for (const Row& row : {
           Row{"localhost:9121", "http://localhost:9121", 200},
           Row{"LOCALHOST:9121", "http://localhost:9121", 200},
           Row{"h", "http://h", 200},
           Row{"h:80", "http://h", 200},
           Row{"h:", "http://h", 200},
           Row{"[::1]:9121", "http://[::1]:9121", 200},
           Row{"[::1]", "http://[::1]", 200},
           Row{"localhost:9121", "http://evil.example", 403},
           Row{"localhost:9121", "http://localhost", 403},
           Row{"localhost:9121", "http://localhost:9122", 403},
           Row{"localhost:9121", "http://localhost:91211", 403},
           Row{"localhost:9121", "http://localhost:9121.evil.example", 403},
           Row{"localhost:9121", "http://127.0.0.1:9121", 403},
           Row{"h:443", "https://h", 403},
           Row{"h", "https://h", 403},
           Row{"h", "HTTP://h", 403},
           Row{"h", "http://h/", 403},
           Row{"h", "http://user@h", 403},
           Row{"h", "http://h http://evil.example", 403},
           Row{"h", "null", 403},
           Row{"h", "", 403},
           Row{"h", "h", 403},
           Row{"", "http://", 403},
           Row{"", "http://evil.example", 403},
       }) {
    INFO(row.host << " " << row.origin);
    REQUIRE(judged({}, sent_to(row.host, {row.origin})) == row.status);
  }
  REQUIRE(judged({}, sent_to("h")) == 200);
  REQUIRE(judged({}, sent_to("h", {"http://h", "http://evil.example"})) == 403);
  REQUIRE(judged({}, sent_to("h", {"http://evil.example", "http://h"})) == 403);
}

TEST_CASE("pages of an origin that is allowed may speak to it, and are told that they may read the answer") {
  HttpAccess access;
  REQUIRE(parse_origins("http://app.example, HTTPS://App.example:443,http://h:80", access.origins));
  REQUIRE(access.origins == std::vector<std::string>{"http://app.example", "https://app.example", "http://h"});
  HttpGate gate(access);
  for (const char* origin : {"http://app.example", "https://app.example", "http://h"}) {
    REQUIRE_FALSE(gate.refuse(sent_to("localhost:9121", {origin})));
    REQUIRE(gate.reader_of(sent_to("localhost:9121", {origin})) == origin);
  }
  for (const char* origin : {"http://app.example:8080", "http://sub.app.example", "https://h", "null"}) {
    REQUIRE(gate.refuse(sent_to("localhost:9121", {origin}))->status == 403);
  }
  REQUIRE(gate.reader_of(sent_to("localhost:9121")).empty());
  REQUIRE(gate.reader_of(sent_to("localhost:9121", {"http://localhost:9121"})).empty());

  HttpGate open({.origins = {"*"}, .hosts = {}});
  REQUIRE_FALSE(open.refuse(sent_to("h", {"null"})));
  REQUIRE(open.reader_of(sent_to("h", {"null"})) == "*");
}

// A6: each status code, and keys and values of any bytes
TEST_CASE("a server for this machine alone answers to no name that could be made to lead here", "[A6]") {
  const HttpAccess access{.origins = {}, .hosts = {"skiff.example"}, .is_for_this_machine = true};
  for (const char* host : {"localhost", "localhost:9121", "LocalHost:1", "localhost.", "127.0.0.1:9121", "10.0.0.1",
                           "[::1]:9121", "[::1]", "[fe80::1%25eth0]:1", "skiff.example", "SKIFF.example.:80", ""}) {
    INFO(host);
    REQUIRE(judged(access, sent_to(host)) == 200);
  }
  for (const char* host : {"evil.example", "evil.example:9121", "localhost.evil.example", "127.0.0.1.evil.example",
                           "sub.skiff.example", "skiff.example.evil", "127.1", "2130706433", "[evil]", "h"}) {
    INFO(host);
    REQUIRE(judged(access, sent_to(host)) == 421);
    REQUIRE(judged({}, sent_to(host)) == 200);
    REQUIRE(judged({.origins = {}, .hosts = {"*"}, .is_for_this_machine = true}, sent_to(host)) == 200);
    REQUIRE(judged({.origins = {}, .hosts = {"skiff.example"}, .is_for_this_machine = false}, sent_to(host)) == 421);
  }
  // The page of a rebound name is of the same origin: only its Host gives it away.
  REQUIRE(judged(access, sent_to("evil.example:9121", {"http://evil.example:9121"})) == 421);

  HttpGate gate(access);
  for (int times = 0; times < 2; ++times) {
    REQUIRE_FALSE(gate.refuse(sent_to("localhost:9121")));
    REQUIRE(gate.refuse(sent_to("evil.example:9121"))->status == 421);
  }
}

TEST_CASE("a loopback address is told from others") {
  for (const char* address : {"127.0.0.1", "127.255.0.9", "::1", "0:0:0:0:0:0:0:1", "::ffff:127.0.0.1", "localhost"}) {
    INFO(address);
    REQUIRE(is_loopback(address));
  }
  for (const char* address : {"0.0.0.0", "::", "10.0.0.1", "128.0.0.1", "::2", "::ffff:10.0.0.1", ""}) {
    INFO(address);
    REQUIRE_FALSE(is_loopback(address));
  }
}

TEST_CASE("lists of origins and names are read, or told what is wrong with them") {
  std::vector<std::string> list;
  REQUIRE(parse_origins("*", list));
  REQUIRE(list == std::vector<std::string>{"*"});
  REQUIRE(parse_origins("chrome-extension://abc", list));
  REQUIRE(parse_host_names(" A.example , b_1., *", list));
  REQUIRE(list == std::vector<std::string>{"a.example", "b_1", "*"});
  for (const char* wrong : {"", ",", "http://a,", "a", "a.example:1", "http://", "http://a/", "http://a/b", "://a",
                            "http://a b", "null", "http//a", "http://a:b", "http://u@a", "9p://a"}) {
    INFO(wrong);
    auto refused = parse_origins(wrong, list);
    REQUIRE_FALSE(refused.has_value());
    REQUIRE(refused.error().what.find("is no origin, like http://app.example") != std::string::npos);
  }
  for (const char* wrong : {"", "a,", "a:1", "http://a", "a b", "a/b", "[::1]"}) {
    INFO(wrong);
    auto refused = parse_host_names(wrong, list);
    REQUIRE_FALSE(refused.has_value());
    REQUIRE(refused.error().what.find("is no host's name, like skiff.example") != std::string::npos);
  }
}

TEST_CASE("a request that is not allowed never reaches the handler, and the connection goes on") {
  World world(HttpLimits{}, nullptr, {.origins = {"http://app.example"}, .hosts = {}, .is_for_this_machine = true});
  world.echo();
  const std::string head = "POST /members/4 HTTP/1.1\r\nContent-Length: 4\r\nHost: ";
  Client& client = world.say(head + "localhost\r\nOrigin: http://evil.example\r\n\r\nbody" +    //
                             head + "evil.example\r\n\r\nbody" +                                //
                             head + "localhost\r\nOrigin: http://localhost\r\n\r\nbody" +       //
                             head + "localhost\r\nORIGIN: http://app.example\r\n\r\nbody" +     //
                             "GET http://evil.example/a HTTP/1.1\r\nHost: localhost\r\n\r\n" +  //
                             "GET http://localhost/a HTTP/1.1\r\nHost: evil.example\r\n\r\n");
  world.until([&] { return client.count("HTTP/1.1 ") == 6; });
  REQUIRE(world.asked.size() == 3);
  REQUIRE(world.server->counters().refused == 2 + 1);
  REQUIRE(world.server->counters().requests == 3);
  REQUIRE(world.server->counters().bodies_bytes == 0);
  REQUIRE(client.count("HTTP/1.1 403 Forbidden") == 1);
  REQUIRE(client.count("HTTP/1.1 421 Misdirected Request") == 2);
  REQUIRE(client.count("Access-Control-Allow-Origin: ") == 1);
  REQUIRE(client.count("Vary: Origin\r\nAccess-Control-Allow-Origin: http://app.example\r\n") == 1);
  REQUIRE_FALSE(client.is_closed);
}

}  // namespace skiff::http_access_test
