#include "sim/arena.hpp"

#include <bit>
#include <cerrno>
#include <cstring>
#include <sys/mman.h>

#include "sim/assert.hpp"
#include "sim/sanitizer.hpp"

namespace sim {
namespace {

constexpr std::size_t kPage = 4096;
// Before each object: its size, and the left red zone. After it at least as much again, as the right one.
constexpr std::size_t kHeader = 16;
constexpr std::size_t kTail = 16;
// Blocks of a class that must be free before one is used again.
constexpr std::uint32_t kQuarantine = 4;
constexpr std::size_t kQuarantinedUpTo = 4096;
constexpr std::uint64_t kLive = 0x6c6976652d6d656dULL;
constexpr std::uint64_t kFree = 0x667265652d6d656dULL;

constexpr std::size_t round_up(std::size_t value, std::size_t to) {
  return (value + to - 1) / to * to;
}

// Two classes for each doubling: 32, 48, 64, 96, 128, 192 ... A block wastes at most half of itself.
constexpr std::size_t class_of(std::size_t block_bytes) {
  if (block_bytes <= 32) {
    return 0;
  }
  const std::size_t doubling = static_cast<std::size_t>(std::bit_width(block_bytes - 1)) - 6;
  const std::size_t half = (std::size_t{32} << doubling) * 3 / 2;
  return 1 + 2 * doubling + (block_bytes > half ? 1 : 0);
}

constexpr std::size_t class_bytes(std::size_t index) {
  if (index == 0) {
    return 32;
  }
  const std::size_t doubling = (index - 1) / 2;
  return (index - 1) % 2 == 0 ? (std::size_t{32} << doubling) * 3 / 2 : std::size_t{64} << doubling;
}

static_assert(class_of(32) == 0 && class_bytes(0) == 32);
static_assert(class_of(33) == 1 && class_bytes(1) == 48);
static_assert(class_of(48) == 1 && class_of(49) == 2 && class_bytes(2) == 64);
static_assert(class_of(65) == 3 && class_bytes(3) == 96);
static_assert(class_of(4096) == 14 && class_bytes(14) == 4096);

}  // namespace

struct Arena::Unsaved {
  std::uint32_t guards_installed = 0;
};

struct Arena::Block {
  std::uint64_t size;   // of the object; of a free block: its last size
  std::uint64_t state;  // kLive or kFree
  Block* next;          // of a free block, over the object's first bytes
};

std::expected<Arena*, std::string> Arena::map(const ArenaLayout& layout) {
  if (layout.heap_bytes > kMaximumHeapBytes) {
    return std::unexpected("a machine's heap has at most " + std::to_string(kMaximumHeapBytes) + " bytes, not " +
                           std::to_string(layout.heap_bytes));
  }
  if (layout.stack_bytes < 1 || layout.stack_bytes > kMaximumStackBytes) {
    return std::unexpected("a fiber stack has 1 to " + std::to_string(kMaximumStackBytes) + " bytes, not " +
                           std::to_string(layout.stack_bytes));
  }
  const std::size_t heap = round_up(layout.heap_bytes, kPage);
  const std::size_t stack = round_up(layout.stack_bytes, kPage);
  if (layout.stacks > kMaximumStacks) {
    return std::unexpected("a machine has at most " + std::to_string(kMaximumStacks) + " fiber stacks, not " +
                           std::to_string(layout.stacks));
  }
  const std::size_t mapped = 2 * kPage + heap + (kPage + stack) * layout.stacks;
  void* base =
      ::mmap(layout.address_hint, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (base == MAP_FAILED) {
    return std::unexpected("cannot reserve " + std::to_string(mapped) +
                           " bytes for a machine: " + std::strerror(errno));
  }
  auto* bytes = static_cast<std::byte*>(base);
  new (bytes) Unsaved;
  static_assert(sizeof(Arena) <= kPage);
  ArenaLayout rounded = layout;
  rounded.heap_bytes = heap;
  rounded.stack_bytes = stack;
  return new (bytes + kPage) Arena(rounded, bytes, mapped);
}

Arena::Arena(const ArenaLayout& layout, std::byte* base, std::size_t mapped) noexcept
    : base_(base),
      mapped_(mapped),
      heap_end_(base + 2 * kPage + layout.heap_bytes),
      bump_(base + kPage + round_up(sizeof(Arena), 16)),
      stack_bytes_(layout.stack_bytes),
      stacks_(layout.stacks),
      fill_(layout.fill) {
  sanitizer::poison(bump_, static_cast<std::size_t>(heap_end_ - bump_));
}

void Arena::unmap(Arena* arena) noexcept {
  std::byte* base = arena->base_;
  const std::size_t mapped = arena->mapped_;
  sanitizer::unpoison(base, mapped);  // the host may give these addresses to somebody else
  ::munmap(base, mapped);
}

void* Arena::allocate(std::size_t bytes) noexcept {
  if (bytes == 0) {
    bytes = 1;
  }
  if (bytes > static_cast<std::size_t>(heap_end_ - base_)) {
    return nullptr;  // also keeps the sums below from wrapping around
  }
  const std::size_t index = class_of(kHeader + bytes + kTail);
  if (index >= kClasses) {
    return nullptr;  // larger than any class, whatever the heap's size
  }
  const std::size_t block_bytes = class_bytes(index);
  const std::uint32_t quarantine = block_bytes <= kQuarantinedUpTo ? kQuarantine : 0;
  FreeList& list = free_lists_[index];
  Block* block = nullptr;
  const bool heap_has_room = block_bytes <= static_cast<std::size_t>(heap_end_ - bump_);
  if (list.blocks > quarantine || (list.blocks > 0 && !heap_has_room)) {
    block = list.oldest;
    sanitizer::unpoison(block, sizeof(Block));
    SIM_ASSERT(block->state == kFree);
    list.oldest = block->next;
    --list.blocks;
    if (list.blocks == 0) {
      list.newest = nullptr;
    }
  } else if (heap_has_room) {
    block = reinterpret_cast<Block*>(bump_);
    bump_ += block_bytes;
    sanitizer::unpoison(block, sizeof(Block));
  } else {
    return nullptr;
  }
  block->size = bytes;
  block->state = kLive;
  std::byte* object = reinterpret_cast<std::byte*>(block) + kHeader;
  sanitizer::poison(block, sizeof(Block));
  sanitizer::unpoison(object, bytes);
  std::memset(object, fill_, bytes);
  live_bytes_ += bytes;
  ++live_blocks_;
  return object;
}

void Arena::deallocate(void* memory, std::size_t bytes) noexcept {
  if (memory == nullptr) {
    return;
  }
  if (bytes == 0) {
    bytes = 1;
  }
  auto* block = reinterpret_cast<Block*>(static_cast<std::byte*>(memory) - kHeader);
  sanitizer::unpoison(block, sizeof(Block));
  SIM_ASSERT(block->state == kLive);
  SIM_ASSERT(block->size == bytes);
  live_bytes_ -= bytes;
  --live_blocks_;
  const std::size_t index = class_of(kHeader + bytes + kTail);
  block->state = kFree;
  block->next = nullptr;
  FreeList& list = free_lists_[index];
  if (list.newest == nullptr) {
    list.oldest = block;
  } else {
    sanitizer::unpoison(list.newest, sizeof(Block));
    list.newest->next = block;
    sanitizer::poison(list.newest, sizeof(Block));
  }
  list.newest = block;
  ++list.blocks;
  sanitizer::poison(block, class_bytes(index));
}

std::byte* Arena::stack_slot(std::uint32_t slot) const noexcept {
  return heap_end_ + (kPage + stack_bytes_) * slot;
}

std::span<std::byte> Arena::allocate_stack() noexcept {
  std::uint32_t slot = 0;
  for (std::uint64_t taken : stacks_taken_) {
    slot += static_cast<std::uint32_t>(std::countr_one(taken));
    if (taken != ~std::uint64_t{0}) {
      break;
    }
  }
  if (slot >= stacks_) {
    return {};
  }
  stacks_taken_[slot / 64] |= std::uint64_t{1} << (slot % 64);
  std::byte* guard = stack_slot(slot);
  auto& unsaved = *reinterpret_cast<Unsaved*>(base_);
  if (slot == unsaved.guards_installed) {  // slots are taken lowest first, so guards have no gaps
    const int refused = ::mprotect(guard, kPage, PROT_NONE);
    SIM_ASSERT(refused == 0);
    ++unsaved.guards_installed;
  }
  // Frames that were left by a switch and never returned from have their red zones still in the shadow.
  sanitizer::unpoison(guard + kPage, stack_bytes_);
  return {guard + kPage, stack_bytes_};
}

void Arena::release_stack(std::span<std::byte> stack) noexcept {
  SIM_ASSERT(stack.size() == stack_bytes_);
  const auto offset = static_cast<std::size_t>(stack.data() - stack_slot(0));
  const std::size_t slot = offset / (kPage + stack_bytes_);
  SIM_ASSERT((stacks_taken_[slot / 64] >> (slot % 64) & 1) == 1);
  stacks_taken_[slot / 64] &= ~(std::uint64_t{1} << (slot % 64));
}

std::span<std::byte> Arena::used() noexcept {
  std::byte* begin = base_ + kPage;
  return {begin, static_cast<std::size_t>(bump_ - begin)};
}

}  // namespace sim
