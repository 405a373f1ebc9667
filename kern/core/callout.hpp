// Callouts, callout(9): a function called once, some hardclock ticks from now, by the softclock lwp. The
// virtual clock has no tick while nothing is due: only ticks at which a callout fires are events.
#pragma once

#include <cstdint>

#include <boost/intrusive/list.hpp>

#include "kern/core/condvar.hpp"
#include "kern/core/mutex.hpp"
#include "sim/event_queue.hpp"

namespace kern {

/// Ticks a second (HZ of NetBSD amd64).
inline constexpr std::int64_t kHz = 100;
inline constexpr sim::Nanoseconds kTickNs = 1'000'000'000 / kHz;

class Callouts;

/// Embedded in its owner, who halts it before it goes.
struct Callout {
  using Function = void (*)(void* argument);
  Function function = nullptr;
  void* argument = nullptr;

 private:
  friend class Callouts;
  sim::ScheduledEvent event_;
  Callouts* service_ = nullptr;
  std::uint32_t number_ = 0;
  bool due_ = false;  ///< Its tick has come; softclock has not called it yet.
  Hook hook_;
};

/// The callout service of one kernel, with its softclock lwp.
class Callouts {
 public:
  explicit Callouts(Kernel& kernel);

  /// Starts the softclock lwp. ENOMEM.
  [[nodiscard]] int start();

  /// callout_init.
  void initialise(Callout& callout, Callout::Function function, void* argument);
  /// callout_schedule: `ticks` from now, at least 1. A pending callout moves.
  void schedule(Callout& callout, std::int64_t ticks);
  /// callout_stop: not called any more, unless it is being called right now. True when it had expired.
  bool stop(Callout& callout);
  /// callout_halt: stops it and, if it is being called, waits for the end of that. May sleep.
  void halt(Callout& callout);
  /// Ticks of hardclock so far.
  [[nodiscard]] std::int64_t ticks() const;

 private:
  static void tick_came(sim::ScheduledEvent& event, void* argument);
  static void softclock(void* service);

  using DueList = boost::intrusive::list<Callout, boost::intrusive::member_hook<Callout, Hook, &Callout::hook_>>;

  Kernel& kernel_;
  Mutex lock_;
  Condvar work_;      ///< A callout is due.
  Condvar finished_;  ///< A callout's function has returned.
  DueList due_;
  Callout* running_ = nullptr;
  std::uint32_t next_number_ = 0;
};

}  // namespace kern
