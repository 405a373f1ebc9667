// The bytes of a file that lives in memory: blocks that are taken when something is written into them, and no memory at
// all for holes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kern/core/memory.hpp"

namespace kern::vfs {

/// Where file bytes come from, with an upper bound of all of them together.
class DataSpace {
 public:
  DataSpace(Memory& memory, std::size_t limit) : memory_(memory), left_(limit) {}
  /// Null: no memory, or the bound is reached.
  [[nodiscard]] void* allocate(std::size_t bytes);
  void deallocate(void* memory, std::size_t bytes);
  [[nodiscard]] std::size_t left() const { return left_; }

 private:
  Memory& memory_;
  std::size_t left_;
};

/// Bytes that were never written are zero. Whoever uses it excludes others (a vnode's lock).
class FileData {
 public:
  /// A page, in which the real kernel moves file data between memory and processes.
  static constexpr std::size_t kBlockBytes = 4096;
  /// A small file takes less than a block: its block grows by doubling from here.
  static constexpr std::size_t kLeastBytes = 64;

  explicit FileData(DataSpace& space) : space_(space) {}
  ~FileData();
  FileData(const FileData&) = delete;
  FileData& operator=(const FileData&) = delete;

  [[nodiscard]] std::uint64_t size() const { return size_; }
  /// Shorter: what is cut off is gone. Longer: zeros follow. Gives back what was reserved past the old end. Takes no
  /// memory.
  void truncate(std::uint64_t size);
  /// The file goes on to `size`, after its new end was reserved and written.
  void extend(std::uint64_t size) { size_ = size > size_ ? size : size_; }
  /// Makes memory for `[offset, offset + length)`, which may lie past the end. False: there is none; call `truncate` to
  /// give back what there was.
  [[nodiscard]] bool reserve(std::uint64_t offset, std::uint64_t length);
  /// The memory at `offset`, to the end of its block or as far as there is any; empty in a hole. After `reserve`, all
  /// of what was asked for is there, in pieces that end with blocks. Bytes past the end are zero; after writing there,
  /// call `extend` or `truncate`.
  [[nodiscard]] std::span<std::byte> piece(std::uint64_t offset);
  /// Copies at most a block: `to.size()` bytes from `offset`, holes as zeros.
  void copy_out(std::uint64_t offset, std::span<std::byte> to);

 private:
  struct Block {
    std::uint64_t index = 0;
    std::byte* data = nullptr;
    std::uint32_t capacity = 0;
  };
  /// The first block whose index is not below.
  [[nodiscard]] std::size_t position_of(std::uint64_t index) const;
  [[nodiscard]] bool reserve_block(std::uint64_t index, std::size_t bytes);
  [[nodiscard]] bool grow_table();
  void free_table();

  DataSpace& space_;
  std::uint64_t size_ = 0;
  Block* blocks_ = nullptr;  ///< By ascending index.
  std::uint32_t count_ = 0;
  std::uint32_t table_capacity_ = 0;
};

}  // namespace kern::vfs
