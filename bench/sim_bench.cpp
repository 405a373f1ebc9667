// What the hypervisor costs: switches, decisions, events, memory, snapshots.
#include <array>
#include <cstring>
#include <vector>

#include <benchmark/benchmark.h>

#include "sim/machine.hpp"
#include "sim/sanitizer.hpp"
#include "sim/snapshot.hpp"

namespace sim {
namespace {

constexpr auto kNote = static_cast<EventKind>(kFirstKernelEvent);

// A machine that costs nothing but what is measured: no digest unless asked for.
MachineOwner make_machine(bool digest = false) {
  MachineConfig config;
  config.digest = digest;
  config.arena.heap_bytes = std::size_t{8} << 20;
  config.arena.stacks = 16;
  return std::move(*Machine::create(config));
}

// Runs `body`, which loops over the benchmark's state, on a fiber of `machine`.
template <class Body>
void run_on_fiber(Machine& machine, Body& body) {
  static_cast<void>(machine.spawn("bench", [](void* argument) { (*static_cast<Body*>(argument))(); }, &body));
  machine.run();
}

// From the loop to a fiber and back: what a block and its wake cost beside their events.
void fiber_switch_round_trip(benchmark::State& state) {
  const MachineOwner machine = make_machine();
  bool stop = false;
  auto body = [&] {
    while (!stop) {
      machine->block("bench");
    }
  };
  Fiber* fiber = machine->spawn("bench", [](void* argument) { (*static_cast<decltype(body)*>(argument))(); }, &body);
  machine->run();
  for (auto _ : state) {
    machine->wake(*fiber);
    machine->run();
  }
  stop = true;
  machine->wake(*fiber);
  machine->run();
}
BENCHMARK(fiber_switch_round_trip);

void decide(benchmark::State& state, const StrategySpec& spec) {
  const MachineOwner machine = make_machine();
  static_cast<void>(machine->set_strategy(spec));
  for (auto _ : state) {
    benchmark::DoNotOptimize(machine->decide(DecisionKind::wake, 5));
  }
}
void decide_random(benchmark::State& state) {
  decide(state, {.kind = StrategySpec::Kind::random});
}
void decide_tape(benchmark::State& state) {
  const std::vector<TapeStep> tape(1 << 20, TapeStep{.gap = 1000, .answer = 1});
  decide(state, {.kind = StrategySpec::Kind::tape, .tape = tape});
}
void decide_bytes(benchmark::State& state) {
  const std::vector<std::uint8_t> bytes(1 << 26, 200);
  decide(state, {.kind = StrategySpec::Kind::bytes, .bytes = bytes});
}
BENCHMARK(decide_random);
BENCHMARK(decide_tape);
BENCHMARK(decide_bytes);

// Two fibers that give way to each other at each point: decision, two switches over the loop, one event.
void preempt_ping_pong(benchmark::State& state, bool digest) {
  const MachineOwner machine = make_machine(digest);
  static_cast<void>(machine->set_strategy({.kind = StrategySpec::Kind::round_robin, .quantum = 1}));
  bool stop = false;
  auto other = [&] {
    while (!stop) {
      machine->preempt();
    }
  };
  auto body = [&] {
    for (auto _ : state) {
      machine->preempt();
    }
    stop = true;
  };
  static_cast<void>(
      machine->spawn("other", [](void* argument) { (*static_cast<decltype(other)*>(argument))(); }, &other));
  run_on_fiber(*machine, body);
  state.SetItemsProcessed(2 * state.iterations());  // points a second
}
void preempt_ping_pong_without_digest(benchmark::State& state) {
  preempt_ping_pong(state, false);
}
void preempt_ping_pong_with_digest(benchmark::State& state) {
  preempt_ping_pong(state, true);
}
BENCHMARK(preempt_ping_pong_without_digest);
BENCHMARK(preempt_ping_pong_with_digest);

struct Counter final : Observer {
  void on_event(const Event& event) override { sum += event.a; }
  std::uint64_t sum = 0;
};

void emit(benchmark::State& state, bool digest, bool observer) {
  const MachineOwner machine = make_machine(digest);
  Counter counter;
  if (observer) {
    machine->attach(counter);
  }
  std::uint64_t number = 0;
  for (auto _ : state) {
    machine->emit(kNote, ++number);
    benchmark::ClobberMemory();
  }
}
void emit_unheard(benchmark::State& state) {
  emit(state, false, false);
}
void emit_with_digest(benchmark::State& state) {
  emit(state, true, false);
}
void emit_with_observer(benchmark::State& state) {
  emit(state, false, true);
}
BENCHMARK(emit_unheard);
BENCHMARK(emit_with_digest);
BENCHMARK(emit_with_observer);

void arena_allocate_deallocate(benchmark::State& state) {
  const MachineOwner machine = make_machine();
  const auto size = static_cast<std::size_t>(state.range(0));
  for (auto _ : state) {
    void* memory = machine->arena().allocate(size);
    benchmark::DoNotOptimize(memory);
    machine->arena().deallocate(memory, size);
  }
}
BENCHMARK(arena_allocate_deallocate)->Arg(32)->Arg(256)->Arg(4096);

void spawn_and_exit(benchmark::State& state) {
  const MachineOwner machine = make_machine();
  for (auto _ : state) {
    static_cast<void>(machine->spawn("bench", [](void*) {}, nullptr));
    machine->run();
  }
}
BENCHMARK(spawn_and_exit);

// `bytes` of the heap in use, and eight fibers that wait some frames deep.
MachineOwner machine_in_use(std::size_t bytes) {
  MachineOwner machine = make_machine(true);
  for (int count = 0; count < 8; ++count) {
    Fiber* fiber = machine->spawn(
        "waiting",
        [](void* argument) {
          std::array<char, 1024> frame{};
          benchmark::DoNotOptimize(frame.data());
          static_cast<Machine*>(argument)->block("for ever");
          benchmark::DoNotOptimize(frame.data());
        },
        machine.get());
    benchmark::DoNotOptimize(fiber);
  }
  machine->run();
  while (machine->arena().used().size() + 1024 < bytes) {
    benchmark::DoNotOptimize(machine->arena().allocate(1000));
  }
  return machine;
}

void snapshot(benchmark::State& state) {
  if (sanitizer::kThread) {
    state.SkipWithError("no snapshots under ThreadSanitizer");
    return;
  }
  const MachineOwner machine = machine_in_use(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    benchmark::DoNotOptimize(machine->snapshot());
  }
  state.counters["bytes"] = static_cast<double>(machine->snapshot().bytes());
}
void restore(benchmark::State& state) {
  if (sanitizer::kThread) {
    state.SkipWithError("no snapshots under ThreadSanitizer");
    return;
  }
  const MachineOwner machine = machine_in_use(static_cast<std::size_t>(state.range(0)));
  const Snapshot saved = machine->snapshot();
  for (auto _ : state) {
    machine->restore(saved);
    benchmark::ClobberMemory();
  }
  state.counters["bytes"] = static_cast<double>(saved.bytes());
}
BENCHMARK(snapshot)->Arg(16'000)->Arg(131'000)->Arg(1'000'000);
BENCHMARK(restore)->Arg(16'000)->Arg(131'000)->Arg(1'000'000);

void machine_create_and_drop(benchmark::State& state) {
  for (auto _ : state) {
    benchmark::DoNotOptimize(make_machine());
  }
}
BENCHMARK(machine_create_and_drop);

}  // namespace
}  // namespace sim
