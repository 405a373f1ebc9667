// Fuzzer inputs, scenarios and traces become one another.
#include "tests/cli/simkern.hpp"

namespace test {
namespace {

TEST(CommandConvert, AFuzzerInputBecomesATraceAndComesBackAsIt) {
  const TemporaryFolder folder;
  // connect, a guest handshake, a getpid frame, and decisions: any bytes will do.
  const std::string input("\x00\x08\x01\x02\x07\x04\x02\x00\x02\xff\x03\x01\x00\x01", 14);
  write_file(folder / "input", input);
  const Finished made = simkern(folder, {"convert", folder / "input", "-o", folder / "t.trace"});
  ASSERT_EQ(made.exit_code, 0) << made.err;
  ASSERT_NE(digest_of(made.out), "");
  const Finished replay = simkern(folder, {"replay", folder / "t.trace", "--verify"});
  EXPECT_EQ(replay.out, made.out);
  EXPECT_NE(replay.exit_code, 3) << replay.err;

  // What comes back need not be the same bytes, but is the same run.
  ASSERT_EQ(simkern(folder, {"convert", folder / "t.trace", "-o", folder / "back"}).exit_code, 0);
  const Finished again = simkern(folder, {"convert", folder / "back", "-o", folder / "again.trace"});
  EXPECT_EQ(digest_of(again.out), digest_of(made.out));
}

TEST(CommandConvert, EveryByteStringMakesATrace) {
  const TemporaryFolder folder;
  std::string bytes;
  for (int seed = 0; seed < 8; ++seed) {
    SCOPED_TRACE(seed);
    write_file(folder / "input", bytes);
    const Finished made = simkern(folder, {"convert", folder / "input", "-o", folder / "t.trace"});
    ASSERT_EQ(made.exit_code, 0) << made.err;
    EXPECT_EQ(simkern(folder, {"replay", folder / "t.trace", "--verify"}).out, made.out);
    for (int count = 0; count < 40; ++count) {
      bytes += static_cast<char>((seed * 37 + count * count * 11 + 5) & 0xff);
    }
  }
}

TEST(CommandConvert, AScenarioBecomesATraceAndComesBackAsIt) {
  const TemporaryFolder folder;
  write_file(folder / "a.scn", "config {\n  seed 3\n}\nprocess p {\n  getpid() => ok\n}\n");
  const Finished made = simkern(folder, {"convert", folder / "a.scn", "-o", folder / "t.trace"});
  ASSERT_EQ(made.exit_code, 0) << made.err;
  ASSERT_EQ(simkern(folder, {"convert", folder / "t.trace", "-o", folder / "b.scn"}).exit_code, 0);
  EXPECT_EQ(read_file(folder / "b.scn"), "config {\n  seed 3\n}\n\nprocess p {\n  getpid() => ok\n}\n");
}

}  // namespace
}  // namespace test
