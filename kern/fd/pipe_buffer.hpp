// The bytes inside a pipe: a ring of a nominal size whose memory is taken as it is needed, so that a pipe that carries
// a few bytes costs a few bytes, in the arena and in each snapshot of it.
//
// Geometry is that of sys_pipe.c: the ring begins anew at its start whenever it runs empty, so how bytes are cut into
// contiguous pieces, which a remote client sees as separate copies, does not depend on how much memory there is yet.
#pragma once

#include <array>
#include <cstddef>
#include <span>

#include "kern/core/memory.hpp"

namespace kern {

class PipeBuffer {
 public:
  /// `memory` must outlive it.
  PipeBuffer(Memory& memory, std::size_t size) : memory_(memory), size_(size) {}
  ~PipeBuffer();
  PipeBuffer(const PipeBuffer&) = delete;
  PipeBuffer& operator=(const PipeBuffer&) = delete;

  /// Bytes it can hold.
  [[nodiscard]] std::size_t size() const { return size_; }
  /// Bytes it holds.
  [[nodiscard]] std::size_t count() const { return count_; }
  [[nodiscard]] std::size_t space() const { return size_ - count_; }
  [[nodiscard]] bool empty() const { return count_ == 0; }
  /// A greater size. Only while it is empty.
  void widen(std::size_t size);

  /// Where the next `bytes` (1 to space()) go: the second piece is empty unless they wrap around the end. Both are
  /// empty when there is no memory. Valid until the next call that is not const.
  [[nodiscard]] std::array<std::span<std::byte>, 2> reserve(std::size_t bytes);
  /// `bytes` of what was reserved have been filled, from its start.
  void commit(std::size_t bytes);
  /// The first contiguous bytes, at most `bytes`. It is not empty.
  [[nodiscard]] std::span<std::byte> front(std::size_t bytes) const;
  /// Lets go of the first `bytes`, which were in front().
  void consume(std::size_t bytes);

 private:
  Memory& memory_;
  std::size_t size_;
  std::byte* data_ = nullptr;
  std::size_t capacity_ = 0;  ///< Bytes at data_. Less than size_ only while nothing has wrapped around.
  std::size_t in_ = 0;
  std::size_t out_ = 0;
  std::size_t count_ = 0;
};

}  // namespace kern
