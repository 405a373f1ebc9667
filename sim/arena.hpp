// All memory of one machine: objects, fiber stacks and the allocator's own state, in one reserved mapping. Dropping the
// mapping is the reset of the machine; copying the used part is its snapshot.
//
// Layout of the mapping, low to high:
//   page 0          what a snapshot leaves alone (how far stack guards are installed)
//   page 1 ...      the Arena itself, then the heap, growing upwards in blocks of size classes
//   after the heap  stack slots, each a guard page and then the stack
//
// Block sizes, headers and reuse order are the same in every build, so that a run meets exhaustion at the same
// allocation with and without sanitizers. Under AddressSanitizer, headers, tails, freed and never used memory are
// poisoned.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <new>
#include <span>
#include <string>
#include <utility>

namespace sim {

/// Fibers that one machine can have at once.
inline constexpr std::uint32_t kMaximumStacks = 1024;
/// Bounds of a layout: what no machine needs, and what keeps sums of sizes far from wrapping around.
inline constexpr std::size_t kMaximumHeapBytes = std::size_t{1} << 38;
inline constexpr std::size_t kMaximumStackBytes = std::size_t{1} << 26;

struct ArenaLayout {
  std::size_t heap_bytes = std::size_t{64} << 20;   ///< Upper bound of the heap. Reserved, not used, until touched. At
                                                    ///< most kMaximumHeapBytes.
  std::size_t stack_bytes = std::size_t{64} << 10;  ///< Usable bytes of one fiber stack; rounded up to pages. At most
                                                    ///< kMaximumStackBytes.
  std::uint32_t stacks = 512;                       ///< Fibers that can live at once, at most kMaximumStacks.
  std::uint8_t fill = 0;         ///< Value of each byte of fresh memory: two values show uninitialised reads.
  void* address_hint = nullptr;  ///< Where to map; the kernel may choose otherwise. For address-independence tests.
};

class Arena {
 public:
  /// Reserves the mapping and makes the arena at its start. Error: a size out of range, or the host refuses the
  /// reservation.
  [[nodiscard]] static std::expected<Arena*, std::string> map(const ArenaLayout& layout);
  /// Gives the whole mapping back: the arena and all in it are gone.
  static void unmap(Arena* arena) noexcept;

  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  /// `bytes` of memory, 16-aligned, each byte the fill value; null when the heap is used up. Zero bytes count as one.
  [[nodiscard]] void* allocate(std::size_t bytes) noexcept;
  /// Gives back what `allocate(bytes)` returned; null is ignored. Freed blocks are reused oldest first, and only when
  /// some of the class are free: a use-after-free meets poison rather than a new owner.
  void deallocate(void* memory, std::size_t bytes) noexcept;

  /// A T made in the arena; null when the heap is used up.
  template <class T, class... Arguments>
  [[nodiscard]] T* create(Arguments&&... arguments) {
    static_assert(alignof(T) <= 16);
    void* memory = allocate(sizeof(T));
    return memory == nullptr ? nullptr : new (memory) T(std::forward<Arguments>(arguments)...);
  }
  /// Ends a T made by `create`; null is ignored.
  template <class T>
  void destroy(T* object) noexcept {
    if (object != nullptr) {
      object->~T();
      deallocate(object, sizeof(T));
    }
  }

  /// A stack, lowest byte first; empty when all slots are taken. Its guard page lies below it.
  [[nodiscard]] std::span<std::byte> allocate_stack() noexcept;
  void release_stack(std::span<std::byte> stack) noexcept;

  /// Bytes asked for and not yet given back: what leak checks compare.
  [[nodiscard]] std::size_t live_bytes() const noexcept { return live_bytes_; }
  [[nodiscard]] std::size_t live_blocks() const noexcept { return live_blocks_; }
  /// The part that a snapshot copies, the Arena itself included; stacks are apart. Size is a multiple of 16.
  [[nodiscard]] std::span<std::byte> used() noexcept;

 private:
  struct Unsaved;
  struct Block;
  struct FreeList {
    Block* oldest = nullptr;
    Block* newest = nullptr;
    std::uint32_t blocks = 0;
  };
  static constexpr std::size_t kClasses = 48;

  Arena(const ArenaLayout& layout, std::byte* base, std::size_t mapped) noexcept;
  [[nodiscard]] std::byte* stack_slot(std::uint32_t slot) const noexcept;

  std::byte* base_;
  std::size_t mapped_;
  std::byte* heap_end_;
  std::byte* bump_;
  std::size_t stack_bytes_;
  std::uint32_t stacks_;
  std::uint8_t fill_;
  std::array<std::uint64_t, kMaximumStacks / 64>
      stacks_taken_{};  ///< One bit a slot; here, not in the slots, so that a snapshot has it.
  std::size_t live_bytes_ = 0;
  std::size_t live_blocks_ = 0;
  std::array<FreeList, kClasses> free_lists_{};
};

}  // namespace sim
