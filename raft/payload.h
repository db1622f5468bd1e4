// Payload: bytes that the log, the disk, the links and the map share. They never change once they are made.
//
// It is a counted pointer to one block of memory: the count, the length, and the bytes right behind them. A payload
// costs one allocation, and a pointer to it eight bytes; there is one for every entry of the log and for every version
// of a key. It reads like a pointer to a std::string_view.
//
// The count is atomic: a payload is made on one thread, and may be let go of by another.
//
// Always: null means no bytes, and is the only payload without a block. A block is freed with its last payload.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <string_view>
#include <utility>

#include "raft/check.h"

namespace skiff::raft {

class Payload {
 private:
  struct Block {
    explicit Block(uint32_t length) : bytes(length) {}
    char* data() { return reinterpret_cast<char*>(this + 1); }
    const char* data() const { return reinterpret_cast<const char*>(this + 1); }

    std::atomic<uint32_t> count{1};
    const uint32_t bytes;
  };
  struct View {
    const std::string_view* operator->() const { return &bytes; }
    std::string_view bytes;
  };

 public:
  Payload() = default;
  Payload(std::nullptr_t) {}
  // Copies the bytes. Requires: less than 4 GiB.
  static Payload of(std::string_view bytes) {
    return made(bytes.size(), [&](char* out) {
      if (!bytes.empty()) std::memcpy(out, bytes.data(), bytes.size());
    });
  }
  // A payload of this length, which `fill(char* out)` writes.
  template <class Fill>
  static Payload made(size_t length, const Fill& fill) {
    CHECK(length <= UINT32_MAX);
    Payload payload;
    payload.block_ = new (::operator new(sizeof(Block) + length)) Block(static_cast<uint32_t>(length));
    fill(payload.block_->data());
    return payload;
  }

  Payload(const Payload& other) : block_(other.block_) {
    if (block_ != nullptr) block_->count.fetch_add(1, std::memory_order_relaxed);
  }
  Payload(Payload&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  Payload& operator=(Payload other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~Payload() {
    if (block_ != nullptr) release(block_);
  }

  explicit operator bool() const { return block_ != nullptr; }
  // Whether they are the same bytes in the same place.
  bool operator==(const Payload& other) const = default;
  bool operator==(std::nullptr_t) const { return block_ == nullptr; }
  // Require: not null. A view is valid as long as a payload of the same block lives.
  std::string_view operator*() const {
    CHECK(block_ != nullptr);
    return {block_->data(), block_->bytes};
  }
  View operator->() const { return {**this}; }
  // How many payloads share its block.
  uint32_t owners() const { return block_ == nullptr ? 0 : block_->count.load(std::memory_order_relaxed); }
  // Has the processor fetch it.
  void prefetch() const { __builtin_prefetch(block_); }

 private:
  // The last owner sees everything that the others did with the block before it frees it.
  static void release(Block* block) {
    if (block->count.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
    block->~Block();
    ::operator delete(block);
  }

  Block* block_ = nullptr;
};
static_assert(sizeof(Payload) == sizeof(void*));

}  // namespace skiff::raft
