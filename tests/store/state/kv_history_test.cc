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
  writer.put("/a", "2");  // revision 2
  writer.put("/b", "3");  // 3
  writer.put("/a", "4");  // 4
  writer.remove("/b");    // 5
  writer.put("/a", "6");  // 6
  writer.put("/b", "7");  // 7

  writer.compact(5);

  REQUIRE(writer.kv.compacted() == 5);
  REQUIRE(writer.kv.revision() == 7);
  REQUIRE(writer.kv.keys() == 2);
  REQUIRE(writer.at("/a", 5) == "4");
  REQUIRE(writer.at("/b", 5) == "(none)");
  REQUIRE(writer.at("/a", 6) == "6");
  REQUIRE(writer.at("/b", 7) == "7");
  REQUIRE(versions_of(writer.kv) == Versions{{"/a", 4, "4"}, {"/a", 6, "6"}, {"/b", 7, "7"}});
  REQUIRE(writer.kv.versions() == 3);
}

TEST_CASE("the changes of one revision are cut together") {
  Writer writer;
  for (const char* key : {"/a", "/b", "/c"}) writer.put(key, key);
  writer.remove_range("/a", "/c");  // revision 5
  writer.put("/a", "6");
  std::vector<uint64_t> bytes;
  writer.kv.walk_history(4, [&](Revision, uint64_t dropped) {
    bytes.push_back(dropped);
    return true;
  });
  REQUIRE(bytes == std::vector<uint64_t>{2 * (4 + 2), 0});  // of each key: its version, and the key of the removal

  SECTION("all of them") {
    writer.compact(5);
    REQUIRE(versions_of(writer.kv) == Versions{{"/a", 6, "6"}, {"/c", 4, "/c"}});
  }
  SECTION("none of them") {
    writer.compact(4);
    REQUIRE(writer.at("/b", 4) == "/b");
    REQUIRE(versions_of(writer.kv).size() == 6);
  }
  SECTION("all of them, while a pin keeps their memory") {
    const Kv::Pin pin = writer.kv.pin();
    const Summary before = writer.kv.summary();
    writer.compact(6);
    REQUIRE(writer.kv.versions() == 2);
    REQUIRE(versions_of(writer.kv, before).size() == 6);
  }
  REQUIRE(copy_of(writer.kv)->digest() == writer.kv.digest());
}

TEST_CASE("what was cut off is told apart from what is not there") {
  Writer writer;
  writer.put("/a", "1");
  writer.put("/a", "2");
  writer.compact(3);
  REQUIRE_FALSE(writer.kv.remembers(2));
  REQUIRE(writer.kv.remembers(3));
  REQUIRE_FALSE(writer.kv.remembers(4));
  REQUIRE(writer.at("/b", 3) == "(none)");
}

TEST_CASE("a key that was removed before the cut leaves nothing behind") {
  Writer writer;
  writer.put("/a", "1");
  writer.remove("/a");
  REQUIRE(writer.kv.versions() == 2);

  SECTION("before its removal, it is as it was") {
    writer.compact(2);
    REQUIRE(versions_of(writer.kv) == Versions{{"/a", 2, "1"}, {"/a", 3, "(removed)"}});
  }
  SECTION("with its removal, all of it goes, and the revision stays") {
    writer.compact(3);
    REQUIRE(versions_of(writer.kv).empty());
    REQUIRE(writer.kv.versions() == 0);
    REQUIRE(writer.kv.revision() == 3);
    REQUIRE(copy_of(writer.kv)->revision() == 3);
    writer.put("/a", "4");
    REQUIRE(writer.at("/a", 4) == "4");
    REQUIRE(writer.kv.keys() == 1);
  }
}

TEST_CASE("a compaction of what is cut already, or has not been written yet, does no harm") {
  Writer writer;
  for (const char* value : {"1", "2", "3"}) writer.put("/a", value);
  writer.compact(3);
  const uint64_t digest = writer.kv.digest();
  writer.compact(2);
  REQUIRE(writer.kv.compacted() == 3);
  REQUIRE(writer.kv.versions() == 2);
  REQUIRE(writer.kv.digest() != digest);  // it knows the newest write
  writer.compact(1'000);
  REQUIRE(writer.kv.compacted() == 4);
  REQUIRE(writer.at("/a", 4) == "3");
}

TEST_CASE("a compaction to revision 1 cuts nothing, because no revision is older") {
  Writer writer;
  writer.compact(1);
  REQUIRE(writer.kv.compacted() == 1);
  REQUIRE(writer.kv.revision() == 1);
  writer.put("/a", "1");
  writer.put("/a", "2");
  writer.compact(1);
  REQUIRE(writer.kv.compacted() == 1);
  REQUIRE(writer.kv.versions() == 2);
  REQUIRE(writer.kv.history_bytes() == 3);
  REQUIRE(writer.kv.remembers(1));
  REQUIRE(writer.at("/a", 2) == "1");
}

TEST_CASE("a compaction that comes twice happens once") {
  Writer writer;
  writer.put("/a", "1");
  writer.put("/a", "2");
  const Command command{{1, 1, 9}, Compact{2}};
  auto payload = raft::Payload::of(encode(command));
  REQUIRE(writer.kv.apply(3, payload).kind == Applied::Kind::done);
  const uint64_t digest = writer.kv.digest();
  REQUIRE(writer.kv.apply(4, payload).kind == Applied::Kind::repeated);
  REQUIRE(writer.kv.digest() == digest);
}

TEST_CASE("the digest tells apart where history was cut, although nothing was lost by it") {
  Writer one, other;
  for (Writer* writer : {&one, &other}) {
    writer->put("/a", "1");
    writer->put("/b", "2");
  }
  one.compact(2);
  other.compact(3);
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
  writer.kv.walk_history(2, [&](Revision revision, uint64_t dropped) {
    REQUIRE(revision == 3 + bytes.size());
    bytes.push_back(dropped);
    return revision < 5;
  });
  REQUIRE(bytes == std::vector<uint64_t>{7, 5, 0});
  REQUIRE(copy_of(writer.kv)->history_bytes() == 12);
  writer.compact(3);
  REQUIRE(writer.kv.history_bytes() == 5);
  REQUIRE(copy_of(writer.kv)->history_bytes() == 5);
  writer.compact(5);
  REQUIRE(writer.kv.history_bytes() == 0);
}

TEST_CASE("what is pinned can be walked to its end, whatever is cut and written meanwhile") {
  Writer writer, twin;
  auto both = [&](auto&& what) { what(writer), what(twin); };
  both([](Writer& at) {
    for (const char* key : {"/a", "/b", "/c"}) at.put(key, "1");
    at.put("/a", "5");
    at.remove("/b");
  });
  const Summary summary = writer.kv.summary();
  const Versions expected = versions_of(writer.kv);
  {
    Kv::Pin pin = writer.kv.pin();
    both([](Writer& at) {
      at.put("/c", "7");
      at.remove("/c");
      at.put("/d", "9");
      at.compact(9);
      at.put("/b", "10");
    });

    REQUIRE(versions_of(writer.kv, summary) == expected);
    REQUIRE(versions_of(writer.kv, summary, 1, 1) == expected);
    REQUIRE(versions_of(writer.kv) == Versions{{"/a", 5, "5"}, {"/b", 10, "10"}, {"/d", 9, "9"}});
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
  writer.compact(101);
  const uint64_t digest = writer.kv.digest();
  REQUIRE_FALSE(writer.kv.free_cut(1'000));  // it is pinned
  REQUIRE(held() == 100);
  pin.reset();
  REQUIRE(writer.kv.free_cut(10));
  REQUIRE_FALSE(writer.kv.free_cut(1'000));
  REQUIRE(held() == 1);
  REQUIRE(writer.kv.digest() == digest);
  REQUIRE(writer.at("/k", 101) == "v");
}

TEST_CASE("a map is not made of versions that do not fit together") {
  Writer writer;
  writer.put("/a", "2");
  writer.put("/b", "3");
  writer.put("/a", "4");
  writer.put("/b", "5");
  writer.compact(4);
  const Summary summary = writer.kv.summary();
  using Records = std::vector<VersionRecord>;
  const VersionRecord a{"/a", 4, "4", {2, 2}}, b{"/b", 3, "3", {3, 1}}, newer{"/b", 5, "5", {3, 2}};
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
  REQUIRE_FALSE(is_loaded({{"/a", 2, "2", {2, 1}}, a, b, newer}, summary));  // one was cut
  REQUIRE_FALSE(is_loaded({a, {"/b", 3, {}}, newer}, summary));              // a removal of nothing
  REQUIRE_FALSE(is_loaded({a, b, {"/b", 6, "5", {3, 2}}}, summary));         // a revision that is to come
  REQUIRE_FALSE(is_loaded({a, b, newer, {std::string(kKeyBytesMax + 1, 'k'), 5, "", {5, 1}}}, summary));
  const auto with = [](VersionRecord record, VersionFacts facts, uint64_t order = 0) {
    record.facts = facts;
    record.order = order;
    return record;
  };
  for (const VersionFacts& wrong : {VersionFacts{0, 1}, {3, 0}, {4, 1}, {3, 1}, {5, 2}, {2, 2}, {3, 3}, {3, 2, 7}}) {
    CAPTURE(wrong.create_revision, wrong.number, wrong.lease);
    REQUIRE_FALSE(is_loaded({a, b, with(newer, wrong)}, summary));
  }
  REQUIRE_FALSE(
      is_loaded({a, b, with(newer, newer.facts, 1)}, summary));  // the first change of its revision is missing
  REQUIRE_FALSE(is_loaded({a, b, newer}, said([](Summary& other) { other.compacted = 3; })));
  REQUIRE_FALSE(is_loaded({a, b, newer}, said([](Summary& other) { ++other.revision; })));
  REQUIRE_FALSE(is_loaded({a, b, newer}, said([](Summary& other) { ++other.digest; })));
  REQUIRE_FALSE(is_loaded({a, b, newer}, said([](Summary& other) { ++other.keys; })));
}

TEST_CASE("no map is made of a revision that names nothing") {
  const auto is_empty_map = [](Revision compacted, Revision revision, uint64_t digest) {
    Summary summary;
    summary.compacted = compacted;
    summary.revision = revision;
    summary.digest = digest;
    Kv kv;
    kv.begin_load(compacted);
    return kv.end_load(summary);
  };
  const uint64_t of_empty = Kv().digest();
  REQUIRE(is_empty_map(1, 1, of_empty));
  for (const uint64_t digest : {uint64_t{0}, of_empty}) {  // the sum over nothing is 0
    CAPTURE(digest);
    REQUIRE_FALSE(is_empty_map(0, 0, digest));
    REQUIRE_FALSE(is_empty_map(0, 1, digest));
    REQUIRE_FALSE(is_empty_map(1, 0, digest));
  }

  const auto is_version = [](const VersionRecord& record) {
    Kv kv;
    kv.begin_load(3);
    return kv.load(record);
  };
  REQUIRE(is_version({"/a", 2, "v", {2, 1}}));
  REQUIRE_FALSE(is_version({"/a", 0, "v", {0, 1}}));
  REQUIRE_FALSE(is_version({"/a", 1, "v", {1, 1}}));  // revision 1 is the new map
  REQUIRE_FALSE(is_version({"/a", 3, "v", {1, 2}}));
}

}  // namespace skiff::store::kv_history_test
