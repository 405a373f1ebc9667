// Bytes that have arrived and are not read yet.
#pragma once

#include <cstddef>
#include <span>

#include "kern/core/memory.hpp"

namespace kern::sysproxy {

/// A chain of blocks. Takes memory for what arrives, at most twice its size and one block, and gives it back as it is
/// read.
class ByteQueue {
 public:
  /// `memory` must outlive it.
  explicit ByteQueue(Memory& memory) : memory_(memory) {}
  ~ByteQueue() { clear(); }
  ByteQueue(const ByteQueue&) = delete;
  ByteQueue& operator=(const ByteQueue&) = delete;

  /// Adds all of `bytes`. False: no memory, and nothing was added.
  [[nodiscard]] bool append(std::span<const std::byte> bytes);
  /// The first bytes, as many as lie in a row; empty when there are none.
  [[nodiscard]] std::span<const std::byte> front() const;
  /// Forgets the first `count` bytes; at most those of front().
  void consume(std::size_t count);
  void clear();
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }

 private:
  struct Block {
    Block* next = nullptr;
    std::size_t capacity = 0;
    std::size_t begin = 0;
    std::size_t end = 0;
    [[nodiscard]] std::byte* data() { return reinterpret_cast<std::byte*>(this + 1); }
  };
  void drop_first();

  Memory& memory_;
  Block* first_ = nullptr;
  Block* last_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace kern::sysproxy
