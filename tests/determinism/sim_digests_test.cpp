// The same inputs give the same run in every build: random fiber programs, seeds and strategies against a table that is
// part of the tree, so that each compiler, optimisation level and sanitizer must come to the same digests. Each line is
// also run at another arena address and with another fill value.
#include <array>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "sim/random.hpp"
#include "sim/sanitizer.hpp"
#include "tests/support/fiber_program.hpp"

namespace sim {
namespace {

constexpr const char* kTable = SIMKERN_SOURCE_DIR "/tests/determinism/sim_digests.txt";
constexpr const char* kRegenerate =
    "If the change of behaviour is wanted, write the table anew with\n"
    "  SIMKERN_WRITE_DIGESTS=1 build/release/bin/determinism_tests --gtest_filter='SimDigests.*'\n"
    "and say in the commit why recorded traces no longer replay.";

constexpr std::uint64_t kPrograms = 40;
constexpr std::uint64_t kSeeds = 4;

struct Pair {
  testing::FiberProgram program;
  std::uint64_t seed = 0;
  std::string strategy;
};

// Four strategies in turn, so that each program meets each of them with some seed.
std::vector<Pair> pairs() {
  static constexpr std::array kStrategies{"round-robin", "round-robin(quantum=2)", "random", "bytes"};
  std::vector<Pair> all;
  for (std::uint64_t number = 0; number < kPrograms; ++number) {
    for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
      all.push_back({{.number = number,
                      .fibers = static_cast<std::uint32_t>(2 + number % 5),
                      .actions = static_cast<std::uint32_t>(8 + number % 17)},
                     seed,
                     kStrategies[seed % kStrategies.size()]});
    }
  }
  return all;
}

MachineOwner prepare(const Pair& pair, const ArenaLayout& layout, std::vector<std::uint8_t>& bytes) {
  MachineConfig config = testing::small_config(pair.seed);
  config.arena.fill = layout.fill;
  config.arena.address_hint = layout.address_hint;
  StrategySpec spec;
  if (pair.strategy == "bytes") {
    Random random(pair.program.number, 2);
    bytes.clear();
    for (int count = 0; count < 200; ++count) {
      bytes.push_back(static_cast<std::uint8_t>(random.below(count % 2 == 0 ? 6 : 256)));
    }
    spec = {.kind = StrategySpec::Kind::bytes, .bytes = bytes};
  } else {
    spec = parse_strategy(pair.strategy).value();
  }
  return testing::prepare(config, pair.program, spec);
}

std::string line_of(const Pair& pair, Machine& machine) {
  return fmt::format("program {} seed {} {}: {} steps, {} decisions, {} ns, {}", pair.program.number, pair.seed,
                     pair.strategy, machine.step(), machine.decisions(), machine.now(), to_string(machine.digest()));
}

std::string run(const Pair& pair) {
  std::vector<std::uint8_t> bytes;
  const MachineOwner machine = prepare(pair, {}, bytes);
  machine->run();
  return line_of(pair, *machine);
}

TEST(SimDigests, EqualTheTableInEveryBuild) {
  std::vector<std::string> lines;
  for (const Pair& pair : pairs()) {
    lines.push_back(run(pair));
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

// Runs each pair in the usual layout and in another one, and names the first event that differs.
void expect_no_difference(const ArenaLayout& layout) {
  for (const Pair& pair : pairs()) {
    std::vector<std::uint8_t> bytes;
    const MachineOwner usual = prepare(pair, {}, bytes);
    std::vector<std::uint8_t> other_bytes;
    const MachineOwner other = prepare(pair, layout, other_bytes);
    if (layout.address_hint != nullptr) {
      ASSERT_NE(&usual->arena(), &other->arena());
    }
    testing::Log expected;
    testing::Log actual;
    usual->attach(expected);
    other->attach(actual);
    usual->run();
    other->run();
    ASSERT_EQ(first_difference(expected, actual), "") << line_of(pair, *usual);
    ASSERT_EQ(line_of(pair, *other), line_of(pair, *usual));
  }
}

TEST(SimDigests, DoNotDependOnTheArenasAddress) {
  if (sanitizer::kThread) {
    expect_no_difference({});  // the system chooses; both are alive at once, so they differ
    return;
  }
  expect_no_difference({.address_hint = reinterpret_cast<void*>(0x2000'0000'0000)});
  expect_no_difference({.address_hint = reinterpret_cast<void*>(0x5a5a'5000'0000)});
}

TEST(SimDigests, DoNotDependOnWhatFreshMemoryHolds) {
  expect_no_difference({.fill = 0x5a});
  expect_no_difference({.fill = 0xff});
}

TEST(SimDigests, DependOnTheSeed) {
  Pair pair{{.number = 1}, 7, "random"};
  const std::string seven = run(pair);
  pair.seed = 8;
  const std::string eight = run(pair);
  EXPECT_NE(seven.substr(seven.size() - 32), eight.substr(eight.size() - 32));
}

}  // namespace
}  // namespace sim
