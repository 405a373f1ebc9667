// What is to happen at a virtual time: timers, delayed completions, arrivals. Ordered by time and, at equal times, by
// the order in which it was scheduled.
#pragma once

#include <cstdint>

#include <boost/intrusive/set.hpp>

#include "sim/ids.hpp"

namespace sim {

/// An entry of the queue, embedded in its owner. The owner keeps it alive while it is scheduled.
struct ScheduledEvent : boost::intrusive::set_base_hook<boost::intrusive::link_mode<boost::intrusive::normal_link>> {
  /// Called by the machine's loop, on no fiber: it may wake fibers and schedule events, and must not block.
  using Handler = void (*)(ScheduledEvent& self, void* argument);

  Handler handler = nullptr;
  void* argument = nullptr;
  Nanoseconds time = 0;
  std::uint64_t sequence = 0;  ///< Order of scheduling; given by the queue.
  bool scheduled = false;      ///< Kept by the queue.
};

class EventQueue {
 public:
  /// Enters `event` at `time`. An event that is scheduled already moves, and counts as scheduled anew.
  void schedule(ScheduledEvent& event, Nanoseconds time);
  /// Takes `event` out. False when it was not scheduled: it has fired, or was never entered.
  bool cancel(ScheduledEvent& event);
  /// Takes the first event out if its time is not after `now`; null otherwise.
  [[nodiscard]] ScheduledEvent* pop_due(Nanoseconds now);
  [[nodiscard]] bool empty() const { return events_.empty(); }
  /// Time of the first event; the greatest Nanoseconds when there is none.
  [[nodiscard]] Nanoseconds next_time() const { return next_time_; }

 private:
  struct Earlier {
    bool operator()(const ScheduledEvent& a, const ScheduledEvent& b) const {
      return a.time != b.time ? a.time < b.time : a.sequence < b.sequence;
    }
  };
  void update_next_time();

  boost::intrusive::set<ScheduledEvent, boost::intrusive::compare<Earlier>> events_;
  std::uint64_t next_sequence_ = 0;
  Nanoseconds next_time_ = ~Nanoseconds{0};
};

}  // namespace sim
