// The event queue against a plain model: a list that is sorted by time and then by order of scheduling.
#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <rapidcheck/state.h>

#include "sim/event_queue.hpp"

namespace sim {
namespace {

constexpr std::size_t kEvents = 12;

struct Entry {
  Nanoseconds time;
  std::size_t event;
};

struct Model {
  std::vector<Entry> entries;  // in order of scheduling

  void remove(std::size_t event) {
    std::erase_if(entries, [event](const Entry& entry) { return entry.event == event; });
  }
  [[nodiscard]] bool has(std::size_t event) const {
    return std::ranges::any_of(entries, [event](const Entry& entry) { return entry.event == event; });
  }
  // The earliest; of equals the one scheduled first, as min_element gives it.
  [[nodiscard]] std::optional<Entry> first() const {
    const auto found = std::ranges::min_element(entries, {}, &Entry::time);
    return found == entries.end() ? std::nullopt : std::optional(*found);
  }
};

struct Subject {
  EventQueue queue;
  std::array<ScheduledEvent, kEvents> events;

  void agrees_with(const Model& model) const {
    const std::optional<Entry> first = model.first();
    RC_ASSERT(queue.empty() == model.entries.empty());
    RC_ASSERT(queue.next_time() == (first ? first->time : ~Nanoseconds{0}));
    for (std::size_t event = 0; event < kEvents; ++event) {
      RC_ASSERT(events[event].scheduled == model.has(event));
    }
  }
};

using Command = rc::state::Command<Model, Subject>;

struct Schedule final : Command {
  std::size_t event = *rc::gen::inRange<std::size_t>(0, kEvents);
  Nanoseconds time = *rc::gen::inRange<Nanoseconds>(0, 8);  // few times, so that many are equal

  void apply(Model& model) const override {
    model.remove(event);
    model.entries.push_back({time, event});
  }
  void run(const Model& model, Subject& subject) const override {
    subject.queue.schedule(subject.events[event], time);
    subject.agrees_with(nextState(model));
  }
  void show(std::ostream& out) const override { out << "schedule(" << event << ", " << time << ")"; }
};

struct Cancel final : Command {
  std::size_t event = *rc::gen::inRange<std::size_t>(0, kEvents);

  void apply(Model& model) const override { model.remove(event); }
  void run(const Model& model, Subject& subject) const override {
    RC_ASSERT(subject.queue.cancel(subject.events[event]) == model.has(event));
    subject.agrees_with(nextState(model));
  }
  void show(std::ostream& out) const override { out << "cancel(" << event << ")"; }
};

struct PopDue final : Command {
  Nanoseconds now = *rc::gen::inRange<Nanoseconds>(0, 9);

  void apply(Model& model) const override {
    const std::optional<Entry> first = model.first();
    if (first && first->time <= now) {
      model.remove(first->event);
    }
  }
  void run(const Model& model, Subject& subject) const override {
    const std::optional<Entry> first = model.first();
    ScheduledEvent* expected = first && first->time <= now ? &subject.events[first->event] : nullptr;
    RC_ASSERT(subject.queue.pop_due(now) == expected);
    subject.agrees_with(nextState(model));
  }
  void show(std::ostream& out) const override { out << "pop_due(" << now << ")"; }
};

RC_GTEST_PROP(EventQueueProperty, EqualsASortedList, ()) {
  Subject subject;
  rc::state::check(Model{}, subject, rc::state::gen::execOneOfWithArgs<Schedule, Schedule, Cancel, PopDue>());
}

}  // namespace
}  // namespace sim
