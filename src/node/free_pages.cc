#include "src/node/free_pages.h"

#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

#include "raft/check.h"

namespace skiff {
namespace {

// Below the size from which malloc maps memory by itself (128 KiB), and down to a size that still holds a whole page.
// Close to each other, so that little of a hole remains beside a piece.
constexpr std::array<size_t, 13> kPieceKiB = {120, 96, 76, 60, 48, 38, 30, 24, 19, 15, 12, 10, 8};
// Of one step: dropping a page takes the kernel a quarter of a microsecond or more.
constexpr size_t kTakenBytesPerStep = 1024 * 1024;
constexpr size_t kTakenPerStep = 32;
constexpr size_t kFreedPerStep = 64;
constexpr size_t kLargeBytes = 64 * 1024;

uintptr_t end_of_heap() { return reinterpret_cast<uintptr_t>(::sbrk(0)); }

}  // namespace

// At the beginning of each piece; the whole pages behind it are dropped.
struct FreePages::Piece {
  Piece* next = nullptr;
};

void sort_freed_blocks() {
  void* volatile large = std::malloc(kLargeBytes);
  std::free(large);
}

FreePages::~FreePages() {
  stop_taking();
  while (free_some()) {
  }
}

bool FreePages::step() {
  if (next_size_ < kSizes) return take_some(), true;
  if (free_some()) return true;
  next_size_ = 0;
  return false;
}

void FreePages::take_some() {
  static_assert(kPieceKiB.size() == kSizes);
  CHECK(next_size_ < kSizes);
  const size_t bytes = kPieceKiB[next_size_] * 1024;
  for (size_t taken = 0; taken < kTakenPerStep && taken * bytes < kTakenBytesPerStep; ++taken) {
    if (take(bytes)) continue;
    ++next_size_;
    return;
  }
}

// False: malloc has no piece of that size without growing the heap, or has it elsewhere.
bool FreePages::take(size_t bytes) {
  const uintptr_t end = end_of_heap();
  void* memory = std::malloc(bytes);
  if (memory == nullptr) return false;
  const auto begin = reinterpret_cast<uintptr_t>(memory);
  if (begin + bytes > end || end_of_heap() != end) {
    std::free(memory);
    return false;
  }
  held_ = ::new (memory) Piece{held_};
  static const auto page_bytes = static_cast<uintptr_t>(::sysconf(_SC_PAGESIZE));
  const uintptr_t first = (begin + sizeof(Piece) + page_bytes - 1) / page_bytes * page_bytes;
  const uintptr_t last = (begin + bytes) / page_bytes * page_bytes;
  CHECK(first >= begin + sizeof(Piece));
  if (first < last && ::madvise(reinterpret_cast<void*>(first), last - first, MADV_DONTNEED) == 0) {
    dropped_bytes_ += last - first;
  }
  return true;
}

bool FreePages::free_some() {
  for (size_t freed = 0; freed < kFreedPerStep && held_ != nullptr; ++freed) {
    Piece* next = held_->next;
    std::free(held_);
    held_ = next;
  }
  sort_freed_blocks();
  return held_ != nullptr;
}

}  // namespace skiff
