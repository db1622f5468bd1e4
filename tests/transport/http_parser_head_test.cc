#include "tests/support/catch.h"
#include "transport/http_parser.h"

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

}  // namespace skiff::http_parser_head_test
