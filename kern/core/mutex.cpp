#include "kern/core/mutex.hpp"

#include "kern/kernel.hpp"

namespace kern {

Mutex::Mutex(Kernel& kernel, const char* name) : kernel_(kernel), name_(name), number_(kernel.next_object_number()) {}

Mutex::~Mutex() {
  if (owner_ != nullptr || !waiters_.empty()) {
    kernel_.panic("mutex_destroy: {} (lock {}) is {}", name_, number_, owner_ != nullptr ? "held" : "waited for");
  }
}

void Mutex::enter() {
  Lwp* self = kernel_.curlwp();
  SIM_ASSERT(self != nullptr);
  if (owner_ == self) {
    kernel_.panic("mutex_enter: {} (lock {}) is already held by lwp {}.{}", name_, number_, self->proc->pid.value,
                  self->lid.value);
  }
  kernel_.machine().preempt();
  while (owner_ != nullptr) {
    kernel_.machine().emit(event(KernelEvent::lock_wait), number_);
    Waiter waiter(kernel_.machine(), self);
    waiters_.enter(waiter);
    static_cast<void>(kernel_.scheduler().sleep(waiter, kForever, name_));
  }
  owner_ = self;
  kernel_.machine().emit(event(KernelEvent::lock_acquire), number_);
}

bool Mutex::try_enter() {
  kernel_.machine().preempt();
  if (owner_ != nullptr) {
    return false;
  }
  owner_ = kernel_.curlwp();
  SIM_ASSERT(owner_ != nullptr);
  kernel_.machine().emit(event(KernelEvent::lock_acquire), number_);
  return true;
}

void Mutex::exit() {
  if (!owned()) {
    kernel_.panic("mutex_exit: {} (lock {}) is not held by the current lwp", name_, number_);
  }
  owner_ = nullptr;
  kernel_.machine().emit(event(KernelEvent::lock_release), number_);
  waiters_.wake_one(kernel_.machine());
}

bool Mutex::owned() const {
  return owner_ != nullptr && owner_ == kernel_.curlwp();
}

}  // namespace kern
