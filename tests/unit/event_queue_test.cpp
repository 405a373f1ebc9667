// The event queue by example; against a model in property/sim_event_queue_test.cpp.
#include "sim/event_queue.hpp"

#include <gtest/gtest.h>

namespace sim {
namespace {

TEST(EventQueue, EmptyHasNoNextTime) {
  EventQueue queue;
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.next_time(), ~Nanoseconds{0});
  EXPECT_EQ(queue.pop_due(~Nanoseconds{0}), nullptr);
}

TEST(EventQueue, GivesTheEarliestFirst) {
  EventQueue queue;
  ScheduledEvent late;
  ScheduledEvent early;
  queue.schedule(late, 20);
  queue.schedule(early, 10);
  EXPECT_EQ(queue.next_time(), 10u);
  EXPECT_EQ(queue.pop_due(100), &early);
  EXPECT_EQ(queue.pop_due(100), &late);
  EXPECT_TRUE(queue.empty());
}

TEST(EventQueue, GivesEqualTimesInTheOrderOfScheduling) {
  EventQueue queue;
  ScheduledEvent first;
  ScheduledEvent second;
  ScheduledEvent third;
  queue.schedule(first, 10);
  queue.schedule(second, 10);
  queue.schedule(third, 10);
  EXPECT_EQ(queue.pop_due(10), &first);
  EXPECT_EQ(queue.pop_due(10), &second);
  EXPECT_EQ(queue.pop_due(10), &third);
}

TEST(EventQueue, GivesNothingBeforeItsTime) {
  EventQueue queue;
  ScheduledEvent event;
  queue.schedule(event, 10);
  EXPECT_EQ(queue.pop_due(9), nullptr);
  EXPECT_EQ(queue.pop_due(10), &event);
  EXPECT_FALSE(event.scheduled);
}

TEST(EventQueue, CancelTakesAnEventOutOnce) {
  EventQueue queue;
  ScheduledEvent event;
  EXPECT_FALSE(queue.cancel(event));
  queue.schedule(event, 10);
  EXPECT_TRUE(queue.cancel(event));
  EXPECT_FALSE(queue.cancel(event));
  EXPECT_EQ(queue.next_time(), ~Nanoseconds{0});
  EXPECT_EQ(queue.pop_due(10), nullptr);
}

TEST(EventQueue, CancelOfOneThatHasFiredIsFalse) {
  EventQueue queue;
  ScheduledEvent event;
  queue.schedule(event, 10);
  ASSERT_EQ(queue.pop_due(10), &event);
  EXPECT_FALSE(queue.cancel(event));
}

TEST(EventQueue, SchedulingAgainMovesAndCountsAsNew) {
  EventQueue queue;
  ScheduledEvent moved;
  ScheduledEvent other;
  queue.schedule(moved, 10);
  queue.schedule(other, 10);
  queue.schedule(moved, 10);
  EXPECT_EQ(queue.pop_due(10), &other);
  EXPECT_EQ(queue.pop_due(10), &moved);
  EXPECT_EQ(queue.pop_due(10), nullptr);
  queue.schedule(moved, 30);
  queue.schedule(moved, 20);
  EXPECT_EQ(queue.next_time(), 20u);
}

}  // namespace
}  // namespace sim
