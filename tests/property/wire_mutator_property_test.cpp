// Laws of the mutator of the fuzz target `wire`: it stays within its buffer, depends on its arguments alone, and
// whatever it makes is a scenario.
#include <algorithm>
#include <map>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "fuzz/wire_input.hpp"
#include "fuzz/wire_mutator.hpp"

namespace fuzz {
namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr std::uint8_t kUntouched = 0x5a;

std::size_t flip_a_byte(std::uint8_t* data, std::size_t size, std::size_t max_size) {
  if (size == 0 && max_size > 0) {
    data[0] = 1;
    return 1;
  }
  data[size / 2] ^= 0x10;
  return size;
}

Bytes mutant(const Bytes& input, std::size_t max_size, std::uint32_t seed) {
  Bytes buffer(max_size + 16, kUntouched);
  std::ranges::copy(input, buffer.begin());
  const std::size_t size = mutate_wire(std::span(buffer).first(max_size), input.size(), seed, flip_a_byte);
  RC_ASSERT(size <= max_size);
  RC_ASSERT(
      std::ranges::all_of(std::span(buffer).subspan(max_size), [](std::uint8_t byte) { return byte == kUntouched; }));
  buffer.resize(size);
  return buffer;
}

RC_GTEST_PROP(WireMutatorProperty, StaysWithinItsBufferAndRepeatsItself, (const Bytes& input, std::uint32_t seed)) {
  const std::size_t room = *rc::gen::inRange<std::size_t>(1, 300);
  const std::size_t max_size = input.size() + room;
  RC_ASSERT(mutant(input, max_size, seed) == mutant(input, max_size, seed));
}

RC_GTEST_PROP(WireMutatorProperty, ChildrenStayWithinTheirBuffer,
              (const Bytes& first, const Bytes& second, std::uint32_t seed)) {
  Bytes out(*rc::gen::inRange<std::size_t>(1, 300));
  const std::size_t size = cross_wire(first, second, out, seed);
  RC_ASSERT(size <= out.size());
  Bytes again(out.size());
  RC_ASSERT(cross_wire(first, second, again, seed) == size);
  RC_ASSERT(again == out);
}

// Generations on end grow to the bounds of the format and no further.
TEST(WireMutator, StaysWithinTheBoundsOverManyGenerations) {
  Bytes input;
  for (std::uint32_t seed = 0; seed < 5000; ++seed) {
    Bytes buffer(4096);
    std::ranges::copy(input, buffer.begin());
    buffer.resize(mutate_wire(buffer, input.size(), seed, flip_a_byte));
    input = std::move(buffer);
    const WireInput decoded = decode_wire(input);
    ASSERT_LE(decoded.scenario.actors.size(), kMaxClients);
  }
  EXPECT_FALSE(input.empty());
}

// Each kind of step comes out of nothing within a few hundred mutants, so no part of the format is out of reach.
TEST(WireMutator, ReachesEachKindOfStep) {
  std::map<std::size_t, int> kinds;
  bool has_decisions = false;
  bool has_lying_length = false;
  Bytes input;
  for (std::uint32_t seed = 0; seed < 2000; ++seed) {
    Bytes buffer(512);
    std::ranges::copy(input, buffer.begin());
    buffer.resize(mutate_wire(buffer, input.size(), seed, flip_a_byte));
    input = seed % 20 == 0 ? Bytes{} : std::move(buffer);
    const WireInput decoded = decode_wire(input);
    has_decisions = has_decisions || !decoded.decisions.empty();
    for (const replay::Actor& actor : decoded.scenario.actors) {
      for (const replay::RawStep& step : std::get<replay::Raw>(actor.what).steps) {
        ++kinds[step.what.index()];
        const auto* frame = std::get_if<replay::SendFrame>(&step.what);
        has_lying_length = has_lying_length || (frame != nullptr && frame->length.has_value());
      }
    }
  }
  EXPECT_EQ(kinds.size(), std::variant_size_v<decltype(replay::RawStep::what)>);
  EXPECT_TRUE(has_decisions);
  EXPECT_TRUE(has_lying_length);
}

}  // namespace
}  // namespace fuzz
