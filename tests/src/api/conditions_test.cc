// If-Match and If-None-Match: what is read from them, and how reads and writes of a key are answered.
#include "src/api/conditions.h"

#include <string>
#include <vector>

#include "tests/src/api/api_world.h"
#include "tests/support/catch.h"

namespace skiff::api_conditions_test {

using namespace api_world;
using store::Condition;
using Revisions = std::vector<store::Revision>;

const char kBiggest[] = "\"18446744073709551615\"";

Result<std::unique_ptr<const Conditions>> parsed(transport::Headers headers) { return parse_conditions(headers); }

TEST_CASE("a list of tags becomes the revisions that it names") {
  struct Row {
    const char* name;
    transport::Headers headers;
    Condition match, none_match;
  };
  const Row rows[] = {
      {"one tag", {{"if-match", "\"7\""}}, {.one_of = Revisions{7}}, {}},
      {"a list, with empty elements", {{"if-match", ", \"7\" ,,\"9\","}}, {.one_of = Revisions{7, 9}}, {}},
      {"two headers", {{"if-match", "\"7\""}, {"if-match", "\"9\""}}, {.one_of = Revisions{7, 9}}, {}},
      {"a star", {{"if-match", "*"}}, {.is_there = true}, {}},
      {"a weak tag matches nothing strongly", {{"if-match", "W/\"7\", \"9\""}}, {.one_of = Revisions{9}}, {}},
      {"weakly it does", {{"if-none-match", "W/\"7\",\"9\""}}, {}, {.none_of = Revisions{7, 9}}},
      {"another star", {{"if-none-match", " * "}}, {}, {.is_not_there = true}},
      {"both headers",
       {{"if-match", "\"7\""}, {"if-none-match", "\"9\""}},
       {.one_of = Revisions{7}},
       {.none_of = Revisions{9}}},
      {"tags of something else",
       {{"if-match", "\"\", \"07\", \"a,b\", \"-1\", \"18446744073709551616\""}},
       {.one_of = Revisions{}},
       {}},
      {"the biggest revision", {{"if-match", kBiggest}}, {.one_of = Revisions{UINT64_MAX}}, {}},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    const auto conditions = parsed(row.headers);
    REQUIRE(conditions.has_value());
    REQUIRE((*conditions)->match == row.match);
    REQUIRE((*conditions)->none_match == row.none_match);
  }
  REQUIRE(*parsed({{"if-modified-since", "x"}}) == nullptr);
}

TEST_CASE("a malformed list is refused, and nothing is done") {
  for (const char* name : {"if-match", "if-none-match"}) {
    for (const char* value : {"", ",", "7", "\"7", "7\"", "*, \"7\"", "\"7\", *", "\"7\" \"9\"", "w/\"7\"", "W/7", "W/",
                              "* *", "\"7\"x", "'7'", "\"a\tb\""}) {
      INFO(name << ": " << value);
      REQUIRE_FALSE(parsed({{name, value}}).has_value());
      Host host;
      for (Method method : {Method::get, Method::head, Method::put, Method::del}) {
        REQUIRE(take(host, method, "/k", "", {{name, value}})->status == 400);
      }
      REQUIRE(host.proposed.empty());
    }
  }
}

TEST_CASE("a list of very many tags is refused") {
  std::string tags;
  for (int tag = 1; tag <= 100; ++tag) tags += "\"" + std::to_string(tag) + "\",";
  REQUIRE((*parsed({{"if-match", tags}}))->match.one_of->size() == 100);
  REQUIRE_FALSE(parsed({{"if-match", tags + "\"101\""}}).has_value());
  REQUIRE_FALSE(parsed({{"if-none-match", tags}, {"if-none-match", "\"101\""}}).has_value());
}

TEST_CASE("a write carries its condition to where it is applied") {
  Host host;
  REQUIRE_FALSE(take(host, Method::put, "/k", "", {{"if-match", "\"7\""}, {"if-none-match", "\"9\""}}, "v"));
  const auto& put = std::get<store::Put>(std::get<Write>(host.proposed.at(0)).operation);
  const Condition demanded{.one_of = Revisions{7}, .none_of = Revisions{9}};
  REQUIRE(store::decode_condition(put.condition) == demanded);
  REQUIRE_FALSE(take(host, Method::del, "/k", "", {{"if-match", "*"}}));
  const auto& remove = std::get<store::DeleteRange>(std::get<Write>(host.proposed.at(1)).operation);
  REQUIRE(store::decode_condition(remove.condition) == Condition{.is_there = true});
}

TEST_CASE("the end of a write names the revisions of the store and of the key") {
  Host host;
  REQUIRE_FALSE(take(host, Method::put, "/k"));
  const Response done = end(host, {.revision = 12, .key_revision = 12});
  REQUIRE(done.status == 204);
  REQUIRE(head(done, transport::AfterAnswer::keep_open).find("Skiff-Revision: 12\r\nETag: \"12\"\r\n") !=
          std::string::npos);

  REQUIRE_FALSE(take(host, Method::del, "/k"));
  const Response removed = end(host, {.revision = 13});
  const std::string text = head(removed, transport::AfterAnswer::keep_open);
  REQUIRE(text.find("Skiff-Revision: 13\r\n") != std::string::npos);
  REQUIRE(text.find("ETag") == std::string::npos);

  REQUIRE_FALSE(take(host, Method::put, "/k", "", {{"if-match", "\"7\""}}));
  const Response other = end(host, {.outcome = Answer::Outcome::conflict, .revision = 14, .key_revision = 9});
  REQUIRE(other.status == 412);
  REQUIRE(other.body == "nothing was done: the condition does not hold; the key's tag is \"9\"\n");
  REQUIRE(head(other, transport::AfterAnswer::keep_open).find("Skiff-Revision: 14\r\nETag: \"9\"\r\n") !=
          std::string::npos);

  REQUIRE_FALSE(take(host, Method::put, "/k", "", {{"if-match", "*"}}));
  const Response none = end(host, {.outcome = Answer::Outcome::conflict, .revision = 15});
  REQUIRE(none.body == "nothing was done: the condition does not hold; the key is not there\n");
  REQUIRE(head(none, transport::AfterAnswer::keep_open).find("ETag") == std::string::npos);
}

TEST_CASE("a read is answered by its conditions, If-Match first") {
  Host host;
  const auto write = [&](const store::OperationView& operation) {
    const raft::Index index = host.map.applied() + 1;
    host.map.apply(index, store::to_payload({{1, 1, index}, operation}));
  };
  write(store::PutView{"/other", ""});
  write(store::PutView{"/k", "first", 5});
  write(store::PutView{"/k", "v", 6});
  const store::Revision now = host.map.revision();
  const std::string tag = "\"" + std::to_string(now) + "\"", old = "\"" + std::to_string(now - 1) + "\"";
  struct Row {
    const char* path;
    transport::Headers headers;
    int status;
  };
  for (const Row& row : {
           Row{"/k", {}, 200},
           Row{"/k", {{"if-none-match", tag}}, 304},
           Row{"/k", {{"if-none-match", "W/" + tag}}, 304},
           Row{"/k", {{"if-none-match", "*"}}, 304},
           Row{"/k", {{"if-none-match", old}}, 200},
           Row{"/k", {{"if-match", tag}}, 200},
           Row{"/k", {{"if-match", "*"}}, 200},
           Row{"/k", {{"if-match", old}}, 412},
           Row{"/k", {{"if-match", "W/" + tag}}, 412},
           Row{"/k", {{"if-match", old}, {"if-none-match", tag}}, 412},
           Row{"/none", {}, 404},
           Row{"/none", {{"if-none-match", tag}}, 404},
           Row{"/none", {{"if-none-match", "*"}}, 404},
           Row{"/none", {{"if-match", "*"}}, 412},
       }) {
    for (Method method : {Method::get, Method::head}) {
      INFO(row.path << " " << row.status);
      const auto stale = take(host, method, row.path, "consistency=stale", row.headers);
      REQUIRE(stale->status == row.status);
      REQUIRE_FALSE(take(host, method, row.path, "", row.headers));
      const Response confirmed = end(host, {});
      REQUIRE(confirmed.status == row.status);
      const std::string text = head(confirmed, transport::AfterAnswer::keep_open);
      REQUIRE(text.find("Skiff-Revision: " + std::to_string(now) + "\r\n") != std::string::npos);
      REQUIRE((text.find("ETag: " + tag + "\r\n") != std::string::npos) == (row.path == std::string("/k")));
      const bool has_facts = text.find("Skiff-Create-Revision: " + std::to_string(now - 1) +
                                       "\r\nSkiff-Version: 2\r\nSkiff-Lease: 6\r\n") != std::string::npos;
      REQUIRE(has_facts == (row.status == 200));
    }
  }
}

}  // namespace skiff::api_conditions_test
