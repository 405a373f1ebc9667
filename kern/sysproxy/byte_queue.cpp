#include "kern/sysproxy/byte_queue.hpp"

#include <algorithm>
#include <cstring>
#include <new>

#include "sim/assert.hpp"

namespace kern::sysproxy {
namespace {

// Small enough for a client that sends one getpid, large enough that single bytes do not cost a block each.
constexpr std::size_t kSmallestBlock = 256;

}  // namespace

bool ByteQueue::append(std::span<const std::byte> bytes) {
  if (bytes.empty()) {
    return true;
  }
  const std::size_t room = last_ == nullptr ? 0 : last_->capacity - last_->end;
  const std::size_t in_last = std::min(room, bytes.size());
  const std::span<const std::byte> rest = bytes.subspan(in_last);
  Block* added = nullptr;
  if (!rest.empty()) {
    const std::size_t capacity = std::max(rest.size(), kSmallestBlock);
    void* memory = memory_.allocate(sizeof(Block) + capacity);
    if (memory == nullptr) {
      return false;
    }
    added = new (memory) Block{.capacity = capacity};
  }
  if (in_last != 0) {
    std::memcpy(last_->data() + last_->end, bytes.data(), in_last);
    last_->end += in_last;
  }
  if (added != nullptr) {
    std::memcpy(added->data(), rest.data(), rest.size());
    added->end = rest.size();
    (last_ == nullptr ? first_ : last_->next) = added;
    last_ = added;
  }
  size_ += bytes.size();
  return true;
}

std::span<const std::byte> ByteQueue::front() const {
  if (first_ == nullptr) {
    return {};
  }
  return {first_->data() + first_->begin, first_->end - first_->begin};
}

void ByteQueue::consume(std::size_t count) {
  SIM_ASSERT(count <= front().size());
  size_ -= count;
  if (first_ != nullptr) {
    first_->begin += count;
    if (first_->begin == first_->end) {
      drop_first();
    }
  }
}

void ByteQueue::clear() {
  while (first_ != nullptr) {
    drop_first();
  }
  size_ = 0;
}

void ByteQueue::drop_first() {
  Block* block = first_;
  first_ = block->next;
  if (first_ == nullptr) {
    last_ = nullptr;
  }
  memory_.deallocate(block, sizeof(Block) + block->capacity);
}

}  // namespace kern::sysproxy
