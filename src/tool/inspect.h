// Findings: the results of an inspection, printed line by line and counted: damage, and files that could not be read.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "src/tool/tool.h"

namespace skiff::tool {

class Findings {
 public:
  explicit Findings(const World& world) : world_(world) {}

  // "word      text"
  void say(std::string_view word, const std::string& text) { world_.say(fmt::format("{:<9} {}", word, text)); }
  void damage(const std::string& text) {
    ++damaged_;
    say("damage", text);
  }
  // A file that could not be read may be damaged or intact.
  void unread(const std::string& text) {
    ++unread_;
    say("unread", text);
  }
  void wrong(const Error& error) {
    if (error.code == Error::Code::denied) return unread(to_text(error));
    damage(to_text(error));
  }
  uint64_t damaged() const { return damaged_; }
  uint64_t unread() const { return unread_; }
  bool is_clean() const { return damaged_ == 0 && unread_ == 0; }

 private:
  const World& world_;
  uint64_t damaged_ = 0;
  uint64_t unread_ = 0;
};

// Inspects a snapshot of a directory, or a backup: reads and checks every byte. If `cluster` is given, a snapshot of
// another cluster is damage.
void inspect_snapshot(store::Files& files, const std::string& path, std::optional<uint64_t> cluster,
                      Findings& findings);
void inspect_directory(store::Files& files, store::WalOptions wal, const std::string& directory, bool shows_entries,
                       Findings& findings);

}  // namespace skiff::tool
