#include "kern/core/scheduler.hpp"

#include "kern/kernel.hpp"

namespace kern {

bool Scheduler::schedule() {
  Lwp* lwp = kernel_.curlwp();
  if (lwp == nullptr) {
    Proc* init = kernel_.processes().init_process();
    lwp = init == nullptr ? nullptr : kernel_.processes().allocate_lwp(*init);
    if (lwp == nullptr) {
      return false;
    }
    lwp->is_implicit = true;
    kernel_.processes().switch_to(lwp);
  }
  acquire_cpu(*lwp);
  return true;
}

void Scheduler::unschedule() {
  Lwp* lwp = kernel_.curlwp();
  if (lwp != nullptr && lwp->is_implicit) {
    kernel_.processes().release();
  }
  release_cpu();
}

void Scheduler::acquire_cpu(Lwp& lwp) {
  sim::Machine& machine = kernel_.machine();
  machine.preempt();
  for (;;) {
    sim::CpuId found = sim::CpuId::none();
    const auto is_free = [&](sim::CpuId cpu) { return machine.cpu_holder(cpu) == nullptr; };
    if (!lwp.bound_cpu.is_none()) {
      found = is_free(lwp.bound_cpu) ? lwp.bound_cpu : found;
    } else if (is_free(lwp.last_cpu)) {
      found = lwp.last_cpu;
    } else {
      for (std::uint32_t cpu = 0; cpu < machine.cpu_count() && found.is_none(); ++cpu) {
        found = is_free(sim::CpuId{cpu}) ? sim::CpuId{cpu} : found;
      }
    }
    if (!found.is_none()) {
      machine.enter_cpu(found);
      lwp.last_cpu = found;
      return;
    }
    Waiter waiter(machine, &lwp);
    cpu_waiters_.enter(waiter);
    while (!waiter.woken) {
      machine.block("cpu");
    }
  }
}

void Scheduler::release_cpu() {
  sim::Machine& machine = kernel_.machine();
  const sim::CpuId cpu = machine.current()->cpu();
  machine.leave_cpu();
  const auto may_use = [&](const Waiter& waiter) {
    return waiter.lwp->bound_cpu.is_none() || waiter.lwp->bound_cpu == cpu;
  };
  std::uint32_t candidates = 0;
  cpu_waiters_.find([&](const Waiter& waiter) {
    candidates += may_use(waiter) ? 1 : 0;
    return false;
  });
  if (candidates == 0) {
    return;
  }
  std::uint32_t skip = machine.decide(sim::DecisionKind::wake, candidates);
  Waiter* chosen = cpu_waiters_.find([&](const Waiter& waiter) { return may_use(waiter) && skip-- == 0; });
  cpu_waiters_.wake(*chosen);
}

bool Scheduler::sleep(Waiter& waiter, sim::Nanoseconds deadline, const char* channel) {
  sim::Machine& machine = kernel_.machine();
  Lwp& lwp = *waiter.lwp;
  WaitQueue& queue = *waiter.queue;
  SIM_ASSERT(lwp.waiter == nullptr);
  lwp.waiter = &waiter;
  release_cpu();
  while (!waiter.woken) {
    if (deadline == kForever) {
      machine.block(channel);
    } else if (!machine.block_until(deadline, channel)) {
      break;
    }
  }
  const bool woken = waiter.woken;
  queue.leave(waiter);
  lwp.waiter = nullptr;
  acquire_cpu(lwp);
  return woken;
}

}  // namespace kern
