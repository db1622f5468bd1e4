#include "transport/http/date.h"

#include "tests/support/catch.h"
#include "tests/transport/http/http_world.h"

namespace skiff::http_date_test {

using namespace http_world;

uint64_t wall_ms = 0;
int looks = 0;
uint64_t told_wall_ms() {
  ++looks;
  return wall_ms;
}

std::string line_at(uint64_t seconds) {
  wall_ms = seconds * 1000;
  DateLine date(told_wall_ms);
  return std::string(date.at(1_ms));
}

TEST_CASE("a date is written as HTTP wants it") {
  REQUIRE(line_at(784'111'777) == "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n");  // RFC 9110, 5.6.7
  REQUIRE(line_at(0) == "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n");
  REQUIRE(line_at(951'782'399) == "Date: Mon, 28 Feb 2000 23:59:59 GMT\r\n");
  REQUIRE(line_at(951'782'400) == "Date: Tue, 29 Feb 2000 00:00:00 GMT\r\n");
  REQUIRE(line_at(4'102'444'799) == "Date: Thu, 31 Dec 2099 23:59:59 GMT\r\n");
}

TEST_CASE("the wall clock is looked at once a second, when its second ends") {
  DateLine date(told_wall_ms);
  looks = 0;
  wall_ms = 784'111'777'900;
  REQUIRE(date.at(5'000_ms).find(":37 ") != std::string_view::npos);
  REQUIRE(date.at(5'099_ms).find(":37 ") != std::string_view::npos);
  REQUIRE(looks == 1);
  wall_ms += 100;
  REQUIRE(date.at(5'100_ms).find(":38 ") != std::string_view::npos);
  wall_ms -= 86'400'000;  // an operator sets it
  REQUIRE(date.at(6'099_ms).find("Sun, 06 Nov 1994 08:49:38 ") != std::string_view::npos);
  REQUIRE(looks == 2);
  REQUIRE(date.at(6'100_ms).find("Sat, 05 Nov 1994 08:49:38 ") != std::string_view::npos);
  REQUIRE(looks == 3);
}

TEST_CASE("every answer has one date: given, refused, turned away, cut short; a 100 Continue has none") {
  HttpLimits limits;
  limits.connections_max = 4;
  World world(limits);
  world.handler = [&](World::Asked& one) {
    Response response = one.request.method == Method::put ? no_body(204) : text(404, "Failed to GET");
    world.server->answer(one.ticket, std::move(response));
  };
  const std::string held = "PUT /c HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n";
  Client& given = world.say(get("/a") + put("/b", "x") + "HEAD /a HTTP/1.1\r\nHost: h\r\n\r\nGET /e HTT");
  Client& refused = world.say("rubbish\r\n\r\n");
  Client& continued = world.say(held);
  Client& amid = world.say("GET /d HTT");
  Client& turned_away = world.connect();
  world.until([&] { return turned_away.is_closed && refused.is_closed && given.count("HTTP/1.1 ") == 3; });
  world.until([&] { return continued.heard == "HTTP/1.1 100 Continue\r\n\r\n"; });
  continued.stream->write("x");
  world.until([&] { return continued.count("HTTP/1.1 ") == 2; });
  const std::string date = "\r\nDate: ";
  REQUIRE(given.count(date) == 3);
  world.server->drain();
  world.until([&] { return amid.is_closed; });
  REQUIRE(continued.count(date) == 1);
  for (const Client* client : {&refused, &amid, &turned_away}) {
    INFO(client->heard);
    REQUIRE(client->count(date) == 1);
  }
}

}  // namespace skiff::http_date_test
