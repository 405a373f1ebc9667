// Mutexes, mutex(9). Adaptive: an lwp that must wait gives its CPU up. Not recursive. A released mutex
// is free, not handed over: who runs first takes it, as on the host's mutexes below a rump kernel.
#pragma once

#include <cstdint>

#include "kern/core/wait.hpp"

namespace kern {

class Kernel;

class Mutex {
 public:
  /// `name` is a literal, for reports.
  Mutex(Kernel& kernel, const char* name);
  /// Panics when it is held or waited for.
  ~Mutex();
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  /// Preemption point. Waits until it is free and takes it; the caller must not hold it. May sleep.
  void enter();
  /// Preemption point. Takes it if it is free. Never sleeps.
  [[nodiscard]] bool try_enter();
  /// Frees it; the caller must hold it. One waiter, if there is one, is woken.
  void exit();
  /// Whether the current lwp holds it.
  [[nodiscard]] bool owned() const;
  [[nodiscard]] const char* name() const { return name_; }
  [[nodiscard]] std::uint32_t number() const { return number_; }
  [[nodiscard]] const Lwp* owner() const { return owner_; }

 private:
  friend class Condvar;
  Kernel& kernel_;
  const char* name_;
  std::uint32_t number_;
  Lwp* owner_ = nullptr;
  WaitQueue waiters_;
};

/// Holds a mutex for a scope.
class MutexGuard {
 public:
  explicit MutexGuard(Mutex& mutex) : mutex_(mutex) { mutex_.enter(); }
  ~MutexGuard() { mutex_.exit(); }
  MutexGuard(const MutexGuard&) = delete;
  MutexGuard& operator=(const MutexGuard&) = delete;

 private:
  Mutex& mutex_;
};

}  // namespace kern
