#include "sim/event_queue.hpp"

namespace sim {

void EventQueue::schedule(ScheduledEvent& event, Nanoseconds time) {
  if (event.scheduled) {
    events_.erase(events_.iterator_to(event));
  }
  event.time = time;
  event.sequence = next_sequence_++;
  event.scheduled = true;
  events_.insert(event);
  update_next_time();
}

bool EventQueue::cancel(ScheduledEvent& event) {
  if (!event.scheduled) {
    return false;
  }
  events_.erase(events_.iterator_to(event));
  event.scheduled = false;
  update_next_time();
  return true;
}

ScheduledEvent* EventQueue::pop_due(Nanoseconds now) {
  if (events_.empty() || events_.begin()->time > now) {
    return nullptr;
  }
  ScheduledEvent& event = *events_.begin();
  events_.erase(events_.begin());
  event.scheduled = false;
  update_next_time();
  return &event;
}

void EventQueue::update_next_time() {
  next_time_ = events_.empty() ? ~Nanoseconds{0} : events_.begin()->time;
}

}  // namespace sim
