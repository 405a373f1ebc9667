// Snapshots by example; over random programs in property/sim_snapshot_test.cpp.
#include "sim/snapshot.hpp"

#include <array>
#include <vector>

#include <gtest/gtest.h>

#include "sim/sanitizer.hpp"
#include "tests/support/fiber_program.hpp"

namespace sim {
namespace {

using testing::kNote;
using testing::make_machine;
using testing::spawn;

class SnapshotTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (sanitizer::kThread) {
      GTEST_SKIP() << "ThreadSanitizer's state cannot be saved";
    }
  }

  MachineOwner owner_ = make_machine();
  Machine& machine_ = *owner_;
};

TEST_F(SnapshotTest, PutsBackStepTimeDigestEntropyAndOutcome) {
  machine_.emit(kNote);
  const Snapshot snapshot = machine_.snapshot();
  EXPECT_EQ(snapshot.step(), 1u);
  EXPECT_GT(snapshot.bytes(), 0u);
  const testing::RunResult then = testing::result_of(machine_);
  std::array<std::byte, 8> first{};
  machine_.entropy(first);
  machine_.emit(kNote);
  machine_.end(Outcome::panicked, "too late");
  machine_.restore(snapshot);
  EXPECT_EQ(testing::result_of(machine_), then);
  EXPECT_EQ(machine_.outcome_text(), "");
  std::array<std::byte, 8> again{};
  machine_.entropy(again);
  EXPECT_EQ(again, first);
}

TEST_F(SnapshotTest, PutsBackTheLocalsOfAFiberThatHasEnded) {
  std::vector<int> seen;
  auto body = [&] {
    int local = 1;
    machine_.wait_idle();
    local += 10;
    machine_.block("a wake");
    seen.push_back(local);
  };
  Fiber* fiber = spawn(machine_, "fiber", body);
  machine_.run();
  const Snapshot snapshot = machine_.snapshot();
  for (int round = 0; round < 3; ++round) {
    machine_.wake(*fiber);
    machine_.run();
    machine_.restore(snapshot);
    EXPECT_EQ(fiber->state(), FiberState::blocked);
  }
  EXPECT_EQ(seen, (std::vector<int>{11, 11, 11}));
}

TEST_F(SnapshotTest, PutsBackMemoryFreedAndOverwrittenSince) {
  auto* object = static_cast<int*>(machine_.arena().allocate(sizeof(int)));
  *object = 7;
  const Snapshot snapshot = machine_.snapshot();
  *object = 8;
  machine_.arena().deallocate(object, sizeof(int));
  machine_.restore(snapshot);
  EXPECT_EQ(*object, 7);  // and not poisoned
  machine_.arena().deallocate(object, sizeof(int));
}

TEST_F(SnapshotTest, WorksAfterTheArenaHasGrownAndForthAgain) {
  Arena& arena = machine_.arena();
  const Snapshot small = machine_.snapshot();
  const std::size_t small_size = arena.used().size();
  auto* object = static_cast<unsigned char*>(arena.allocate(100'000));
  object[99'999] = 5;
  const Snapshot large = machine_.snapshot();
  EXPECT_GE(large.bytes(), small.bytes() + 100'000);
  machine_.restore(small);
  EXPECT_EQ(arena.used().size(), small_size);
  auto* other = static_cast<unsigned char*>(arena.allocate(200));
  ASSERT_NE(other, nullptr);
  EXPECT_EQ(other[0], 0);  // fresh memory has the fill value although it was in use before
  EXPECT_EQ(other[199], 0);
  machine_.restore(large);
  EXPECT_EQ(object[99'999], 5);
}

TEST_F(SnapshotTest, ObserversStayAsTheyAreNow) {
  testing::Log before;
  testing::Log later;
  machine_.attach(before);
  const Snapshot snapshot = machine_.snapshot();
  machine_.detach(before);
  machine_.attach(later);
  machine_.restore(snapshot);
  machine_.emit(kNote);
  EXPECT_TRUE(before.steps.empty());
  EXPECT_EQ(later.steps, (std::vector<Step>{1}));
}

TEST_F(SnapshotTest, AnObserverThatLeftIsNotCalledEvenWithTheDigestOff) {
  MachineConfig config = testing::small_config();
  config.digest = false;
  const MachineOwner machine = make_machine(config);
  const Snapshot quiet = machine->snapshot();
  testing::Log log;
  machine->attach(log);
  machine->restore(quiet);
  machine->emit(kNote);
  EXPECT_EQ(log.steps.size(), 1u);
}

TEST_F(SnapshotTest, PutsBackTheStrategyAndItsPlace) {
  ASSERT_TRUE(machine_.set_strategy({.kind = StrategySpec::Kind::random}));
  static_cast<void>(machine_.decide(DecisionKind::fault, 1000));
  const Snapshot snapshot = machine_.snapshot();
  const std::uint32_t next = machine_.decide(DecisionKind::fault, 1'000'000);
  ASSERT_TRUE(machine_.set_strategy({.kind = StrategySpec::Kind::tape}));
  EXPECT_EQ(machine_.decide(DecisionKind::fault, 1'000'000), 0u);
  machine_.restore(snapshot);
  EXPECT_EQ(machine_.decide(DecisionKind::fault, 1'000'000), next);
}

TEST_F(SnapshotTest, MayBeMovedAndKeptInAContainer) {
  std::vector<Snapshot> snapshots;
  for (int count = 0; count < 20; ++count) {
    snapshots.push_back(machine_.snapshot());
    machine_.emit(kNote);
  }
  for (std::size_t index = snapshots.size(); index-- > 0;) {
    machine_.restore(snapshots[index]);
    EXPECT_EQ(machine_.step(), index);
  }
}

TEST_F(SnapshotTest, GrowsWithWhatIsInUseNotWithWhatIsReserved) {
  MachineConfig config = testing::small_config();
  config.arena.heap_bytes = std::size_t{1} << 30;
  const MachineOwner machine = make_machine(config);
  EXPECT_LT(machine->snapshot().bytes(), 16384u);
}

using SnapshotDeathTest = SnapshotTest;

TEST_F(SnapshotDeathTest, OneOfAnotherMachineIsRefused) {
  const MachineOwner other = make_machine();
  const Snapshot foreign = other->snapshot();
  EXPECT_DEATH(machine_.restore(foreign), "assertion failed");
  EXPECT_DEATH(machine_.restore(Snapshot()), "assertion failed");
}

class SnapshotUnderAddressSanitizerDeathTest : public SnapshotTest {
 protected:
  void SetUp() override {
    if (!sanitizer::kAddress) {
      GTEST_SKIP() << "poison is seen by AddressSanitizer only";
    }
  }
  static void write_at(void* memory, std::ptrdiff_t offset) {
    auto* volatile hidden = static_cast<volatile char*>(memory);
    hidden[offset] = 1;
  }
};

TEST_F(SnapshotUnderAddressSanitizerDeathTest, MemoryFreedBeforeItStaysPoisonedAfterARestore) {
  void* freed = machine_.arena().allocate(100);
  void* live = machine_.arena().allocate(100);
  machine_.arena().deallocate(freed, 100);
  const Snapshot snapshot = machine_.snapshot();
  for (int count = 0; count < 8; ++count) {  // gets the freed block back into use
    void* other = machine_.arena().allocate(100);
    machine_.arena().deallocate(other, 100);
  }
  machine_.arena().deallocate(live, 100);
  machine_.restore(snapshot);
  write_at(live, 99);
  EXPECT_DEATH(write_at(live, 100), "use-after-poison");
  EXPECT_DEATH(write_at(freed, 0), "use-after-poison");
}

TEST_F(SnapshotUnderAddressSanitizerDeathTest, MemoryTakenSinceIsPoisonedAfterARestore) {
  const Snapshot snapshot = machine_.snapshot();
  void* later = machine_.arena().allocate(50'000);
  machine_.restore(snapshot);
  EXPECT_DEATH(write_at(later, 0), "use-after-poison");
  EXPECT_DEATH(write_at(later, 49'999), "use-after-poison");
}

TEST_F(SnapshotUnderAddressSanitizerDeathTest, OverflowOfALocalOnARestoredStackIsReported) {
  auto body = [&] {
    std::array<char, 24> local{};
    machine_.block("a wake");
    write_at(local.data(), 24);
  };
  Fiber* fiber = spawn(machine_, "fiber", body);
  machine_.run();
  const Snapshot snapshot = machine_.snapshot();
  machine_.emit(kNote);
  machine_.restore(snapshot);
  machine_.wake(*fiber);
  EXPECT_DEATH(machine_.run(), "stack-buffer-overflow");
}

}  // namespace
}  // namespace sim
