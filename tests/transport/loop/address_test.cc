#include "transport/loop/address.h"

#include "tests/support/catch.h"

namespace skiff::address_test {

using transport::Address;
using transport::is_loopback;
using transport::is_same_place;
using transport::is_unspecified;
using transport::parse_address;
using transport::to_url;

TEST_CASE("an address is read in each of its forms") {
  struct Case {
    const char* text;
    Address expected;
  };
  const Case cases[] = {
      {"http://127.0.0.1:9021", {"127.0.0.1", 9021}},
      {"tcp://127.0.0.1:9021", {"127.0.0.1", 9021}},
      {"127.0.0.1:9021", {"127.0.0.1", 9021}},
      {"http://127.0.0.1:9021/", {"127.0.0.1", 9021}},
      {"http://[::1]:9021", {"::1", 9021}},
      {"[fe80::1%eth0]:1", {"fe80::1%eth0", 1}},
      {"node-1.example_net:65535", {"node-1.example_net", 65535}},
      {"localhost:0", {"localhost", 0}},
  };
  for (const Case& one : cases) {
    INFO(one.text);
    auto address = parse_address(one.text);
    REQUIRE(address.has_value());
    REQUIRE(*address == one.expected);
  }
}

TEST_CASE("a malformed address is refused with the reason") {
  struct Case {
    const char* text;
    const char* why;
  };
  const Case cases[] = {
      {"", "port is missing"},
      {"localhost", "port is missing"},
      {"http://localhost", "port is missing"},
      {"[::1]", "port is missing"},
      {":9021", "host is missing"},
      {"[]:9021", "no host has"},
      {"::1:9021", "brackets"},
      {"localhost:", "not a number"},
      {"localhost:x", "not a number"},
      {"localhost:-1", "not a number"},
      {"localhost:90 21", "not a number"},
      {"localhost:65536", "over 65535"},
      {"https://localhost:9021", "only http:// and tcp://"},
      {"http://localhost:9021/path", "no path"},
      {"http://local host:9021", "no host has"},
      {"http://a@b:9021", "no host has"},
  };
  for (const Case& one : cases) {
    INFO(one.text);
    auto address = parse_address(one.text);
    REQUIRE_FALSE(address.has_value());
    REQUIRE(address.error().what.find(one.why) != std::string::npos);
    REQUIRE(address.error().what.find(one.text) != std::string::npos);
  }
}

TEST_CASE("an address is shown as the url it can be read from") {
  for (const char* url : {"http://127.0.0.1:9021", "http://[::1]:9021", "http://node:1"}) {
    REQUIRE(to_url(parse_address(url).value()) == url);
  }
}

TEST_CASE("addresses of a machine itself, and of all of it, are known in any spelling") {
  for (const char* host : {"0.0.0.0", "0", "::", "0::0", "::ffff:0.0.0.0"}) REQUIRE(is_unspecified(host));
  for (const char* host : {"127.0.0.1", "127.0.1.1", "localhost", "LocalHost", "::1", "::ffff:127.0.0.1"}) {
    REQUIRE(is_loopback(host));
    REQUIRE_FALSE(is_unspecified(host));
  }
  for (const char* host : {"10.0.0.1", "0.0.0.1", "128.0.0.1", "fe80::1", "node-1", "localhost.example"}) {
    REQUIRE_FALSE(is_loopback(host));
    REQUIRE_FALSE(is_unspecified(host));
  }
  REQUIRE(is_same_place({"localhost", 1}, {"127.0.0.1", 1}));
  REQUIRE(is_same_place({"::1", 1}, {"localhost", 1}));
  REQUIRE(is_same_place({"Node", 1}, {"node", 1}));
  REQUIRE_FALSE(is_same_place({"localhost", 1}, {"127.0.0.1", 2}));
  REQUIRE_FALSE(is_same_place({"127.0.0.1", 1}, {"::1", 1}));
  REQUIRE_FALSE(is_same_place({"localhost", 1}, {"127.0.0.2", 1}));
}

}  // namespace skiff::address_test
