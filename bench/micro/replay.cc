// skiff-micro-replay: how many entries a second a start reads back from the log, and applies, on one core.
//
// Founds a data directory with small writes in it, then does what a start does: reads it back, checks it, and applies
// it. And how much memory the map then takes, with the log and without.
//
//   skiff-micro-replay DIRECTORY [ENTRIES [KEYS [VALUE_BYTES]]]
#include <fmt/format.h>
#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "raft/random.h"
#include "src/base/try.h"
#include "store/directory/storage.h"
#include "store/state/command.h"
#include "store/state/kv.h"

namespace skiff::bench {
namespace {

struct Work {
  std::string directory;
  uint64_t entries = 2'000'000;
  uint64_t keys = 100'000;
  uint64_t value_bytes = 16;
};

constexpr uint64_t kBatch = 1'000;
constexpr uint64_t kHistory = 10'000;
constexpr uint64_t kCutEvery = 200;
const store::Identity kIdentity{.cluster = 1, .node = 1, .founders = {{.id = 1, .address = "http://127.0.0.1:9021"}}};

class Watch {
 public:
  double seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count(); }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

void show(const char* what, uint64_t entries, double seconds) {
  fmt::print("{:<10} {:>8.0f} ms {:>12.0f} entries/s\n", what, seconds * 1e3, static_cast<double>(entries) / seconds);
}

void show_memory(const char* what) {
  malloc_trim(0);
  uint64_t pages = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> pages >> resident;
  fmt::print("{:<10} {:>8} KiB resident\n", what, resident * static_cast<uint64_t>(sysconf(_SC_PAGESIZE)) / 1024);
}

int fail_with(const Error& error) {
  std::fputs((to_text(error) + "\n").c_str(), stderr);
  return 1;
}

// As a leader would: writes, and a little of the history cut every now and then.
raft::Payload command_at(raft::Index index, const Work& work, raft::Random& random) {
  store::Command command{.origin = {.node = 1, .incarnation = 1, .number = index}, .operation = {}};
  const std::string key = fmt::format("/key/{}", random.below(work.keys)), value(work.value_bytes, 'v');
  if (index % kCutEvery == 0 && index > kHistory) {
    command.operation = store::Compact{index - index / kCutEvery - kHistory};
  } else {
    command.operation = store::PutView{key, value};
  }
  return raft::Payload::of(store::encode(command));
}

Result<> write(store::Files& files, const Work& work) {
  TRY(auto opened, store::Storage::open(files, work.directory, kIdentity));
  raft::Random random(1);
  for (raft::Index index = 1; index <= work.entries;) {
    store::Batch batch;
    if (index == 1) batch.hard_state = raft::HardState{.term = 1, .vote = 1};
    for (; batch.entries.size() < kBatch && index <= work.entries; ++index) {
      batch.entries.push_back({.position = {.term = 1, .index = index},
                               .kind = raft::EntryKind::command,
                               .payload = command_at(index, work, random)});
    }
    TRY(opened.storage->save({&batch, 1}));
  }
  return {};
}

int run(const Work& work) {
  auto files = store::posix_files();
  if (auto written = write(*files, work); !written) return fail_with(written.error());

  Watch all;
  auto opened = store::Storage::open(*files, work.directory, kIdentity);
  if (!opened) return fail_with(opened.error());
  show("read back", work.entries, all.seconds());

  Watch checking;
  for (const raft::Entry& entry : opened->recovered.entries) {
    if (!store::decode(*entry.payload)) return 1;
  }
  show("check", work.entries, checking.seconds());

  Watch applying;
  store::Kv kv = std::move(opened->recovered.kv);
  std::vector<double> cuts;
  for (const raft::Entry& entry : opened->recovered.entries) {
    const bool is_cut = entry.position.index % kCutEvery == 0;
    const std::optional<Watch> watch = is_cut ? std::optional<Watch>(std::in_place) : std::nullopt;
    kv.apply(entry.position.index, entry.payload);
    if (watch) cuts.push_back(watch->seconds());
  }
  show("apply", work.entries, applying.seconds());
  show("in all", work.entries, all.seconds());

  std::sort(cuts.begin(), cuts.end());
  if (!cuts.empty()) {
    fmt::print("cuts       {:>8.0f} us in the median, {:.0f} us the 99.9th percentile, {:.0f} us the longest\n",
               cuts[cuts.size() / 2] * 1e6, cuts[cuts.size() * 999 / 1000] * 1e6, cuts.back() * 1e6);
  }
  show_memory("with log");
  opened->recovered.entries = {};
  show_memory("map alone");
  fmt::print("{} keys, {} versions, {} bytes of history\n", kv.keys(), kv.versions(), kv.history_bytes());
  return 0;
}

}  // namespace
}  // namespace skiff::bench

int main(int count, char** arguments) {
  skiff::bench::Work work;
  if (count < 2) {
    std::fputs("usage: skiff-micro-replay DIRECTORY [ENTRIES [KEYS [VALUE_BYTES]]]\n", stderr);
    return 2;
  }
  work.directory = arguments[1];
  if (count > 2) work.entries = std::strtoull(arguments[2], nullptr, 10);
  if (count > 3) work.keys = std::strtoull(arguments[3], nullptr, 10);
  if (count > 4) work.value_bytes = std::strtoull(arguments[4], nullptr, 10);
  return skiff::bench::run(work);
}
