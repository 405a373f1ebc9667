// The bytes of the fuzz target `wire` by example: what each record means, and what the codec does with what it cannot
// hold.
#include "fuzz/wire_input.hpp"

#include <initializer_list>

#include <fmt/core.h>
#include <gtest/gtest.h>

#include "replay/run.hpp"
#include "replay/scenario_text.hpp"

namespace fuzz {
namespace {

using Bytes = std::vector<std::uint8_t>;

std::vector<replay::RawStep> steps_of(const WireInput& input, std::size_t client = 0) {
  return std::get<replay::Raw>(input.scenario.actors.at(client).what).steps;
}

/// The only step of an input of one record.
template <class Step>
Step only_step(std::initializer_list<std::uint8_t> record) {
  const std::vector<replay::RawStep> steps = steps_of(decode_wire(Bytes(record)));
  EXPECT_EQ(steps.size(), 1U);
  return std::get<Step>(steps.at(0).what);
}

std::string word_bytes(std::initializer_list<std::uint64_t> words) {
  std::string text;
  for (const std::uint64_t word : words) {
    for (unsigned shift = 0; shift < 64; shift += 8) {
      text.push_back(static_cast<char>(word >> shift));
    }
  }
  return text;
}

WireInput with_steps(std::initializer_list<decltype(replay::RawStep::what)> steps) {
  WireInput input;
  replay::Raw raw;
  for (const auto& step : steps) {
    raw.steps.push_back({.line = {}, .what = step});
  }
  input.scenario.config = wire_config();
  input.scenario.actors.push_back({.name = "client0", .line = {}, .what = raw});
  return input;
}

TEST(WireInput, NothingIsNobodyWhoDoesNothing) {
  const WireInput input = decode_wire({});
  EXPECT_TRUE(input.scenario.actors.empty());
  EXPECT_TRUE(input.decisions.empty());
  EXPECT_EQ(input.scenario.config, wire_config());
  EXPECT_TRUE(encode(input).empty());
}

TEST(WireInput, ReadsASessionOfOneClient) {
  const WireInput input = decode_wire(Bytes{0, 8, 1, 2, 7, 4, 2, 0, 12, 2, 1, 0xff, 3, 1});
  using namespace replay;
  const SendFrame guest{.frame_class = 0, .type = 0, .reqno = 1, .field = 0, .body = std::string("g\0", 2)};
  const SendFrame getpid{.frame_class = 0, .type = 1, .reqno = 2, .field = 20};
  EXPECT_EQ(steps_of(input),
            steps_of(with_steps({Connect{}, guest, AwaitFrame{}, getpid, AnswerAsked{}, AwaitFrame{}, Shut{}})));
  EXPECT_EQ(input.decisions, (Bytes{3, 1}));
}

TEST(WireInput, ReadsTheOperandsOfEachStep) {
  using namespace replay;
  EXPECT_EQ(only_step<Sleep>({4, 0x0a}).duration, 6U * 16);
  EXPECT_EQ(only_step<Sleep>({4, 0xff}).duration, (std::uint64_t{8} << 31) * 16);
  EXPECT_EQ(only_step<SendBytes>({5, 3, 'a', 'b', 'c'}).bytes, "abc");
  EXPECT_EQ(only_step<AnswerBytes>({9, 1, 'x'}).bytes, "x");
  EXPECT_EQ(only_step<AnswerBytes>({10, 2, 0x10, 0x81, 0x02}).bytes, word_bytes({16, 258}));
  EXPECT_EQ(only_step<AnswerBytes>({13, 1}).bytes, std::string("/dev/null\0", 10));
  EXPECT_EQ(only_step<AnswerZeros>({11, 0x7f}).size, 0x1ffffffffU % 8192);
  EXPECT_TRUE(std::holds_alternative<Idle>(steps_of(decode_wire(Bytes{15})).at(0).what));
}

TEST(WireInput, ReadsFramesOfAnyClassTypeAndLength) {
  const auto frame = only_step<replay::SendFrame>({0x46, 0xff, 7, 0x81, 0x00, 9, 0x43, 2, 'h', 'i', 23});
  EXPECT_EQ(frame.frame_class, 7);
  EXPECT_EQ(frame.type, 256);
  EXPECT_EQ(frame.reqno, 9U);
  EXPECT_EQ(frame.field, static_cast<std::uint32_t>(frequent_numbers()[3]));
  EXPECT_EQ(frame.body, "hi");
  EXPECT_EQ(frame.length, 23U);
}

TEST(WireInput, ReadsWordsOfEightBytesLowOnesFirst) {
  const auto call = only_step<replay::SendFrame>({7, 0x80, 0xc0, 1, 2, 3, 4, 0, 0, 0, 0, 5, 0});
  EXPECT_EQ(call.field, 0x04030201U);
  EXPECT_EQ(call.reqno, 5U);
  EXPECT_FALSE(call.length.has_value());
}

TEST(WireInput, WordsOfEverySizeComeBack) {
  for (unsigned bits = 0; bits < 64; ++bits) {
    for (const std::uint64_t offset : {~std::uint64_t{0}, std::uint64_t{0}, std::uint64_t{2}, std::uint64_t{5}}) {
      const WireInput input = with_steps({replay::SendFrame{.reqno = (std::uint64_t{1} << bits) + offset}});
      EXPECT_EQ(decode_wire(encode(input)), input) << bits << " " << offset;
    }
  }
}

TEST(WireInput, CutsAPayloadAtTheEndOfTheInput) {
  EXPECT_EQ(only_step<replay::SendBytes>({5, 0xf8, 0, 'a', 'b'}).bytes, "ab");
  EXPECT_EQ(only_step<replay::SendBytes>({5}).bytes, "");
}

TEST(WireInput, NumbersOnlyClientsThatDoSomething) {
  const WireInput input = decode_wire(Bytes{0x31, 0x10, 0x33});
  ASSERT_EQ(input.scenario.actors.size(), 2U);
  EXPECT_EQ(input.scenario.actors[0].name, "client0");
  EXPECT_EQ(input.scenario.actors[1].name, "client1");
  EXPECT_EQ(steps_of(input, 0).size(), 1U);
  EXPECT_EQ(steps_of(input, 1).size(), 2U);
}

TEST(WireInput, TakesWhatStandsBehindTheLastStepForDecisions) {
  Bytes bytes(kMaxSteps, 3);
  bytes.insert(bytes.end(), {1, 2, 3});
  const WireInput input = decode_wire(bytes);
  EXPECT_EQ(steps_of(input).size(), kMaxSteps);
  EXPECT_EQ(input.decisions, (Bytes{1, 2}));
  EXPECT_EQ(decode_wire(encode(input)), input);
}

TEST(WireInput, BoundsTheDecisions) {
  Bytes bytes(kMaxDecisionBytes + 100, 1);
  bytes[0] = 0xff;
  EXPECT_EQ(decode_wire(bytes).decisions.size(), kMaxDecisionBytes);
}

TEST(WireInput, TablesAreFrozen) {
  // A change here changes the meaning of every input that is kept: append nothing, exchange nothing.
  const auto sum = [](const auto& table) {
    std::uint64_t result = 0;
    for (const auto& entry : table) {
      for (const char c : fmt::format("{},", entry)) {
        result = (result ^ static_cast<std::uint8_t>(c)) * 0x100000001b3ULL;
      }
    }
    return result;
  };
  EXPECT_EQ(sum(frequent_calls()), 11567050921315372547U);
  EXPECT_EQ(sum(frequent_numbers()), 5729223565641732653U);
  EXPECT_EQ(sum(frequent_paths()), 5111488700922743606U);
}

TEST(WireInput, ScenariosAreWrittenAndReadAsText) {
  const WireInput input = decode_wire(Bytes{0, 8, 1, 0x46, 0xff, 7, 99, 9, 4, 2, 'h', '\n', 23, 0x14, 0xff, 0x1b, 9});
  const std::string text = replay::print_scenario(input.scenario, replay::kernel_calls(), replay::ConfigKeys::every);
  const auto again = replay::parse_scenario(text, "text", replay::kernel_calls());
  ASSERT_TRUE(again.has_value()) << again.error().to_string();
  EXPECT_EQ(*again, input.scenario);
}

TEST(WireInput, SaysWhatItCannotHold) {
  using namespace replay;
  EXPECT_TRUE(encoding_loss(with_steps({Connect{}, Sleep{32}})).has_value());
  EXPECT_EQ(encoding_loss(with_steps({Connect{}, Sleep{1}})).error(),
            "step 2 of client0 has a size or a duration that a wire input cannot say");
  EXPECT_FALSE(encoding_loss(with_steps({SendBytes{std::string(kMaxPayload + 1, 'x')}})).has_value());
  EXPECT_TRUE(encoding_loss(with_steps({SendBytes{std::string(kMaxPayload, 'x')}})).has_value());

  WireInput process;
  process.scenario.actors.push_back({.name = "init", .line = {}, .what = Process{}});
  EXPECT_EQ(encoding_loss(process).error(), "init is no raw byte stream; a wire input holds nothing else");

  WireInput crowd;
  for (std::size_t i = 0; i <= kMaxClients; ++i) {
    crowd.scenario.actors.push_back({.name = "c" + std::to_string(i), .line = {}, .what = Raw{{{{}, Idle{}}}}});
  }
  EXPECT_EQ(encoding_loss(crowd).error(), "c4 is one too many: a wire input has at most 4 clients and 64 steps");
}

TEST(WireInput, TurnsATapeIntoDecisions) {
  EXPECT_EQ(to_decision_bytes({{{0, 1}, {3, 2}, {255, 1}, {256, 1}, {513, 4}}}),
            (Bytes{0, 1, 3, 2, 255, 1, 255, 0, 0, 1, 255, 0, 255, 0, 1, 4}));
}

}  // namespace
}  // namespace fuzz
