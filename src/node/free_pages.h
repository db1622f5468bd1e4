// FreePages: gives the kernel back the pages of the heap in which nothing is, a few at a time.
//
// What is freed stays with malloc, which gives back only what lies at the very end of the heap. After a log of hundreds
// of MiB has been forgotten, most of the heap is holes. malloc_trim() finds them all, but in one go, and holds the
// arena's lock meanwhile: tens of milliseconds, in which no other thread gets memory. So: pieces are asked of malloc as
// long as it has them without growing, their pages are dropped (MADV_DONTNEED), and when it has no more they are freed,
// all of them in steps of some tens of microseconds. Pages come back, zeroed, when they are used again.
//
// What can go wrong: an allocator that keeps no heap at the program's break (a sanitizer's, another library). It is
// left alone. Holes smaller than the smallest piece stay as they are.
//
// Always: only what malloc has handed out is touched, so that this is right under any allocator. To be called where
// most of the program's memory is asked for: malloc may have an arena for each thread.
#pragma once

#include <cstddef>
#include <cstdint>

namespace skiff {

// malloc puts off what there is to do about freed blocks, joining small ones and sorting large ones, until somebody
// asks for a large one. After tens of thousands that takes milliseconds; so this is called in between.
void sort_freed_blocks();

class FreePages {
 public:
  FreePages() = default;
  ~FreePages();
  FreePages(const FreePages&) = delete;
  FreePages& operator=(const FreePages&) = delete;

  // One step. False: there was nothing left to do, and nothing is held any more; the next step begins anew.
  bool step();
  // Takes no more: what follows only frees what is held.
  void stop_taking() { next_size_ = kSizes; }

  uint64_t dropped_bytes() const { return dropped_bytes_; }  // in all

 private:
  struct Piece;
  static constexpr size_t kSizes = 13;

  void take_some();
  bool take(size_t bytes);
  bool free_some();

  Piece* held_ = nullptr;
  size_t next_size_ = 0;  // kSizes: none is taken any more
  uint64_t dropped_bytes_ = 0;
};

}  // namespace skiff
