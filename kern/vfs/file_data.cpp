#include "kern/vfs/file_data.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <memory>

namespace kern::vfs {

void* DataSpace::allocate(std::size_t bytes) {
  void* memory = bytes <= left_ ? memory_.allocate(bytes) : nullptr;
  left_ -= memory == nullptr ? 0 : bytes;
  return memory;
}

void DataSpace::deallocate(void* memory, std::size_t bytes) {
  memory_.deallocate(memory, bytes);
  left_ += bytes;
}

FileData::~FileData() {
  truncate(0);
}

void FileData::truncate(std::uint64_t size) {
  const std::uint64_t kept = std::min(size, size_);
  const std::uint64_t cut_index = kept / kBlockBytes;
  const std::size_t cut_offset = kept % kBlockBytes;
  std::size_t position = position_of(cut_index);
  if (cut_offset != 0 && position < count_ && blocks_[position].index == cut_index) {
    Block& block = blocks_[position];
    if (block.capacity > cut_offset) {
      std::memset(block.data + cut_offset, 0, block.capacity - cut_offset);
    }
    ++position;
  }
  for (std::size_t beyond = position; beyond < count_; ++beyond) {
    space_.deallocate(blocks_[beyond].data, blocks_[beyond].capacity);
  }
  count_ = static_cast<std::uint32_t>(position);
  if (count_ == 0) {
    free_table();
  }
  size_ = size;
}

bool FileData::reserve(std::uint64_t offset, std::uint64_t length) {
  if (length > space_.left() + size_) {
    return false;  // hopeless: do not take all that is left only to give it back
  }
  while (length > 0) {
    const std::size_t start = offset % kBlockBytes;
    const std::uint64_t bytes = std::min<std::uint64_t>(length, kBlockBytes - start);
    if (!reserve_block(offset / kBlockBytes, start + bytes)) {
      return false;
    }
    offset += bytes;
    length -= bytes;
  }
  return true;
}

std::span<std::byte> FileData::piece(std::uint64_t offset) {
  const std::size_t position = position_of(offset / kBlockBytes);
  const std::size_t start = offset % kBlockBytes;
  if (position == count_ || blocks_[position].index != offset / kBlockBytes || blocks_[position].capacity <= start) {
    return {};
  }
  return std::span(blocks_[position].data, blocks_[position].capacity).subspan(start);
}

void FileData::copy_out(std::uint64_t offset, std::span<std::byte> to) {
  const std::span<std::byte> from = piece(offset);
  const std::size_t bytes = std::min(from.size(), to.size());
  std::ranges::copy(from.first(bytes), to.begin());
  std::ranges::fill(to.subspan(bytes), std::byte{0});
}

std::size_t FileData::position_of(std::uint64_t index) const {
  const Block* found = std::ranges::lower_bound(blocks_, blocks_ + count_, index, {}, &Block::index);
  return static_cast<std::size_t>(found - blocks_);
}

bool FileData::reserve_block(std::uint64_t index, std::size_t bytes) {
  const std::size_t position = position_of(index);
  const bool is_there = position < count_ && blocks_[position].index == index;
  const std::size_t old_capacity = is_there ? blocks_[position].capacity : 0;
  if (bytes <= old_capacity) {
    return true;
  }
  if (!is_there && count_ == table_capacity_ && !grow_table()) {
    return false;
  }
  const std::size_t capacity = std::bit_ceil(std::max(bytes, kLeastBytes));
  auto* data = static_cast<std::byte*>(space_.allocate(capacity));
  if (data == nullptr) {
    return false;
  }
  std::memset(data + old_capacity, 0, capacity - old_capacity);
  if (is_there) {
    std::memcpy(data, blocks_[position].data, old_capacity);
    space_.deallocate(blocks_[position].data, old_capacity);
  } else {
    std::copy_backward(blocks_ + position, blocks_ + count_, blocks_ + count_ + 1);
    ++count_;
  }
  blocks_[position] = {.index = index, .data = data, .capacity = static_cast<std::uint32_t>(capacity)};
  return true;
}

bool FileData::grow_table() {
  const std::uint32_t capacity = table_capacity_ == 0 ? 1 : 2 * table_capacity_;
  auto* table = static_cast<Block*>(space_.allocate(capacity * sizeof(Block)));
  if (table == nullptr) {
    return false;
  }
  std::uninitialized_copy_n(blocks_, count_, table);
  std::uninitialized_value_construct_n(table + count_, capacity - count_);
  free_table();
  blocks_ = table;
  table_capacity_ = capacity;
  return true;
}

void FileData::free_table() {
  if (blocks_ != nullptr) {
    space_.deallocate(blocks_, table_capacity_ * sizeof(Block));
  }
  blocks_ = nullptr;
  table_capacity_ = 0;
}

}  // namespace kern::vfs
