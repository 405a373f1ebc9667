// Wire inputs at work: runs from a snapshot equal runs from a fresh boot, and the seeds do what their names say.
#include "fuzz/wire_runner.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>

#include <gtest/gtest.h>

namespace fuzz {
namespace {

WireInput seed(const std::string& name) {
  const std::filesystem::path path = std::filesystem::path(SIMKERN_SOURCE_DIR) / "corpus/wire" / name;
  std::ifstream stream(path, std::ios::binary);
  EXPECT_TRUE(stream) << path;
  const std::vector<char> bytes{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  return decode_wire({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
}

TEST(WireRunner, ARunFromTheSnapshotEqualsOneFromTheBoot) {
  const WireInput input = seed("fork-child-and-parent");
  auto first = WireRunner::create();
  auto second = WireRunner::create();
  ASSERT_TRUE(first && second);
  const replay::RunResult fresh = (*first)->run(input);
  EXPECT_EQ(fresh.outcome, replay::Outcome::completed) << replay::summary(fresh);
  static_cast<void>((*second)->run(seed("captured-file")));
  static_cast<void>((*second)->run(seed("more-clients-than-may-be")));
  EXPECT_EQ((*second)->run(input), fresh);
  EXPECT_EQ((*second)->run(input), fresh);
}

TEST(WireRunner, DecisionsOfTheInputDecide) {
  WireInput input = seed("two-clients-interleaved");
  auto runner = WireRunner::create();
  ASSERT_TRUE(runner);
  const replay::RunResult decided = (*runner)->run(input);
  EXPECT_FALSE((*runner)->tape().pairs().empty());
  input.decisions.clear();
  const replay::RunResult quiet = (*runner)->run(input);
  EXPECT_TRUE((*runner)->tape().pairs().empty());
  EXPECT_NE(decided.digest, quiet.digest);
}

TEST(WireRunner, AStreamThatAwaitsWhatNobodyOwesItGoesOn) {
  auto runner = WireRunner::create();
  ASSERT_TRUE(runner);
  const replay::RunResult result = (*runner)->run(decode_wire(std::vector<std::uint8_t>{0, 2, 2, 2}));
  EXPECT_EQ(result.outcome, replay::Outcome::completed) << replay::summary(result);
  EXPECT_GE(result.virtual_ns, 3U * 60'000'000'000U);
}

TEST(WireRunner, OnlyWhatMustNotBeIsAFinding) {
  using enum replay::Outcome;
  for (const replay::Outcome outcome : {stuck, panicked, crashed, failed}) {
    EXPECT_TRUE(is_finding({.outcome = outcome, .reason = {}})) << name(outcome);
  }
  EXPECT_FALSE(is_finding({.outcome = completed, .reason = {}}));
  EXPECT_FALSE(is_finding({.outcome = stopped, .reason = {}}));
}

}  // namespace
}  // namespace fuzz
