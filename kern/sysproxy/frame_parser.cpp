#include "kern/sysproxy/frame_parser.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace kern::sysproxy {
namespace {

/// The first piece of memory for a body: enough for the arguments of any system call (8 slots of 8 bytes) and for most
/// paths, little enough to give to anyone who sends a header.
constexpr std::size_t kFirstCapacity = 128;

}  // namespace

FrameBody::FrameBody(FrameBody&& other) noexcept
    : memory_(std::exchange(other.memory_, nullptr)),
      data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      capacity_(std::exchange(other.capacity_, 0)) {}

FrameBody& FrameBody::operator=(FrameBody&& other) noexcept {
  if (this != &other) {
    reset();
    memory_ = std::exchange(other.memory_, nullptr);
    data_ = std::exchange(other.data_, nullptr);
    size_ = std::exchange(other.size_, 0);
    capacity_ = std::exchange(other.capacity_, 0);
  }
  return *this;
}

void FrameBody::reset() noexcept {
  if (data_ != nullptr) {
    memory_->deallocate(data_, capacity_);
  }
  memory_ = nullptr;
  data_ = nullptr;
  size_ = 0;
  capacity_ = 0;
}

bool FrameBody::reserve(Memory& memory, std::size_t capacity) noexcept {
  if (capacity <= capacity_) {
    return true;
  }
  auto* const grown = static_cast<std::byte*>(memory.allocate(capacity));
  if (grown == nullptr) {
    return false;
  }
  const std::size_t size = size_;
  if (size != 0) {
    std::memcpy(grown, data_, size);
  }
  reset();
  memory_ = &memory;
  data_ = grown;
  size_ = size;
  capacity_ = capacity;
  return true;
}

void FrameBody::append(std::span<const std::byte> bytes) noexcept {
  std::memcpy(data_ + size_, bytes.data(), bytes.size());
  size_ += bytes.size();
}

FrameParser::FrameParser(Memory& memory, std::uint64_t max_frame) noexcept
    : memory_(memory), max_frame_(std::max<std::uint64_t>(max_frame, kHeaderSize)) {}

std::size_t FrameParser::feed(std::span<const std::byte> input) noexcept {
  if (status_ == Status::frame || status_ == Status::bad_length) {
    return 0;
  }
  status_ = Status::need_more;  // after no_memory: ask again
  std::size_t taken = 0;
  if (header_received_ < kHeaderSize) {
    taken = feed_header(input);
    if (header_received_ < kHeaderSize || status_ == Status::bad_length) {
      return taken;
    }
  }
  return taken + feed_body(input.subspan(taken));
}

std::size_t FrameParser::feed_header(std::span<const std::byte> input) noexcept {
  const std::size_t count = std::min(input.size(), kHeaderSize - header_received_);
  std::ranges::copy(input.first(count), header_bytes_.begin() + static_cast<std::ptrdiff_t>(header_received_));
  header_received_ += count;
  if (header_received_ < kHeaderSize) {
    return count;
  }
  header_ = parse_header(header_bytes_);
  if (header_.length < kHeaderSize || header_.length > max_frame_) {
    status_ = Status::bad_length;
  }
  return count;
}

std::size_t FrameParser::feed_body(std::span<const std::byte> input) noexcept {
  const std::size_t announced = static_cast<std::size_t>(header_.length) - kHeaderSize;
  const auto arrived = input.first(std::min(input.size(), announced - body_.size()));
  if (!arrived.empty()) {
    const std::size_t received = body_.size() + arrived.size();
    // Doubled, so that a body in single bytes costs a linear number of copies; never more than announced, and never
    // more than twice what arrived.
    if (received > body_.capacity()) {
      const std::size_t wanted = std::max({kFirstCapacity, 2 * body_.capacity(), received});
      if (!body_.reserve(memory_, std::min(announced, wanted))) {
        status_ = Status::no_memory;
        return 0;
      }
    }
    body_.append(arrived);
  }
  if (body_.size() == announced) {
    status_ = Status::frame;
  }
  return arrived.size();
}

FrameBody FrameParser::take_body() noexcept {
  return std::exchange(body_, FrameBody{});
}

void FrameParser::next() noexcept {
  if (status_ != Status::frame) {
    return;
  }
  status_ = Status::need_more;
  header_received_ = 0;
  header_ = {};
  body_.reset();
}

}  // namespace kern::sysproxy
