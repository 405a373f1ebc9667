// Waiting: the one mechanism under mutexes, condition variables and the CPU scheduler. A waiter stands
// in a queue; waking takes one of them out, and which one is a decision (answer 0: the first).
#pragma once

#include <boost/intrusive/list.hpp>

#include "kern/core/lwp.hpp"
#include "sim/machine.hpp"

namespace kern {

/// One lwp (or a bare fiber) in a queue. Lives on the waiter's stack.
struct Waiter {
  Waiter(sim::Machine& its_machine, Lwp* its_lwp) : machine(its_machine), fiber(its_machine.current()), lwp(its_lwp) {}

  sim::Machine& machine;
  sim::Fiber* fiber;
  Lwp* lwp;
  bool woken = false;  ///< Taken out by a wake-up. A wake-up before the block is thus not lost.
  class WaitQueue* queue = nullptr;
  Hook hook;
};

class WaitQueue {
 public:
  /// Last in the queue.
  void enter(Waiter& waiter);
  /// Takes a waiter out that stopped waiting of its own. No effect when it has been woken.
  void leave(Waiter& waiter);
  /// Wakes one, by decision. False when nobody waits.
  bool wake_one(sim::Machine& machine);
  /// Wakes this one.
  void wake(Waiter& waiter);
  /// Wakes all, first come first. Gives how many.
  std::uint32_t wake_all();
  [[nodiscard]] bool empty() const { return waiters_.empty(); }
  [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(waiters_.size()); }

  /// Calls `visit(Waiter&)` in order of arrival, until it gives true; that waiter, or null.
  template <class Visitor>
  Waiter* find(Visitor&& visit) {
    for (Waiter& waiter : waiters_) {
      if (visit(waiter)) {
        return &waiter;
      }
    }
    return nullptr;
  }

 private:
  boost::intrusive::list<Waiter, boost::intrusive::member_hook<Waiter, Hook, &Waiter::hook>> waiters_;
};

}  // namespace kern
