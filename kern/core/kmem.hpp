// The kernel's allocator, kmem(9), over the machine's arena. Where NetBSD sleeps for memory (KM_SLEEP),
// this one gives null like KM_NOSLEEP: exhaustion is an error that the caller meets.
#pragma once

#include <cstddef>
#include <utility>

#include "kern/core/memory.hpp"
#include "sim/arena.hpp"

namespace kern {

class Kmem final : public Memory {
 public:
  explicit Kmem(sim::Arena& arena) : arena_(arena) {}

  [[nodiscard]] void* allocate(std::size_t bytes) noexcept override { return arena_.allocate(bytes); }
  void deallocate(void* memory, std::size_t bytes) noexcept override { arena_.deallocate(memory, bytes); }

  /// A T, or null.
  template <class T, class... Arguments>
  [[nodiscard]] T* create(Arguments&&... arguments) {
    return arena_.create<T>(std::forward<Arguments>(arguments)...);
  }
  /// Ends a T made by `create`; null is ignored. T is the type it was made as.
  template <class T>
  void destroy(T* object) noexcept {
    arena_.destroy(object);
  }
  /// Bytes and objects in use: a kernel at rest without clients comes back to the same numbers.
  [[nodiscard]] std::size_t live_bytes() const { return arena_.live_bytes(); }
  [[nodiscard]] std::size_t live_objects() const { return arena_.live_blocks(); }

 private:
  sim::Arena& arena_;
};

/// A buffer of bytes for a scope. Empty when there was no memory: test with `if (!buffer)`.
class KmemBuffer {
 public:
  KmemBuffer(Memory& memory, std::size_t bytes)
      : memory_(memory), data_(static_cast<std::byte*>(memory.allocate(bytes))), size_(bytes) {}
  ~KmemBuffer() {
    if (data_ != nullptr) {
      memory_.deallocate(data_, size_);
    }
  }
  KmemBuffer(const KmemBuffer&) = delete;
  KmemBuffer& operator=(const KmemBuffer&) = delete;

  explicit operator bool() const { return data_ != nullptr; }
  [[nodiscard]] std::byte* data() const { return data_; }
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  Memory& memory_;
  std::byte* data_;
  std::size_t size_;
};

}  // namespace kern
