// Forks that were prepared and wait for the child to connect: a process each, which holds a copy of the parent's
// descriptors, and a cookie by which the child claims it. A cookie works once. The process outlives the parent's
// connection, as in rumpuser_sp.c, but not for ever: after a grace time it is dropped.
#pragma once

#include <cstdint>

#include <boost/intrusive/list.hpp>

#include "kern/core/lwp.hpp"
#include "kern/sysproxy/frame.hpp"
#include "sim/machine.hpp"

namespace kern::sysproxy {

/// struct prefork.
struct Prefork {
  PreforkCookie cookie;
  Lwp* lwp = nullptr;             ///< Keeps the process; nobody carries it.
  std::uint32_t client = 0;       ///< Number of the client that prepared it.
  bool orphaned = false;          ///< That client has gone.
  sim::Nanoseconds deadline = 0;  ///< When it is orphaned: how long it is kept.
  Hook hook;
};

class Preforks {
 public:
  /// `expired(argument)` is called by the machine's loop when there may be one to drop.
  Preforks(Kernel& kernel, sim::Nanoseconds grace_ns, void (*expired)(void* argument), void* argument);
  Preforks(const Preforks&) = delete;
  Preforks& operator=(const Preforks&) = delete;

  /// Prepared forks of a client.
  [[nodiscard]] std::uint32_t count(std::uint32_t client) const;
  [[nodiscard]] std::uint32_t count() const { return static_cast<std::uint32_t>(preforks_.size()); }
  void add(Prefork& prefork) { preforks_.push_back(prefork); }
  /// The one with this cookie, which is the caller's from now on; null: there is none.
  [[nodiscard]] Prefork* take(const PreforkCookie& cookie);
  /// The client has gone: its forks have the grace time left.
  void orphan(std::uint32_t client);
  /// One whose time is over, which is the caller's from now on; null: there is none. When more than `most` are
  /// orphaned, the time of the oldest is over.
  [[nodiscard]] Prefork* take_expired(std::uint32_t most);

 private:
  static void timer_fired(sim::ScheduledEvent& event, void* preforks);

  Kernel& kernel_;
  sim::Nanoseconds grace_ns_;
  void (*expired_)(void* argument);
  void* argument_;
  sim::ScheduledEvent timer_;
  /// Oldest first.
  boost::intrusive::list<Prefork, boost::intrusive::member_hook<Prefork, Hook, &Prefork::hook>> preforks_;
};

}  // namespace kern::sysproxy
