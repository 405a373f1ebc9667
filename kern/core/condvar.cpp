#include "kern/core/condvar.hpp"

#include "kern/abi/errno.hpp"
#include "kern/core/callout.hpp"
#include "kern/kernel.hpp"

namespace kern {

Condvar::Condvar(Kernel& kernel, const char* name)
    : kernel_(kernel), name_(name), number_(kernel.next_object_number()) {}

Condvar::~Condvar() {
  if (!waiters_.empty()) {
    kernel_.panic("cv_destroy: {} (number {}) is waited for", name_, number_);
  }
}

void Condvar::wait(Mutex& mutex) {
  static_cast<void>(wait_until(mutex, kForever));
}

int Condvar::wait_interruptibly(Mutex& mutex) {
  return wait_ticks(mutex, 0);
}

int Condvar::wait_ticks(Mutex& mutex, std::int64_t ticks) {
  const Lwp& self = *kernel_.curlwp();
  if (self.must_exit) {
    return EINTR;
  }
  // The deadline is a tick of hardclock: ticks - 1 whole ones and what is left of the current one.
  const std::int64_t now = kernel_.callouts().ticks();
  const bool in_time = wait_until(mutex, ticks == 0 ? kForever : static_cast<sim::Nanoseconds>(now + ticks) * kTickNs);
  if (self.must_exit) {
    return EINTR;
  }
  return in_time ? 0 : EWOULDBLOCK;
}

bool Condvar::wait_until(Mutex& mutex, sim::Nanoseconds deadline) {
  Waiter waiter(kernel_.machine(), kernel_.curlwp());
  kernel_.machine().emit(event(KernelEvent::cv_wait), number_);
  waiters_.enter(waiter);
  mutex.exit();
  const bool in_time = kernel_.scheduler().sleep(waiter, deadline, name_);
  mutex.enter();
  return in_time;
}

void Condvar::signal() {
  const bool woken = waiters_.wake_one(kernel_.machine());
  kernel_.machine().emit(event(KernelEvent::cv_signal), number_, woken ? 1 : 0);
}

void Condvar::broadcast() {
  const std::uint32_t woken = waiters_.wake_all();
  kernel_.machine().emit(event(KernelEvent::cv_signal), number_, woken);
}

}  // namespace kern
