#include "kern/core/callout.hpp"

#include <algorithm>

#include "kern/core/kthread.hpp"
#include "kern/kernel.hpp"

namespace kern {

Callouts::Callouts(Kernel& kernel)
    : kernel_(kernel), lock_(kernel, "callout"), work_(kernel, "softclk"), finished_(kernel, "callhalt") {}

int Callouts::start() {
  return kthread_create(kernel_, "softclk/0", softclock, this);
}

void Callouts::initialise(Callout& callout, Callout::Function function, void* argument) {
  callout.function = function;
  callout.argument = argument;
  callout.service_ = this;
  callout.number_ = next_number_++;
  callout.event_.handler = tick_came;
  callout.event_.argument = &callout;
}

std::int64_t Callouts::ticks() const {
  return static_cast<std::int64_t>(kernel_.machine().now() / kTickNs);
}

void Callouts::schedule(Callout& callout, std::int64_t ticks_from_now) {
  stop(callout);
  const std::int64_t tick = ticks() + std::max<std::int64_t>(ticks_from_now, 1);
  kernel_.machine().schedule(callout.event_, static_cast<sim::Nanoseconds>(tick) * kTickNs);
}

bool Callouts::stop(Callout& callout) {
  if (callout.due_) {
    due_.erase(due_.iterator_to(callout));
    callout.due_ = false;
    return true;
  }
  return !kernel_.machine().cancel(callout.event_);
}

void Callouts::halt(Callout& callout) {
  stop(callout);
  MutexGuard guard(lock_);
  while (running_ == &callout) {
    finished_.wait(lock_);
  }
  stop(callout);  // the function may have scheduled itself again
}

void Callouts::tick_came(sim::ScheduledEvent& /*event*/, void* argument) {
  auto& callout = *static_cast<Callout*>(argument);
  Callouts& self = *callout.service_;
  callout.due_ = true;
  self.due_.push_back(callout);
  self.work_.signal();
}

void Callouts::softclock(void* service) {
  auto& self = *static_cast<Callouts*>(service);
  self.lock_.enter();
  for (;;) {
    while (self.due_.empty()) {
      self.work_.wait(self.lock_);
    }
    Callout& callout = self.due_.front();
    self.due_.pop_front();
    callout.due_ = false;
    self.running_ = &callout;
    self.kernel_.machine().emit(event(KernelEvent::callout_fire), callout.number_);
    self.lock_.exit();
    callout.function(callout.argument);
    self.lock_.enter();
    self.running_ = nullptr;
    self.finished_.broadcast();
  }
}

}  // namespace kern
