// The versions that a map forgets and keeps; and when memory is freed makes no visible difference.
#include <algorithm>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "raft/random.h"
#include "store/state/kv.h"
#include "tests/support/catch.h"

namespace skiff::store::kv_history_test {

using Versions = std::vector<std::tuple<std::string, Revision, std::string>>;  // key, revision, value

// A map and the writes of one node.
struct Writer {
  Kv kv;
  Origin origin{1, 1, 0};

  void put(std::string_view key, std::string_view value) { apply({.verb = Verb::put, .key = key, .value = value}); }
  void remove(std::string_view key) { apply({.verb = Verb::remove, .key = key}); }
  void compact(Revision revision) { apply({.verb = Verb::compact, .revision = revision}); }
  void apply(Command command) {
    ++origin.number;
    command.origin = origin;
    kv.apply(kv.applied() + 1, raft::Payload::of(encode(command)));
  }
  std::string at(std::string_view key, Revision revision) const {
    auto value = kv.get(key, revision);
    return value ? std::string(value->bytes) : "(none)";
  }
};

Versions versions_of(const Kv& kv, const Summary& as_of, uint64_t keys_at_once = 1'000, uint64_t at_once = 1'000) {
  Versions found;
  VersionPlace place;
  for (bool has_ended = false; !has_ended;) {
    uint64_t left = at_once;
    has_ended = kv.walk_versions(place, as_of, keys_at_once, [&](const VersionRecord& version) {
      found.emplace_back(version.key, version.revision, version.value.value_or("(removed)"));
      return --left > 0;
    });
  }
  return found;
}
Versions versions_of(const Kv& kv) { return versions_of(kv, kv.summary()); }

// Another one, made of what this one has; nothing if it does not add up.
std::optional<Kv> copy_of(const Kv& kv) {
  std::optional<Kv> copy(std::in_place);
  const Summary summary = kv.summary();
  copy->begin_load(summary.compacted);
  VersionPlace place;
  bool is_good = true;
  kv.walk_versions(place, summary, 1'000'000, [&](const VersionRecord& version) {
    is_good = is_good && copy->load(version);
    return true;
  });
  if (!is_good || !copy->end_load(summary)) copy.reset();
  return copy;
}

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
  const Command command{.verb = Verb::compact, .origin = {1, 1, 9}, .revision = 1};
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

// A simple model of a map: all versions there ever were, and where they were cut.
struct Model {
  std::map<std::string, std::map<Revision, std::optional<std::string>>> keys;
  Revision revision = 0;
  Revision compacted = 0;

  bool is_there(const std::string& key) const {
    auto found = keys.find(key);
    return found != keys.end() && found->second.rbegin()->second.has_value();
  }
  std::string at(const std::string& key, Revision at) const {
    auto found = keys.find(key);
    if (found == keys.end()) return "(none)";
    auto after = found->second.upper_bound(at);
    return after == found->second.begin() ? "(none)" : std::prev(after)->second.value_or("(none)");
  }
  Versions versions() const {
    Versions found;
    for (const auto& [key, all] : keys) {
      for (auto version = all.begin(); version != all.end(); ++version) {
        const auto next = std::next(version);
        const bool is_over = next != all.end() && next->first <= compacted;
        const bool is_gone = !version->second && version->first <= compacted;
        if (!is_over && !is_gone) found.emplace_back(key, version->first, version->second.value_or("(removed)"));
      }
    }
    return found;
  }
};

TEST_CASE("what was cut while it was pinned is freed without further entries, and nobody can tell") {
  Writer writer;
  std::unique_ptr<Kv::Pin> pin(new Kv::Pin(writer.kv.pin()));
  std::vector<raft::Payload> payloads;
  for (int number = 0; number < 100; ++number) {
    Command command{.verb = Verb::put, .origin = {1, 1, ++writer.origin.number}, .key = "/k", .value = "v"};
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

TEST_CASE("random writes, cuts, pins and copies agree with a plain model") {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    raft::Random random(seed);
    Writer writer, twin;  // the twin is never pinned, and goes through a copy now and then
    Model model;
    struct Pinned {
      std::unique_ptr<Kv::Pin> pin;
      Summary summary;
      Versions versions;
    };
    std::vector<Pinned> pinned;
    const uint64_t keys = 1 + random.below(30);
    for (int step = 0; step < 1'500; ++step) {
      const std::string key = "/" + std::to_string(random.below(keys));
      const uint64_t dice = random.below(100);
      if (dice < 60) {
        const std::string value = std::to_string(random.next());
        writer.put(key, value), twin.put(key, value);
        model.keys[key][++model.revision] = value;
      } else if (dice < 85) {
        writer.remove(key), twin.remove(key);
        if (model.is_there(key)) model.keys[key][++model.revision] = std::nullopt;
      } else if (dice < 90) {
        const Revision revision = 1 + random.below(model.revision + 2);
        writer.compact(revision), twin.compact(revision);
        model.compacted = std::max(model.compacted, std::min(revision, model.revision));
      } else if (dice < 93 && pinned.size() < 3) {
        pinned.push_back(
            {std::unique_ptr<Kv::Pin>(new Kv::Pin(writer.kv.pin())), writer.kv.summary(), model.versions()});
      } else if (dice < 97 && !pinned.empty()) {
        auto gone = pinned.begin() + static_cast<std::ptrdiff_t>(random.below(pinned.size()));
        const Versions found = versions_of(writer.kv, gone->summary, 1 + random.below(5), 1 + random.below(5));
        REQUIRE(found == gone->versions);
        pinned.erase(gone);
      } else if (dice == 97) {
        auto copy = copy_of(twin.kv);
        REQUIRE(copy.has_value());
        std::swap(twin.kv, *copy);
      }
      REQUIRE(writer.kv.revision() == model.revision);
      REQUIRE(writer.kv.compacted() == model.compacted);
      REQUIRE(writer.kv.digest() == twin.kv.digest());
      REQUIRE(writer.kv.history_bytes() == twin.kv.history_bytes());
      if (step % 20 != 0) continue;
      const Versions expected = model.versions();
      REQUIRE(versions_of(writer.kv, writer.kv.summary(), 2, 3) == expected);
      REQUIRE(versions_of(twin.kv) == expected);
      REQUIRE(writer.kv.versions() == expected.size());
      const Revision at = model.compacted + random.below(model.revision - model.compacted + 1);
      for (const auto& [name, versions] : model.keys) REQUIRE(writer.at(name, at) == model.at(name, at));
    }
    pinned.clear();
  }
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
