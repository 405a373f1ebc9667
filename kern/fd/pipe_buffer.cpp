#include "kern/fd/pipe_buffer.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "sim/assert.hpp"

namespace kern {
namespace {

constexpr std::size_t kLeastCapacity = 512;

}  // namespace

PipeBuffer::~PipeBuffer() {
  if (data_ != nullptr) {
    memory_.deallocate(data_, capacity_);
  }
}

void PipeBuffer::widen(std::size_t size) {
  SIM_ASSERT(empty() && size >= size_);
  size_ = size;
}

std::array<std::span<std::byte>, 2> PipeBuffer::reserve(std::size_t bytes) {
  SIM_ASSERT(bytes > 0 && bytes <= space());
  const std::size_t first = std::min(bytes, size_ - in_);
  const std::size_t needed = first < bytes ? size_ : in_ + first;
  if (needed > capacity_) {
    const std::size_t capacity = std::min(size_, std::max(kLeastCapacity, std::bit_ceil(needed)));
    auto* data = static_cast<std::byte*>(memory_.allocate(capacity));
    if (data == nullptr) {
      return {};
    }
    if (count_ > 0) {
      std::memcpy(data + out_, data_ + out_, count_);  // in one piece: see capacity_
    }
    if (data_ != nullptr) {
      memory_.deallocate(data_, capacity_);
    }
    data_ = data;
    capacity_ = capacity;
  }
  return {std::span(data_ + in_, first), std::span(data_, bytes - first)};
}

void PipeBuffer::commit(std::size_t bytes) {
  SIM_ASSERT(bytes <= space());
  in_ += bytes;
  if (in_ >= size_) {
    in_ -= size_;
  }
  count_ += bytes;
}

std::span<std::byte> PipeBuffer::front(std::size_t bytes) const {
  return {data_ + out_, std::min({bytes, count_, size_ - out_})};
}

void PipeBuffer::consume(std::size_t bytes) {
  SIM_ASSERT(bytes <= count_);
  out_ += bytes;
  if (out_ >= size_) {
    out_ -= size_;
  }
  count_ -= bytes;
  if (count_ == 0) {
    in_ = 0;
    out_ = 0;
  }
}

}  // namespace kern
