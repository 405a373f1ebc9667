#include "replay/tape.hpp"

#include <cstdint>
#include <initializer_list>
#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace replay {
namespace {

constexpr std::uint32_t max_answer = std::numeric_limits<std::uint32_t>::max();

std::vector<std::byte> bytes(std::initializer_list<unsigned> values) {
  std::vector<std::byte> result;
  for (const unsigned value : values) {
    result.push_back(static_cast<std::byte>(value));
  }
  return result;
}

std::vector<std::byte> encoded(const TapePair& pair) {
  std::vector<std::byte> out;
  append_encoded(pair, out);
  return out;
}

TEST(Tape, KeepsOnlyWhatIsNotQuiet) {
  const std::vector<std::uint32_t> answers = {0, 0, 0, 1, 2, 0, 5, 0, 0};
  const Tape tape = Tape::from_answers(answers);
  EXPECT_EQ(tape.pairs, (std::vector<TapePair>{{3, 1}, {0, 2}, {1, 5}}));
  EXPECT_EQ(tape.decisions(), 7U);
  EXPECT_EQ(tape.answers(7).value(), (std::vector<std::uint32_t>{0, 0, 0, 1, 2, 0, 5}));
}

TEST(Tape, OfQuietAnswersIsEmpty) {
  EXPECT_EQ(Tape::from_answers(std::vector<std::uint32_t>(1000, 0)), Tape{});
  EXPECT_EQ(Tape{}.decisions(), 0U);
}

TEST(Tape, GivesNoMoreAnswersThanThereIsRoomFor) {
  const Tape tape{.pairs = {{kMaxTapeDecisions - 1, 1}}};
  const auto answers = tape.answers(1000);
  ASSERT_FALSE(answers);
  EXPECT_EQ(answers.error(), "the tape holds 281474976710656 decisions, more than the 1000 asked for");
}

TEST(TapeRecorder, KeepsTheOpenGapWhenItsPairsAreTaken) {
  TapeRecorder recorder;
  recorder.record(4);
  recorder.record(0);
  EXPECT_EQ(recorder.pairs().size(), 1U);
  recorder.clear();
  recorder.record(0);
  recorder.record(9);
  ASSERT_EQ(recorder.pairs().size(), 1U);
  EXPECT_EQ(recorder.pairs()[0], (TapePair{2, 9}));
  EXPECT_EQ(recorder.decisions(), 4U);
}

TEST(TapeBlock, PutsACommonPairIntoOneByte) {
  EXPECT_EQ(encoded({0, 1}), bytes({0x00}));
  EXPECT_EQ(encoded({6, 16}), bytes({0x7e}));
  EXPECT_EQ(encoded({7, 1}), bytes({0x07, 0x00}));
  EXPECT_EQ(encoded({0, 17}), bytes({0x80, 0x01}));
  EXPECT_EQ(encoded({135, 2}), bytes({0x0f, 0x80, 0x01}));
}

TEST(TapeBlock, RoundTripsTheExtremes) {
  for (const TapePair& pair : {TapePair{0, max_answer}, TapePair{kMaxTapeDecisions - 1, 1},
                               TapePair{kMaxTapeDecisions - 1, max_answer}, TapePair{6, 1}, TapePair{7, 1}}) {
    const auto decoded = decode(encoded(pair));
    ASSERT_TRUE(decoded) << decoded.error();
    EXPECT_EQ(decoded->pairs, std::vector<TapePair>{pair});
  }
}

TEST(TapeBlock, RefusesWhatNoEncoderWrites) {
  struct Case {
    std::vector<std::byte> block;
    std::string error;
  };
  const std::vector<Case> cases = {
      {bytes({0x00, 0x80}), "tape byte 1: number cut off by the end of the block"},
      {bytes({0x07}), "tape byte 1: number cut off by the end of the block"},
      {bytes({0x00, 0x81, 0x00}), "tape byte 1: number written longer than needed"},
      {bytes({0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01}), "tape byte 0: number of more than 56 bits"},
      {bytes({0xf8, 0xff, 0xff, 0xff, 0x7f}), "tape byte 0: answer 4294967296 has more than 32 bits"},
      {bytes({0x07, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f}),
       "tape byte 0: more than 281474976710656 decisions"},
  };
  for (const Case& wrong : cases) {
    const auto decoded = decode(wrong.block);
    ASSERT_FALSE(decoded) << wrong.error;
    EXPECT_EQ(decoded.error(), wrong.error);
  }
}

TEST(TapeBlock, CountsTheDecisionsOfTheBlocksBefore) {
  EXPECT_TRUE(decode(bytes({0x00}), kMaxTapeDecisions - 1));
  EXPECT_FALSE(decode(bytes({0x00}), kMaxTapeDecisions));
  EXPECT_FALSE(decode(bytes({0x01}), kMaxTapeDecisions - 1));
}

TEST(ScheduleString, IsShort) {
  EXPECT_EQ(to_text(Tape{}), "0");
  EXPECT_EQ(to_text(Tape{.pairs = {{3, 1}, {0, 2}, {0, 2}, {0, 2}, {0, 2}}}), "3:1,2x4");
  EXPECT_EQ(to_text(Tape{.pairs = {{5, 1}, {5, 1}, {0, 1}}}), "5:1x2,1");
}

TEST(ScheduleString, ReadsWhatItPrints) {
  for (const char* text : {"0", "1", "3:1,2x4", "5:1x2,1", "281474976710655:4294967295"}) {
    const auto tape = parse_tape(text);
    ASSERT_TRUE(tape) << text << ": " << tape.error();
    EXPECT_EQ(to_text(*tape), text);
  }
}

TEST(ScheduleString, NamesTheColumnOfAnError) {
  struct Case {
    const char* text;
    const char* error;
  };
  const std::vector<Case> cases = {
      {"", "schedule, column 1: expected a number below 2^64, as in 3:1,2x4"},
      {"1,", "schedule, column 3: expected a number below 2^64, as in 3:1,2x4"},
      {"1,-2", "schedule, column 3: expected a number below 2^64, as in 3:1,2x4"},
      {"1,3:", "schedule, column 5: expected the answer behind the colon"},
      {"3:0", "schedule, column 3: answer 0 is the quiet one, say it as a gap: 1:2 is a 0, then a 2"},
      {"1,0", "schedule, column 3: answer 0 is the quiet one, say it as a gap: 1:2 is a 0, then a 2"},
      {"4294967296", "schedule, column 1: an answer is below 2^32"},
      {"18446744073709551616", "schedule, column 1: expected a number below 2^64, as in 3:1,2x4"},
      {"1x0", "schedule, column 3: expected how often to repeat, 1 or more"},
      {"1x", "schedule, column 3: expected how often to repeat, 1 or more"},
      {"1 2", "schedule, column 2: expected a comma or the end"},
      {"1x1048576,2", "schedule, column 11: more than 1048576 pairs, keep such a tape in a trace"},
      {"1x18446744073709551615", "schedule, column 1: more than 1048576 pairs, keep such a tape in a trace"},
      {"281474976710656:1", "schedule, column 1: more than 281474976710656 decisions"},
      {"1,18446744073709551615:1", "schedule, column 3: more than 281474976710656 decisions"},
  };
  for (const Case& wrong : cases) {
    const auto tape = parse_tape(wrong.text);
    ASSERT_FALSE(tape) << wrong.text;
    EXPECT_EQ(tape.error(), wrong.error) << wrong.text;
  }
}

}  // namespace
}  // namespace replay
