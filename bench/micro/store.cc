// The map: a write applied, a value looked up, among ten thousand keys.
#include <fmt/format.h>

#include "bench/micro/micro.h"
#include "raft/check.h"
#include "raft/random.h"
#include "store/state/kv.h"

namespace skiff::micro {
namespace {

constexpr uint64_t kKeys = 10'000;
constexpr uint64_t kVersionsMax = 20;  // of a key, before a new map is begun: they are not cut here

std::string key(uint64_t number) { return fmt::format("/bench/{:08}", number); }

class Map {
 public:
  Map() {
    for (uint64_t i = 0; i < kKeys; ++i) {
      payloads_.push_back(
          raft::Payload::of(store::encode({{1, 1, i + 1}, store::PutView{key(i), std::string(256, 'x')}})));
      keys_.push_back(key(i));
      put();
    }
  }

  // The same writes again count as repeated, and do nothing: each round comes from another node.
  void put() {
    if (writes_ == kKeys * kVersionsMax) {
      kv_ = store::Kv();
      writes_ = 0;
    }
    const uint64_t round = writes_ / kKeys;
    std::string bytes(*payloads_[writes_ % kKeys]);
    bytes[kNodeOffset] = static_cast<char>(round + 1);
    ++writes_;
    keep(kv_.apply(writes_, raft::Payload::of(std::move(bytes))).revision);
  }
  void get() {
    const auto value = kv_.get(keys_[random_.below(kKeys)]);
    CHECK(value.has_value());
    keep(value->bytes.size());
  }

 private:
  static constexpr size_t kNodeOffset = 2;  // behind version and kind; small ids have one byte (store/state/command.h)

  store::Kv kv_;
  std::vector<raft::Payload> payloads_;
  std::vector<std::string> keys_;
  uint64_t writes_ = 0;
  raft::Random random_{1};
};

Repeat put() {
  return [map = std::make_shared<Map>()](uint64_t times) {
    for (uint64_t i = 0; i < times; ++i) map->put();
  };
}

Repeat get() {
  return [map = std::make_shared<Map>()](uint64_t times) {
    for (uint64_t i = 0; i < times; ++i) map->get();
  };
}

}  // namespace

std::vector<Subject> store_subjects() {
  return {{"store-put", "a value of 256 B applied (two allocations are the payload's)", put},
          {"store-get", "a value found", get}};
}

}  // namespace skiff::micro
