// The sample scenarios give the same runs in every build: each with several seeds and strategies against a table that
// is part of the tree, and again at another arena address and with another fill value.
#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "replay/run.hpp"
#include "replay/scenario_text.hpp"
#include "sim/sanitizer.hpp"

namespace replay {
namespace {

constexpr const char* kTable = SIMKERN_SOURCE_DIR "/tests/determinism/scenario_digests.txt";
constexpr const char* kRegenerate =
    "If the change of behaviour is wanted, write the table anew with\n"
    "  SIMKERN_WRITE_DIGESTS=1 build/release/bin/determinism_tests --gtest_filter='ScenarioDigests.*'\n"
    "and say in the commit why recorded traces no longer replay.";

struct Sample {
  std::string name;
  Scenario scenario;
};

// Each scenario of the corpus, in order of name, with every seed and strategy.
std::vector<Sample> samples() {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(SIMKERN_SOURCE_DIR "/corpus/scenarios")) {
    if (entry.path().extension() == ".scn") {
      paths.push_back(entry.path());
    }
  }
  std::ranges::sort(paths);
  std::vector<Sample> all;
  for (const std::filesystem::path& path : paths) {
    std::ifstream file(path);
    const std::string text(std::istreambuf_iterator<char>(file), {});
    const auto scenario = parse_scenario(text, path.string(), kernel_calls());
    if (!scenario) {
      ADD_FAILURE() << scenario.error().to_string();
      continue;
    }
    for (const std::uint64_t cpus : {1, 2, 4}) {
      for (const std::uint64_t seed : {1, 2, 3}) {
        for (const char* strategy : {"random", "random(preempt=50)", "round-robin(quantum=2)"}) {
          Sample& sample = all.emplace_back(path.filename().string(), *scenario);
          sample.scenario.config.cpus = cpus;
          sample.scenario.config.seed = seed;
          sample.scenario.config.strategy = strategy;
        }
      }
    }
  }
  return all;
}

std::string run(const Sample& sample, void* address_hint = nullptr) {
  auto world = World::boot(sample.scenario.config, address_hint);
  if (!world) {
    return world.error();
  }
  if (const auto used = use_strategy(*world, sample.scenario.config); !used) {
    return used.error();
  }
  const auto workload = Workload::start(*world, sample.scenario);
  if (!workload) {
    return workload.error();
  }
  return fmt::format("{} cpus {} seed {} {}: {}", sample.name, sample.scenario.config.cpus, sample.scenario.config.seed,
                     sample.scenario.config.strategy,
                     summary(run_workload(*world, **workload, sample.scenario.config.steps)));
}

TEST(ScenarioDigests, EqualTheTableInEveryBuild) {
  std::vector<std::string> lines;
  for (const Sample& sample : samples()) {
    lines.push_back(run(sample));
    EXPECT_NE(lines.back().find("completed"), std::string::npos) << lines.back();
  }
  if (std::getenv("SIMKERN_WRITE_DIGESTS") != nullptr) {
    std::ofstream table(kTable);
    for (const std::string& line : lines) {
      table << line << '\n';
    }
    ASSERT_TRUE(table.good()) << kTable;
    return;
  }
  std::ifstream table(kTable);
  ASSERT_TRUE(table.is_open()) << kTable << " is missing.\n" << kRegenerate;
  for (const std::string& line : lines) {
    std::string expected;
    std::getline(table, expected);
    ASSERT_EQ(line, expected) << kRegenerate;
  }
  std::string rest;
  EXPECT_FALSE(std::getline(table, rest)) << "the table has more lines, from: " << rest << '\n' << kRegenerate;
}

TEST(ScenarioDigests, DoNotDependOnTheAddressOfTheArena) {
  if (sim::sanitizer::kThread) {
    GTEST_SKIP() << "ThreadSanitizer maps memory where it allows it";
  }
  for (const Sample& sample : samples()) {
    ASSERT_EQ(run(sample, reinterpret_cast<void*>(0x3000'0000'0000)), run(sample));
  }
}

TEST(ScenarioDigests, DoNotDependOnTheFillOfFreshMemory) {
  for (const Sample& sample : samples()) {
    Sample other = sample;
    other.scenario.config.fill = sample.scenario.config.fill ^ 0xffU;
    ASSERT_EQ(run(other), run(sample));
  }
}

}  // namespace
}  // namespace replay
