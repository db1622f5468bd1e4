// The versions that a map forgets and keeps; and when memory is freed makes no visible difference.
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "store/state/kv.h"
#include "tests/store/state/kv_world.h"
#include "tests/support/catch.h"

namespace skiff::store::kv_history_test {

using namespace kv_world;

TEST_CASE("a compaction keeps what can be read from its revision on") {
  Writer writer;
  writer.put("/a", "1");  // revision 1
  writer.put("/b", "2");  // 2
  writer.put("/a", "3");  // 3
  writer.remove("/b");    // 4
  writer.put("/a", "5");  // 5
  writer.put("/b", "6");  // 6

  writer.compact(4);

  REQUIRE(writer.kv.compacted() == 4);
  REQUIRE(writer.kv.revision() == 6);
  REQUIRE(writer.kv.keys() == 2);
  REQUIRE(writer.at("/a", 4) == "3");
  REQUIRE(writer.at("/b", 4) == "(none)");
  REQUIRE(writer.at("/a", 5) == "5");
  REQUIRE(writer.at("/b", 6) == "6");
  REQUIRE(versions_of(writer.kv) == Versions{{"/a", 3, "3"}, {"/a", 5, "5"}, {"/b", 6, "6"}});
  REQUIRE(writer.kv.versions() == 3);
}

TEST_CASE("the changes of one revision are cut together") {
  Writer writer;
  for (const char* key : {"/a", "/b", "/c"}) writer.put(key, key);
  writer.remove_range("/a", "/c");  // revision 4
  writer.put("/a", "5");
  std::vector<uint64_t> bytes;
  writer.kv.walk_history(3, [&](Revision, uint64_t dropped) {
    bytes.push_back(dropped);
    return true;
  });
  REQUIRE(bytes == std::vector<uint64_t>{2 * (4 + 2), 0});  // of each key: its version, and the key of the removal

  SECTION("all of them") {
    writer.compact(4);
    REQUIRE(versions_of(writer.kv) == Versions{{"/a", 5, "5"}, {"/c", 3, "/c"}});
  }
  SECTION("none of them") {
    writer.compact(3);
    REQUIRE(writer.at("/b", 3) == "/b");
    REQUIRE(versions_of(writer.kv).size() == 6);
  }
  SECTION("all of them, while a pin keeps their memory") {
    const Kv::Pin pin = writer.kv.pin();
    const Summary before = writer.kv.summary();
    writer.compact(5);
    REQUIRE(writer.kv.versions() == 2);
    REQUIRE(versions_of(writer.kv, before).size() == 6);
  }
  REQUIRE(copy_of(writer.kv)->digest() == writer.kv.digest());
}

TEST_CASE("what was cut off is told apart from what is not there") {
  Writer writer;
  writer.put("/a", "1");
  writer.put("/a", "2");
  writer.compact(2);
  REQUIRE_FALSE(writer.kv.remembers(1));
  REQUIRE(writer.kv.remembers(2));
  REQUIRE_FALSE(writer.kv.remembers(3));
  REQUIRE(writer.at("/b", 2) == "(none)");
}

TEST_CASE("a key that was removed before the cut leaves nothing behind") {
  Writer writer;
  writer.put("/a", "1");
  writer.remove("/a");
  REQUIRE(writer.kv.versions() == 2);

  SECTION("before its removal, it is as it was") {
    writer.compact(1);
    REQUIRE(versions_of(writer.kv) == Versions{{"/a", 1, "1"}, {"/a", 2, "(removed)"}});
  }
  SECTION("with its removal, all of it goes, and the revision stays") {
    writer.compact(2);
    REQUIRE(versions_of(writer.kv).empty());
    REQUIRE(writer.kv.versions() == 0);
    REQUIRE(writer.kv.revision() == 2);
    REQUIRE(copy_of(writer.kv)->revision() == 2);
    writer.put("/a", "3");
    REQUIRE(writer.at("/a", 3) == "3");
    REQUIRE(writer.kv.keys() == 1);
  }
}

TEST_CASE("a compaction of what is cut already, or has not been written yet, does no harm") {
  Writer writer;
  for (const char* value : {"1", "2", "3"}) writer.put("/a", value);
  writer.compact(2);
  const uint64_t digest = writer.kv.digest();
  writer.compact(1);
  REQUIRE(writer.kv.compacted() == 2);
  REQUIRE(writer.kv.versions() == 2);
  REQUIRE(writer.kv.digest() != digest);  // it knows the newest write
  writer.compact(1'000);
  REQUIRE(writer.kv.compacted() == 3);
  REQUIRE(writer.at("/a", 3) == "3");
}

TEST_CASE("a compaction that comes twice happens once") {
  Writer writer;
  writer.put("/a", "1");
  writer.put("/a", "2");
  const Command command{{1, 1, 9}, Compact{1}};
  auto payload = raft::Payload::of(encode(command));
  REQUIRE(writer.kv.apply(3, payload).kind == Outcome::Kind::done);
  const uint64_t digest = writer.kv.digest();
  REQUIRE(writer.kv.apply(4, payload).kind == Outcome::Kind::repeated);
  REQUIRE(writer.kv.digest() == digest);
}

TEST_CASE("the digest tells apart where history was cut, although nothing was lost by it") {
  Writer one, other;
  for (Writer* writer : {&one, &other}) {
    writer->put("/a", "1");
    writer->put("/b", "2");
  }
  one.compact(1);
  other.compact(2);
  REQUIRE(versions_of(one.kv) == versions_of(other.kv));
  REQUIRE(one.kv.digest() != other.kv.digest());
}

TEST_CASE("the bytes of the history are those that a cut of all of it would free") {
  Writer writer;
  writer.put("/a", "12345");  // nothing to cut yet
  REQUIRE(writer.kv.history_bytes() == 0);
  writer.put("/a", "1");  // key and value before it
  REQUIRE(writer.kv.history_bytes() == 7);
  writer.remove("/a");  // again, and its own key
  REQUIRE(writer.kv.history_bytes() == 7 + 3 + 2);
  writer.put("/a", "1");  // the removal goes by itself
  REQUIRE(writer.kv.history_bytes() == 12);
  std::vector<uint64_t> bytes;
  writer.kv.walk_history(1, [&](Revision revision, uint64_t dropped) {
    REQUIRE(revision == 2 + bytes.size());
    bytes.push_back(dropped);
    return revision < 4;
  });
  REQUIRE(bytes == std::vector<uint64_t>{7, 5, 0});
  REQUIRE(copy_of(writer.kv)->history_bytes() == 12);
  writer.compact(2);
  REQUIRE(writer.kv.history_bytes() == 5);
  REQUIRE(copy_of(writer.kv)->history_bytes() == 5);
  writer.compact(4);
  REQUIRE(writer.kv.history_bytes() == 0);
}

TEST_CASE("what is pinned can be walked to its end, whatever is cut and written meanwhile") {
  Writer writer, twin;
  auto both = [&](auto&& what) { what(writer), what(twin); };
  both([](Writer& at) {
    for (const char* key : {"/a", "/b", "/c"}) at.put(key, "1");
    at.put("/a", "4");
    at.remove("/b");
  });
  const Summary summary = writer.kv.summary();
  const Versions expected = versions_of(writer.kv);
  {
    Kv::Pin pin = writer.kv.pin();
    both([](Writer& at) {
      at.put("/c", "6");
      at.remove("/c");
      at.put("/d", "8");
      at.compact(8);
      at.put("/b", "9");
    });

    REQUIRE(versions_of(writer.kv, summary) == expected);
    REQUIRE(versions_of(writer.kv, summary, 1, 1) == expected);
    REQUIRE(versions_of(writer.kv) == Versions{{"/a", 4, "4"}, {"/b", 9, "9"}, {"/d", 8, "8"}});
    REQUIRE(versions_of(writer.kv) == versions_of(twin.kv));
    REQUIRE(writer.kv.digest() == twin.kv.digest());
    REQUIRE(writer.kv.versions() == twin.kv.versions());
    REQUIRE(copy_of(writer.kv)->digest() == twin.kv.digest());
  }
  both([](Writer& at) {
    for (int write = 0; write < 10; ++write) at.put("/e", "");
  });
  REQUIRE(versions_of(writer.kv) == versions_of(twin.kv));
}

TEST_CASE("what was cut while it was pinned is freed without further entries, and nobody can tell") {
  Writer writer;
  std::unique_ptr<Kv::Pin> pin(new Kv::Pin(writer.kv.pin()));
  std::vector<raft::Payload> payloads;
  for (int number = 0; number < 100; ++number) {
    Command command{{1, 1, ++writer.origin.number}, PutView{"/k", "v"}};
    payloads.push_back(raft::Payload::of(encode(command)));
    writer.kv.apply(writer.kv.applied() + 1, payloads.back());
  }
  const auto held = [&] {
    return std::count_if(payloads.begin(), payloads.end(), [](const auto& payload) { return payload.owners() > 1; });
  };
  writer.compact(100);
  const uint64_t digest = writer.kv.digest();
  REQUIRE_FALSE(writer.kv.free_cut(1'000));  // it is pinned
  REQUIRE(held() == 100);
  pin.reset();
  REQUIRE(writer.kv.free_cut(10));
  REQUIRE_FALSE(writer.kv.free_cut(1'000));
  REQUIRE(held() == 1);
  REQUIRE(writer.kv.digest() == digest);
  REQUIRE(writer.at("/k", 100) == "v");
}

TEST_CASE("a map is not made of versions that do not fit together") {
  Writer writer;
  writer.put("/a", "1");
  writer.put("/b", "2");
  writer.put("/a", "3");
  writer.put("/b", "4");
  writer.compact(3);
  const Summary summary = writer.kv.summary();
  using Records = std::vector<VersionRecord>;
  const VersionRecord a{"/a", 3, "3", {1, 2}}, b{"/b", 2, "2", {2, 1}}, newer{"/b", 4, "4", {2, 2}};
  auto is_loaded = [&](const Records& records, const Summary& as_said) {
    Kv kv;
    kv.begin_load(as_said.compacted);
    for (const VersionRecord& record : records) {
      if (!kv.load(record)) return false;
    }
    return kv.end_load(as_said);
  };
  auto said = [&](auto&& change) {
    Summary other = summary;
    change(other);
    return other;
  };

  REQUIRE(is_loaded({a, b, newer}, summary));
  REQUIRE_FALSE(is_loaded({b, newer, a}, summary));                          // not in order
  REQUIRE_FALSE(is_loaded({a, newer, b}, summary));                          // nor these
  REQUIRE_FALSE(is_loaded({a, b}, summary));                                 // one is missing
  REQUIRE_FALSE(is_loaded({a, newer}, summary));                             // another one
  REQUIRE_FALSE(is_loaded({{"/a", 1, "1", {1, 1}}, a, b, newer}, summary));  // one was cut
  REQUIRE_FALSE(is_loaded({a, {"/b", 2, {}}, newer}, summary));              // a removal of nothing
  REQUIRE_FALSE(is_loaded({a, b, {"/b", 5, "4", {2, 2}}}, summary));         // a revision that is to come
  REQUIRE_FALSE(is_loaded({a, b, newer, {std::string(kKeyBytesMax + 1, 'k'), 4, "", {4, 1}}}, summary));
  const auto with = [](VersionRecord record, VersionFacts facts, uint64_t order = 0) {
    record.facts = facts;
    record.order = order;
    return record;
  };
  for (const VersionFacts& wrong : {VersionFacts{0, 1}, {2, 0}, {3, 1}, {2, 1}, {4, 2}, {1, 2}, {2, 3}, {2, 2, 7}}) {
    CAPTURE(wrong.create_revision, wrong.number, wrong.lease);
    REQUIRE_FALSE(is_loaded({a, b, with(newer, wrong)}, summary));
  }
  REQUIRE_FALSE(
      is_loaded({a, b, with(newer, newer.facts, 1)}, summary));  // the first change of its revision is missing
  REQUIRE_FALSE(is_loaded({a, b, newer}, said([](Summary& other) { other.compacted = 2; })));
  REQUIRE_FALSE(is_loaded({a, b, newer}, said([](Summary& other) { ++other.revision; })));
  REQUIRE_FALSE(is_loaded({a, b, newer}, said([](Summary& other) { ++other.digest; })));
  REQUIRE_FALSE(is_loaded({a, b, newer}, said([](Summary& other) { ++other.keys; })));
}

}  // namespace skiff::store::kv_history_test
