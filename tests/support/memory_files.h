// MemoryFiles: a file system in memory that loses unsynced bytes and names in a crash. The disk of tests and of the
// simulator.
//
// crash() is a power failure. A 512-byte sector that was written since the last good sync of its file keeps any of the
// states that it had since, independently of other sectors. Each name that was made, changed or removed since the last
// sync of its directory may be changed or not. Files and locks that were open before a crash or restart fail
// afterwards.
//
// Calls that change or sync something are operations, and are counted: a test can make any of them fail, or stop the
// machine in the middle of it. A failed sync behaves as the kernel's does: some of the sectors reach the disk, and all
// of them count as clean from then on, so a second sync succeeds and writes none of them.
//
// Always: the same seed and calls give the same disk.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "raft/random.h"
#include "store/files/files.h"

namespace skiff::testing {

class MemoryFiles final : public store::Files {
 public:
  static constexpr uint64_t kSectorBytes = 512;
  enum class Fault { io_error, no_space };

  explicit MemoryFiles(uint64_t seed = 1) : random_(seed) {}

  Result<std::unique_ptr<store::File>> open(const std::string& path, store::OpenMode mode) override;
  Result<std::unique_ptr<store::Lock>> lock(const std::string& path) override;
  Result<bool> is_locked(const std::string& path) override;
  Result<bool> exists(const std::string& path) override;
  Result<std::vector<std::string>> list(const std::string& directory) override;
  Result<> make_directory(const std::string& path) override;
  Result<> rename(const std::string& from, const std::string& to) override;
  Result<> exchange(const std::string& one, const std::string& other) override;
  Result<> remove(const std::string& path) override;
  Result<> sync_directory(const std::string& directory) override;

  uint64_t operations() const { return operations_; }
  uint64_t syncs() const { return syncs_; }
  // Makes the operation with that number (the next is operations() + 1) fail, once.
  void fail_at(uint64_t operation, Fault fault) { faults_[operation] = fault; }
  // While the disk is full no file can be made or grow. Existing bytes can be overwritten.
  void set_full(bool is_full) { is_full_ = is_full; }
  // Makes the next sync of a file fail, once.
  void fail_next_sync() { fail_next_sync_ = true; }
  // `what` is called in the next sync of a file, once.
  void in_next_sync(std::function<void()> what) { in_next_sync_ = std::move(what); }
  // Stops the machine in the middle of that operation: this and all later operations fail, until crash().
  void stop_at(uint64_t operation) { stop_at_ = operation; }
  void fail_reads_of(const std::string& path) { unreadable_.insert(path); }
  // Refuses to open that file, as if it belonged to another user, or too many files were open.
  void set_denied(const std::string& path, bool is_denied) {
    is_denied ? void(denied_.insert(path)) : void(denied_.erase(path));
  }

  // The power fails and comes back. `keep_all` and `keep_none` are the extremes: all unsynced changes survive, or none.
  enum class Loss { random, keep_all, keep_none };
  void crash(Loss loss = Loss::random);
  // The process ends and another one starts: written bytes stay in the kernel's memory. A stopped machine runs again.
  void restart();
  // The kernel drops all pages that count as clean: reads now show the bytes on the disk.
  void drop_clean_pages();

  // image() copies all files and directories as they are read now; put_back() replaces everything by such a copy,
  // durably. put_back() requires: no file is open.
  using Image = std::map<std::string, std::optional<std::string>>;  // nothing: a directory
  Image image() const;
  void put_back(const Image& image);
  // content() is the complete file as it is read now; set_content() replaces it, durably.
  std::string content(const std::string& path) const;
  void set_content(const std::string& path, std::string bytes);
  // How often a file was written or synced although a sync of it had failed before.
  uint64_t uses_after_failed_sync() const { return uses_after_failed_sync_; }

 private:
  friend class MemoryFile;
  friend class MemoryLock;

  struct Inode {
    bool is_directory = false;
    bool sync_failed = false;
    std::string now;
    std::string durable;
    std::map<uint64_t, std::vector<std::string>> unsynced;  // the states of a sector since the last sync
  };
  using Tree = std::map<std::string, std::shared_ptr<Inode>>;
  // One change of names: `from` (if any) is removed, `to` (if any) gets the file or directory with its content. Or the
  // two are exchanged.
  struct Change {
    std::string directory;
    std::string from;
    std::string to;
    std::shared_ptr<Inode> inode;
    bool is_exchange = false;
  };
  enum class Fate { go_on, fail_io, fail_space, stop };

  Fate next_operation();
  Result<> judge(Fate fate, const std::string& act, const std::string& path);
  Result<> check_running(const std::string& act, const std::string& path);
  void change(Change change);
  static void apply(const Change& change, Tree& tree);
  bool is_settled(const std::string& directory) const;
  void lose(Inode& inode, Loss loss);

  void write(Inode& inode, uint64_t offset, std::string_view bytes);
  std::string_view part_of(uint64_t offset, std::string_view bytes);
  Result<> sync(Inode& inode, const std::string& path);

  raft::Random random_;
  Tree now_;
  Tree durable_;
  std::vector<Change> unsynced_;
  std::set<std::string> locked_;
  std::set<std::string> unreadable_;
  std::set<std::string> denied_;
  std::map<uint64_t, Fault> faults_;
  std::optional<uint64_t> stop_at_;
  bool fail_next_sync_ = false;
  std::function<void()> in_next_sync_;
  bool is_full_ = false;
  bool is_stopped_ = false;
  uint64_t life_ = 0;  // counts crashes and restarts
  uint64_t operations_ = 0;
  uint64_t syncs_ = 0;
  uint64_t uses_after_failed_sync_ = 0;
};

}  // namespace skiff::testing
