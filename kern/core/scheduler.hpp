// The virtual CPU scheduler, as rump's scheduler.c: a host thread (here: a fiber) that wants to execute
// kernel code must hold a virtual CPU. Waiting gives it up; what runs on the CPUs at the same time
// interleaves at preemption points.
#pragma once

#include "kern/core/wait.hpp"

namespace kern {

class Scheduler {
 public:
  explicit Scheduler(Kernel& kernel) : kernel_(kernel) {}

  /// rump_schedule: the current fiber enters the kernel. Without an lwp it gets an implicit one of
  /// process 1. May wait for a CPU. False: no memory for the implicit lwp.
  [[nodiscard]] bool schedule();
  /// rump_unschedule: it leaves the kernel. An implicit lwp ends, and so does one released meanwhile.
  void unschedule();

  /// Takes a CPU for the lwp: its last one if that is free, else any that it may use, else it waits.
  void acquire_cpu(Lwp& lwp);
  /// Gives the current fiber's CPU up, and wakes one who waits for it.
  void release_cpu();

  /// Waits in `queue` without a CPU, until woken or `deadline`; the current lwp has a CPU again when
  /// it returns. False: the time ran out. `waiter` is in the queue already.
  [[nodiscard]] bool sleep(Waiter& waiter, sim::Nanoseconds deadline, const char* channel);

 private:
  Kernel& kernel_;
  WaitQueue cpu_waiters_;
};

inline constexpr sim::Nanoseconds kForever = ~sim::Nanoseconds{0};

}  // namespace kern
