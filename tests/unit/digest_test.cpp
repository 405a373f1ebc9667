// The digest: what it depends on, and what it must not depend on.
#include "sim/digest.hpp"

#include <array>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "sim/sanitizer.hpp"
#include "tests/support/fiber_program.hpp"

namespace sim {
namespace {

constexpr std::array kData{std::byte{1}, std::byte{2}, std::byte{3}};

Event sample() {
  return {.kind = EventKind::wake,
          .cpu = CpuId{1},
          .fiber = FiberId{2},
          .step = 3,
          .now = 4,
          .a = 5,
          .b = 6,
          .c = 7,
          .data = kData};
}

std::string digest_of(const Event& event) {
  Digest digest;
  digest.absorb(event);
  return to_string(digest.value());
}

TEST(Digest, PrintsAs32DigitsHighHalfFirst) {
  EXPECT_EQ(to_string(DigestValue{.low = 0xabc, .high = 0x1}), "00000000000000010000000000000abc");
}

TEST(Digest, AskingDoesNotChangeIt) {
  Digest asked;
  Digest silent;
  for (int count = 0; count < 100; ++count) {  // passes the edges of several blocks
    asked.absorb(sample());
    silent.absorb(sample());
    EXPECT_EQ(asked.value(), asked.value());
  }
  EXPECT_EQ(asked.value(), silent.value());
}

TEST(Digest, DependsOnEachField) {
  std::set<std::string> seen{digest_of(sample()), to_string(Digest().value())};
  const auto with = [&seen](auto&& change) {
    Event event = sample();
    change(event);
    return seen.insert(digest_of(event)).second;
  };
  EXPECT_TRUE(with([](Event& event) { event.kind = EventKind::block; }));
  EXPECT_TRUE(with([](Event& event) { event.cpu = CpuId::none(); }));
  EXPECT_TRUE(with([](Event& event) { event.fiber = FiberId::none(); }));
  EXPECT_TRUE(with([](Event& event) { event.now = 400; }));
  EXPECT_TRUE(with([](Event& event) { event.a = 500; }));
  EXPECT_TRUE(with([](Event& event) { event.b = 600; }));
  EXPECT_TRUE(with([](Event& event) { event.c = 700; }));
  EXPECT_TRUE(with([](Event& event) { event.data = event.data.first(2); }));
  EXPECT_TRUE(with([](Event& event) { event.data = {}; }));
  static constexpr std::array kOther{std::byte{1}, std::byte{2}, std::byte{4}};
  EXPECT_TRUE(with([](Event& event) { event.data = kOther; }));
}

TEST(Digest, DependsOnTheOrderOfEvents) {
  Event first = sample();
  Event second = sample();
  second.a = 99;
  Digest forward;
  forward.absorb(first);
  forward.absorb(second);
  Digest backward;
  backward.absorb(second);
  backward.absorb(first);
  EXPECT_NE(forward.value(), backward.value());
}

TEST(Digest, DependsOnEventsLongGone) {
  Digest digest;
  Digest other;
  Event changed = sample();
  changed.c = 8;
  digest.absorb(sample());
  other.absorb(changed);
  for (int count = 0; count < 200; ++count) {
    digest.absorb(sample());
    other.absorb(sample());
  }
  EXPECT_NE(digest.value(), other.value());
}

// The value for one event, the same for every compiler and sanitizer. Changing how events are absorbed changes it, and
// makes every digest in recorded traces another one.
TEST(Digest, OfOneKnownEventIsTheSameInEveryBuild) {
  EXPECT_EQ(digest_of(sample()), "27229499279c24111031ef97511c9faa");
}

TEST(Digest, IsTheSameAtTwoAddressesAndWithTwoFillValues) {
  const testing::FiberProgram program{.number = 11};
  const StrategySpec random{.kind = StrategySpec::Kind::random, .preempt_percent = 30};
  MachineConfig config = testing::small_config(5);
  const testing::RunResult expected = testing::record(config, program, random).result;
  config.arena.fill = 0xa5;
  if (!sanitizer::kThread) {
    config.arena.address_hint = reinterpret_cast<void*>(0x2000'0000'0000);
  }
  const testing::RunResult actual = testing::record(config, program, random).result;
  EXPECT_EQ(actual, expected) << to_string(actual.digest) << " is not " << to_string(expected.digest);
}

TEST(Digest, SwitchedOffLeavesTheRunAsItWas) {
  const testing::FiberProgram program{.number = 12};
  MachineConfig config = testing::small_config(5);
  const testing::RunResult with = testing::record(config, program, {}).result;
  config.digest = false;
  const testing::RunResult without = testing::record(config, program, {}).result;
  EXPECT_EQ(without.digest, Digest().value());
  EXPECT_EQ(without.steps, with.steps);
  EXPECT_EQ(without.now, with.now);
}

}  // namespace
}  // namespace sim
