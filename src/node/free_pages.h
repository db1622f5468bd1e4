// FreePages: gives empty pages of the heap back to the kernel, a few at a time.
//
// Freed memory stays with malloc, which gives back only the very end of the heap. After a log of hundreds of MiB has
// been forgotten, most of the heap is holes. malloc_trim() finds them all, but in one go, and holds the arena's lock
// meanwhile: tens of milliseconds, in which no other thread gets memory. So pieces are allocated as long as malloc has
// them without growing the heap, their pages are dropped (MADV_DONTNEED), and when it has no more they are freed, all
// in steps of some tens of microseconds. A dropped page comes back, zeroed, when it is used again.
//
// Failures: the allocator keeps no heap at the program's break (a sanitizer's, another library). Then nothing
// is done. Holes smaller than the smallest piece stay as they are.
//
// Always: only memory that malloc has handed out is touched, so this is right under any allocator. To be called by the
// thread that allocates most: malloc may have an arena for each thread.
#pragma once

#include <cstddef>
#include <cstdint>

namespace skiff {

// malloc postpones its work on freed blocks, joining small ones and sorting large ones, until a large one is allocated.
// After tens of thousands of blocks that takes milliseconds, so this does it in between.
void sort_freed_blocks();

class FreePages {
 public:
  FreePages() = default;
  ~FreePages();
  FreePages(const FreePages&) = delete;
  FreePages& operator=(const FreePages&) = delete;

  // One step. False: nothing is left to do, and no piece is held any more; the next step begins anew.
  bool step();
  // Allocates no more pieces: the following steps only free those that are held.
  void stop_taking() { next_size_ = kSizes; }

  uint64_t dropped_bytes() const { return dropped_bytes_; }  // in all

 private:
  struct Piece;
  static constexpr size_t kSizes = 13;

  void take_some();
  bool take(size_t bytes);
  bool free_some();

  Piece* held_ = nullptr;
  size_t next_size_ = 0;  // kSizes: no more pieces are allocated
  uint64_t dropped_bytes_ = 0;
};

}  // namespace skiff
