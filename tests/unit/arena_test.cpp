// The arena by example: what its header promises. The allocator against a model is in property/sim_arena_test.cpp.
#include "sim/arena.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include "sim/sanitizer.hpp"

namespace sim {
namespace {

struct Unmap {
  void operator()(Arena* arena) const { Arena::unmap(arena); }
};
using ArenaOwner = std::unique_ptr<Arena, Unmap>;

ArenaOwner make_arena(const ArenaLayout& layout) {
  std::expected<Arena*, std::string> arena = Arena::map(layout);
  EXPECT_TRUE(arena.has_value()) << arena.error();
  return ArenaOwner(arena.value_or(nullptr));
}

ArenaOwner make_arena() {
  return make_arena({.heap_bytes = 64 << 10, .stack_bytes = 8192, .stacks = 4});
}

std::byte* bytes_of(void* memory) {
  return static_cast<std::byte*>(memory);
}

// Keeps the compiler from seeing where a pointer points: the wrong accesses below are wanted.
void write_at(void* memory, std::ptrdiff_t offset) {
  auto* volatile hidden = static_cast<volatile char*>(memory);
  hidden[offset] = 1;
}

TEST(Arena, GivesMemoryAlignedTo16) {
  const ArenaOwner arena = make_arena();
  for (std::size_t size = 0; size < 300; ++size) {
    void* memory = arena->allocate(size);
    ASSERT_NE(memory, nullptr);
    void* aligned = memory;
    std::size_t space = 16;
    EXPECT_EQ(std::align(16, 1, aligned, space), memory) << size;
  }
}

TEST(Arena, FillsFreshAndReusedMemory) {
  const ArenaOwner arena = make_arena({.heap_bytes = 64 << 10, .stacks = 1, .fill = 0xa5});
  for (int round = 0; round < 40; ++round) {
    auto* memory = static_cast<unsigned char*>(arena->allocate(100));
    ASSERT_NE(memory, nullptr);
    EXPECT_TRUE(std::all_of(memory, memory + 100, [](unsigned char byte) { return byte == 0xa5; })) << round;
    std::memset(memory, 0x11, 100);
    arena->deallocate(memory, 100);
  }
}

TEST(Arena, ExhaustionGivesNullAndRecovers) {
  const ArenaOwner arena = make_arena();
  std::vector<void*> taken;
  while (void* memory = arena->allocate(1000)) {
    taken.push_back(memory);
  }
  EXPECT_GT(taken.size(), 30u);
  EXPECT_EQ(arena->allocate(1000), nullptr);
  EXPECT_EQ(arena->live_blocks(), taken.size());
  arena->deallocate(taken.back(), 1000);
  EXPECT_EQ(arena->allocate(1000), taken.back());
  for (void* memory : taken) {
    arena->deallocate(memory, 1000);
  }
  EXPECT_EQ(arena->live_bytes(), 0u);
  for (std::size_t count = 0; count < taken.size(); ++count) {
    EXPECT_NE(arena->allocate(1000), nullptr) << count;
  }
}

TEST(Arena, RefusesWhatTheHeapCannotHoldHoweverLarge) {
  const ArenaOwner arena = make_arena();
  EXPECT_EQ(arena->allocate((64 << 10) + 1), nullptr);
  EXPECT_EQ(arena->allocate(~std::size_t{0}), nullptr);
  EXPECT_EQ(arena->live_bytes(), 0u);
}

// Found by these tests: beyond 384 MB the class's number ran past the table of free lists.
TEST(Arena, RefusesWhatNoSizeClassHoldsInAHugeHeap) {
  const ArenaOwner arena = make_arena({.heap_bytes = std::size_t{1} << 30, .stacks = 1});
  EXPECT_EQ(arena->allocate(std::size_t{600} << 20), nullptr);
  EXPECT_EQ(arena->live_blocks(), 0u);
}

TEST(Arena, LayoutOutOfRangeIsAnErrorThatSaysTheRange) {
  EXPECT_EQ(Arena::map({.heap_bytes = ~std::size_t{0}}).error(),
            "a machine's heap has at most 274877906944 bytes, not 18446744073709551615");
  EXPECT_EQ(Arena::map({.stack_bytes = 0}).error(), "a fiber stack has 1 to 67108864 bytes, not 0");
  EXPECT_EQ(Arena::map({.stack_bytes = ~std::size_t{0}}).error(),
            "a fiber stack has 1 to 67108864 bytes, not 18446744073709551615");
  EXPECT_EQ(Arena::map({.stacks = 1025}).error(), "a machine has at most 1024 fiber stacks, not 1025");
}

TEST(Arena, CountsWhatWasAskedForNotWhatItTook) {
  const ArenaOwner arena = make_arena();
  void* one = arena->allocate(1);
  void* thousand = arena->allocate(1000);
  void* none = arena->allocate(0);  // counts as one byte
  EXPECT_EQ(arena->live_bytes(), 1002u);
  EXPECT_EQ(arena->live_blocks(), 3u);
  arena->deallocate(thousand, 1000);
  EXPECT_EQ(arena->live_bytes(), 2u);
  arena->deallocate(none, 0);
  arena->deallocate(one, 1);
  arena->deallocate(nullptr, 77);
  EXPECT_EQ(arena->live_bytes(), 0u);
  EXPECT_EQ(arena->live_blocks(), 0u);
}

TEST(Arena, ReusesFreedBlocksOldestFirstAndOnlyAfterFourOthers) {
  const ArenaOwner arena = make_arena();
  std::array<void*, 6> freed{};
  for (void*& memory : freed) {
    memory = arena->allocate(64);
  }
  for (void* memory : freed) {
    arena->deallocate(memory, 64);
  }
  // Six are free: two may go, four stay in quarantine.
  EXPECT_EQ(arena->allocate(64), freed[0]);
  EXPECT_EQ(arena->allocate(64), freed[1]);
  void* fresh = arena->allocate(64);
  EXPECT_EQ(std::find(freed.begin(), freed.end(), fresh), freed.end());
}

TEST(Arena, QuarantineIsGivenUpBeforeTheHeapCountsAsUsedUp) {
  const ArenaOwner arena = make_arena();
  void* freed = arena->allocate(64);
  arena->deallocate(freed, 64);
  while (arena->allocate(2000) != nullptr) {
  }
  std::vector<void*> rest;
  while (void* memory = arena->allocate(64)) {
    rest.push_back(memory);
  }
  EXPECT_NE(std::find(rest.begin(), rest.end(), freed), rest.end());
}

// The offsets are part of what makes a run equal in every build: exhaustion comes at the same allocation.
TEST(Arena, PlacesBlocksAtTheSameOffsetsInEveryBuild) {
  const ArenaOwner arena = make_arena();
  std::byte* first = bytes_of(arena->allocate(1));
  const std::array<std::size_t, 8> sizes{1, 16, 17, 32, 100, 500, 4000, 1};
  std::vector<std::ptrdiff_t> offsets;
  for (const std::size_t size : sizes) {
    offsets.push_back(bytes_of(arena->allocate(size)) - first);
  }
  EXPECT_EQ(offsets, (std::vector<std::ptrdiff_t>{48, 96, 144, 240 - 32, 272, 464, 1232, 5328}));
  EXPECT_EQ(arena->used().size() % 16, 0u);
}

TEST(Arena, MapsWhereTheHintSays) {
  if (sanitizer::kThread) {
    GTEST_SKIP() << "under ThreadSanitizer the system chooses";
  }
  void* hint = reinterpret_cast<void*>(0x2000'0000'0000);
  const ArenaOwner arena = make_arena({.heap_bytes = 4096, .stacks = 1, .address_hint = hint});
  EXPECT_EQ(arena->used().data(), bytes_of(hint) + 4096);
}

TEST(Arena, CreateGivesNullWhenTheHeapIsUsedUp) {
  struct Large {
    std::array<std::byte, 70'000> bytes;
  };
  const ArenaOwner arena = make_arena();
  EXPECT_EQ(arena->create<Large>(), nullptr);
  arena->destroy(static_cast<Large*>(nullptr));
}

TEST(ArenaDeathTest, FreeingTwiceIsCaught) {
  const ArenaOwner arena = make_arena();
  void* memory = arena->allocate(40);
  arena->deallocate(memory, 40);
  EXPECT_DEATH(arena->deallocate(memory, 40), "assertion failed: block->state == kLive");
}

TEST(ArenaDeathTest, FreeingWithAnotherSizeIsCaught) {
  const ArenaOwner arena = make_arena();
  void* memory = arena->allocate(40);
  EXPECT_DEATH(arena->deallocate(memory, 41), "assertion failed: block->size == bytes");
}

class ArenaUnderAddressSanitizerDeathTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!sanitizer::kAddress) {
      GTEST_SKIP() << "poison is seen by AddressSanitizer only";
    }
  }
};

TEST_F(ArenaUnderAddressSanitizerDeathTest, OverflowByOneIsReportedAtEverySize) {
  const ArenaOwner arena = make_arena();
  for (const std::size_t size : {1, 7, 8, 16, 24, 32, 33, 100, 1000, 4064}) {
    void* memory = arena->allocate(size);
    EXPECT_DEATH(write_at(memory, static_cast<std::ptrdiff_t>(size)), "use-after-poison") << size;
  }
}

TEST_F(ArenaUnderAddressSanitizerDeathTest, OverflowOfAReusedBlockIsReported) {
  const ArenaOwner arena = make_arena();
  for (int round = 0; round < 6; ++round) {
    void* larger = arena->allocate(32);
    arena->deallocate(larger, 32);
  }
  void* memory = arena->allocate(20);  // same class
  EXPECT_DEATH(write_at(memory, 20), "use-after-poison");
}

TEST_F(ArenaUnderAddressSanitizerDeathTest, UnderflowIsReported) {
  const ArenaOwner arena = make_arena();
  void* memory = arena->allocate(16);
  EXPECT_DEATH(write_at(memory, -1), "use-after-poison");
  EXPECT_DEATH(write_at(memory, -16), "use-after-poison");
}

TEST_F(ArenaUnderAddressSanitizerDeathTest, UseAfterFreeIsReported) {
  const ArenaOwner arena = make_arena();
  void* memory = arena->allocate(100);
  void* other = arena->allocate(100);
  arena->deallocate(memory, 100);
  EXPECT_DEATH(write_at(memory, 0), "use-after-poison");
  arena->deallocate(other, 100);  // links the free list through the block
  EXPECT_DEATH(write_at(memory, 0), "use-after-poison");
  EXPECT_DEATH(write_at(memory, 99), "use-after-poison");
}

TEST_F(ArenaUnderAddressSanitizerDeathTest, MemoryNeverHandedOutIsPoisoned) {
  const ArenaOwner arena = make_arena();
  std::byte* end = arena->used().data() + arena->used().size();
  EXPECT_DEATH(write_at(end, 0), "use-after-poison");
}

TEST(ArenaStacks, AreTakenLowestFirstAndReused) {
  const ArenaOwner arena = make_arena();
  const std::span<std::byte> first = arena->allocate_stack();
  const std::span<std::byte> second = arena->allocate_stack();
  const std::span<std::byte> third = arena->allocate_stack();
  EXPECT_EQ(first.size(), 8192u);
  EXPECT_EQ(second.data() - first.data(), 8192 + 4096);
  EXPECT_EQ(third.data() - second.data(), 8192 + 4096);
  arena->release_stack(second);
  arena->release_stack(first);
  EXPECT_EQ(arena->allocate_stack().data(), first.data());
  EXPECT_EQ(arena->allocate_stack().data(), second.data());
}

TEST(ArenaStacks, ExhaustionGivesAnEmptySpanAndRecovers) {
  const ArenaOwner arena = make_arena();
  std::vector<std::span<std::byte>> stacks;
  for (int count = 0; count < 4; ++count) {
    stacks.push_back(arena->allocate_stack());
    ASSERT_FALSE(stacks.back().empty());
  }
  EXPECT_TRUE(arena->allocate_stack().empty());
  arena->release_stack(stacks[2]);
  EXPECT_EQ(arena->allocate_stack().data(), stacks[2].data());
  EXPECT_TRUE(arena->allocate_stack().empty());
}

TEST(ArenaStacks, MoreThanOneWordOfSlotsCanBeTaken) {
  const ArenaOwner arena = make_arena({.heap_bytes = 4096, .stack_bytes = 4096, .stacks = 130});
  for (int count = 0; count < 130; ++count) {
    ASSERT_FALSE(arena->allocate_stack().empty()) << count;
  }
  EXPECT_TRUE(arena->allocate_stack().empty());
}

TEST(ArenaStacks, EachByteOfAStackCanBeUsed) {
  const ArenaOwner arena = make_arena();
  const std::span<std::byte> stack = arena->allocate_stack();
  std::ranges::fill(stack, std::byte{1});
  EXPECT_EQ(stack.back(), std::byte{1});
}

TEST(ArenaStacksDeathTest, AGuardPageLiesBelowEachStack) {
  const ArenaOwner arena = make_arena();
  for (int count = 0; count < 4; ++count) {
    const std::span<std::byte> stack = arena->allocate_stack();
    EXPECT_DEATH(write_at(stack.data(), -1), "");
    EXPECT_DEATH(write_at(stack.data(), -4096), "");
  }
}

TEST(ArenaStacksDeathTest, ReleasingTwiceIsCaught) {
  const ArenaOwner arena = make_arena();
  const std::span<std::byte> stack = arena->allocate_stack();
  arena->release_stack(stack);
  EXPECT_DEATH(arena->release_stack(stack), "assertion failed");
}

}  // namespace
}  // namespace sim
