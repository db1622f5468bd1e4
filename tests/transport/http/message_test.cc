#include "transport/http/message.h"

#include "tests/support/catch.h"

namespace skiff::http_message_test {

using namespace transport;

TEST_CASE("percent-decoding gives back any byte, and leaves a plus alone") {
  struct Case {
    std::string_view text;
    std::string_view bytes;
  };
  using namespace std::string_view_literals;
  const Case cases[] = {
      {"", ""},        {"/a", "/a"},           {"/a%20b", "/a b"}, {"/a+b", "/a+b"}, {"/a%2Fb%2fc", "/a/b/c"},
      {"%00", "\0"sv}, {"%ff%FE", "\xff\xfe"}, {"%25", "%"},       {"%2525", "%25"}, {"/%E4%BD%A0", "/\xE4\xBD\xA0"},
  };
  for (const Case& one : cases) {
    INFO(one.text);
    REQUIRE(percent_decode(one.text).value() == one.bytes);
  }
  for (std::string_view wrong : {"%", "%2", "/a%", "/a%2", "%zz", "%2g", "%g2", "%%20", "% 2", "%+1", "%-1"}) {
    INFO(wrong);
    auto refused = percent_decode(wrong);
    REQUIRE_FALSE(refused.has_value());
    REQUIRE(refused.error().what.find("two hexadecimal digits") != std::string::npos);
  }
}

TEST_CASE("every byte survives the way there and back") {
  for (int byte = 0; byte < 256; ++byte) {
    constexpr char kDigits[] = "0123456789abcdef";
    const char escaped[] = {'%', kDigits[byte / 16], kDigits[byte % 16]};
    auto decoded = percent_decode({escaped, sizeof escaped});
    REQUIRE(decoded.value() == std::string(1, static_cast<char>(byte)));
  }
}

TEST_CASE("blanks around a word and the case of its letters do not matter") {
  REQUIRE(trim(" \t a b\t ") == "a b");
  REQUIRE(trim(" \t").empty());
  REQUIRE(equals_ignoring_case("Respond-Async", "respond-async"));
  REQUIRE_FALSE(equals_ignoring_case("respond-asyn", "respond-async"));
  REQUIRE_FALSE(equals_ignoring_case("respond_async", "respond-async"));
  REQUIRE_FALSE(equals_ignoring_case("@", "`"));  // apart like 'A' and 'a', but no letters
}

TEST_CASE("unavailable says when to come back") {
  REQUIRE(unavailable("why").status == 503);
  REQUIRE(unavailable("why").headers.at(0).name == "Retry-After");
}

TEST_CASE("the head says what the body is and how long") {
  REQUIRE(head(octets(raft::Payload::of("abc")), AfterAnswer::keep_open) ==
          "HTTP/1.1 200 OK\r\n"
          "Content-Type: application/octet-stream\r\n"
          "Content-Length: 3\r\n"
          "X-Content-Type-Options: nosniff\r\n"
          "\r\n");
  REQUIRE(head(text(404, "Failed to GET"), AfterAnswer::close) ==
          "HTTP/1.1 404 Not Found\r\n"
          "Content-Type: text/plain; charset=utf-8\r\n"
          "Content-Length: 13\r\n"
          "X-Content-Type-Options: nosniff\r\n"
          "Connection: close\r\n"
          "\r\n");
  Response busy = json(503, "{}");
  busy.headers.push_back({"Retry-After", "1"});
  REQUIRE(head(busy, AfterAnswer::keep_open) ==
          "HTTP/1.1 503 Service Unavailable\r\n"
          "Content-Type: application/json\r\n"
          "Content-Length: 2\r\n"
          "X-Content-Type-Options: nosniff\r\n"
          "Retry-After: 1\r\n"
          "\r\n");
}

TEST_CASE("the head says when it was made, and whether a cache may keep the answer") {
  Response value = octets(nullptr);
  value.caching = Caching::no_cache;
  REQUIRE(head(value, AfterAnswer::keep_open, Framing::chunked, "Date: now\r\n") ==
          "HTTP/1.1 200 OK\r\nDate: now\r\nContent-Type: application/octet-stream\r\nContent-Length: 0\r\n"
          "X-Content-Type-Options: nosniff\r\nCache-Control: no-cache\r\n\r\n");
  Response status = no_body(204);
  status.caching = Caching::no_store;
  REQUIRE(head(status, AfterAnswer::keep_open) ==
          "HTTP/1.1 204 No Content\r\nX-Content-Type-Options: nosniff\r\nCache-Control: no-store\r\n\r\n");
}

TEST_CASE("204 has no length, an empty answer of another kind has length 0") {
  REQUIRE(head(no_body(204), AfterAnswer::keep_open) ==
          "HTTP/1.1 204 No Content\r\nX-Content-Type-Options: nosniff\r\n\r\n");
  REQUIRE(head(no_body(202), AfterAnswer::keep_open) ==
          "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\nX-Content-Type-Options: nosniff\r\n\r\n");
  REQUIRE(head(octets(nullptr), AfterAnswer::keep_open) ==
          "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: 0\r\n"
          "X-Content-Type-Options: nosniff\r\n\r\n");
}

TEST_CASE("a stored value is looked at, not copied") {
  auto value = raft::Payload::of("stored");
  Response response = octets(value);
  REQUIRE(response.body.data() == value->data());
  REQUIRE(value.owners() == 2);
}

TEST_CASE("a text keeps its own bytes, also when the response moves") {
  Response first = text(400, "short");
  Response second = std::move(first);
  REQUIRE(second.body == "short");
}

TEST_CASE("every status of the contract has its phrase") {
  for (int status : {200, 202, 204, 400, 403, 404, 405, 408, 413, 414, 415, 417, 421, 431, 501, 503, 504, 505}) {
    REQUIRE(reason_phrase(status) != "Unknown");
  }
}

TEST_CASE("a header is found by its name, the first of them") {
  Request request;
  request.headers = {{"prefer", "respond-async"}, {"prefer", "wait=1"}};
  REQUIRE(*request.header("Prefer") == "respond-async");
  REQUIRE(request.header("prefer").is_repeated());
  REQUIRE_FALSE(request.header("accept").has_value());
}

}  // namespace skiff::http_message_test
