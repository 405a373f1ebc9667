// The machine by example: bounds and ends of a run, preemption, CPUs, decisions, observers, entropy.
#include "sim/machine.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "sim/sanitizer.hpp"
#include "tests/support/fiber_program.hpp"
#include "tests/support/heap_watch.hpp"

namespace sim {
namespace {

using testing::kNote;
using testing::Log;
using testing::make_machine;
using testing::small_config;
using testing::spawn;

class MachineTest : public ::testing::Test {
 protected:
  // A fiber that counts rounds, each one event and one preemption point.
  auto counter(int rounds, int& count) {
    return [this, rounds, &count] {
      for (int round = 0; round < rounds; ++round) {
        machine_.emit(kNote, static_cast<std::uint64_t>(++count));
        machine_.preempt();
      }
    };
  }

  MachineOwner owner_ = make_machine();
  Machine& machine_ = *owner_;
};

// --- making one

TEST(MachineConfigTest, ValuesOutOfRangeAreErrorsThatSayTheRange) {
  const auto error_of = [](auto&& change) {
    MachineConfig config = small_config();
    change(config);
    std::expected<MachineOwner, std::string> machine = Machine::create(config);
    return machine ? std::string("none") : machine.error();
  };
  EXPECT_EQ(error_of([](MachineConfig&) {}), "none");
  EXPECT_EQ(error_of([](MachineConfig& config) { config.cpus = 0; }), "a machine has 1 to 64 virtual CPUs, not 0");
  EXPECT_EQ(error_of([](MachineConfig& config) { config.cpus = 65; }), "a machine has 1 to 64 virtual CPUs, not 65");
  EXPECT_EQ(error_of([](MachineConfig& config) { config.arena.heap_bytes = 0; }),
            "an arena of 0 bytes is too small for a machine");
  EXPECT_EQ(error_of([](MachineConfig& config) { config.arena.stacks = 1025; }),
            "a machine has at most 1024 fiber stacks, not 1025");
  EXPECT_EQ(error_of([](MachineConfig& config) { config.arena.stack_bytes = std::size_t{1} << 62; }),
            "a fiber stack has 1 to 67108864 bytes, not 4611686018427387904");
}

TEST(MachineConfigTest, ManyMachinesLiveSideBySide) {
  const MachineOwner one = make_machine();
  const MachineOwner two = make_machine();
  int ran_on_one = 0;
  auto body = [&] {
    one->emit(kNote);
    ++ran_on_one;
  };
  spawn(*one, "fiber", body);
  two->run();
  EXPECT_EQ(ran_on_one, 0);
  EXPECT_EQ(two->step(), 0u);
  one->run();
  EXPECT_EQ(ran_on_one, 1);
}

TEST(MachineConfigTest, MayBeDroppedWithFibersAlive) {
  MachineOwner machine = make_machine();
  auto body = [&] { machine->block("for ever"); };
  spawn(*machine, "waiting", body);
  spawn(*machine, "waiting", body);
  machine->run();
  spawn(*machine, "never run", body);
  machine.reset();
}

// --- why a run stops

TEST_F(MachineTest, WithNothingToDoIsQuiescent) {
  EXPECT_EQ(machine_.run(), StopReason::quiescent);
  EXPECT_EQ(machine_.step(), 0u);
  EXPECT_EQ(machine_.now(), 0u);
  EXPECT_EQ(machine_.outcome(), Outcome::running);
  EXPECT_EQ(machine_.outcome_text(), "");
}

TEST_F(MachineTest, AStepBoundStopsItAtTheNextPreemptionPoint) {
  int count = 0;
  auto body = counter(10, count);
  spawn(machine_, "counter", body);  // step 1; step 2 is the switch
  EXPECT_EQ(machine_.run({.until_step = 5}), StopReason::step_bound);
  EXPECT_EQ(machine_.step(), 5u);
  EXPECT_EQ(count, 3);
  EXPECT_EQ(machine_.run({.until_step = 5}), StopReason::step_bound);
  EXPECT_EQ(count, 3);
  EXPECT_EQ(machine_.run(), StopReason::quiescent);
  EXPECT_EQ(count, 10);
}

TEST_F(MachineTest, ATimeBoundStopsItBeforeALaterEvent) {
  auto sleeper = [&] { static_cast<void>(machine_.block_until(50'000, "sleep")); };
  spawn(machine_, "sleeper", sleeper);
  EXPECT_EQ(machine_.run({.until_time = 49'999}), StopReason::time_bound);
  EXPECT_LT(machine_.now(), 49'999u);
  EXPECT_EQ(machine_.run({.until_time = 50'000}), StopReason::quiescent);
  EXPECT_GE(machine_.now(), 50'000u);
}

TEST_F(MachineTest, WithoutAdvancingTimeTheOutsideMovesTheClock) {
  auto sleeper = [&] { static_cast<void>(machine_.block_until(50'000, "sleep")); };
  Fiber* fiber = spawn(machine_, "sleeper", sleeper);
  EXPECT_EQ(machine_.run({.advance_time = false}), StopReason::quiescent);
  EXPECT_EQ(fiber->state(), FiberState::blocked);
  machine_.advance_to(60'000);
  machine_.advance_to(10'000);
  EXPECT_EQ(machine_.now(), 60'000u);
  EXPECT_EQ(fiber->state(), FiberState::blocked);  // due events run in the next run
  EXPECT_EQ(machine_.run({.advance_time = false}), StopReason::quiescent);
  bool any = false;
  machine_.for_each_fiber([&](const Fiber&) { any = true; });
  EXPECT_FALSE(any);
}

TEST_F(MachineTest, EndedFromAFiberExecutesNothingMore) {
  int after = 0;
  auto ender = [&] {
    machine_.end(Outcome::panicked, "mutex destroyed while held");
    ++after;
  };
  auto other = [&] { ++after; };
  spawn(machine_, "ender", ender);
  spawn(machine_, "other", other);
  EXPECT_EQ(machine_.run(), StopReason::ended);
  EXPECT_EQ(machine_.outcome(), Outcome::panicked);
  EXPECT_EQ(machine_.outcome_text(), "mutex destroyed while held");
  const Step at_end = machine_.step();
  EXPECT_EQ(machine_.run(), StopReason::ended);
  EXPECT_EQ(machine_.step(), at_end);
  EXPECT_EQ(after, 0);
}

TEST_F(MachineTest, EndedFromAnEventHandlerExecutesNothingMore) {
  ScheduledEvent event;
  event.argument = &machine_;
  event.handler = [](ScheduledEvent&, void* argument) {
    static_cast<Machine*>(argument)->end(Outcome::halted, "watchdog");
  };
  bool ran = false;
  auto sleeper = [&] {
    static_cast<void>(machine_.block_until(9'000, "sleep"));
    ran = true;
  };
  machine_.schedule(event, 5'000);
  spawn(machine_, "sleeper", sleeper);
  EXPECT_EQ(machine_.run(), StopReason::ended);
  EXPECT_EQ(machine_.outcome(), Outcome::halted);
  EXPECT_EQ(machine_.outcome_text(), "watchdog");
  EXPECT_FALSE(ran);
}

TEST_F(MachineTest, EndsOnceAndKeepsTheFirstReason) {
  machine_.end(Outcome::halted, std::string(300, 'x'));
  machine_.end(Outcome::panicked, "later");
  EXPECT_EQ(machine_.outcome(), Outcome::halted);
  EXPECT_EQ(machine_.outcome_text(), std::string(255, 'x'));
}

TEST_F(MachineTest, MayEndWithoutAText) {
  machine_.end(Outcome::halted, {});
  EXPECT_EQ(machine_.outcome_text(), "");
}

// --- preemption

TEST_F(MachineTest, PreemptRunsEventsThatAreDue) {
  ScheduledEvent event;
  int fired = 0;
  event.argument = &fired;
  event.handler = [](ScheduledEvent&, void* argument) { ++*static_cast<int*>(argument); };
  auto spinner = [&] {
    machine_.schedule(event, machine_.now() + 250);
    machine_.emit(kNote);
    machine_.preempt();
    machine_.emit(kNote);
    machine_.preempt();
    EXPECT_EQ(fired, 0);
    machine_.emit(kNote);  // 300 ns later: spinning code sees time pass
    EXPECT_EQ(fired, 0);
    machine_.preempt();
    EXPECT_EQ(fired, 1);
  };
  spawn(machine_, "spinner", spinner);
  machine_.run();
  EXPECT_EQ(fired, 1);
}

TEST_F(MachineTest, APreemptedFiberGoesToTheEndOfTheQueue) {
  std::string order;
  const auto body = [&](char letter) {
    return [&, letter] {
      for (int round = 0; round < 2; ++round) {
        order += letter;
        machine_.preempt();
      }
    };
  };
  auto a = body('a');
  auto b = body('b');
  auto c = body('c');
  spawn(machine_, "a", a);
  spawn(machine_, "b", b);
  spawn(machine_, "c", c);
  ASSERT_TRUE(machine_.set_strategy({.kind = StrategySpec::Kind::round_robin, .quantum = 1}));
  machine_.run();
  EXPECT_EQ(order, "abcabc");
}

TEST_F(MachineTest, AQuietRunNeverPreempts) {
  std::string order;
  auto a = [&] {
    order += 'a';
    machine_.preempt();
    order += 'a';
  };
  auto b = [&] { order += 'b'; };
  spawn(machine_, "a", a);
  spawn(machine_, "b", b);
  ASSERT_TRUE(machine_.set_strategy({.kind = StrategySpec::Kind::tape}));
  machine_.run();
  EXPECT_EQ(order, "aab");
}

// --- CPUs

TEST_F(MachineTest, CpusAreEnteredAndLeft) {
  Log log;
  machine_.attach(log);
  auto body = [&] {
    Fiber* self = machine_.current();
    machine_.enter_cpu(CpuId{1});
    EXPECT_EQ(machine_.cpu_holder(CpuId{1}), self);
    EXPECT_EQ(machine_.cpu_holder(CpuId{0}), nullptr);
    EXPECT_EQ(self->cpu(), CpuId{1});
    machine_.leave_cpu();
    EXPECT_EQ(machine_.cpu_holder(CpuId{1}), nullptr);
    EXPECT_TRUE(self->cpu().is_none());
    machine_.enter_cpu(CpuId{0});
    machine_.leave_cpu();
  };
  spawn(machine_, "fiber", body);
  machine_.run();
  EXPECT_EQ(machine_.cpu_count(), 2u);
  EXPECT_EQ(log.kinds,
            (std::vector{EventKind::fiber_start, EventKind::fiber_switch, EventKind::cpu_enter, EventKind::cpu_leave,
                         EventKind::cpu_enter, EventKind::cpu_leave, EventKind::fiber_exit}));
  EXPECT_NE(log.lines[2].find("cpu 1 fiber 0"), std::string::npos) << log.lines[2];
  EXPECT_NE(log.lines[3].find("cpu 1 fiber 0"), std::string::npos) << log.lines[3];
}

using MachineDeathTest = MachineTest;

TEST_F(MachineDeathTest, EnteringATakenCpuASecondCpuOrOneTheMachineLacksIsCaught) {
  auto holder = [&] {
    machine_.enter_cpu(CpuId{0});
    machine_.block("for ever");
  };
  auto taken = [&] { machine_.enter_cpu(CpuId{0}); };
  auto second = [&] {
    machine_.enter_cpu(CpuId{1});
    machine_.enter_cpu(CpuId{0});
  };
  auto missing = [&] { machine_.enter_cpu(CpuId{2}); };
  auto none = [&] { machine_.leave_cpu(); };
  spawn(machine_, "holder", holder);
  machine_.run();
  EXPECT_DEATH((spawn(machine_, "taken", taken), machine_.run()), "assertion failed: .*cpu_holders_");
  EXPECT_DEATH((spawn(machine_, "second", second), machine_.run()), "assertion failed: .*is_none");
  EXPECT_DEATH((spawn(machine_, "missing", missing), machine_.run()), "assertion failed: cpu.value < config_.cpus");
  EXPECT_DEATH((spawn(machine_, "none", none), machine_.run()), "assertion failed: .*is_none");
}

// --- decisions

TEST_F(MachineTest, AChoiceOfOneIsNeitherAskedNorRecorded) {
  struct Never final : Strategy {
    std::uint32_t choose(DecisionKind, std::uint32_t) override {
      ADD_FAILURE() << "asked";
      return 0;
    }
  } never;
  Log log;
  machine_.attach(log);
  machine_.set_strategy(never);
  int count = 0;
  auto body = [&] {
    count += static_cast<int>(machine_.decide(DecisionKind::fault, 1) + machine_.decide(DecisionKind::fault, 0));
    machine_.preempt();
  };
  spawn(machine_, "alone", body);
  machine_.run();
  EXPECT_EQ(count, 0);
  EXPECT_TRUE(log.decisions.empty());
  EXPECT_EQ(machine_.decisions(), 0u);
}

TEST_F(MachineTest, ADecisionIsSeenWithItsKindChoicesAnswerAndStep) {
  const std::vector<TapeStep> tape{{1, 2}};
  ASSERT_TRUE(machine_.set_strategy({.kind = StrategySpec::Kind::tape, .tape = tape}));
  Log log;
  machine_.attach(log);
  std::vector<std::uint32_t> answers;
  auto body = [&] {
    answers.push_back(machine_.decide(DecisionKind::entropy, 5));
    machine_.emit(kNote);
    answers.push_back(machine_.decide(DecisionKind::delay, 3));
  };
  spawn(machine_, "fiber", body);
  machine_.run();
  EXPECT_EQ(answers, (std::vector<std::uint32_t>{0, 2}));
  ASSERT_EQ(log.decisions.size(), 2u);
  EXPECT_EQ(testing::describe(log.decisions[0]), "after step 2: decision kind 4: 0 of 5");
  EXPECT_EQ(testing::describe(log.decisions[1]), "after step 3: decision kind 5: 2 of 3");
  EXPECT_EQ(machine_.decisions(), 2u);
}

TEST_F(MachineTest, AnAnswerThatTheQuestionDoesNotHaveIsADivergence) {
  const std::vector<TapeStep> tape{{1, 3}};
  ASSERT_TRUE(machine_.set_strategy({.kind = StrategySpec::Kind::tape, .tape = tape}));
  bool after = false;
  auto body = [&] {
    static_cast<void>(machine_.decide(DecisionKind::fault, 3));
    static_cast<void>(machine_.decide(DecisionKind::fault, 3));
    after = true;
  };
  spawn(machine_, "fiber", body);
  EXPECT_EQ(machine_.run(), StopReason::ended);
  EXPECT_EQ(machine_.outcome(), Outcome::diverged);
  EXPECT_EQ(machine_.outcome_text(), "decision 1 at step 2 has 3 choices, the answer given is 3");
  EXPECT_FALSE(after);
}

TEST_F(MachineTest, ADivergenceInTheChoiceOfTheNextFiberEndsTheRun) {
  const std::vector<TapeStep> tape{{0, 2}};
  ASSERT_TRUE(machine_.set_strategy({.kind = StrategySpec::Kind::tape, .tape = tape}));
  bool ran = false;
  auto body = [&] { ran = true; };
  spawn(machine_, "one", body);
  spawn(machine_, "two", body);
  EXPECT_EQ(machine_.run(), StopReason::ended);
  EXPECT_EQ(machine_.outcome_text(), "decision 0 at step 2 has 2 choices, the answer given is 2");
  EXPECT_FALSE(ran);
}

TEST_F(MachineTest, ADivergenceAtAPreemptionPointAfterABoundEndsTheRun) {
  const std::vector<TapeStep> tape{{1, 7}};
  ASSERT_TRUE(machine_.set_strategy({.kind = StrategySpec::Kind::tape, .tape = tape}));
  int count = 0;
  auto body = counter(3, count);
  spawn(machine_, "one", body);
  spawn(machine_, "two", body);
  EXPECT_EQ(machine_.run({.until_step = 4}), StopReason::step_bound);
  EXPECT_EQ(machine_.run(), StopReason::ended);
  EXPECT_EQ(machine_.outcome_text(), "decision 1 at step 4 has 2 choices, the answer given is 7");
  EXPECT_EQ(count, 1);
}

// --- observers

TEST_F(MachineTest, AnObserverSeesEveryEventInStepsFromOne) {
  const testing::FiberProgram program{.number = 3};
  Log log;
  machine_.attach(log);
  testing::load(machine_, program);
  machine_.run();
  ASSERT_EQ(log.steps.size(), machine_.step());
  for (std::size_t index = 0; index < log.steps.size(); ++index) {
    ASSERT_EQ(log.steps[index], index + 1);
  }
  EXPECT_EQ(log.decisions.size(), machine_.decisions());
}

TEST_F(MachineTest, ObserversComeAndGoWithoutChangingTheRun) {
  const testing::FiberProgram program{.number = 3};
  const testing::RunResult alone = testing::record(small_config(), program, {}).result;
  testing::load(machine_, program);
  std::array<Log, 3> logs;
  machine_.attach(logs[0]);
  machine_.attach(logs[1]);
  machine_.run({.until_step = 50});
  machine_.detach(logs[0]);
  machine_.attach(logs[2]);
  const Step from = machine_.step();
  machine_.run();
  EXPECT_EQ(logs[0].steps.back(), from);
  EXPECT_EQ(logs[1].steps.back(), machine_.step());
  EXPECT_EQ(logs[2].steps.front(), from + 1);
  EXPECT_EQ(testing::result_of(machine_), alone);
}

TEST_F(MachineTest, WithoutADigestAnObserverStillSeesAll) {
  MachineConfig config = small_config();
  config.digest = false;
  const MachineOwner machine = make_machine(config);
  machine->emit(kNote);
  Log log;
  machine->attach(log);
  machine->emit(kNote);
  machine->detach(log);
  machine->emit(kNote);
  EXPECT_EQ(log.steps, (std::vector<Step>{2}));
  EXPECT_EQ(machine->step(), 3u);
}

TEST_F(MachineDeathTest, ANinthObserverAndAForeignOneAreCaught) {
  std::array<Log, 9> logs;
  EXPECT_DEATH(machine_.detach(logs[0]), "assertion failed: found != end");
  for (std::size_t index = 0; index < 8; ++index) {
    machine_.attach(logs[index]);
  }
  EXPECT_DEATH(machine_.attach(logs[8]), "assertion failed: observer_count_ < observers_.size\\(\\)");
}

// --- entropy and memory

TEST_F(MachineTest, EntropyFollowsFromTheSeed) {
  const auto drawn = [](std::uint64_t seed) {
    const MachineOwner machine = make_machine(small_config(seed));
    std::array<std::byte, 13> bytes{};
    machine->entropy(bytes);
    return bytes;
  };
  EXPECT_EQ(drawn(1), drawn(1));
  EXPECT_NE(drawn(1), drawn(2));
}

TEST_F(MachineTest, EntropyAndDecisionsOfOneSeedAreDifferentStreams) {
  Random entropy(5);
  Random decisions(5, 1);
  EXPECT_NE(entropy.next(), decisions.next());
}

TEST(MachineMemory, NothingIsAllocatedOnTheHostsHeapWhileItRuns) {
  for (std::uint64_t number = 0; number < 20; ++number) {
    const MachineOwner machine =
        testing::prepare(small_config(number), {.number = number}, {.kind = StrategySpec::Kind::random});
    const std::size_t before = testing::heap_allocations();
    const StopReason reason = machine->run();
    const std::size_t after = testing::heap_allocations();
    EXPECT_EQ(reason, StopReason::quiescent);
    if (!sanitizer::kThread) {  // which keeps a record of each fiber on the heap
      EXPECT_EQ(after, before) << "program " << number;
    }
  }
}

TEST(MachineMemory, TheWatchSeesAnAllocation) {
  const std::size_t before = testing::heap_allocations();
  auto* volatile memory = new int(3);
  delete memory;
  EXPECT_GT(testing::heap_allocations(), before);
}

}  // namespace
}  // namespace sim
