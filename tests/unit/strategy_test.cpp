// Strategies: their text form and what each of them answers.
#include "sim/strategy.hpp"

#include <array>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/fiber_program.hpp"

namespace sim {
namespace {

constexpr std::string_view kAvailable = "; there are: random(preempt=1..100 percent), round-robin(quantum=0..1000000)";

struct Answerer {
  explicit Answerer(const StrategySpec& spec, std::uint64_t seed = 0) : strategy(make_strategy(storage, spec, seed)) {}
  std::vector<std::uint32_t> answers(std::size_t count, DecisionKind kind, std::uint32_t choices) const {
    std::vector<std::uint32_t> given;
    for (std::size_t index = 0; index < count; ++index) {
      given.push_back(strategy->choose(kind, choices));
    }
    return given;
  }

  alignas(16) std::array<std::byte, kStrategyBytes> storage{};
  Strategy* strategy;
};

TEST(StrategyText, NamesAndParametersAreRead) {
  ASSERT_TRUE(parse_strategy("round-robin").has_value());
  EXPECT_EQ(parse_strategy("round-robin")->kind, StrategySpec::Kind::round_robin);
  EXPECT_EQ(parse_strategy("round-robin")->quantum, 0u);
  EXPECT_EQ(parse_strategy("round-robin(quantum=3)")->quantum, 3u);
  EXPECT_EQ(parse_strategy("round-robin(quantum=1000000)")->quantum, 1'000'000u);
  EXPECT_EQ(parse_strategy("random")->kind, StrategySpec::Kind::random);
  EXPECT_EQ(parse_strategy("random")->preempt_percent, 10u);
  EXPECT_EQ(parse_strategy("random(preempt=100)")->preempt_percent, 100u);
}

TEST(StrategyText, ErrorsSayWhatIsWrongAndWhatThereIs) {
  struct Case {
    std::string_view text;
    std::string_view complaint;
  };
  for (const Case& each : {
           Case{"", "unknown strategy ''"},
           Case{"rand", "unknown strategy 'rand'"},
           Case{"tape", "unknown strategy 'tape'"},
           Case{"(preempt=3)", "unknown strategy ''"},
           Case{"random(", "strategy 'random(' lacks its closing parenthesis"},
           Case{"random(preempt=5", "strategy 'random(preempt=5' lacks its closing parenthesis"},
           Case{"random()", "strategy 'random' has no parameter ''"},
           Case{"random(preempt)", "strategy 'random' has no parameter 'preempt'"},
           Case{"random(quantum=5)", "strategy 'random' has no parameter 'quantum'"},
           Case{"round-robin(preempt=5)", "strategy 'round-robin' has no parameter 'preempt'"},
           Case{"random(preempt=)", "'' is not a value for 'preempt'"},
           Case{"random(preempt=0)", "'0' is not a value for 'preempt'"},
           Case{"random(preempt=101)", "'101' is not a value for 'preempt'"},
           Case{"random(preempt=-1)", "'-1' is not a value for 'preempt'"},
           Case{"random(preempt=5x)", "'5x' is not a value for 'preempt'"},
           Case{"random(preempt=5))", "'5)' is not a value for 'preempt'"},
           Case{"round-robin(quantum=1000001)", "'1000001' is not a value for 'quantum'"},
           Case{"round-robin(quantum=99999999999)", "'99999999999' is not a value for 'quantum'"},
       }) {
    const std::expected<StrategySpec, std::string> spec = parse_strategy(each.text);
    ASSERT_FALSE(spec.has_value()) << each.text;
    EXPECT_EQ(spec.error(), std::string(each.complaint) + std::string(kAvailable));
  }
}

TEST(RoundRobin, WithoutAQuantumNeverPreempts) {
  const Answerer round_robin({.kind = StrategySpec::Kind::round_robin});
  EXPECT_EQ(round_robin.answers(5, DecisionKind::preempt, 3), (std::vector<std::uint32_t>{0, 0, 0, 0, 0}));
}

TEST(RoundRobin, SwitchesToTheNextInTurnAtEachQuantum) {
  const Answerer round_robin({.kind = StrategySpec::Kind::round_robin, .quantum = 3});
  EXPECT_EQ(round_robin.answers(7, DecisionKind::preempt, 4), (std::vector<std::uint32_t>{0, 0, 1, 0, 0, 1, 0}));
  EXPECT_EQ(round_robin.answers(3, DecisionKind::fault, 4), (std::vector<std::uint32_t>{0, 0, 0}));
}

TEST(RandomWalk, SameSeedSameAnswersOtherSeedOthers) {
  const StrategySpec spec{.kind = StrategySpec::Kind::random};
  const Answerer one(spec, 7);
  const Answerer same(spec, 7);
  const Answerer other(spec, 8);
  const auto answers = one.answers(100, DecisionKind::wake, 5);
  EXPECT_EQ(same.answers(100, DecisionKind::wake, 5), answers);
  EXPECT_NE(other.answers(100, DecisionKind::wake, 5), answers);
}

TEST(RandomWalk, PreemptsAsOftenAsAsked) {
  const Answerer walk({.kind = StrategySpec::Kind::random, .preempt_percent = 25});
  int switches = 0;
  for (const std::uint32_t answer : walk.answers(10'000, DecisionKind::preempt, 4)) {
    ASSERT_LT(answer, 4u);
    switches += answer != 0 ? 1 : 0;
  }
  EXPECT_NEAR(switches, 2500, 150);
  const Answerer always({.kind = StrategySpec::Kind::random, .preempt_percent = 100});
  EXPECT_EQ(always.answers(3, DecisionKind::preempt, 2), (std::vector<std::uint32_t>{1, 1, 1}));
}

TEST(Tape, GivesGapsAnswersAndThenQuiet) {
  const std::vector<TapeStep> tape{{2, 5}, {0, 1}, {1, 3}};
  const Answerer player({.kind = StrategySpec::Kind::tape, .tape = tape});
  EXPECT_EQ(player.answers(8, DecisionKind::wake, 9), (std::vector<std::uint32_t>{0, 0, 5, 1, 0, 3, 0, 0}));
}

TEST(Tape, GivesAnAnswerThatTheQuestionDoesNotHaveAsItIs) {
  const std::vector<TapeStep> tape{{0, 9}};
  const Answerer player({.kind = StrategySpec::Kind::tape, .tape = tape});
  EXPECT_EQ(player.answers(1, DecisionKind::wake, 2), (std::vector<std::uint32_t>{9}));
}

TEST(Bytes, ArePairsOfQuietAnswersAndAnAnswerModuloTheChoices) {
  const std::vector<std::uint8_t> bytes{1, 7, 0, 2, 9};
  const Answerer reader({.kind = StrategySpec::Kind::bytes, .bytes = bytes});
  EXPECT_EQ(reader.answers(6, DecisionKind::wake, 3), (std::vector<std::uint32_t>{0, 1, 2, 0, 0, 0}));
}

TEST(Bytes, NoneAreAQuietRun) {
  const Answerer reader({.kind = StrategySpec::Kind::bytes});
  EXPECT_EQ(reader.answers(3, DecisionKind::wake, 3), (std::vector<std::uint32_t>{0, 0, 0}));
}

TEST(Strategy, MadeInAnArenaIsNullWhenTheHeapIsUsedUp) {
  const MachineOwner machine = testing::make_machine();
  EXPECT_NE(make_strategy(machine->arena(), {}, 0), nullptr);
  while (machine->arena().allocate(16) != nullptr) {
  }
  while (machine->arena().allocate(kStrategyBytes) != nullptr) {
  }
  EXPECT_EQ(make_strategy(machine->arena(), {}, 0), nullptr);
}

// A recording made with `random` is replayed with `tape`: the heap must not tell them apart.
TEST(Strategy, ChoosingOneTakesNothingFromTheHeap) {
  const MachineOwner machine = testing::make_machine();
  const std::size_t before = machine->arena().used().size();
  const std::vector<TapeStep> tape{{2, 5}};
  ASSERT_TRUE(machine->set_strategy({.kind = StrategySpec::Kind::random}));
  ASSERT_TRUE(machine->set_strategy({.kind = StrategySpec::Kind::tape, .tape = tape}));
  EXPECT_EQ(machine->arena().used().size(), before);
}

}  // namespace
}  // namespace sim
