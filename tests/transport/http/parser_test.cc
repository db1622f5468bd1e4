#include "transport/http/parser.h"

#include "tests/support/catch.h"

namespace skiff::http_parser_test {

using namespace transport;
using namespace std::string_literals;
using Progress = HttpParser::Progress;

// The result of a stream of bytes: the requests in it, and how it ended.
struct Outcome {
  std::string requests;  // as text, so that two outcomes are easily compared
  int status = 0;        // 0 when nothing was refused
  std::string why;
  Progress progress = Progress::nothing;

  bool operator==(const Outcome&) const = default;
};

std::string describe(const Request& request, bool keeps_alive) {
  std::string text =
      std::to_string(static_cast<int>(request.method)) + " [" + request.path + "] [" + request.query + "]";
  for (const HeaderField& header : request.headers)
    text.append(" ").append(header.name).append("=").append(header.value);
  return text + " {" + request.body + "}" + (keeps_alive ? "" : " last") + "\n";
}

// Feeds `bytes` cut at the given places, as a connection would.
class Feeder {
 public:
  explicit Feeder(const HttpLimits& limits) : parser_(limits) {}

  void feed(std::string_view piece) {
    while (!piece.empty() && parser_.progress() != Progress::refused) {
      piece.remove_prefix(parser_.feed(piece));
      if (parser_.progress() != Progress::complete) continue;
      const bool keeps_alive = parser_.keeps_alive();
      outcome_.requests += describe(parser_.take(), keeps_alive);
    }
  }
  Outcome outcome() const {
    Outcome outcome = outcome_;
    outcome.progress = parser_.progress();
    if (outcome.progress == Progress::refused) {
      outcome.status = parser_.refusal().status;
      outcome.why = parser_.refusal().why;
    }
    return outcome;
  }

 private:
  HttpParser parser_;
  Outcome outcome_;
};

Outcome parse_whole(std::string_view bytes, const HttpLimits& limits) {
  Feeder feeder(limits);
  feeder.feed(bytes);
  return feeder.outcome();
}

// The outcome of `bytes`, which must be the same byte by byte and (unless they are long) for every cut in two.
Outcome parse(std::string_view bytes, const HttpLimits& limits = {}) {
  const Outcome whole = parse_whole(bytes, limits);
  Feeder byte_by_byte(limits);
  for (size_t at = 0; at < bytes.size(); ++at) byte_by_byte.feed(bytes.substr(at, 1));
  REQUIRE((byte_by_byte.outcome() == whole));
  for (size_t cut = 0; cut <= bytes.size() && bytes.size() < 2000; ++cut) {
    Feeder in_two(limits);
    in_two.feed(bytes.substr(0, cut));
    in_two.feed(bytes.substr(cut));
    CAPTURE(cut, bytes);
    REQUIRE(in_two.outcome().requests == whole.requests);
    REQUIRE((in_two.outcome() == whole));
  }
  return whole;
}

std::string get(const std::string& target) { return "GET " + target + " HTTP/1.1\r\nHost: h\r\n\r\n"; }

TEST_CASE("whole requests are read, however they are cut") {
  struct Case {
    std::string bytes;
    std::string requests;
  };
  const Case cases[] = {
      {get("/a"), "0 [/a] [] host=h {}\n"},
      {"HEAD /a HTTP/1.1\r\nHost: h\r\n\r\n", "1 [/a] [] host=h {}\n"},
      {"PUT /a HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello", "2 [/a] [] host=h content-length=5 {hello}\n"},
      {"PUT /a HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n", "2 [/a] [] host=h content-length=0 {}\n"},
      {"PUT /a HTTP/1.1\r\nHost: h\r\n\r\n", "2 [/a] [] host=h {}\n"},
      {"POST /members/4 HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\n\n",
       "3 [/members/4] [] host=h content-length=1 {\n}\n"},
      {"DELETE /a HTTP/1.1\r\nHost: h\r\n\r\n", "4 [/a] [] host=h {}\n"},
      {"OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", "5 [*] [] host=h {}\n"},
      {"PATCH /a HTTP/1.1\r\nHost: h\r\n\r\n", "6 [/a] [] host=h {}\n"},
      {get("/a?consistency=stale"), "0 [/a] [consistency=stale] host=h {}\n"},
      {get("/a?b?c=/d"), "0 [/a] [b?c=/d] host=h {}\n"},
      {get("/?"), "0 [/] [] host=h {}\n"},
      {get("/a%20b+c%2Fd"), "0 [/a b+c/d] [] host=h {}\n"},
      {get("/%00%ff"), "0 [/\0\xff] [] host=h {}\n"s},
      {get("//a//b/../c"), "0 [//a//b/../c] [] host=h {}\n"},
      {get("http://example.com:80/a?b=c"), "0 [/a] [b=c] host=h {}\n"},
      {get("HTTP://example.com"), "0 [/] [] host=h {}\n"},
      {get("http://example.com?b"), "0 [/] [b] host=h {}\n"},
      {"GET /a HTTP/1.0\r\n\r\n", "0 [/a] [] {} last\n"},
      {"GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "0 [/a] [] connection=keep-alive {} last\n"},
      {"GET /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", "0 [/a] [] host=h connection=close {} last\n"},
      {"GET /a HTTP/1.1\r\nHost: h\r\nConnection: foo, Close\r\n\r\n",
       "0 [/a] [] host=h connection=foo, Close {} last\n"},
      {"\r\n\r\n" + get("/a"), "0 [/a] [] host=h {}\n"},
      {"PUT /a HTTP/1.1\r\nHost:h\r\nPREFER:  respond-async \t\r\nX-Else: 1\r\nIf-Match: \"7\"\r\n\r\n",
       "2 [/a] [] host=h prefer=respond-async x-else=1 if-match=\"7\" {}\n"},
      {"PUT /a HTTP/1.1\r\nHost:h\r\nIF-NONE-match:*\r\nif: x\r\nIfx: y\r\nIf-What: z\r\n\r\n",
       "2 [/a] [] host=h if-none-match=* if=x ifx=y if-what=z {}\n"},
      {"PUT /a HTTP/1.1\r\nHost:h\r\nPrefer:\r\nIf-Match:\r\nContent-Range:\r\n\r\n",
       "2 [/a] [] host=h prefer= if-match= content-range= {}\n"},
      {"PUT /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
       "2 [/a] [] host=h transfer-encoding=chunked {hello}\n"},
      {"PUT /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: Chunked\r\n\r\n1\r\nh\r\n0A;x=\"y\"\r\nello there\r\n00\r\n"
       "Trailer: x\r\nPrefer: y\r\n\r\n",
       "2 [/a] [] host=h transfer-encoding=Chunked {hello there}\n"},
      {"PUT /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
       "2 [/a] [] host=h transfer-encoding=chunked {}\n"},
      {"PUT /a HTTP/1.1\r\nHost: h\r\nExpect: 100-Continue\r\nContent-Length: 2\r\n\r\nhi",
       "2 [/a] [] host=h expect=100-Continue content-length=2 {hi}\n"},
      {"GET /a HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
       "0 [/a] [] host=h connection=Upgrade upgrade=websocket {}\n"},
      {"PUT /a HTTP/1.1\r\nHost: h\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAM\r\n"
       "Content-Length: 2\r\n\r\nhi",
       "2 [/a] [] host=h connection=Upgrade, HTTP2-Settings upgrade=h2c http2-settings=AAM content-length=2 {hi}\n"},
  };
  for (const Case& one : cases) {
    INFO(one.bytes);
    const Outcome outcome = parse(one.bytes);
    REQUIRE(outcome.why == "");
    REQUIRE(outcome.requests == one.requests);
    REQUIRE(outcome.progress == Progress::nothing);
    // And with another behind it.
    REQUIRE(parse(one.bytes + get("/next")).requests == one.requests + "0 [/next] [] host=h {}\n");
  }
}

TEST_CASE("a malformed request is refused with its status and the reason, however it is cut") {
  struct Case {
    std::string bytes;
    int status;
    std::string why;
  };
  const std::string put = "PUT /a HTTP/1.1\r\nHost: h\r\n";
  const Case cases[] = {
      {"\x16\x03\x01\x02", 400, "malformed"},  // a TLS client
      {"FOO /a HTTP/1.1\r\n", 501, "method"},
      {"get /a HTTP/1.1\r\n", 501, "method"},
      {"GE /a HTTP/1.1\r\n", 501, "method"},
      {"GETS /a HTTP/1.1\r\n", 501, "method"},
      {"\r\nFETCH /a HTTP/1.1\r\n", 501, "method"},
      {"it's.a-method! /a HTTP/1.1\r\n", 501, "method"},
      {"DESCRIBE /a HTTP/1.1\r\n", 501, "method"},
      {"FLUSH a b\r\n", 501, "method"},
      {std::string(20'000, 'M'), 501, "method"},
      {"FOO\r\n", 400, "begin with a method"},
      {"FOO(x) /a HTTP/1.1\r\n", 400, "begin with a method"},
      {"F\xc3\xb6 /a HTTP/1.1\r\n", 400, "begin with a method"},
      {"\r\n /a HTTP/1.1\r\n", 400, "blank"},
      {" GET /a HTTP/1.1\r\n", 400, "malformed"},
      {"GET a HTTP/1.1\r\n\r\n", 400, "url"},
      {"GET \r\n\r\n", 400, "malformed"},
      {"GET /a\r\n\r\n", 505, "HTTP/1.1"},
      {"GET /a b HTTP/1.1\r\n\r\n", 400, "malformed"},
      {"GET /a\x01 HTTP/1.1\r\n\r\n", 400, "url"},
      {"GET /a\tb HTTP/1.1\r\n\r\n", 400, "url"},
      {"GET /\xc3\xbc HTTP/1.1\r\n\r\n", 400, "url"},
      {"GET /a\0b HTTP/1.1\r\n\r\n"s, 400, "url"},
      {get("/a#b"), 400, "fragment"},
      {get("/%"), 400, "hexadecimal"},
      {get("/%4"), 400, "hexadecimal"},
      {get("/%4x"), 400, "hexadecimal"},
      {get("*"), 400, "OPTIONS"},
      {"CONNECT h:80 HTTP/1.1\r\nHost: h\r\n\r\n", 400, "must begin with '/'"},
      {"CONNECT /a HTTP/1.1\r\nHost: h\r\n\r\n", 400, ""},
      {"GET /a HTTP/0.9\r\n\r\n", 505, "HTTP/1.1"},
      {"GET /a HTTP/1.2\r\n\r\n", 505, "HTTP/1.1"},
      {"GET /a HTTP/2.0\r\nHost: h\r\n\r\n", 505, "HTTP/1.1"},
      {"GET /a HTTP/x\r\n\r\n", 505, "HTTP/1.1"},
      {"GET /a HTTP/1.12\r\n\r\n", 505, "HTTP/1.1"},
      {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, "HTTP/1.1"},
      {"GET /a HTTP/1.1\r\n\r\n", 400, "Host"},
      {"GET /a HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n", 400, "more than one Host"},
      {"GET http://h/a HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n", 400, "more than one Host"},
      {"GET http://h/a HTTP/1.1\r\n\r\n", 400, "must have a Host"},
      {"GET /a HTTP/1.1\r\nHost:\r\n\r\n", 400, "neither a name nor an address"},
      {"GET /a HTTP/1.0\r\nHost:\r\n\r\n", 400, "neither a name nor an address"},
      {"GET /a HTTP/1.1\r\nHost: h i\r\n\r\n", 400, "neither a name nor an address"},
      {"GET /a HTTP/1.1\r\nHost: h,i/\r\n\r\n", 400, "neither a name nor an address"},
      {"GET /a HTTP/1.1\r\nHost: http://h\r\n\r\n", 400, "neither a name nor an address"},
      {"GET /a HTTP/1.1\r\nHost: u@h\r\n\r\n", 400, "neither a name nor an address"},
      {"GET /a HTTP/1.1\r\nHost: h:p\r\n\r\n", 400, "neither a name nor an address"},
      {"GET /a HTTP/1.1\r\nHost: :80\r\n\r\n", 400, "neither a name nor an address"},
      {"GET /a HTTP/1.1\r\nHost: ::1\r\n\r\n", 400, "neither a name nor an address"},
      {"GET /a HTTP/1.1\r\nHost: [::1\r\n\r\n", 400, "neither a name nor an address"},
      {"GET /a HTTP/1.1\r\nHost: [evil]\r\n\r\n", 400, "neither a name nor an address"},
      {"GET http://localhost@evil/a HTTP/1.1\r\nHost: h\r\n\r\n", 400, "neither a name nor an address"},
      {"GET /a HTTP/1.1\r\nHost : h\r\n\r\n", 400, "malformed"},
      {"GET /a HTTP/1.1\r\n Host: h\r\n\r\n", 400, "blank"},
      {put + "Prefer: a\r\n b\r\n\r\n", 400, "blank"},
      {put + "Prefer: a\r\n\tb\r\n\r\n", 400, "blank"},
      {put + "No colon\r\n\r\n", 400, "malformed"},
      {put + ": no name\r\n\r\n", 400, "no name"},
      {put + "N\xc3\xbc: 1\r\n\r\n", 400, "malformed"},
      {put + "X: a\0b\r\n\r\n"s, 400, "malformed"},
      {put + "X: a\rb\r\n\r\n", 400, "malformed"},
      {put + "X: a\r\n\rx", 400, "malformed"},
      {put + "Content-Length: x\r\n\r\n", 400, "Content-Length"},
      {put + "Content-Length: \r\n\r\n", 400, "Content-Length"},
      {put + "Content-Length: -1\r\n\r\n", 400, "Content-Length"},
      {put + "Content-Length: +1\r\n\r\n", 400, "Content-Length"},
      {put + "Content-Length: 1 1\r\n\r\n", 400, "Content-Length"},
      {put + "Content-Length: 0x1\r\n\r\n", 400, "Content-Length"},
      {put + "Content-Length: 1, 1\r\n\r\n", 400, "Content-Length"},
      {put + "Content-Length: 99999999999999999999\r\n\r\n", 400, "overflow"},
      {put + "Content-Length: 1\r\nContent-Length: 1\r\n\r\n", 400, "Content-Length"},
      {put + "Content-Length: 1\r\nContent-Length: 2\r\n\r\n", 400, "Content-Length"},
      {put + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400, "Transfer-Encoding"},
      {put + "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n", 400, "Content-Length"},
      {put + "Transfer-Encoding: gzip\r\n\r\n", 501, "chunked"},
      {put + "Transfer-Encoding: gzip, chunked\r\n\r\n", 501, "chunked"},
      {put + "Transfer-Encoding: chunked, gzip\r\n\r\n", 400, "malformed"},
      {put + "Transfer-Encoding: xchunked\r\n\r\n", 501, "chunked"},
      {put + "Transfer-Encoding: \r\n\r\n", 501, "chunked"},
      {put + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 400, "Transfer-Encoding"},
      {put + "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n", 400, "more than one"},
      {"PUT /a HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, "HTTP/1.0"},
      {put + "Transfer-Encoding: chunked\r\n\r\nx\r\n", 400, "chunk size"},
      {put + "Transfer-Encoding: chunked\r\n\r\n-1\r\n", 400, "chunk size"},
      {put + "Transfer-Encoding: chunked\r\n\r\n\r\n", 400, "chunk size"},
      {put + "Transfer-Encoding: chunked\r\n\r\n1 \r\nx", 400, "chunk size"},
      {put + "Transfer-Encoding: chunked\r\n\r\n1\r\nxy\r\n", 400, "malformed"},
      {put + "Transfer-Encoding: chunked\r\n\r\n1\r\nx\rx0\r\n", 400, "malformed"},
      {put + "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n", 400, "overflow"},
      {put + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n", 413, "body"},
      {put + "Expect: 200-ok\r\n\r\n", 417, "100-continue"},
      {put + "Expect: 200-ok\r\nExpect: 100-continue\r\n\r\n", 417, "100-continue"},
      {put + "Expect: 100-continue\r\nEXPECT: 200-ok\r\nExpect: 100-continue\r\n\r\n", 417, "100-continue"},
      {put + "Expect: 100-continue, 200-ok\r\n\r\n", 417, "100-continue"},
      {put + "Content-Length: 1048577\r\n\r\n", 413, "1048576"},
      {put + "Expect: 100-continue\r\nContent-Length: 1048577\r\n\r\n", 413, "1048576"},
  };
  for (const Case& one : cases) {
    INFO(one.bytes);
    const Outcome outcome = parse(one.bytes);
    CAPTURE(outcome.why, outcome.requests);
    REQUIRE(outcome.status == one.status);
    REQUIRE(outcome.why.find(one.why) != std::string::npos);
    REQUIRE(outcome.requests.empty());
  }
}

TEST_CASE("the requests before a malformed one are served") {
  const Outcome outcome = parse(get("/a") + get("/b") + "rubbish\r\n\r\n");
  REQUIRE(outcome.requests == "0 [/a] [] host=h {}\n0 [/b] [] host=h {}\n");
  REQUIRE(outcome.status == 400);
}

HttpLimits small_limits() {
  HttpLimits limits;
  limits.header_bytes_max = 100;
  limits.target_bytes_max = 40;
  limits.key_bytes_max = 20;
  limits.body_bytes_max = 10;
  return limits;
}

TEST_CASE("a head is taken up to its limit and refused one byte over") {
  const std::string empty = "GET /a HTTP/1.1\r\nHost: h\r\nX: \r\n\r\n";
  for (size_t over : {0, 1, 2, 1000}) {
    std::string bytes = empty;
    bytes.insert(empty.size() - 4, 100 - empty.size() + over, 'x');
    CAPTURE(over);
    const Outcome outcome = parse(bytes, small_limits());
    REQUIRE(outcome.status == (over == 0 ? 0 : 431));
    REQUIRE(outcome.requests.empty() == (over > 0));
  }
  REQUIRE(parse("GET /a HTTP/1.1\r\n" + std::string(100, 'h'), small_limits()).status == 431);
  REQUIRE(parse("GET /a HTTP/1.1\r\nHost: " + std::string(100, ' '), small_limits()).status == 431);
  REQUIRE(parse(std::string(50, '\r') + std::string(50, '\n'), small_limits()).status == 431);
}

TEST_CASE("a key is taken up to its limit and refused one byte over, escaped or not") {
  const auto status = [](const std::string& target) { return parse(get(target), small_limits()).status; };
  REQUIRE(status("/" + std::string(19, 'k')) == 0);
  REQUIRE(status("/" + std::string(20, 'k')) == 414);
  REQUIRE(status("/" + std::string(11, 'k') + "%20%20%20%20%20%20%20%20?12") == 0);
  REQUIRE(status("/" + std::string(12, 'k') + "%20%20%20%20%20%20%20%20?1") == 414);
  REQUIRE(status("/k?" + std::string(37, 'q')) == 0);
  REQUIRE(status("/k?" + std::string(38, 'q')) == 414);
  REQUIRE(status("/k?" + std::string(39, 'q') + "\x01") == 414);
  REQUIRE(status("/k?" + std::string(36, 'q') + "\x01") == 400);
  REQUIRE(parse("GET /" + std::string(1000, 'k'), small_limits()).status == 414);
}

TEST_CASE("a key of 4096 bytes, all of them escaped, is within the default limits") {
  std::string target = "/";
  for (int count = 1; count < 4096; ++count) target += "%00";
  REQUIRE(parse(get(target + "?consistency=stale")).status == 0);
  REQUIRE(parse(get(target + "%00?consistency=stale")).status == 414);
}

TEST_CASE("a body is taken up to its limit and refused one byte over, as soon as that is known") {
  const std::string put = "PUT /a HTTP/1.1\r\nHost: h\r\n";
  const std::string chunked = put + "Transfer-Encoding: chunked\r\n\r\n";
  const auto status = [](const std::string& bytes) { return parse(bytes, small_limits()).status; };
  REQUIRE(status(put + "Content-Length: 10\r\n\r\n0123456789") == 0);
  REQUIRE(status(put + "Content-Length: 11\r\n\r\n") == 413);
  REQUIRE(status(chunked + "a\r\n0123456789\r\n0\r\n\r\n") == 0);
  REQUIRE(status(chunked + "b\r\n") == 413);
  REQUIRE(status(chunked + "5\r\n01234\r\n5\r\n56789\r\n0\r\n\r\n") == 0);
  REQUIRE(status(chunked + "5\r\n01234\r\n6\r\n") == 413);
}

TEST_CASE("a chunked body may come byte by byte, but not with rubbish without end between them") {
  const std::string chunked = "PUT /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
  std::string singles;
  for (int count = 0; count < 10; ++count) singles += "1\r\nx\r\n";
  REQUIRE(parse(chunked + singles + "0\r\n\r\n", small_limits()).requests ==
          "2 [/a] [] host=h transfer-encoding=chunked {xxxxxxxxxx}\n");
  REQUIRE(parse(chunked + singles + "0\r\nX: " + std::string(200, 't'), small_limits()).status == 431);
  REQUIRE(parse(chunked + "1;" + std::string(200, 'e'), small_limits()).status == 431);
}

TEST_CASE("trailers and chunk extensions are held to the head's limit, however little body they come with") {
  const std::string chunked = "PUT /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1";
  const HttpLimits limits;
  const std::string much(6'000'000, 't');
  const std::string name = "\r\nx\r\n0\r\n", value = "\r\nx\r\n0\r\nX: ", extension = ";";
  for (const std::string& between : {name, value, extension}) {
    CAPTURE(between);
    for (size_t piece_bytes : {1'000u, 65'536u, 6'000'000u}) {
      HttpParser parser(limits);
      std::string_view rest = much;
      REQUIRE(parser.feed(chunked + between) == chunked.size() + between.size());
      while (!rest.empty() && parser.progress() == Progress::body) {
        rest.remove_prefix(parser.feed(rest.substr(0, piece_bytes)));
      }
      REQUIRE(parser.progress() == Progress::refused);
      REQUIRE(parser.refusal().status == 431);
      REQUIRE(much.size() - rest.size() <= limits.header_bytes_max);
    }
  }
  std::string singles = chunked;
  for (int count = 1; count < 100'000; ++count) singles += "\r\nx\r\n1";
  REQUIRE(parse_whole(singles + "\r\nx\r\n0\r\nX: y\r\n\r\n", limits).progress == Progress::nothing);
}

TEST_CASE("a parser stops behind each request and says what it left") {
  HttpParser parser({});
  const std::string one = get("/one");
  const std::string bytes = one + get("/two");
  REQUIRE(parser.progress() == Progress::nothing);
  REQUIRE(parser.feed(bytes) == one.size());
  REQUIRE(parser.progress() == Progress::complete);
  REQUIRE(parser.take().path == "/one");
  REQUIRE(parser.progress() == Progress::nothing);
  REQUIRE(parser.feed(std::string_view(bytes).substr(one.size(), 3)) == 3);
  REQUIRE(parser.progress() == Progress::head);
}

TEST_CASE("a client that holds its body back is recognised, until it sends it") {
  const std::string put = "PUT /a HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n";
  HttpParser parser({});
  SECTION("with a length") {
    parser.feed(put + "Content-Length: 2\r\n\r\n");
    REQUIRE(parser.expects_continue());
    REQUIRE(parser.body_bytes() == 2);
    parser.feed("h");
    REQUIRE_FALSE(parser.expects_continue());
  }
  SECTION("in chunks") {
    parser.feed(put + "Transfer-Encoding: chunked\r\n\r\n");
    REQUIRE(parser.expects_continue());
    REQUIRE(parser.body_bytes() == 0);
    parser.feed("2");
    REQUIRE_FALSE(parser.expects_continue());
    parser.feed("\r\nhi\r\n");
    REQUIRE(parser.body_bytes() == 2);
  }
  SECTION("not when there is no body") {
    parser.feed(put + "\r\n");
    REQUIRE(parser.progress() == Progress::complete);
    REQUIRE_FALSE(parser.expects_continue());
  }
  SECTION("not in HTTP/1.0") {
    parser.feed("PUT /a HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    REQUIRE(parser.progress() == Progress::body);
    REQUIRE_FALSE(parser.expects_continue());
  }
}

}  // namespace skiff::http_parser_test
