#include "kern/core/wait.hpp"

#include <iterator>

namespace kern {

void WaitQueue::enter(Waiter& waiter) {
  SIM_ASSERT(waiter.queue == nullptr && !waiter.woken);
  waiter.queue = this;
  waiters_.push_back(waiter);
}

void WaitQueue::leave(Waiter& waiter) {
  if (!waiter.woken) {
    waiters_.erase(waiters_.iterator_to(waiter));
    waiter.queue = nullptr;
  }
}

bool WaitQueue::wake_one(sim::Machine& machine) {
  if (waiters_.empty()) {
    return false;
  }
  auto position = waiters_.begin();
  std::advance(position, machine.decide(sim::DecisionKind::wake, size()));
  wake(*position);
  return true;
}

void WaitQueue::wake(Waiter& waiter) {
  SIM_ASSERT(waiter.queue == this);
  waiters_.erase(waiters_.iterator_to(waiter));
  waiter.queue = nullptr;
  waiter.woken = true;
  waiter.machine.wake(*waiter.fiber);
}

std::uint32_t WaitQueue::wake_all() {
  std::uint32_t woken = 0;
  for (; !waiters_.empty(); ++woken) {
    wake(waiters_.front());
  }
  return woken;
}

}  // namespace kern
