#include "tests/support/fiber_program.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "sim/random.hpp"

namespace sim::testing {
namespace {

// What a note is about: its `a`.
enum class Note : std::uint64_t {
  locked,
  lock_timeout,
  slept,
  allocated,
  allocation_failed,
  freed,
  spawned,
  spawn_failed,
  entropy,
  fault,
  timer,
  idle,
  spun,
};

/// A lock made of block and wake, as a kernel would make one.
struct Lock {
  Fiber* owner = nullptr;
  std::array<Fiber*, 64> waiters{};
  std::uint32_t waiting = 0;
  std::uint64_t value = 0;  // changed under the lock, in two halves with a preemption point between
};

struct Worker;

struct Shared {
  Machine* machine = nullptr;
  std::array<Lock, 3> locks;
  Worker* parked = nullptr;  // records of ended workers are freed by the last one
  std::uint32_t alive = 0;
  std::uint32_t timers = 0;
};

struct Worker {
  Shared* shared = nullptr;
  Random random{0};
  std::uint32_t actions = 0;
  std::uint32_t depth = 0;
  Worker* next_parked = nullptr;
  ScheduledEvent timer;
};

void note(Machine& machine, Note what, std::uint64_t b = 0, std::uint64_t c = 0, std::span<const std::byte> data = {}) {
  machine.emit(kNote, static_cast<std::uint64_t>(what), b, c, data);
}

void forget_waiter(Lock& lock, std::uint32_t index) {
  std::copy(lock.waiters.begin() + index + 1, lock.waiters.begin() + lock.waiting, lock.waiters.begin() + index);
  --lock.waiting;
}

// False when the deadline came first; then the lock is not held.
bool acquire(Machine& machine, Lock& lock, Nanoseconds deadline) {
  Fiber* self = machine.current();
  while (lock.owner != nullptr) {
    SIM_ASSERT(lock.waiting < lock.waiters.size());
    lock.waiters[lock.waiting++] = self;
    if (deadline == kEndOfTime) {
      machine.block("lock");
    } else if (!machine.block_until(deadline, "lock, timed")) {
      const auto end = lock.waiters.begin() + lock.waiting;
      const auto found = std::find(lock.waiters.begin(), end, self);
      if (found == end) {
        continue;  // timed out and then chosen by the releaser: the lock is this fiber's to try
      }
      forget_waiter(lock, static_cast<std::uint32_t>(found - lock.waiters.begin()));
      return false;
    }
  }
  lock.owner = self;
  return true;
}

void release(Machine& machine, Lock& lock) {
  SIM_ASSERT(lock.owner == machine.current());
  lock.owner = nullptr;
  if (lock.waiting > 0) {
    const std::uint32_t chosen = machine.decide(DecisionKind::wake, lock.waiting);
    Fiber* fiber = lock.waiters[chosen];
    forget_waiter(lock, chosen);
    machine.wake(*fiber);
  }
}

void use_lock(Machine& machine, Worker& worker) {
  Random& random = worker.random;
  const std::uint32_t index = random.below(3);
  const bool timed = random.below(3) == 0;
  const Nanoseconds patience = random.below(4000);
  Lock& lock = worker.shared->locks[index];
  if (!acquire(machine, lock, timed ? machine.now() + patience : kEndOfTime)) {
    note(machine, Note::lock_timeout, index);
    return;
  }
  const std::uint64_t before = lock.value;
  machine.preempt();
  if (random.below(4) == 0) {
    static_cast<void>(machine.block_until(machine.now() + random.below(3000), "sleep under lock"));
  }
  SIM_ASSERT(lock.value == before);
  lock.value = before + 1;
  note(machine, Note::locked, index, lock.value);
  release(machine, lock);
}

void use_memory(Machine& machine, Worker& worker) {
  struct Buffer {
    std::byte* bytes = nullptr;
    std::size_t size = 0;
  };
  std::array<Buffer, 4> buffers;
  for (Buffer& buffer : buffers) {
    buffer.size = std::size_t{1} + worker.random.below(worker.random.below(8) == 0 ? 30000 : 200);
    buffer.bytes = static_cast<std::byte*>(machine.arena().allocate(buffer.size));
    if (buffer.bytes == nullptr) {
      note(machine, Note::allocation_failed, buffer.size);
      continue;
    }
    const std::size_t drawn = std::min<std::size_t>(buffer.size, 40);
    machine.entropy({buffer.bytes, drawn});
    note(machine, Note::allocated, buffer.size, machine.arena().live_bytes(), {buffer.bytes, drawn});
    machine.preempt();
  }
  for (Buffer& buffer : buffers) {
    if (buffer.bytes != nullptr) {
      note(machine, Note::freed, buffer.size, static_cast<std::uint64_t>(buffer.bytes[0]));
      machine.arena().deallocate(buffer.bytes, buffer.size);
    }
  }
}

void use_cpu(Machine& machine, Worker& worker) {
  CpuId free;
  for (std::uint32_t cpu = 0; cpu < machine.cpu_count(); ++cpu) {
    if (machine.cpu_holder(CpuId{cpu}) == nullptr) {
      free = CpuId{cpu};
    }
  }
  if (free.is_none()) {
    return;
  }
  machine.enter_cpu(free);
  const std::uint32_t rounds = 1 + worker.random.below(4);
  for (std::uint32_t round = 0; round < rounds; ++round) {
    note(machine, Note::spun, round);
    machine.preempt();
  }
  machine.leave_cpu();
}

void timer_fired(ScheduledEvent& /*event*/, void* argument) {
  auto& shared = *static_cast<Shared*>(argument);
  note(*shared.machine, Note::timer, ++shared.timers);
}

Fiber* start_worker(Shared& shared, std::uint64_t seed, std::uint32_t actions, std::uint32_t depth);

void work(void* argument) {
  auto& worker = *static_cast<Worker*>(argument);
  Shared& shared = *worker.shared;
  Machine& machine = *shared.machine;
  Random& random = worker.random;
  for (std::uint32_t action = 0; action < worker.actions; ++action) {
    switch (random.below(10)) {
      case 0:
      case 1:
      case 2:
        use_lock(machine, worker);
        break;
      case 3: {
        const Nanoseconds deadline = machine.now() + random.below(5000);
        const bool woken = machine.block_until(deadline, "sleep");
        note(machine, Note::slept, woken ? 1 : 0);
        break;
      }
      case 4:
        use_memory(machine, worker);
        break;
      case 5:
        use_cpu(machine, worker);
        break;
      case 6:
        if (worker.depth < 2) {
          const std::uint64_t seed = random.next();
          const Fiber* child = start_worker(shared, seed, worker.actions / 2, worker.depth + 1);
          note(machine, child != nullptr ? Note::spawned : Note::spawn_failed);
        }
        break;
      case 7: {
        std::array<std::byte, 8> drawn{};
        machine.entropy(drawn);
        note(machine, Note::entropy, machine.decide(DecisionKind::entropy, 1 + random.below(5)), 0, drawn);
        break;
      }
      case 8:
        if (machine.decide(DecisionKind::fault, 4) != 0) {
          note(machine, Note::fault, action);
        }
        machine.schedule(worker.timer, machine.now() + random.below(6000));
        break;
      case 9:
        if (random.below(4) == 0) {
          machine.wait_idle();
          note(machine, Note::idle);
        } else {
          machine.cancel(worker.timer);
        }
        break;
      default:
        break;
    }
    machine.preempt();
  }
  machine.cancel(worker.timer);
  worker.next_parked = shared.parked;
  shared.parked = &worker;
  if (--shared.alive > 0) {
    return;
  }
  Arena& arena = machine.arena();
  for (Worker* parked = shared.parked; parked != nullptr;) {
    Worker* next = parked->next_parked;
    arena.destroy(parked);
    parked = next;
  }
  arena.destroy(&shared);
}

Fiber* start_worker(Shared& shared, std::uint64_t seed, std::uint32_t actions, std::uint32_t depth) {
  Machine& machine = *shared.machine;
  auto* worker = machine.arena().create<Worker>();
  if (worker == nullptr) {
    return nullptr;
  }
  worker->shared = &shared;
  worker->random = Random(seed);
  worker->actions = actions;
  worker->depth = depth;
  worker->timer.handler = timer_fired;
  worker->timer.argument = &shared;
  Fiber* fiber = machine.spawn("worker", work, worker);
  if (fiber == nullptr) {
    machine.arena().destroy(worker);
    return nullptr;
  }
  ++shared.alive;
  return fiber;
}

}  // namespace

void load(Machine& machine, const FiberProgram& program) {
  auto* shared = machine.arena().create<Shared>();
  SIM_ASSERT(shared != nullptr);
  shared->machine = &machine;
  Random random(program.number);
  for (std::uint32_t index = 0; index < program.fibers; ++index) {
    const std::uint64_t seed = random.next();
    const Fiber* fiber = start_worker(*shared, seed, program.actions, 0);
    SIM_ASSERT(fiber != nullptr);
  }
}

RunResult result_of(Machine& machine) {
  return {.digest = machine.digest(),
          .steps = machine.step(),
          .now = machine.now(),
          .decisions = machine.decisions(),
          .live_blocks = machine.arena().live_blocks(),
          .outcome = machine.outcome()};
}

MachineOwner prepare(const MachineConfig& config, const FiberProgram& program, const StrategySpec& spec) {
  MachineOwner machine = make_machine(config);
  const bool set = machine->set_strategy(spec);
  SIM_ASSERT(set);
  load(*machine, program);
  return machine;
}

Recording record(const MachineConfig& config, const FiberProgram& program, const StrategySpec& spec) {
  const MachineOwner machine = prepare(config, program, spec);
  TapeRecorder recorder;
  machine->attach(recorder);
  const StopReason reason = machine->run();
  SIM_ASSERT(reason == StopReason::quiescent || machine->outcome() == Outcome::diverged);
  return {result_of(*machine), std::move(recorder.tape)};
}

}  // namespace sim::testing
