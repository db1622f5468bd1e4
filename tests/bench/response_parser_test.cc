#include "bench/response_parser.h"

#include <string>
#include <vector>

#include "tests/support/catch.h"

namespace skiff::bench::response_parser_test {

struct Heard {
  int status;
  bool keeps_alive;
  std::string body;
  bool operator==(const Heard&) const = default;
};

struct Listener {
  std::vector<Heard> heard;
  ResponseParser parser{[this](const Answer& answer) {
                          heard.push_back({answer.status, answer.keeps_alive, std::string(answer.body)});
                        },
                        ResponseParser::Bodies::keep};
};

const std::string kAnswers =
    "HTTP/1.1 204 No Content\r\n\r\n"
    "HTTP/1.1 100 Continue\r\n\r\n"
    "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: 5\r\n\r\nhello"
    "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 9\r\n\r\nno leader"
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
const std::vector<Heard> kHeard = {
    {204, true, ""}, {200, true, "hello"}, {503, true, "no leader"}, {200, true, "abcde"}, {404, false, ""}};

TEST_CASE("answers come out the same, however they were cut into pieces") {
  for (size_t piece = 1; piece <= kAnswers.size(); ++piece) {
    Listener listener;
    for (size_t at = 0; at < kAnswers.size(); at += piece) {
      REQUIRE(listener.parser.feed(std::string_view(kAnswers).substr(at, piece)));
    }
    CAPTURE(piece);
    REQUIRE(listener.heard == kHeard);
  }
}

TEST_CASE("an answer of unknown length ends with the connection") {
  Listener listener;
  REQUIRE(listener.parser.feed("HTTP/1.1 200 OK\r\n\r\nall of it"));
  REQUIRE(listener.heard.empty());
  REQUIRE(listener.parser.finish());
  REQUIRE(listener.heard == std::vector<Heard>{{200, false, "all of it"}});
}

TEST_CASE("an answer that is cut short is told from a whole one") {
  Listener listener;
  REQUIRE(listener.parser.feed("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell"));
  REQUIRE_FALSE(listener.parser.finish());
  REQUIRE(listener.heard.empty());
}

TEST_CASE("bytes that are not HTTP are refused, and all behind them") {
  Listener listener;
  REQUIRE_FALSE(listener.parser.feed("SSH-2.0-OpenSSH_9.2\r\n"));
  REQUIRE_FALSE(listener.parser.error().empty());
  REQUIRE_FALSE(listener.parser.feed(kAnswers));
  REQUIRE(listener.heard.empty());

  listener.parser.reset();
  REQUIRE(listener.parser.feed(kAnswers));
  REQUIRE(listener.heard == kHeard);
}

TEST_CASE("bodies are not kept for who does not ask for them") {
  std::vector<size_t> sizes;
  ResponseParser parser([&](const Answer& answer) { sizes.push_back(answer.body.size()); });
  REQUIRE(parser.feed(kAnswers));
  REQUIRE(sizes == std::vector<size_t>(5, 0));
}

}  // namespace skiff::bench::response_parser_test
