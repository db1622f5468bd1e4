#include "tests/support/memory_files.h"

#include <algorithm>
#include <utility>

#include "raft/check.h"
#include "src/base/try.h"

namespace skiff::testing {

using store::parent_of;

namespace memory_files {

tl::unexpected<Error> error_of(const std::string& act, const std::string& path, const std::string& why) {
  return fail(Error::Code::io, act + " " + path + ": " + why);
}

std::string plain(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

// Whether the path is this directory, or lies in it.
bool is_within(const std::string& path, const std::string& directory) {
  return path == directory ||
         (path.size() > directory.size() && path.starts_with(directory) && path[directory.size()] == '/');
}

bool is_root(const std::string& path) { return path == "." || path == "/"; }

}  // namespace memory_files

class MemoryFile final : public store::File {
 public:
  MemoryFile(MemoryFiles& files, std::shared_ptr<MemoryFiles::Inode> inode, std::string path, bool is_read_only = false)
      : files_(files),
        inode_(std::move(inode)),
        path_(std::move(path)),
        life_(files.life_),
        is_read_only_(is_read_only) {}

  Result<std::string> read_at(uint64_t offset, uint64_t bytes) override {
    CHECK(life_ == files_.life_);
    TRY(files_.check_running("read", path_));
    if (files_.unreadable_.contains(path_)) return memory_files::error_of("read", path_, "Input/output error");
    if (offset >= inode_->now.size()) return std::string();
    return inode_->now.substr(offset, bytes);
  }

  Result<> write_at(uint64_t offset, std::string_view bytes) override {
    CHECK(life_ == files_.life_);
    if (is_read_only_) return memory_files::error_of("write", path_, "Bad file descriptor");
    if (inode_->sync_failed) ++files_.uses_after_failed_sync_;
    auto fate = files_.next_operation();
    bool is_partial = fate == MemoryFiles::Fate::fail_io || fate == MemoryFiles::Fate::fail_space;
    if (is_partial) bytes = files_.part_of(offset, bytes);
    if (fate == MemoryFiles::Fate::go_on && files_.is_full_ && offset + bytes.size() > inode_->now.size()) {
      bytes = bytes.substr(0, inode_->now.size() - std::min<uint64_t>(offset, inode_->now.size()));
      fate = MemoryFiles::Fate::fail_space;
    }
    if (!files_.is_stopped_ || fate == MemoryFiles::Fate::stop) files_.write(*inode_, offset, bytes);
    return files_.judge(fate, "write", path_);
  }

  Result<> sync() override {
    CHECK(life_ == files_.life_);
    if (inode_->sync_failed) ++files_.uses_after_failed_sync_;
    return files_.sync(*inode_, path_);
  }

  Result<uint64_t> size() override {
    CHECK(life_ == files_.life_);
    TRY(files_.check_running("measure", path_));
    return inode_->now.size();
  }

 private:
  MemoryFiles& files_;
  std::shared_ptr<MemoryFiles::Inode> inode_;
  std::string path_;
  uint64_t life_;
  const bool is_read_only_;
};

class MemoryLock final : public store::Lock {
 public:
  MemoryLock(MemoryFiles& files, std::string path) : files_(files), path_(std::move(path)), life_(files.life_) {}
  ~MemoryLock() override {
    if (life_ == files_.life_) files_.locked_.erase(path_);
  }

 private:
  MemoryFiles& files_;
  std::string path_;
  uint64_t life_;
};

// ---- operations and their outcomes

MemoryFiles::Fate MemoryFiles::next_operation() {
  ++operations_;
  if (is_stopped_) return Fate::fail_io;
  if (stop_at_ == operations_) {
    is_stopped_ = true;
    return Fate::stop;
  }
  auto fault = faults_.find(operations_);
  if (fault == faults_.end()) return Fate::go_on;
  return fault->second == Fault::io_error ? Fate::fail_io : Fate::fail_space;
}

Result<> MemoryFiles::judge(Fate fate, const std::string& act, const std::string& path) {
  TRY(check_running(act, path));
  if (fate == Fate::fail_io) return memory_files::error_of(act, path, "Input/output error");
  if (fate == Fate::fail_space) {
    return fail(Error::Code::no_space, act + " " + path + ": No space left on device");
  }
  return {};
}

Result<> MemoryFiles::check_running(const std::string& act, const std::string& path) {
  if (is_stopped_) return memory_files::error_of(act, path, "the machine has stopped");
  return {};
}

// ---- bytes

void MemoryFiles::write(Inode& inode, uint64_t offset, std::string_view bytes) {
  if (bytes.empty()) return;
  uint64_t end = offset + bytes.size();
  if (inode.now.size() < end) inode.now.resize(end, '\0');
  inode.now.replace(offset, bytes.size(), bytes);
  for (uint64_t sector = offset / kSectorBytes; sector * kSectorBytes < end; ++sector) {
    inode.unsynced[sector].push_back(inode.now.substr(sector * kSectorBytes, kSectorBytes));
  }
}

// The part of a failing write that is done: it stops between two sectors.
std::string_view MemoryFiles::part_of(uint64_t offset, std::string_view bytes) {
  uint64_t stop = offset + random_.below(bytes.size() + 1);
  stop -= stop % kSectorBytes;
  return stop <= offset ? std::string_view() : bytes.substr(0, stop - offset);
}

Result<> MemoryFiles::sync(Inode& inode, const std::string& path) {
  Fate fate = next_operation();
  if (fate == Fate::go_on && std::exchange(fail_next_sync_, false)) fate = Fate::fail_io;
  if (auto what = std::exchange(in_next_sync_, {})) what();
  if (auto judged = judge(fate, "sync", path); !judged) {
    if (is_stopped_) return judged;
    lose(inode, Loss::random);
    inode.sync_failed = true;
    return judged;
  }
  ++syncs_;
  lose(inode, Loss::keep_all);
  return {};
}

// Decides which state of each unsynced sector is on the disk. Reads do not change.
void MemoryFiles::lose(Inode& inode, Loss loss) {
  for (auto& [sector, states] : inode.unsynced) {
    uint64_t kept = states.size();
    if (loss == Loss::random) kept = random_.below(states.size() + 1);
    if (loss == Loss::keep_none) kept = 0;
    if (kept == 0) continue;
    const std::string& state = states[kept - 1];
    uint64_t offset = sector * kSectorBytes;
    if (inode.durable.size() < offset + state.size()) inode.durable.resize(offset + state.size(), '\0');
    inode.durable.replace(offset, state.size(), state);
  }
  inode.unsynced.clear();
}

// ---- names

Result<std::unique_ptr<store::File>> MemoryFiles::open(const std::string& path, store::OpenMode mode) {
  bool creates = mode == store::OpenMode::create;
  auto fate_of_new = [this] {
    const Fate fate = next_operation();
    return fate == Fate::go_on && is_full_ ? Fate::fail_space : fate;
  };
  TRY(creates ? judge(fate_of_new(), "create", path) : check_running("open", path));
  auto found = now_.find(path);
  if (creates == (found != now_.end())) {
    return memory_files::error_of(creates ? "create" : "open", path,
                                  creates ? "File exists" : "No such file or directory");
  }
  if (!creates) {
    if (denied_.contains(path)) return fail(Error::Code::denied, "open " + path + ": Permission denied");
    return std::make_unique<MemoryFile>(*this, found->second, path,
                                        mode == store::OpenMode::read || mode == store::OpenMode::from_disk);
  }
  std::string directory = parent_of(path);
  if (!memory_files::is_root(directory) && !now_.contains(directory)) {
    return memory_files::error_of("create", path, "No such file or directory");
  }
  auto inode = std::make_shared<Inode>();
  change({directory, "", path, inode});
  return std::make_unique<MemoryFile>(*this, inode, path);
}

Result<std::unique_ptr<store::Lock>> MemoryFiles::lock(const std::string& path) {
  if (!now_.contains(path)) {
    TRY(std::ignore, open(path, store::OpenMode::create));
  }
  TRY(check_running("lock", path));
  if (!locked_.insert(path).second) {
    return fail(Error::Code::unavailable, "lock " + path + ": another process holds it");
  }
  return std::make_unique<MemoryLock>(*this, path);
}

Result<bool> MemoryFiles::is_locked(const std::string& path) {
  TRY(check_running("look at", path));
  return locked_.contains(path);
}

Result<bool> MemoryFiles::exists(const std::string& path) {
  TRY(check_running("look for", path));
  return memory_files::is_root(path) || now_.contains(memory_files::plain(path));
}

Result<std::vector<std::string>> MemoryFiles::list(const std::string& directory) {
  TRY(check_running("list", directory));
  std::vector<std::string> names;
  for (const auto& [path, inode] : now_) {
    if (parent_of(path) == memory_files::plain(directory)) names.push_back(path.substr(path.rfind('/') + 1));
  }
  return names;
}

Result<> MemoryFiles::make_directory(const std::string& name) {
  std::string path = memory_files::plain(name);
  TRY(judge(next_operation(), "make directory", path));
  if (now_.contains(path)) return memory_files::error_of("make directory", path, "File exists");
  std::string directory = parent_of(path);
  if (!memory_files::is_root(directory) && !now_.contains(directory)) {
    return memory_files::error_of("make directory", path, "No such file or directory");
  }
  auto inode = std::make_shared<Inode>();
  inode->is_directory = true;
  change({directory, "", path, inode});
  return {};
}

Result<> MemoryFiles::rename(const std::string& from, const std::string& to) {
  TRY(judge(next_operation(), "rename", from));
  auto found = now_.find(from);
  if (found == now_.end()) return memory_files::error_of("rename", from, "No such file or directory");
  CHECK(parent_of(from) == parent_of(to));
  CHECK(!found->second->is_directory || is_settled(from));
  change({parent_of(from), from, to, found->second});
  return {};
}

Result<> MemoryFiles::exchange(const std::string& one, const std::string& other) {
  TRY(judge(next_operation(), "exchange", one));
  if (!now_.contains(one) || !now_.contains(other)) {
    return memory_files::error_of("exchange", one, "No such file or directory");
  }
  CHECK(parent_of(one) == parent_of(other));
  CHECK(is_settled(one) && is_settled(other));
  change({.directory = parent_of(one), .from = one, .to = other, .inode = nullptr, .is_exchange = true});
  return {};
}

// Unsynced changes are recorded by path, so a directory with such changes must not be moved.
bool MemoryFiles::is_settled(const std::string& directory) const {
  return std::none_of(unsynced_.begin(), unsynced_.end(),
                      [&](const Change& made) { return memory_files::is_within(made.directory, directory); });
}

Result<> MemoryFiles::remove(const std::string& path) {
  TRY(judge(next_operation(), "remove", path));
  if (!now_.contains(path)) return memory_files::error_of("remove", path, "No such file or directory");
  change({parent_of(path), path, "", nullptr});
  return {};
}

Result<> MemoryFiles::sync_directory(const std::string& name) {
  std::string directory = memory_files::plain(name);
  TRY(judge(next_operation(), "sync directory", directory));
  if (!memory_files::is_root(directory) && !now_.contains(directory)) {
    return memory_files::error_of("sync directory", directory, "No such file or directory");
  }
  std::erase_if(unsynced_, [&](const Change& made) {
    if (made.directory != directory) return false;
    apply(made, durable_);
    return true;
  });
  return {};
}

void MemoryFiles::change(Change made) {
  apply(made, now_);
  unsynced_.push_back(std::move(made));
}

void MemoryFiles::apply(const Change& change, Tree& tree) {
  const auto take_out = [&tree](const std::string& directory) {
    Tree taken;
    for (auto place = tree.lower_bound(directory); place != tree.end() && place->first.starts_with(directory);) {
      const bool is_of_it = memory_files::is_within(place->first, directory);
      if (is_of_it) taken.emplace(place->first.substr(directory.size()), place->second);
      place = is_of_it ? tree.erase(place) : std::next(place);
    }
    return taken;
  };
  const auto put_in = [&tree](const std::string& directory, const Tree& taken) {
    for (const auto& [name, inode] : taken) tree[directory + name] = inode;
  };
  Tree moved, replaced;
  if (!change.from.empty()) moved = take_out(change.from);
  if (change.is_exchange) {
    replaced = take_out(change.to);
    put_in(change.from, replaced);
  } else if (!change.to.empty()) {
    moved[""] = change.inode;
  }
  if (!change.to.empty()) put_in(change.to, moved);
}

// ---- crashes and restarts

void MemoryFiles::crash(Loss loss) {
  for (const Change& made : unsynced_) {
    bool is_kept = loss == Loss::keep_all || (loss == Loss::random && random_.below(2) == 0);
    if (is_kept) apply(made, durable_);
  }
  unsynced_.clear();
  std::erase_if(durable_, [&](const auto& entry) {
    std::string directory = parent_of(entry.first);
    return !memory_files::is_root(directory) && !durable_.contains(directory);
  });
  now_ = durable_;
  for (auto& [path, inode] : now_) {
    lose(*inode, loss);
    inode->now = inode->durable;
  }
  restart();
}

void MemoryFiles::restart() {
  ++life_;
  is_stopped_ = false;
  stop_at_.reset();
  locked_.clear();
  faults_.clear();
  fail_next_sync_ = false;
  for (auto& [path, inode] : now_) inode->sync_failed = false;
}

void MemoryFiles::drop_clean_pages() {
  for (auto& [path, inode] : now_) {
    std::string on_disk = inode->durable;
    for (const auto& [sector, states] : inode->unsynced) {
      uint64_t offset = sector * kSectorBytes;
      if (on_disk.size() < offset + states.back().size()) on_disk.resize(offset + states.back().size(), '\0');
      on_disk.replace(offset, states.back().size(), states.back());
    }
    inode->now = std::move(on_disk);
  }
}

MemoryFiles::Image MemoryFiles::image() const {
  Image image;
  for (const auto& [path, inode] : now_) image[path] = inode->is_directory ? std::nullopt : std::optional(inode->now);
  return image;
}

void MemoryFiles::put_back(const Image& image) {
  unsynced_.clear();
  now_.clear();
  for (const auto& [path, content] : image) {
    auto inode = std::make_shared<Inode>();
    inode->is_directory = !content.has_value();
    if (content) inode->now = inode->durable = *content;
    now_.emplace(path, std::move(inode));
  }
  durable_ = now_;
  ++life_;
}

std::string MemoryFiles::content(const std::string& path) const {
  auto found = now_.find(path);
  CHECK(found != now_.end());
  return found->second->now;
}

void MemoryFiles::set_content(const std::string& path, std::string bytes) {
  std::shared_ptr<Inode>& inode = now_[path];
  if (inode == nullptr) inode = std::make_shared<Inode>();
  inode->now = inode->durable = std::move(bytes);
  inode->unsynced.clear();
  durable_[path] = inode;
}

}  // namespace skiff::testing
