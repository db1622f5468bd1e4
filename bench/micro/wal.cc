// The log at its writing end, over files that forget everything: what it costs besides the disk.
#include "store/wal/wal.h"

#include "bench/micro/micro.h"
#include "raft/check.h"
#include "store/state/command.h"

namespace skiff::micro {
namespace {

class NullFile final : public store::File {
 public:
  Result<std::string> read_at(uint64_t, uint64_t) override { return std::string(); }
  Result<> write_at(uint64_t, std::string_view) override { return {}; }
  Result<> sync() override { return {}; }
  Result<uint64_t> size() override { return 0; }
};

class NullLock final : public store::Lock {};

class NullFiles final : public store::Files {
 public:
  Result<std::unique_ptr<store::File>> open(const std::string&, store::OpenMode) override {
    return std::make_unique<NullFile>();
  }
  Result<std::unique_ptr<store::Lock>> lock(const std::string&) override { return std::make_unique<NullLock>(); }
  Result<bool> is_locked(const std::string&) override { return false; }
  Result<bool> exists(const std::string&) override { return false; }
  Result<std::vector<std::string>> list(const std::string&) override { return std::vector<std::string>(); }
  Result<> make_directory(const std::string&) override { return {}; }
  Result<> rename(const std::string&, const std::string&) override { return {}; }
  Result<> exchange(const std::string&, const std::string&) override { return {}; }
  Result<> remove(const std::string&) override { return {}; }
  Result<> sync_directory(const std::string&) override { return {}; }
};

class Log {
 public:
  Log() : wal_(std::move(store::Wal::create({files_, "log", {.cluster = 1, .node = 1}}, {}).value())) {
    CHECK(wal_->append(std::vector<store::Batch>{{.hard_state = raft::HardState{.term = 1, .vote = 1}}}).has_value());
  }
  void append(uint64_t count) {
    store::Batch batch;
    for (uint64_t i = 0; i < count; ++i) {
      batch.entries.push_back({{.term = 1, .index = ++index_}, raft::EntryKind::command, payload_});
    }
    CHECK(wal_->append({&batch, 1}).has_value());
  }

 private:
  NullFiles files_;
  std::unique_ptr<store::Wal> wal_;
  raft::Index index_ = 0;
  raft::Payload payload_ =
      raft::Payload::of(store::encode({{1, 1, 1}, store::PutView{"/bench/00000042", std::string(256, 'x')}}));
};

Repeat append(uint64_t batch) {
  return [log = std::make_shared<Log>(), batch](uint64_t times) {
    for (uint64_t i = 0; i < times; i += batch) log->append(batch);
  };
}

}  // namespace

std::vector<Subject> wal_subjects() {
  return {{"wal-append", "an entry of 256 B in a batch of its own, without the disk", [] { return append(1); }},
          {"wal-append-batch", "an entry of 256 B in a batch of 64, without the disk", [] { return append(64); }}};
}

}  // namespace skiff::micro
