#include "transport/http/headers.h"

#include "tests/support/catch.h"

namespace skiff::http_headers_test {

using namespace transport;

std::string describe(const Headers& headers) {
  std::string text;
  for (const HeaderField& field : headers) text.append(field.name).append("=").append(field.value).append(";");
  return text;
}

TEST_CASE("headers are kept in the order in which they came, their names in lower case") {
  Headers headers;
  REQUIRE(headers.empty());
  REQUIRE(describe(headers) == "");
  headers.add("Host", "h");
  headers.add("X-Empty", "");
  headers.add("PREFER", "Respond-Async");
  headers.add("x_1", "a: b");
  REQUIRE_FALSE(headers.empty());
  REQUIRE(describe(headers) == "host=h;x-empty=;prefer=Respond-Async;x_1=a: b;");
}

TEST_CASE("a field is the same, however it is cut into pieces") {
  Headers headers;
  for (const char* piece : {"Pre", "", "F", "er"}) headers.add_to_name(piece);
  for (const char* piece : {" ", "\t", "", " a ", "\t", "b", " ", "\t"}) headers.add_to_value(piece);
  const HeaderField field = headers.end_field();
  REQUIRE(field.name == "prefer");
  REQUIRE(field.value == "a \tb");
  headers.add_to_name("empty");
  REQUIRE(headers.end_field().value == "");
  headers.add_to_value("no name");
  REQUIRE(headers.end_field().name == "");
  REQUIRE(describe(headers) == "prefer=a \tb;empty=;=no name;");
}

TEST_CASE("a header is found by its name in any case, the first of them, and its repetition is seen") {
  const Headers headers{{"prefer", "respond-async"}, {"Host", "h"}, {"Prefer", "wait=1"}, {"empty", ""}};
  for (const char* name : {"prefer", "Prefer", "PREFER"}) {
    REQUIRE(*headers.find(name) == "respond-async");
    REQUIRE(headers.find(name).count == 2);
    REQUIRE(headers.find(name).is_repeated());
  }
  REQUIRE(*headers.find("host") == "h");
  REQUIRE_FALSE(headers.find("host").is_repeated());
  REQUIRE(headers.find("empty").has_value());
  REQUIRE(headers.find("empty")->empty());
  REQUIRE_FALSE(headers.find("prefe"));
  REQUIRE_FALSE(headers.find("preferr"));
  REQUIRE_FALSE(Headers().find("host"));
}

TEST_CASE("headers of any number and size can be moved and copied") {
  Headers headers;
  std::string expected;
  for (int number = 0; number < 1000; ++number) {
    const std::string name = "name-" + std::to_string(number), value(static_cast<size_t>(number), 'v');
    headers.add(name, value);
    expected += name + "=" + value + ";";
  }
  Headers copy = headers;
  Headers moved = std::move(headers);
  REQUIRE(describe(moved) == expected);
  moved = {};
  REQUIRE(moved.empty());
  REQUIRE(describe(copy) == expected);
  REQUIRE(copy.find("name-999")->size() == 999);
}

}  // namespace skiff::http_headers_test
