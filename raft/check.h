// CHECK: an assertion that stays on in release builds.
//
// For our own mistakes only: peers, clients and disks may send nonsense, and nonsense is an Error. When a
// CHECK fails the state of this node cannot be trusted any more, so the process ends with one line; the others go on.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace skiff {

// Where the line goes instead of stderr, if that may keep the process waiting. Set once, before there are threads.
inline void (*say_broken_invariant)(const char* line) = nullptr;

[[noreturn]] inline void check_failed(const char* condition, const char* file, int line) {
  char text[2048];
  std::snprintf(
      text, sizeof text,
      "skiff: broken invariant: %s (%s:%d); this node stops, its data directory is as it was, report this line\n",
      condition, file, line);
  if (say_broken_invariant != nullptr) {
    say_broken_invariant(text);
  } else {
    std::fputs(text, stderr);
    std::fflush(stderr);
  }
  std::abort();
}

}  // namespace skiff

#define CHECK(condition) \
  (static_cast<bool>(condition) ? void(0) : ::skiff::check_failed(#condition, __FILE__, __LINE__))
