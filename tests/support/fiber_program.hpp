// Small random workloads for a machine: fibers that lock, sleep, allocate, spawn, hold CPUs, draw entropy and wait for
// quiet. What a program does follows from its number and from what the machine answers, in every build alike. All its
// state lies in the arena, so that it can be saved and restored at any step. It never deadlocks and always ends.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/machine.hpp"
#include "tests/support/fibers.hpp"

namespace sim::testing {

struct FiberProgram {
  std::uint64_t number = 0;
  std::uint32_t fibers = 4;    ///< At the start; they spawn more.
  std::uint32_t actions = 16;  ///< Of each of them.
};

/// Puts the program into a machine that has room for it: its state into the arena, its fibers in the queue.
void load(Machine& machine, const FiberProgram& program);

/// What a run came to.
struct RunResult {
  DigestValue digest;
  Step steps = 0;
  Nanoseconds now = 0;
  std::uint64_t decisions = 0;
  std::size_t live_blocks = 0;
  Outcome outcome = Outcome::running;
  bool operator==(const RunResult&) const = default;
};
[[nodiscard]] RunResult result_of(Machine& machine);

/// A machine of `config` with the program loaded and the strategy chosen.
[[nodiscard]] MachineOwner prepare(const MachineConfig& config, const FiberProgram& program, const StrategySpec& spec);

/// A run and the tape of its answers.
struct Recording {
  RunResult result;
  std::vector<TapeStep> tape;
};
[[nodiscard]] Recording record(const MachineConfig& config, const FiberProgram& program, const StrategySpec& spec);

}  // namespace sim::testing
