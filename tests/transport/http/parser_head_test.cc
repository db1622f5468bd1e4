#include "tests/support/catch.h"
#include "transport/http/parser.h"

namespace skiff::http_parser_head_test {

using namespace transport;
using Progress = HttpParser::Progress;

TEST_CASE("a request that is refused is known to be a HEAD, as soon as its method has come") {
  struct Case {
    std::string bytes;
    bool is_head;
  };
  for (const Case& one : {Case{"", false}, Case{"HE", false}, Case{"HEAD", true}, Case{"HEAD /% HTTP/1.1\r\n", true},
                          Case{"\r\nHEAD /a HTTP/1.1\r\nContent-Length: x\r\n", true}, Case{"HEADS /a ", false},
                          Case{"GET /% HTTP/1.1\r\n", false}, Case{"rubbish\r\n", false}}) {
    INFO(one.bytes);
    HttpParser parser({});
    std::string_view rest = one.bytes;
    while (!rest.empty() && parser.progress() != Progress::refused) rest.remove_prefix(parser.feed(rest));
    REQUIRE(parser.is_head() == one.is_head);
  }
}

TEST_CASE("a request knows whom it was sent to: the Host, unless the target itself says so") {
  struct Case {
    std::string bytes;
    std::string host;
  };
  const std::string line = "GET /a HTTP/1.1\r\nHost: ";
  for (const Case& one : {
           Case{line + "h\r\n\r\n", "h"},
           Case{line + "Name.example:9121 \r\n\r\n", "Name.example:9121"},
           Case{line + "[::1]:9121\r\n\r\n", "[::1]:9121"},
           Case{line + "h:\r\n\r\n", "h:"},
           Case{"GET http://other:1/a HTTP/1.1\r\nHost: h\r\n\r\n", "other:1"},
           Case{"GET http://other?q HTTP/1.1\r\nHost:\r\n\r\n", "other"},
           Case{"OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", "h"},
           Case{"GET /a HTTP/1.0\r\nHost: h\r\n\r\n", "h"},
           Case{"GET /a HTTP/1.0\r\n\r\n", ""},
       }) {
    INFO(one.bytes);
    HttpParser parser({});
    REQUIRE(parser.feed(one.bytes) == one.bytes.size());
    REQUIRE(parser.progress() == Progress::complete);
    REQUIRE(parser.take().host == one.host);
    parser.feed("GET /b HTTP/1.0\r\n\r\n");
    REQUIRE(parser.take().host == "");
  }
}

}  // namespace skiff::http_parser_head_test
