// A run is recorded, and its trace is the run again.
#include <regex>

#include "tests/cli/simkern.hpp"

namespace test {
namespace {

const std::string kHello = source_path("corpus/scenarios/hello.scn");

TEST(CommandRun, PrintsOneLineWithOutcomeStepsDigestDecisionsAndTime) {
  const TemporaryFolder folder;
  const Finished run = simkern(folder, {"run", kHello});
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_TRUE(std::regex_match(
      run.out,
      std::regex("completed: steps [0-9]+ digest [0-9a-f]{32} decisions [0-9]+ virtual [0-9]+\\.[0-9]{9} s\n")))
      << run.out;
  EXPECT_EQ(run.err, "");
}

TEST(CommandRun, GivesTheSameDigestForTheSameSeedAndAnotherForAnother) {
  const TemporaryFolder folder;
  const std::string seven = digest_of(simkern(folder, {"run", kHello, "--seed", "7"}).out);
  EXPECT_NE(seven, "");
  EXPECT_EQ(digest_of(simkern(folder, {"run", kHello, "--seed", "7"}).out), seven);
  EXPECT_NE(digest_of(simkern(folder, {"run", kHello, "--seed", "8"}).out), seven);
}

TEST(CommandRun, EndsWithOneWhenTheRunFails) {
  const TemporaryFolder folder;
  write_file(folder / "fails.scn", "process p {\n  getpid() => 99999\n}\n");
  const Finished run = simkern(folder, {"run", folder / "fails.scn", "-o", folder / "t.trace"});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_TRUE(run.out.starts_with("failed: p, line 2: getpid gave ")) << run.out;
  // The replay of a failed run fails the same way, which is no divergence.
  const Finished replay = simkern(folder, {"replay", folder / "t.trace", "--verify"});
  EXPECT_EQ(replay.exit_code, 1);
  EXPECT_EQ(replay.out, run.out);
}

TEST(CommandRun, PutsTheOverridesIntoTheTrace) {
  const TemporaryFolder folder;
  ASSERT_EQ(simkern(folder, {"run", kHello, "--seed", "11", "--cpus", "3", "--strategy", "random(preempt=40)", "--set",
                             "fill=7", "-o", folder / "t.trace"})
                .exit_code,
            0);
  const std::string info = simkern(folder, {"info", folder / "t.trace"}).out;
  EXPECT_TRUE(info.contains("  seed          11\n")) << info;
  EXPECT_TRUE(info.contains("  cpus          3\n")) << info;
  EXPECT_TRUE(info.contains("  strategy      random(preempt=40)\n")) << info;
  EXPECT_TRUE(info.contains("  fill          7\n")) << info;
  EXPECT_TRUE(read_file(folder / "t.trace").contains("  max_pending 128\n"))
      << "every key, so that defaults may change";
}

TEST(CommandRun, StopsAtTheBoundAndReplaysToIt) {
  const TemporaryFolder folder;
  const Finished run = simkern(folder, {"run", kHello, "--steps", "300", "-o", folder / "t.trace"});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_TRUE(run.out.starts_with("stopped: ")) << run.out;
  const Finished replay = simkern(folder, {"replay", folder / "t.trace", "--verify"});
  EXPECT_EQ(replay.exit_code, 1);
  EXPECT_EQ(replay.out, run.out);
}

TEST(CommandReplay, PrintsTheLineOfTheRecordedRunForEachScenarioOfTheCorpus) {
  for (const char* name : {"hello", "clients", "hostile", "pipe_pair"}) {
    SCOPED_TRACE(name);
    const TemporaryFolder folder;
    const Finished run = simkern(
        folder, {"run", source_path("corpus/scenarios/" + std::string(name) + ".scn"), "-o", folder / "t.trace"});
    const Finished replay = simkern(folder, {"replay", folder / "t.trace", "--verify"});
    EXPECT_EQ(replay.out, run.out);
    EXPECT_EQ(replay.exit_code, run.exit_code);
    EXPECT_EQ(replay.err, "");
  }
}

TEST(CommandReplay, StopsWhereItIsTold) {
  const TemporaryFolder folder;
  ASSERT_EQ(simkern(folder, {"run", kHello, "-o", folder / "t.trace"}).exit_code, 0);
  const Finished replay = simkern(folder, {"replay", folder / "t.trace", "--to", "200"});
  EXPECT_EQ(replay.exit_code, 0);
  EXPECT_TRUE(replay.out.starts_with("stopped: ")) << replay.out;
  EXPECT_LT(std::stoul(digest_of(replay.out).substr(6)), 220u);
}

TEST(CommandReplay, EndsWithThreeWhenTheRunIsAnother) {
  const TemporaryFolder folder;
  write_file(folder / "a.scn", "process p {\n  nanosleep({0, 1000}, null) => 0\n}\n");
  ASSERT_EQ(simkern(folder, {"run", folder / "a.scn", "-o", folder / "t.trace"}).exit_code, 0);
  // The same trace with another end: the end chunk says how many steps there were.
  const Finished salvaged = simkern(folder, {"replay", folder / "t.trace"});
  ASSERT_EQ(salvaged.exit_code, 0);
  ASSERT_EQ(simkern(folder, {"run", source_path("corpus/scenarios/hello.scn"), "--seed", "1", "-o", folder / "b.trace"})
                .exit_code,
            0);
  // The header of one run and the chunks of another: both have the sequence 0, 1, ...
  const std::string a = read_file(folder / "t.trace");
  const std::string b = read_file(folder / "b.trace");
  const auto header_end = [](const std::string& trace) {
    std::uint32_t payload = 0;
    std::copy_n(trace.data() + 8, sizeof payload, reinterpret_cast<char*>(&payload));
    return 8 + 16 + static_cast<std::size_t>(payload);
  };
  write_file(folder / "mixed.trace", a.substr(0, header_end(a)) + b.substr(header_end(b)));
  const Finished mixed = simkern(folder, {"replay", folder / "mixed.trace", "--verify"});
  EXPECT_EQ(mixed.exit_code, 3);
  EXPECT_TRUE(mixed.err.contains("diverged after step 0")) << mixed.err;
}

TEST(CommandReplay, SalvagesATraceThatWasCutOff) {
  const TemporaryFolder folder;
  const Finished run = simkern(folder, {"run", kHello, "-o", folder / "t.trace"});
  const std::string bytes = read_file(folder / "t.trace");
  write_file(folder / "cut.trace", bytes.substr(0, bytes.size() - 20));
  EXPECT_TRUE(refused(simkern(folder, {"replay", folder / "cut.trace"}), "--salvage"));
  const Finished salvaged = simkern(folder, {"replay", folder / "cut.trace", "--salvage", "--verify"});
  EXPECT_EQ(salvaged.exit_code, 0) << salvaged.err;
  EXPECT_TRUE(salvaged.err.contains("cut.trace: byte ")) << salvaged.err;
  EXPECT_EQ(digest_of(salvaged.out), digest_of(run.out)) << "all decisions were in the file";
}

}  // namespace
}  // namespace test
