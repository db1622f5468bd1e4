#include "src/node/free_pages.h"

#include <malloc.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/catch.h"

namespace skiff::free_pages_test {

#if defined(__SANITIZE_ADDRESS__)
constexpr bool kHasHeap = false;  // the sanitizer's allocator keeps none
#else
constexpr bool kHasHeap = true;
#endif

constexpr size_t kMiB = 1024 * 1024;
constexpr size_t kBlockBytes = 400;

size_t resident_bytes() {
  std::ifstream file("/proc/self/statm");
  size_t all = 0, resident = 0;
  file >> all >> resident;
  return resident * static_cast<size_t>(::sysconf(_SC_PAGESIZE));
}

// In a process of its own, whose heap is not used otherwise: whether `holds()`.
template <class Holds>
bool in_a_child(Holds holds) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::mallopt(M_ARENA_MAX, 1);
    ::_exit(holds() ? 0 : 1);
  }
  int status = 1;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

// A heap of 64 MiB in which one block of `in` is still there; the others are holes.
std::vector<std::unique_ptr<std::string>> holes(size_t in) {
  std::vector<std::unique_ptr<std::string>> blocks;
  for (size_t i = 0; i < 64 * kMiB / kBlockBytes; ++i) {
    blocks.push_back(std::make_unique<std::string>(kBlockBytes, static_cast<char>('a' + i % 26)));
  }
  for (size_t i = 0; i < blocks.size(); ++i) {
    if (i % in != 0) blocks[i].reset();
  }
  return blocks;
}

TEST_CASE("the pages of a heap full of holes go back, and what is there stays as it is") {
  const size_t in = GENERATE(100'000, 200);
  REQUIRE(in_a_child([in] {
    const auto blocks = holes(in);
    const size_t before = resident_bytes();
    FreePages pages;
    while (pages.step()) {
    }
    for (size_t i = 0; i < blocks.size(); i += in) {
      if (*blocks[i] != std::string(kBlockBytes, static_cast<char>('a' + i % 26))) return false;
    }
    return !kHasHeap || resident_bytes() + 40 * kMiB < before;
  }));
}

TEST_CASE("memory whose pages went back can be used again") {
  REQUIRE(in_a_child([] {
    holes(1'000);
    FreePages pages;
    while (pages.step()) {
    }
    const auto blocks = holes(1);
    for (size_t i = 0; i < blocks.size(); ++i) {
      if (*blocks[i] != std::string(kBlockBytes, static_cast<char>('a' + i % 26))) return false;
    }
    return true;
  }));
}

TEST_CASE("an end in the middle frees what was held") {
  REQUIRE(in_a_child([] {
    const auto blocks = holes(100'000);
    const size_t before = ::mallinfo2().uordblks;
    {
      FreePages pages;
      for (int step = 0; step < 20; ++step) pages.step();
      pages.stop_taking();
      for (int step = 0; step < 3; ++step) pages.step();
    }
    return ::mallinfo2().uordblks <= before;
  }));
}

}  // namespace skiff::free_pages_test
