// Snapshots of random programs at random steps: run on, restore, run on again, and nothing tells the runs apart.
#include <algorithm>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "sim/sanitizer.hpp"
#include "sim/snapshot.hpp"
#include "tests/support/fiber_program.hpp"

namespace sim {
namespace {

using testing::FiberProgram;
using testing::Log;
using testing::prepare;
using testing::RunResult;
using testing::small_config;

MachineOwner any_machine() {
  const FiberProgram program{.number = *rc::gen::inRange<std::uint64_t>(0, 1'000'000).as("program"),
                             .fibers = *rc::gen::inRange<std::uint32_t>(1, 7).as("fibers"),
                             .actions = *rc::gen::inRange<std::uint32_t>(1, 24).as("actions")};
  const auto seed = *rc::gen::inRange<std::uint64_t>(0, 1000).as("seed");
  const auto preempt = *rc::gen::inRange<std::uint32_t>(1, 101).as("preempt percent");
  return prepare(small_config(seed), program, {.kind = StrategySpec::Kind::random, .preempt_percent = preempt});
}

// Skips inside a property body count as passes; the reason is in the fixture of the unit tests.
#define SKIP_UNDER_THREAD_SANITIZER() \
  if (sanitizer::kThread) {           \
    return;                           \
  }

RC_GTEST_PROP(SnapshotProperty, RunRestoreRunGivesEqualRuns, ()) {
  SKIP_UNDER_THREAD_SANITIZER();
  const MachineOwner machine = any_machine();
  machine->run({.until_step = *rc::gen::inRange<Step>(0, 300).as("step of the snapshot")});
  const Snapshot snapshot = machine->snapshot();
  Log expected;
  machine->attach(expected);
  machine->run();
  const RunResult result = testing::result_of(*machine);
  machine->detach(expected);
  for (int round = 0; round < 3; ++round) {
    machine->restore(snapshot);
    RC_ASSERT(machine->step() == snapshot.step());
    Log actual;
    machine->attach(actual);
    machine->run();
    machine->detach(actual);
    RC_ASSERT(first_difference(expected, actual) == "");
    RC_ASSERT(testing::result_of(*machine) == result);
  }
}

RC_GTEST_PROP(SnapshotProperty, TakingOneChangesNothing, ()) {
  SKIP_UNDER_THREAD_SANITIZER();
  const MachineOwner machine = any_machine();
  const Snapshot start = machine->snapshot();
  machine->run();
  const RunResult expected = testing::result_of(*machine);
  machine->restore(start);
  const auto stride = *rc::gen::inRange<Step>(1, 40).as("steps between snapshots");
  while (machine->run({.until_step = machine->step() + stride}) == StopReason::step_bound) {
    static_cast<void>(machine->snapshot());
  }
  RC_ASSERT(testing::result_of(*machine) == expected);
}

RC_GTEST_PROP(SnapshotProperty, ManyAreRestoredInAnyOrder, ()) {
  SKIP_UNDER_THREAD_SANITIZER();
  const MachineOwner machine = any_machine();
  struct Saved {
    Snapshot snapshot;
    RunResult then;
  };
  std::vector<Saved> saved;
  const auto stride = *rc::gen::inRange<Step>(5, 60).as("steps between snapshots");
  do {
    saved.push_back({machine->snapshot(), testing::result_of(*machine)});
  } while (machine->run({.until_step = machine->step() + stride}) == StopReason::step_bound);
  machine->run();
  const RunResult at_end = testing::result_of(*machine);
  const auto order = *rc::gen::container<std::vector<std::size_t>>(rc::gen::inRange<std::size_t>(0, saved.size()))
                          .as("order of restoring");
  for (const std::size_t index : order) {
    machine->restore(saved[index].snapshot);
    RC_ASSERT(testing::result_of(*machine) == saved[index].then);
    // From there some way only, so that the next restore meets a machine in the midst of things.
    machine->run({.until_step = machine->step() + stride / 2});
  }
  for (const Saved& each : saved) {
    machine->restore(each.snapshot);
    machine->run();
    RC_ASSERT(testing::result_of(*machine) == at_end);
  }
}

}  // namespace
}  // namespace sim
