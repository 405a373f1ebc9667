// Condition variables, condvar(9). The caller of each wait holds the mutex, and holds it again when the
// wait returns; in between it has neither mutex nor CPU. As in rump, an interruptible wait of an lwp whose process is
// being ended returns at once with EINTR.
#pragma once

#include <cstdint>

#include "kern/core/mutex.hpp"

namespace kern {

class Condvar {
 public:
  Condvar(Kernel& kernel, const char* name);
  /// Panics when somebody waits.
  ~Condvar();
  Condvar(const Condvar&) = delete;
  Condvar& operator=(const Condvar&) = delete;

  /// cv_wait: until signalled. The condition must be tested again: wake-ups can be for others.
  void wait(Mutex& mutex);
  /// cv_wait_sig: 0, or EINTR when the lwp must exit.
  [[nodiscard]] int wait_interruptibly(Mutex& mutex);
  /// cv_timedwait_sig: 0, EWOULDBLOCK after `ticks` of hardclock (0: no limit), or EINTR.
  [[nodiscard]] int wait_ticks(Mutex& mutex, std::int64_t ticks);
  /// cv_signal: wakes one waiter, by decision.
  void signal();
  /// cv_broadcast: wakes all.
  void broadcast();
  [[nodiscard]] bool has_waiters() const { return !waiters_.empty(); }
  [[nodiscard]] std::uint32_t number() const { return number_; }

 private:
  /// False: the deadline came first.
  bool wait_until(Mutex& mutex, sim::Nanoseconds deadline);

  Kernel& kernel_;
  const char* name_;
  std::uint32_t number_;
  WaitQueue waiters_;
};

}  // namespace kern
