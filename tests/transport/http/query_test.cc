#include "transport/http/query.h"

#include "tests/support/catch.h"

namespace skiff::http_query_test {

using namespace transport;
using namespace std::string_literals;

std::string describe(const Query& query) {
  std::string text;
  for (const Query::Parameter& parameter : query.parameters())
    text += "[" + parameter.name + ": " + parameter.value + "]";
  return text;
}

std::string many(size_t count) {
  std::string text;
  for (size_t at = 0; at < count; ++at) text += "a&";
  return text;
}

TEST_CASE("a query is names and values, decoded after they are separated") {
  struct Row {
    std::string text;
    std::string parameters;
  };
  for (const Row& row : {
           Row{"", ""},
           Row{"prefix=/a&limit=10", "[prefix: /a][limit: 10]"},
           Row{"keys_only", "[keys_only: ]"},
           Row{"keys_only=", "[keys_only: ]"},
           Row{"a=1=2", "[a: 1=2]"},
           Row{"a==", "[a: =]"},
           Row{"&&a=1&&b=2&", "[a: 1][b: 2]"},
           Row{"prefix=a%26b%3Dc&x", "[prefix: a&b=c][x: ]"},
           Row{"%70refix=%2Fa%2f", "[prefix: /a/]"},
           Row{"a%3D=1", "[a=: 1]"},
           Row{"a=b+c%2B", "[a: b+c+]"},
           Row{"a=%2525", "[a: %25]"},
           Row{"a=?/:@!$'()*,;~", "[a: ?/:@!$'()*,;~]"},
           Row{"from=/a%00%ff", "[from: /a\0\xff]"s},
           Row{"a=1&A=2&a=3", "[a: 1][A: 2][a: 3]"},
           Row{"a=\xc3\xbc", "[a: \xc3\xbc]"},
       }) {
    INFO(row.text);
    const Result<Query> query = Query::parse(row.text);
    REQUIRE(query);
    REQUIRE(describe(*query) == row.parameters);
    REQUIRE(query->empty() == row.parameters.empty());
  }
}

TEST_CASE("a malformed query is refused with the reason") {
  struct Row {
    std::string text;
    std::string why;
  };
  for (const Row& row : {
           Row{"a=%", "hexadecimal"},
           Row{"a=%4", "hexadecimal"},
           Row{"a=%4x", "hexadecimal"},
           Row{"%zz=1", "hexadecimal"},
           Row{"a=%2&6", "hexadecimal"},
           Row{"a=1&b=%", "hexadecimal"},
           Row{"a=\0"s, "must be escaped"},
           Row{"\0"s, "must be escaped"},
           Row{"a=b c", "must be escaped"},
           Row{"a\t", "must be escaped"},
           Row{"a=\r\n", "must be escaped"},
           Row{"a=\x7f", "must be escaped"},
           Row{"a%00b=1", "NUL"},
           Row{"=1", "no name"},
           Row{"a=1&=", "no name"},
       }) {
    INFO(row.text);
    const Result<Query> query = Query::parse(row.text);
    REQUIRE_FALSE(query);
    REQUIRE(query.error().code == Error::Code::invalid);
    REQUIRE(query.error().what.find(row.why) != std::string::npos);
  }
}

TEST_CASE("the number of parameters is limited") {
  REQUIRE(Query::parse(many(Query::kParametersMax))->parameters().size() == Query::kParametersMax);
  const Result<Query> query = Query::parse(many(Query::kParametersMax + 1));
  REQUIRE_FALSE(query);
  REQUIRE(query.error().what == "the query has more than 64 parameters");
}

TEST_CASE("a parameter is found by its exact name, the first of them, and its repetition is seen") {
  const Query query = *Query::parse("prefix=/a&limit=&prefix=/b");
  REQUIRE(*query.find("prefix") == "/a");
  REQUIRE(query.find("prefix").count == 2);
  REQUIRE(query.find("prefix").is_repeated());
  REQUIRE(query.find("limit").has_value());
  REQUIRE(query.find("limit")->empty());
  REQUIRE_FALSE(query.find("limit").is_repeated());
  REQUIRE_FALSE(query.find("Prefix"));
  REQUIRE_FALSE(query.find("prefi"));
  REQUIRE_FALSE(query.find(""));
}

TEST_CASE("a route says which names it knows, and any other is refused by name") {
  const Query query = *Query::parse("prefix=/a&limits=1&x");
  REQUIRE(query.require_known({"x", "limits", "prefix"}));
  REQUIRE(query.require_known({"prefix", "limit"}).error().what == "unknown query \"limits\"; known: prefix, limit");
  REQUIRE(query.require_known({}).error().what == "no query is known here");
  REQUIRE(Query::parse("")->require_known({}));
  REQUIRE(Query::parse("&")->require_known({}));
}

TEST_CASE("an unknown name is shown in one short line, whatever its bytes") {
  const Query query = *Query::parse("%0a%ffa" + std::string(1000, 'b'));
  REQUIRE(query.require_known({"c"}).error().what == "unknown query \"?\?a" + std::string(97, 'b') + "...\"; known: c");
}

TEST_CASE("a route that takes each name once refuses a repetition") {
  REQUIRE(Query::parse("a=1&A=1&b")->require_unique());
  REQUIRE(Query::parse("a=1&b&%61=1")->require_unique().error().what == "\"a\" is given more than once in the query");
}

}  // namespace skiff::http_query_test
