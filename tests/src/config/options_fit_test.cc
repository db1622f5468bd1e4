// Settings that are each good and do not fit together, and lists as people write them.
#include "src/config/options_fit.h"

#include "src/config/settings.h"
#include "tests/support/catch.h"

namespace skiff::options_fit_test {

using Addresses = std::vector<transport::Address>;
using Arguments = std::vector<const char*>;
using Lines = std::vector<std::string>;

Result<Asked> read(const Arguments& arguments, const std::string& file = "") {
  return read_options(arguments, {}, [&](const std::string&) -> Result<std::string> { return file; });
}

Options good(const Arguments& arguments, const std::string& file = "") {
  Result<Asked> asked = read(arguments, file);
  INFO((asked ? "" : asked.error().what));
  REQUIRE(asked.has_value());
  return asked->options;
}

std::string error(const Arguments& arguments, const std::string& file = "") {
  Result<Asked> asked = read(arguments, file);
  return asked ? "no trouble" : asked.error().what;
}

TEST_CASE("blanks and line ends around the members of a list are not part of them") {
  const Addresses expected = {{"a", 1}, {"b", 2}, {"::1", 3}};
  for (const char* list :
       {"--cluster=a:1, b:2, [::1]:3", "--cluster= a:1 ,\tb:2,[::1]:3\n", "--cluster=HTTP://a:1,TCP://b:2,[::1]:3"}) {
    REQUIRE(good({list}).cluster == expected);
  }
}

TEST_CASE("an address in a list that cannot be meant is refused, and what may be is said") {
  struct Row {
    const char* list;
    const char* says;
  };
  const std::string nowhere =
      " is every address of a machine, and none that others can dial: give the one that they "
      "reach it at (to listen on all of them is --peer-listen)";
  const std::vector<std::pair<std::string, std::string>> rows = {
      {"0.0.0.0:9021", "0.0.0.0:9021" + nowhere},
      {"a:1,[::]:9021", "[::]:9021" + nowhere},
      {"0:9021", "0:9021" + nowhere},
      {"[0:0::0]:9021", "[0:0::0]:9021" + nowhere},
      {"[::ffff:0.0.0.0]:9021", "[::ffff:0.0.0.0]:9021" + nowhere},
      {"localhost:1,127.0.0.1:1", "http://localhost:1 and http://127.0.0.1:1 are the same place"},
      {"[::1]:1,LOCALHOST:1", "http://[::1]:1 and http://LOCALHOST:1 are the same place"},
      {"a:1,A:1", "http://a:1 and http://A:1 are the same place"},
      {"a:1,a:1", "http://a:1 stands there twice"},
      {"a:1,", "address \"\": the port is missing; is there a comma too many?"},
      {"a:1,,b:1", "address \"\": the port is missing; is there a comma too many?"},
      {"https://a:1", "address \"https://a:1\": only http:// and tcp:// are known; there is no TLS"},
      {"ftp://a:1", "address \"ftp://a:1\": only http:// and tcp:// are known; there is no TLS"},
      {"http://a:1/members", "address \"http://a:1/members\": no path may follow"},
      {"http://a", "address \"http://a\": the port is missing"},
      {"::1:9021", "address \"::1:9021\": an IPv6 host stands in brackets"},
      {"a b:1", "address \"a b:1\": the host has a character that no host has"}};
  for (const auto& [list, says] : rows) {
    const std::string flag = "--cluster=" + list;
    REQUIRE(error({flag.c_str()}) == "--cluster: " + says);
  }
  REQUIRE(good({"--peer-listen=0.0.0.0:9021"}).peer_listen == transport::Address{"0.0.0.0", 9021});
}

TEST_CASE("a file that begins with a byte order mark is read, and one in UTF-16 named as that") {
  REQUIRE(good({"--config=f"}, "\xef\xbb\xbfport = 7\r\nid = 1\r\n").port == 7);
  REQUIRE(good({"--config=f"}, "\xef\xbb\xbf").port == 9121);
  REQUIRE(error({"--config=f"}, std::string("\xff\xfep\0o\0", 6)) == "f: written in UTF-16: save it as UTF-8");
  REQUIRE(error({"--config=f"}, std::string("\xfe\xff\0p\0o", 6)) == "f: written in UTF-16: save it as UTF-8");
}

TEST_CASE("one place for clients and for members is refused, and what the flags are for is said") {
  struct Row {
    Arguments arguments;
    bool is_good;
  };
  const Row rows[] = {{{"--port=9021"}, false},
                      {{"--cluster=127.0.0.1:9121"}, false},
                      {{"--cluster=localhost:9121"}, false},
                      {{"--cluster=10.0.0.1:9121", "--listen=0.0.0.0"}, false},
                      {{"--cluster=10.0.0.1:9121", "--listen=::"}, false},
                      {{"--peer-listen=0.0.0.0:9121"}, false},
                      {{"--id=2", "--cluster=127.0.0.1:9121,127.0.0.1:9122", "--port=9122"}, false},
                      {{"--cluster=10.0.0.1:9121"}, true},
                      {{"--cluster=a:9121"}, true},
                      {{"--cluster=[::1]:9121", "--listen=0.0.0.0"}, true},
                      {{"--id=2", "--cluster=127.0.0.1:9121,127.0.0.1:9122", "--port=9121"}, true}};
  for (const Row& row : rows) {
    const Options options = good(row.arguments);
    const Result<> ports = require_own_ports(options);
    INFO(row.arguments.front());
    REQUIRE(ports.has_value() == row.is_good);
  }
  REQUIRE(
      require_own_ports(good({"--cluster=127.0.0.1:9121"})).error().what ==
      "--port: 9121 is where this node waits for the other members (http://127.0.0.1:9121), and clients need another "
      "port: --cluster names the addresses for the members alone");
}

TEST_CASE("a list that mixes machines, or the names of this one, is doubted") {
  REQUIRE(doubts(good({})).empty());
  REQUIRE(doubts(good({"--cluster=127.0.0.1:1,127.0.0.1:2"})).empty());
  REQUIRE(doubts(good({"--cluster=10.0.0.1:1,a:1,b:1"})).empty());
  REQUIRE(
      doubts(good({"--cluster=localhost:1,127.0.0.1:2"})) ==
      Lines{"--cluster has http://localhost:1 beside http://127.0.0.1:2: use one of the names, and at every node the "
            "same letters"});
  REQUIRE(doubts(good({"--cluster=10.0.0.1:1,127.0.0.1:1"})) ==
          Lines{"--cluster has http://127.0.0.1:1, which is each machine itself, beside http://10.0.0.1:1: give "
                "addresses that all members reach"});
}

TEST_CASE("a node that joins does not ask itself") {
  REQUIRE(others_of(good({"--join", "--id=2", "--cluster=a:1,localhost:2", "--peer-listen=127.0.0.1:2"})) ==
          Addresses{{"a", 1}});
  REQUIRE(others_of(good({"--join", "--id=2", "--cluster=a:1,b:2", "--peer-listen=0.0.0.0:2"})) == Addresses{{"a", 1}});
  REQUIRE(others_of(good({"--join", "--id=2", "--cluster=a:1,b:2", "--peer-listen=0.0.0.0:3"})) ==
          Addresses{{"a", 1}, {"b", 2}});
  REQUIRE(error({"--join", "--cluster=b:2", "--peer-listen=0.0.0.0:2"}) ==
          "--join: --cluster must name members that are there");
}

}  // namespace skiff::options_fit_test
