#include "store/state/kv.h"

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "raft/random.h"
#include "store/state/condition.h"
#include "tests/support/catch.h"
#include "tests/support/dies.h"

namespace skiff::store::kv_test {

raft::Payload payload_of(const Command& command) { return raft::Payload::of(encode(command)); }

// A map and the writes of one node, numbered as they are made.
struct Writer {
  Kv kv;
  Origin origin{1, 1, 0};

  Outcome put(std::string_view key, std::string_view value) { return apply(PutView{key, value}); }
  Outcome remove(std::string_view key) { return remove_range(key, {}); }
  Outcome remove_range(std::string_view key, std::string_view end) { return apply(DeleteRangeView{key, end}); }
  Outcome apply(const OperationView& operation) {
    ++origin.number;
    return apply(Command{origin, operation});
  }
  Outcome apply(const Command& command) { return kv.apply(kv.applied() + 1, payload_of(command)); }

  std::string at(std::string_view key, Revision revision) const {
    auto value = kv.get(key, revision);
    return value ? std::string(value->bytes) : "(none)";
  }
  std::vector<std::string> keys(std::string_view first, std::string_view end, Revision revision) const {
    std::vector<std::string> found;
    kv.walk(first, end, revision, [&](std::string_view key, const Value&) {
      found.emplace_back(key);
      return true;
    });
    return found;
  }
};

TEST_CASE("a key that is not there is not there") {
  Kv kv;
  REQUIRE_FALSE(kv.get("/key").has_value());
  REQUIRE(kv.revision() == 0);
  REQUIRE(kv.applied() == 0);
  REQUIRE(kv.keys() == 0);
}

TEST_CASE("a version holds lengths as large as its fields, and nothing is cut off in silence") {
  const auto holder = raft::Payload::of(std::string(100'000, 'x'));
  const auto version = [&](uint64_t offset, uint64_t key_bytes, uint64_t value_bytes, uint64_t number = 1) {
    return Version::of(9, 7,
                       {.holder = holder, .value_offset = offset, .key_bytes = key_bytes, .value_bytes = value_bytes},
                       {.create_revision = 9, .number = number, .lease = 5});
  };
  const Version largest = version(95'535, 32'767, 4'465, kVersionNumberMax);
  REQUIRE(largest.key().size() == 32'767);
  REQUIRE(largest.value().size() == 4'465);
  REQUIRE(largest.facts() == VersionFacts{.create_revision = 9, .number = kVersionNumberMax, .lease = 5});
  REQUIRE(version(10, 1, 1, uint64_t{1} << 32).number() == uint64_t{1} << 32);

  const auto dies_with = [](auto&& make, const char* why) { return dies_saying(make).find(why) != std::string::npos; };
  REQUIRE(dies_with([&] { version(95'535, 32'768, 1); }, "kKeyBytesMask"));
  REQUIRE(dies_with([&] { version(10, 11, 1); }, "value_offset"));
  REQUIRE(dies_with([&] { version(10, 1, 99'991); }, "holder->size()"));
  REQUIRE(dies_with([&] { version(10, 1, 1, kVersionNumberMax + 1); }, "kVersionNumberMax"));
  REQUIRE(dies_with([&] { version(10, 1, 1, 0); }, "facts.number > 0"));
  REQUIRE(dies_with(
      [&] {
        Version::of(9, uint64_t{1} << 32, {holder, 10, 1, 1}, {9, 1});
      },
      "fits into its smaller type"));
}

TEST_CASE("a version knows when its key was made, and the puts since then") {
  Writer writer;
  const auto facts = [&](Revision at) { return writer.kv.get("/a", at)->facts; };
  writer.put("/a", "1");
  writer.put("/b", "2");
  writer.put("/a", "3");
  writer.remove("/a");
  writer.put("/a", "5");
  REQUIRE(facts(1) == VersionFacts{.create_revision = 1, .number = 1});
  REQUIRE(facts(2) == VersionFacts{.create_revision = 1, .number = 1});
  REQUIRE(facts(3) == VersionFacts{.create_revision = 1, .number = 2});
  REQUIRE(facts(5) == VersionFacts{.create_revision = 5, .number = 1});
}

TEST_CASE("every version of a key stays readable under its revision") {
  Writer writer;
  REQUIRE(writer.put("/a", "one").revision == 1);
  REQUIRE(writer.put("/b", "other").revision == 2);
  REQUIRE(writer.put("/a", "two").revision == 3);
  REQUIRE(writer.remove("/a").revision == 4);
  REQUIRE(writer.put("/a", "").revision == 5);

  const std::vector<std::string> expected = {"(none)", "one", "one", "two", "(none)", ""};
  for (Revision revision = 0; revision < expected.size(); ++revision) {
    CAPTURE(revision);
    REQUIRE(writer.at("/a", revision) == expected[revision]);
  }
  REQUIRE(writer.kv.get("/a", 4) == std::nullopt);
  REQUIRE(writer.kv.get("/a", 2)->revision == 1);
  REQUIRE(writer.kv.keys() == 2);
}

TEST_CASE("a remove of a key that is not there takes no revision") {
  Writer writer;
  REQUIRE(writer.remove("/a").revision == 0);
  writer.put("/a", "1");
  REQUIRE(writer.remove("/a").revision == 2);
  Outcome again = writer.remove("/a");
  REQUIRE(again.kind == Outcome::Kind::done);
  REQUIRE(again.revision == 2);
  REQUIRE(writer.kv.keys() == 0);
}

TEST_CASE("a removed range makes one revision, however many keys it held, and none if it held no key") {
  Writer writer;
  for (const char* key : {"/a", "/b/1", "/b/2", "/b/3", "/c"}) writer.put(key, key);
  writer.remove("/b/2");
  REQUIRE(writer.kv.revision() == 6);

  const Outcome removed = writer.remove_range("/b/", "/b0");
  REQUIRE(removed.kind == Outcome::Kind::done);
  REQUIRE(removed.revision == 7);
  REQUIRE(removed.changes == 2);
  REQUIRE(writer.kv.keys() == 2);
  using Keys = std::vector<std::string>;
  REQUIRE(writer.keys("", "", 7) == Keys{"/a", "/c"});
  REQUIRE(writer.keys("", "", 6) == Keys{"/a", "/b/1", "/b/3", "/c"});

  REQUIRE(writer.remove_range("/b/", "/b0").changes == 0);
  REQUIRE(writer.remove_range("/c", "/b").changes == 0);
  REQUIRE(writer.kv.revision() == 7);
  REQUIRE(writer.remove_range("/b", kToTheLast).changes == 1);
  REQUIRE(writer.remove_range(kToTheLast, kToTheLast).changes == 1);
  REQUIRE(writer.kv.keys() == 0);
  REQUIRE(writer.kv.revision() == 9);
}

TEST_CASE("a write whose condition does not hold does nothing, and says why") {
  Writer writer;
  const std::string new_only = Condition{.is_not_there = true}.encode(), there = Condition{.is_there = true}.encode();
  const auto at = [](Revision revision) { return Condition{.one_of = std::vector<Revision>{revision}}.encode(); };
  const auto put = [&](std::string_view value, const std::string& condition) {
    return writer.apply(PutView{.key = "/a", .value = value, .condition = condition});
  };
  const auto remove = [&](const std::string& condition) {
    return writer.apply(DeleteRangeView{.key = "/a", .end = {}, .condition = condition});
  };
  REQUIRE(put("none", there).kind == Outcome::Kind::conflict);
  REQUIRE(remove(there).kind == Outcome::Kind::conflict);
  REQUIRE(writer.kv.keys() == 0);
  const Revision before = writer.kv.revision();

  const Outcome first = put("first", new_only);
  REQUIRE(first.kind == Outcome::Kind::done);
  REQUIRE(first.revision == before + 1);
  REQUIRE(first.key_revision == first.revision);
  const Outcome second = put("second", new_only);
  REQUIRE(second.kind == Outcome::Kind::conflict);
  REQUIRE(second.revision == first.revision);
  REQUIRE(second.key_revision == first.revision);
  REQUIRE(second.changes == 0);
  REQUIRE(writer.at("/a", first.revision) == "first");

  const Outcome third = put("third", at(first.revision));
  REQUIRE(third.kind == Outcome::Kind::done);
  REQUIRE(put("fourth", at(first.revision)).kind == Outcome::Kind::conflict);
  REQUIRE(remove(at(first.revision)).key_revision == third.revision);
  const Outcome gone = remove(at(third.revision));
  REQUIRE(gone.kind == Outcome::Kind::done);
  REQUIRE(gone.key_revision == 0);
  REQUIRE(put("again", at(third.revision)).key_revision == 0);
  REQUIRE(put("again", new_only).kind == Outcome::Kind::done);
}

TEST_CASE("a write whose condition failed is not judged again when it comes a second time") {
  Writer writer;
  const std::string there = Condition{.is_there = true}.encode();
  const Command early{{1, 1, 1}, PutView{.key = "/a", .value = "x", .condition = there}};
  REQUIRE(writer.apply(early).kind == Outcome::Kind::conflict);
  REQUIRE(writer.apply({{2, 1, 1}, PutView{"/a", "other"}}).kind == Outcome::Kind::done);
  REQUIRE(writer.apply(early).kind == Outcome::Kind::repeated);
  REQUIRE(writer.kv.get("/a")->bytes == "other");
}

TEST_CASE("a value is not copied, and outlives the map while somebody holds it") {
  auto payload = payload_of({{1, 1, 1}, PutView{"/key", "value"}});
  auto kv = std::make_unique<Kv>();
  kv->apply(1, payload);

  auto value = kv->get("/key");
  kv.reset();

  REQUIRE(value->bytes == "value");
  REQUIRE(value->bytes.data() >= payload->data());
  REQUIRE(value->bytes.data() + value->bytes.size() == payload->data() + payload->size());
}

TEST_CASE("keys and values are bytes, ordered as bytes") {
  Writer writer;
  std::string zero("/\0", 2), high = "/\xff";
  writer.put(high, "high");
  writer.put(zero, std::string("\0\xff", 2));
  writer.put("/", "short");
  REQUIRE(writer.keys("", "", 3) == std::vector<std::string>{"/", zero, high});
  REQUIRE(writer.at(zero, 3) == std::string("\0\xff", 2));
}

// bug-43: a write is forwarded twice, and takes effect twice
TEST_CASE("a write that comes twice takes effect once") {  // [bug-43]
  Writer writer;
  Command first{{1, 1, 1}, PutView{"/a", "first"}};
  Command second{{1, 1, 2}, PutView{"/a", "second"}};
  REQUIRE(writer.apply(first).kind == Outcome::Kind::done);
  REQUIRE(writer.apply(second).kind == Outcome::Kind::done);
  uint64_t digest = writer.kv.digest();

  SECTION("the newest write again") { REQUIRE(writer.apply(second).kind == Outcome::Kind::repeated); }
  SECTION("an older write again") { REQUIRE(writer.apply(first).kind == Outcome::Kind::repeated); }
  SECTION("a write of an earlier start of the node, overtaken") {
    REQUIRE(writer.apply({{1, 0, 9}, PutView{"/a", "older"}}).kind == Outcome::Kind::repeated);
  }

  REQUIRE(writer.kv.applied() == 3);
  REQUIRE(writer.kv.revision() == 2);
  REQUIRE(writer.at("/a", 2) == "second");
  REQUIRE(writer.kv.digest() == digest);
}

TEST_CASE("a new start of a node and other nodes count their writes anew") {
  Writer writer;
  REQUIRE(writer.apply({{1, 1, 7}, PutView{"/a", "1"}}).kind == Outcome::Kind::done);
  REQUIRE(writer.apply({{1, 2, 1}, PutView{"/a", "2"}}).kind == Outcome::Kind::done);
  REQUIRE(writer.apply({{2, 1, 1}, PutView{"/a", "3"}}).kind == Outcome::Kind::done);
  REQUIRE(writer.apply({{1, 1, 8}, PutView{"/a", "4"}}).kind == Outcome::Kind::repeated);
  REQUIRE(writer.at("/a", 3) == "3");
}

TEST_CASE("entries without a command only move the applied index") {
  Writer writer;
  writer.kv.skip(1);
  writer.put("/a", "1");
  writer.kv.skip(3);
  REQUIRE(writer.kv.applied() == 3);
  REQUIRE(writer.kv.revision() == 1);
}

TEST_CASE("a walk sees a range as it was") {
  Writer writer;
  for (const char* key : {"/a", "/b", "/c", "/d"}) writer.put(key, key);
  writer.remove("/b");
  writer.put("/e", "later");

  using Keys = std::vector<std::string>;
  REQUIRE(writer.keys("", "", 4) == Keys{"/a", "/b", "/c", "/d"});
  REQUIRE(writer.keys("", "", 6) == Keys{"/a", "/c", "/d", "/e"});
  REQUIRE(writer.keys("/b", "/d", 4) == Keys{"/b", "/c"});
  REQUIRE(writer.keys("/b", "/d", 6) == Keys{"/c"});
  REQUIRE(writer.keys("/bb", "", 6) == Keys{"/c", "/d", "/e"});
  REQUIRE(writer.keys("/d", "/b", 6) == Keys{});
  REQUIRE(writer.keys("", "", 0) == Keys{});
}

TEST_CASE("a walk stops when told, and goes on behind the last key") {
  Writer writer;
  for (const char* key : {"/a", "/b", "/c"}) writer.put(key, "");
  std::string last;
  writer.kv.walk("", "", 3, [&](std::string_view key, const Value&) {
    last = key;
    return key != "/b";
  });
  REQUIRE(last == "/b");
  REQUIRE(writer.keys(last + '\0', "", 3) == std::vector<std::string>{"/c"});
}

TEST_CASE("the digest tells different maps apart and equal ones together") {
  auto digest_after = [](std::vector<Command> commands) {
    Writer writer;
    for (const Command& command : commands) writer.apply(command);
    return writer.kv.digest();
  };
  const Command base{{1, 1, 1}, PutView{"/a", "1"}};
  const uint64_t digest = digest_after({base});
  REQUIRE(digest == digest_after({base}));
  REQUIRE(digest != digest_after({}));
  REQUIRE(digest != digest_after({{{1, 1, 1}, PutView{"/b", "1"}}}));  // key
  REQUIRE(digest != digest_after({{{1, 1, 1}, PutView{"/a", "2"}}}));  // value
  REQUIRE(digest != digest_after({{{1, 1, 1}, PutView{"/a1", ""}}}));  // the border between them
  REQUIRE(digest != digest_after({{{2, 1, 1}, PutView{"/a", "1"}}}));  // who wrote it
  REQUIRE(digest != digest_after({{{1, 2, 1}, PutView{"/a", "1"}}}));
  REQUIRE(digest != digest_after({{{1, 1, 2}, PutView{"/a", "1"}}}));

  const Command remove{{1, 1, 2}, DeleteRangeView{"/a"}}, empty{{1, 1, 2}, PutView{"/a", ""}};
  REQUIRE(digest_after({base, remove}) != digest_after({base, empty}));

  const Command a{{1, 1, 1}, PutView{"/a", ""}}, b{{2, 1, 1}, PutView{"/b", ""}};
  REQUIRE(digest_after({a, b}) != digest_after({b, a}));  // the revisions differ
}

TEST_CASE("the digest knows the newest write of a node, not how it got there") {
  Writer one, two;
  for (uint64_t number : {1, 2, 3}) one.apply({{1, 1, number}, DeleteRangeView{"/none"}});
  two.apply({{1, 1, 3}, DeleteRangeView{"/none"}});
  REQUIRE(one.kv.digest() == two.kv.digest());
}

TEST_CASE("a map that has forgotten who wrote is the same whoever did, and takes their first writes again") {
  Writer one, other;
  other.origin = {2, 7, 40};
  for (Writer* writer : {&one, &other}) writer->put("/key", "value");
  REQUIRE(one.kv.digest() != other.kv.digest());
  for (Writer* writer : {&one, &other}) writer->kv.forget_origins();
  REQUIRE(one.kv.digest() == other.kv.digest());
  REQUIRE(one.kv.summary().newest.empty());
  other.origin = {2, 1, 0};
  REQUIRE(other.put("/key", "anew").kind == Outcome::Kind::done);
}

TEST_CASE("random writes agree with a plain map at every revision") {
  raft::Random random(7);
  Writer writer, twin;
  std::map<std::string, std::string> now;
  std::vector<std::map<std::string, std::string>> history = {now};
  for (int step = 0; step < 2000; ++step) {
    std::string key = "/" + std::to_string(random.below(50));
    if (random.below(3) == 0) {
      writer.remove(key), twin.remove(key);
      if (now.erase(key) > 0) history.push_back(now);
    } else {
      std::string value = std::to_string(random.next());
      writer.put(key, value), twin.put(key, value);
      now[key] = value;
      history.push_back(now);
    }
    REQUIRE(writer.kv.revision() == history.size() - 1);
    REQUIRE(writer.kv.keys() == now.size());
    REQUIRE(writer.kv.digest() == twin.kv.digest());
  }
  for (Revision revision = 0; revision < history.size(); revision += 37) {
    CAPTURE(revision);
    std::map<std::string, std::string> seen;
    writer.kv.walk("", "", revision, [&](std::string_view key, const Value& value) {
      seen[std::string(key)] = value.bytes;
      return true;
    });
    REQUIRE(seen == history[revision]);
  }
}

}  // namespace skiff::store::kv_test
