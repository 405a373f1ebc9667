// Where kernel code takes memory from: never from the host's heap, always from whoever owns the machine, and never
// without asking whether there is any.
#pragma once

#include <cstddef>

namespace kern {

/// A source of memory that can run dry. The kernel's allocator is one; tests have others that fail on purpose.
class Memory {
 public:
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;

  /// `bytes` (at least 1) of uninitialised memory, aligned for any scalar, or nullptr when there is none left. Does not
  /// block.
  [[nodiscard]] virtual void* allocate(std::size_t bytes) noexcept = 0;

  /// Gives back what `allocate` gave, with the size it was asked for.
  virtual void deallocate(void* memory, std::size_t bytes) noexcept = 0;

 protected:
  Memory() = default;
  ~Memory() = default;
};

}  // namespace kern
