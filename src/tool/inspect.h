// Inspection: what inspect found so far, line by line, and what of it is damage.
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

  // "word      what"
  void say(std::string_view word, const std::string& what) { world_.say(fmt::format("{:<9} {}", word, what)); }
  void damage(const std::string& what) {
    ++damaged_;
    say("damage", what);
  }
  uint64_t damaged() const { return damaged_; }

 private:
  const World& world_;
  uint64_t damaged_ = 0;
};

// A snapshot of a folder, or a backup. Every byte of it is read and checked; of another cluster than `cluster`, if one
// is given, it is damage.
void inspect_snapshot(store::Files& files, const std::string& path, std::optional<uint64_t> cluster,
                      Findings& findings);
void inspect_folder(const World& world, const std::string& folder, bool shows_entries, Findings& findings);

}  // namespace skiff::tool
