// Fibers by example: block, wake, timeouts, idle waits, stacks.
#include "sim/fiber.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/fibers.hpp"

namespace sim {
namespace {

using testing::make_machine;
using testing::small_config;
using testing::spawn;

class FiberTest : public ::testing::Test {
 protected:
  MachineOwner owner_ = make_machine();
  Machine& machine_ = *owner_;
  std::vector<std::string> happened_;
};

TEST_F(FiberTest, RunsInOrderOfSpawningAndIsGoneWhenItsEntryReturns) {
  auto first = [&] { happened_.push_back("first"); };
  auto second = [&] { happened_.push_back("second"); };
  spawn(machine_, "first", first);
  spawn(machine_, "second", second);
  EXPECT_EQ(machine_.run(), StopReason::quiescent);
  EXPECT_EQ(happened_, (std::vector<std::string>{"first", "second"}));
  int left = 0;
  machine_.for_each_fiber([&](const Fiber&) { ++left; });
  EXPECT_EQ(left, 0);
}

TEST_F(FiberTest, RunsOnAStackInTheArenaAndGoesOnWhereItStopped) {
  int* local_address = nullptr;
  auto body = [&] {
    int local = 41;
    local_address = &local;
    machine_.block("a wake");
    happened_.push_back(std::to_string(local + 1));
  };
  Fiber* fiber = spawn(machine_, "fiber", body);
  machine_.run();
  ASSERT_NE(local_address, nullptr);
  EXPECT_EQ(*local_address, 41);  // the frame lives while the fiber waits
  EXPECT_TRUE(happened_.empty());
  machine_.wake(*fiber);
  machine_.run();
  EXPECT_EQ(happened_, (std::vector<std::string>{"42"}));
}

TEST_F(FiberTest, ItsRecordSaysWhoItIsAndWhatItWaitsFor) {
  auto body = [&] {
    EXPECT_EQ(machine_.current()->state(), FiberState::running);
    machine_.block("a frame");
    EXPECT_EQ(machine_.current()->wait_channel(), nullptr);
  };
  spawn(machine_, "zero", body);
  Fiber* fiber = spawn(machine_, "a name of more than 15", body);
  EXPECT_EQ(fiber->state(), FiberState::runnable);
  EXPECT_EQ(fiber->id(), FiberId{1});
  EXPECT_STREQ(fiber->name(), "a name of more ");
  machine_.run();
  EXPECT_EQ(fiber->state(), FiberState::blocked);
  EXPECT_STREQ(fiber->wait_channel(), "a frame");
  EXPECT_TRUE(fiber->cpu().is_none());
  EXPECT_EQ(machine_.current(), nullptr);
  machine_.wake(*fiber);
  machine_.run();
}

TEST_F(FiberTest, ANameMayBeEmpty) {
  auto body = [] {};
  EXPECT_STREQ(spawn(machine_, {}, body)->name(), "");
}

TEST_F(FiberTest, WakeHasNoEffectOnOneThatIsNotBlocked) {
  auto body = [&] { happened_.push_back("ran"); };
  Fiber* fiber = spawn(machine_, "fiber", body);
  const Step before = machine_.step();
  machine_.wake(*fiber);
  machine_.wake(*fiber);
  EXPECT_EQ(machine_.step(), before);
  machine_.run();
  EXPECT_EQ(happened_.size(), 1u);
}

TEST_F(FiberTest, BlockUntilEndsAtItsDeadlineAndSaysSo) {
  auto body = [&] {
    EXPECT_FALSE(machine_.block_until(1'000'000, "sleep"));
    EXPECT_GE(machine_.now(), 1'000'000u);
    EXPECT_LT(machine_.now(), 1'001'000u);
    happened_.push_back("slept");
  };
  spawn(machine_, "sleeper", body);
  EXPECT_EQ(machine_.run(), StopReason::quiescent);
  EXPECT_EQ(happened_.size(), 1u);
}

TEST_F(FiberTest, BlockUntilEndsEarlyWhenWokenAndItsTimeoutNeverFires) {
  Fiber* sleeper = nullptr;
  auto sleep = [&] {
    EXPECT_TRUE(machine_.block_until(1'000'000, "sleep"));
    EXPECT_LT(machine_.now(), 10'000u);
    machine_.block("the end");
  };
  auto waker = [&] { machine_.wake(*sleeper); };
  sleeper = spawn(machine_, "sleeper", sleep);
  spawn(machine_, "waker", waker);
  testing::Log log;
  machine_.attach(log);
  EXPECT_EQ(machine_.run(), StopReason::quiescent);
  EXPECT_STREQ(sleeper->wait_channel(), "the end");
  EXPECT_EQ(std::ranges::count(log.kinds, EventKind::timeout), 0);
}

TEST_F(FiberTest, WokenAtTheMomentItsTimeRunsOutIsNotATimeout) {
  struct Waker {
    Machine* machine;
    Fiber* sleeper;
    ScheduledEvent event;
  } waker{&machine_, nullptr, {}};
  auto sleep = [&] {
    EXPECT_TRUE(machine_.block_until(5'000, "sleep"));
    happened_.push_back("woken");
  };
  waker.sleeper = spawn(machine_, "sleeper", sleep);
  waker.event.argument = &waker;
  waker.event.handler = [](ScheduledEvent&, void* argument) {
    auto& self = *static_cast<Waker*>(argument);
    self.machine->wake(*self.sleeper);
  };
  machine_.schedule(waker.event, 5'000);  // before the sleeper's, at the same time
  machine_.run();
  EXPECT_EQ(happened_.size(), 1u);
}

TEST_F(FiberTest, ADeadlineThatHasPassedTimesOutAtOnce) {
  auto body = [&] {
    EXPECT_FALSE(machine_.block_until(0, "sleep"));
    EXPECT_LT(machine_.now(), 2'000u);
    happened_.push_back("on");
  };
  spawn(machine_, "fiber", body);
  machine_.run();
  EXPECT_EQ(happened_.size(), 1u);
}

// Found by these tests: such a deadline drove the clock to its last value, and the next step wrapped it around to 0.
TEST_F(FiberTest, ADeadlineOfNeverLeavesTheClockAlone) {
  auto body = [&] {
    static_cast<void>(machine_.block_until(~Nanoseconds{0}, "for ever"));
    happened_.push_back("the greatest time came");
  };
  auto nearly = [&] {
    static_cast<void>(machine_.block_until(kEndOfTime, "for ever"));
    happened_.push_back("the end of time came");
  };
  spawn(machine_, "fiber", body);
  spawn(machine_, "fiber", nearly);
  EXPECT_EQ(machine_.run(), StopReason::quiescent);
  EXPECT_LT(machine_.now(), 10'000u);
  machine_.advance_to(~Nanoseconds{0});
  EXPECT_EQ(machine_.now(), kEndOfTime - 1);
  EXPECT_EQ(machine_.run(), StopReason::quiescent);
  EXPECT_EQ(happened_, std::vector<std::string>{});
}

TEST_F(FiberTest, WaitIdleEndsOnlyWhenNobodyElseCanRunInTheOrderOfAsking) {
  auto idler = [&] {
    const std::string name = machine_.current()->name();
    machine_.wait_idle();
    happened_.push_back(name);
    machine_.preempt();
    machine_.wait_idle();
    happened_.push_back(name + " again");
  };
  auto worker = [&] {
    for (int round = 0; round < 3; ++round) {
      machine_.emit(testing::kNote);
      machine_.preempt();
    }
    happened_.push_back("worker");
  };
  spawn(machine_, "one", idler);
  spawn(machine_, "two", idler);
  spawn(machine_, "worker", worker);
  ASSERT_TRUE(machine_.set_strategy({.kind = StrategySpec::Kind::round_robin, .quantum = 1}));
  machine_.run();
  EXPECT_EQ(happened_, (std::vector<std::string>{"worker", "one", "two", "one again", "two again"}));
}

TEST_F(FiberTest, WaitIdleDoesNotWaitForLaterTimers) {
  auto sleeper = [&] {
    static_cast<void>(machine_.block_until(1'000'000, "sleep"));
    happened_.push_back("sleeper");
  };
  auto idler = [&] {
    machine_.wait_idle();
    happened_.push_back("idler");
    EXPECT_LT(machine_.now(), 1'000'000u);
  };
  spawn(machine_, "sleeper", sleeper);
  spawn(machine_, "idler", idler);
  machine_.run();
  EXPECT_EQ(happened_, (std::vector<std::string>{"idler", "sleeper"}));
}

TEST_F(FiberTest, WakeDoesNotEndAnIdleWait) {
  auto idler = [&] { machine_.wait_idle(); };
  Fiber* fiber = spawn(machine_, "idler", idler);
  machine_.run({.until_step = machine_.step() + 1});
  ASSERT_EQ(fiber->state(), FiberState::idle_wait);
  machine_.wake(*fiber);
  EXPECT_EQ(fiber->state(), FiberState::idle_wait);
}

TEST_F(FiberTest, SpawnGivesNullWhenAllStacksAreTakenAndRecovers) {
  auto body = [&] { happened_.push_back("ran"); };
  std::uint32_t spawned = 0;
  while (spawn(machine_, "fiber", body) != nullptr) {
    ++spawned;
  }
  EXPECT_EQ(spawned, small_config().arena.stacks);
  machine_.run();
  EXPECT_EQ(happened_.size(), spawned);
  Fiber* next = spawn(machine_, "fiber", body);
  ASSERT_NE(next, nullptr);
  EXPECT_EQ(next->id(), FiberId{spawned});  // a failed spawn uses up no number
}

TEST_F(FiberTest, SpawnGivesNullWhenTheHeapIsUsedUpAndKeepsNoStack) {
  while (machine_.arena().allocate(1000) != nullptr || machine_.arena().allocate(16) != nullptr) {
  }
  auto body = [] {};
  const std::span<std::byte> stack = machine_.arena().allocate_stack();
  machine_.arena().release_stack(stack);
  EXPECT_EQ(spawn(machine_, "fiber", body), nullptr);
  EXPECT_EQ(machine_.arena().allocate_stack().data(), stack.data());
}

TEST_F(FiberTest, ExitFiberEndsItFromAnyDepth) {
  auto inner = [&] { machine_.exit_fiber(); };
  auto outer = [&] {
    inner();
    happened_.push_back("not reached in outer");
  };
  auto body = [&] {
    outer();
    happened_.push_back("not reached");
  };
  spawn(machine_, "fiber", body);
  machine_.run();
  EXPECT_TRUE(happened_.empty());
}

TEST_F(FiberTest, ManyCanComeAndGo) {
  int ran = 0;
  auto child = [&] { ++ran; };
  auto parent = [&] {
    for (int count = 0; count < 1000; ++count) {
      ASSERT_NE(spawn(machine_, "child", child), nullptr);
      machine_.wait_idle();
    }
  };
  spawn(machine_, "parent", parent);
  const std::size_t before = machine_.arena().live_blocks();
  machine_.run();
  EXPECT_EQ(ran, 1000);
  EXPECT_EQ(machine_.arena().live_blocks(), before - 1);  // the parent's own record
}

using FiberDeathTest = FiberTest;

TEST_F(FiberDeathTest, OverflowOfItsStackEndsTheProgram) {
  struct Deep {
    static int down(volatile int* above, int depth) {
      std::array<volatile int, 256> frame;
      frame[0] = *above + depth;
      return depth == 0 ? frame[0] : down(frame.data(), depth - 1) + frame[0];
    }
  };
  auto body = [&] {
    volatile int start = 1;
    happened_.push_back(std::to_string(Deep::down(&start, 1'000'000)));
  };
  spawn(machine_, "deep", body);
  EXPECT_DEATH(machine_.run(), "");
}

TEST_F(FiberDeathTest, ExitWithACpuHeldIsCaught) {
  auto body = [&] { machine_.enter_cpu(CpuId{0}); };
  spawn(machine_, "fiber", body);
  EXPECT_DEATH(machine_.run(), "assertion failed: current_->cpu_.is_none\\(\\)");
}

}  // namespace
}  // namespace sim
