// What holds for the runs of any program: stopping changes nothing, records replay, timeouts are exact.
#include <algorithm>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "sim/machine.hpp"
#include "tests/support/fiber_program.hpp"

namespace sim {
namespace {

using testing::FiberProgram;
using testing::Log;
using testing::prepare;
using testing::record;
using testing::Recording;
using testing::small_config;

FiberProgram any_program() {
  return {.number = *rc::gen::inRange<std::uint64_t>(0, 1'000'000).as("program"),
          .fibers = *rc::gen::inRange<std::uint32_t>(1, 7).as("fibers"),
          .actions = *rc::gen::inRange<std::uint32_t>(1, 24).as("actions")};
}

StrategySpec any_seeded_strategy() {
  return *rc::gen::element(StrategySpec{.kind = StrategySpec::Kind::round_robin},
                           StrategySpec{.kind = StrategySpec::Kind::round_robin, .quantum = 1},
                           StrategySpec{.kind = StrategySpec::Kind::round_robin, .quantum = 4},
                           StrategySpec{.kind = StrategySpec::Kind::random},
                           StrategySpec{.kind = StrategySpec::Kind::random, .preempt_percent = 60});
}

MachineConfig any_config() {
  return small_config(*rc::gen::inRange<std::uint64_t>(0, 1000).as("seed"));
}

RC_GTEST_PROP(RunProperty, StoppingAtAnyStepsAndGoingOnChangesNothing, ()) {
  const MachineConfig config = any_config();
  const FiberProgram program = any_program();
  const StrategySpec strategy = any_seeded_strategy();
  const auto cuts = *rc::gen::container<std::vector<Step>>(rc::gen::inRange<Step>(1, 12)).as("steps between stops");

  const MachineOwner whole = prepare(config, program, strategy);
  Log expected;
  whole->attach(expected);
  whole->run();

  const MachineOwner cut = prepare(config, program, strategy);
  Log actual;
  cut->attach(actual);
  if (!cuts.empty()) {
    Step bound = cut->step();
    for (std::size_t index = 0;; ++index) {
      bound = std::max(bound, cut->step()) + cuts[index % cuts.size()];
      if (cut->run({.until_step = bound}) != StopReason::step_bound) {
        break;
      }
    }
  }
  cut->run();
  RC_ASSERT(first_difference(expected, actual) == "");
  RC_ASSERT(testing::result_of(*cut) == testing::result_of(*whole));
}

RC_GTEST_PROP(RunProperty, StoppingAtAnyTimesAndGoingOnChangesNothing, ()) {
  const MachineConfig config = any_config();
  const FiberProgram program = any_program();
  const StrategySpec strategy = any_seeded_strategy();
  const auto stride = *rc::gen::inRange<Nanoseconds>(1, 20'000).as("ns between stops");
  const testing::RunResult expected = record(config, program, strategy).result;
  const MachineOwner cut = prepare(config, program, strategy);
  for (Nanoseconds bound = stride; cut->run({.until_time = bound}) == StopReason::time_bound;) {
    bound += stride;
  }
  RC_ASSERT(testing::result_of(*cut) == expected);
}

RC_GTEST_PROP(RunProperty, SameSeedSameRun, ()) {
  const MachineConfig config = any_config();
  const FiberProgram program = any_program();
  const StrategySpec strategy = any_seeded_strategy();
  RC_ASSERT(record(config, program, strategy).result == record(config, program, strategy).result);
}

RC_GTEST_PROP(RunProperty, AProgramEndsAndLeavesNothingBehind, ()) {
  const MachineConfig config = any_config();
  const MachineOwner empty = testing::make_machine(config);
  const Recording recording = record(config, any_program(), any_seeded_strategy());
  RC_ASSERT(recording.result.outcome == Outcome::running);
  RC_ASSERT(recording.result.live_blocks == empty->arena().live_blocks());
}

RC_GTEST_PROP(TapeProperty, AnyRecordedRunReplays, ()) {
  const MachineConfig config = any_config();
  const FiberProgram program = any_program();
  const Recording recorded = record(config, program, any_seeded_strategy());
  const Recording replayed = record(config, program, {.kind = StrategySpec::Kind::tape, .tape = recorded.tape});
  RC_ASSERT(replayed.result == recorded.result);
  RC_ASSERT(replayed.tape == recorded.tape);
}

// Up to the changed answer the two runs are one; from there on they differ, or the tape no longer fits and says so.
RC_GTEST_PROP(TapeProperty, WithOneAnswerChangedDivergesThereAndNotBefore, ()) {
  const MachineConfig config = any_config();
  const FiberProgram program = any_program();
  const Recording recorded = record(config, program, {.kind = StrategySpec::Kind::random, .preempt_percent = 40});
  RC_PRE(!recorded.tape.empty());
  const auto changed = *rc::gen::inRange<std::size_t>(0, recorded.tape.size()).as("changed answer");
  const bool out_of_range = *rc::gen::arbitrary<bool>().as("out of range");
  std::uint64_t decision = 0;  // number of the changed one
  for (std::size_t index = 0; index <= changed; ++index) {
    decision += recorded.tape[index].gap + (index < changed ? 1 : 0);
  }
  std::vector<TapeStep> tape = recorded.tape;
  tape[changed].answer = out_of_range ? 1'000'000 : 0;

  const MachineOwner original = prepare(config, program, {.kind = StrategySpec::Kind::tape, .tape = recorded.tape});
  Log expected;
  original->attach(expected);
  original->run();
  const MachineOwner other = prepare(config, program, {.kind = StrategySpec::Kind::tape, .tape = tape});
  Log actual;
  other->attach(actual);
  other->run();

  RC_ASSERT(actual.decisions.size() >= decision);
  for (std::uint64_t index = 0; index < decision; ++index) {
    RC_ASSERT(testing::describe(actual.decisions[index]) == testing::describe(expected.decisions[index]));
  }
  const Decision& at = expected.decisions[decision];
  if (out_of_range) {
    RC_ASSERT(other->outcome() == Outcome::diverged);
    RC_ASSERT(other->outcome_text() == "decision " + std::to_string(decision) + " at step " + std::to_string(at.step) +
                                           " has " + std::to_string(at.choices) +
                                           " choices, the answer given is 1000000");
    RC_ASSERT(other->decisions() == decision);
  } else {
    RC_ASSERT(actual.decisions[decision].step == at.step);
    RC_ASSERT(actual.decisions[decision].choices == at.choices);
    RC_ASSERT(actual.decisions[decision].answer == 0u);
  }
}

RC_GTEST_PROP(TapeProperty, AllZerosAreTheQuietRun, ()) {
  const MachineConfig config = any_config();
  const FiberProgram program = any_program();
  const testing::RunResult quiet = record(config, program, {.kind = StrategySpec::Kind::tape}).result;
  const std::vector<TapeStep> zeros(*rc::gen::inRange<std::size_t>(0, 100), TapeStep{.gap = 3, .answer = 0});
  RC_ASSERT(record(config, program, {.kind = StrategySpec::Kind::tape, .tape = zeros}).result == quiet);
  RC_ASSERT(record(config, program, {.kind = StrategySpec::Kind::bytes}).result == quiet);
  RC_ASSERT(record(config, program, {.kind = StrategySpec::Kind::round_robin}).result == quiet);
}

RC_GTEST_PROP(BytesProperty, AnyStringIsARunAndItsAnswersAreATape, (const std::vector<std::uint8_t>& bytes)) {
  const MachineConfig config = any_config();
  const FiberProgram program = any_program();
  const Recording recorded = record(config, program, {.kind = StrategySpec::Kind::bytes, .bytes = bytes});
  RC_ASSERT(recorded.result.outcome == Outcome::running);
  const Recording replayed = record(config, program, {.kind = StrategySpec::Kind::tape, .tape = recorded.tape});
  RC_ASSERT(replayed.result == recorded.result);
}

RC_GTEST_PROP(DigestProperty, DoesNotDependOnHowOftenItIsAsked, ()) {
  struct Asker final : Observer {
    void on_event(const Event&) override { static_cast<void>(machine->digest()); }
    Machine* machine = nullptr;
  } asker;
  const MachineConfig config = any_config();
  const FiberProgram program = any_program();
  const testing::RunResult expected = record(config, program, {}).result;
  const MachineOwner machine = prepare(config, program, {});
  asker.machine = machine.get();
  machine->attach(asker);
  machine->run();
  RC_ASSERT(testing::result_of(*machine) == expected);
}

RC_GTEST_PROP(TimeoutProperty, IsNeverEarlyAndEachFiberReturnsOnce, ()) {
  const auto sleeps = *rc::gen::container<std::vector<std::pair<Nanoseconds, Nanoseconds>>>(
      rc::gen::pair(rc::gen::inRange<Nanoseconds>(0, 30'000), rc::gen::inRange<Nanoseconds>(0, 60'000)));
  RC_PRE(sleeps.size() <= 20u);
  const MachineOwner machine = testing::make_machine(any_config());
  RC_ASSERT(machine->set_strategy(any_seeded_strategy()));

  struct Sleeper {
    Machine* machine = nullptr;
    Nanoseconds deadline = 0;
    Nanoseconds wake_time = 0;
    Fiber* fiber = nullptr;
    ScheduledEvent waker;
    bool woken_first = false;  // before its time ran out
    int returned = 0;
    bool by_wake = false;
    Nanoseconds at = 0;
  };
  std::vector<Sleeper> sleepers(sleeps.size());
  for (std::size_t index = 0; index < sleeps.size(); ++index) {
    Sleeper& sleeper = sleepers[index];
    sleeper.machine = machine.get();
    sleeper.deadline = sleeps[index].first;
    sleeper.wake_time = sleeps[index].second;
    sleeper.fiber = machine->spawn(
        "sleeper",
        [](void* argument) {
          auto& self = *static_cast<Sleeper*>(argument);
          self.by_wake = self.machine->block_until(self.deadline, "sleep");
          self.at = self.machine->now();
          ++self.returned;
          self.machine->block("for ever");  // keeps the fiber's record for a late waker
        },
        &sleeper);
    sleeper.waker.argument = &sleeper;
    sleeper.waker.handler = [](ScheduledEvent&, void* argument) {
      auto& self = *static_cast<Sleeper*>(argument);
      if (self.returned == 0 && self.fiber->state() == FiberState::blocked) {
        self.woken_first = true;
        self.machine->wake(*self.fiber);
      }
    };
    machine->schedule(sleeper.waker, sleeper.wake_time);
  }
  RC_ASSERT(machine->run() == StopReason::quiescent);
  for (const Sleeper& sleeper : sleepers) {
    RC_ASSERT(sleeper.returned == 1);
    RC_ASSERT(sleeper.by_wake == sleeper.woken_first);
    RC_ASSERT(sleeper.at >= (sleeper.by_wake ? sleeper.wake_time : sleeper.deadline));
    // Others' steps take time, but not more than this many.
    RC_ASSERT(sleeper.at <= sleeper.deadline + 100 * 8 * (sleepers.size() + 1));
  }
}

}  // namespace
}  // namespace sim
