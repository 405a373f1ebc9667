// A kern::Memory on the host's heap that counts what is out and can be told to run dry.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <limits>

#include "kern/core/memory.hpp"

namespace test {

/// Fills fresh memory with 0xa5, so that a read of uninitialised bytes shows; the heap's own checks see the rest.
class HeapMemory final : public kern::Memory {
 public:
  static constexpr std::size_t kNoLimit = std::numeric_limits<std::size_t>::max();

  void* allocate(std::size_t bytes) noexcept override {
    if (allocations_left == 0) {
      return nullptr;
    }
    --allocations_left;
    ++allocations;
    bytes_out += bytes;
    bytes_peak = bytes_out > bytes_peak ? bytes_out : bytes_peak;
    return std::memset(std::malloc(bytes), 0xa5, bytes);
  }

  void deallocate(void* memory, std::size_t bytes) noexcept override {
    bytes_out -= bytes;
    std::free(memory);
  }

  /// How many more allocations succeed.
  std::size_t allocations_left = kNoLimit;
  std::size_t allocations = 0;
  /// Bytes not given back, now and at most.
  std::size_t bytes_out = 0;
  std::size_t bytes_peak = 0;
};

}  // namespace test
