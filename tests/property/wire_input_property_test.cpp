// Laws of the codec of the fuzz target `wire`, over random bytes and over mutated inputs.
#include <array>
#include <utility>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "fuzz/wire_input.hpp"
#include "replay/run.hpp"
#include "replay/scenario_text.hpp"

namespace fuzz {
namespace {

using Bytes = std::vector<std::uint8_t>;

/// Bytes of which many are opcodes and short operands, so that whole records come about.
rc::Gen<Bytes> inputs() {
  return rc::gen::container<Bytes>(rc::gen::weightedOneOf<std::uint8_t>({{6, rc::gen::inRange<std::uint8_t>(0, 64)},
                                                                         {3, rc::gen::arbitrary<std::uint8_t>()},
                                                                         {1, rc::gen::just<std::uint8_t>(0xff)}}));
}

RC_GTEST_PROP(WireInputProperty, EveryByteStringIsAnInputWithinTheBounds, ()) {
  const WireInput input = decode_wire(*inputs());
  RC_ASSERT(input.scenario.actors.size() <= kMaxClients);
  std::size_t steps = 0;
  for (const replay::Actor& actor : input.scenario.actors) {
    const auto& raw = std::get<replay::Raw>(actor.what);
    RC_ASSERT(!raw.steps.empty());
    steps += raw.steps.size();
  }
  RC_ASSERT(steps <= kMaxSteps);
  RC_ASSERT(input.decisions.size() % 2 == 0);
}

RC_GTEST_PROP(WireInputProperty, EncodingLosesNothing, ()) {
  const WireInput input = decode_wire(*inputs());
  const Bytes bytes = encode(input);
  RC_ASSERT(decode_wire(bytes) == input);
  RC_ASSERT(encode(decode_wire(bytes)) == bytes);
  RC_ASSERT(encoding_loss(input).has_value());
}

RC_GTEST_PROP(WireInputProperty, ScenariosKeepTheRulesOfTheTextForm, ()) {
  const WireInput input = decode_wire(*inputs());
  const std::string text = replay::print_scenario(input.scenario, replay::kernel_calls(), replay::ConfigKeys::every);
  const auto again = replay::parse_scenario(text, "text", replay::kernel_calls());
  RC_ASSERT(again.has_value());
  RC_ASSERT(*again == input.scenario);
}

RC_GTEST_PROP(WireInputProperty, DecisionsOfATapeGiveItsAnswers, ()) {
  replay::Tape tape;
  for (const auto& [gap, answer] : *rc::gen::container<std::vector<std::pair<std::uint16_t, std::uint8_t>>>(
           rc::gen::pair(rc::gen::inRange<std::uint16_t>(0, 1000), rc::gen::inRange<std::uint8_t>(1, 64)))) {
    tape.pairs.push_back({.gap = gap, .answer = answer});
  }
  const Bytes bytes = to_decision_bytes(tape);
  sim::StrategySpec spec{.kind = sim::StrategySpec::Kind::bytes};
  spec.bytes = bytes;
  alignas(16) std::array<std::byte, sim::kStrategyBytes> storage;
  sim::Strategy* strategy = sim::make_strategy(std::span<std::byte, sim::kStrategyBytes>(storage), spec, 0);
  for (const replay::TapePair& pair : tape.pairs) {
    for (std::uint64_t i = 0; i < pair.gap; ++i) {
      RC_ASSERT(strategy->choose(sim::DecisionKind::preempt, 64) == 0U);
    }
    RC_ASSERT(strategy->choose(sim::DecisionKind::preempt, 64) == pair.answer);
  }
}

}  // namespace
}  // namespace fuzz
