// Bad input gets one line on standard error and exit code 2, and no file is touched.
#include <filesystem>

#include "tests/cli/simkern.hpp"

namespace test {
namespace {

const std::string kHello = source_path("corpus/scenarios/hello.scn");

struct BadCase {
  std::vector<std::string> arguments;
  std::string error;
};

TEST(CommandUsage, EachWrongCommandLineGetsItsLine) {
  const TemporaryFolder folder;
  const std::vector<BadCase> cases = {
      {{}, "a command is missing"},
      {{"rnu"}, "there is no command `rnu`; did you mean `run`?"},
      {{"xyzzy"}, "there are run, replay, show, info, serve, convert"},
      {{"run"}, "SCENARIO is required; see simkern run --help"},
      {{"run", kHello, "extra"}, "extra"},
      {{"run", kHello, "--bogus"}, "--bogus"},
      {{"run", kHello, "--seed"}, "--seed"},
      {{"run", kHello, "--seed", "abc"}, "--seed: `abc` is not a number from 0 to"},
      {{"run", kHello, "--seed", "-1"}, "--seed"},
      {{"run", kHello, "--seed", "18446744073709551616"}, "--seed"},
      {{"run", kHello, "--cpus", "0"}, "--cpus: `0` is not a number from 1 to 64"},
      {{"run", kHello, "--cpus", "65"}, "--cpus: `65` is not a number from 1 to 64"},
      {{"run", kHello, "--strategy", "lucky"}, "--strategy: unknown strategy 'lucky'; there are: "},
      {{"run", kHello, "--strategy", "random(preempt=0)"}, "--strategy: "},
      {{"run", kHello, "--set", "cups=2"}, "there is no config key `cups`; did you mean `cpus`?"},
      {{"run", kHello, "--set", "cpus"}, "`cpus` is not KEY=VALUE"},
      {{"replay"}, "TRACE is required"},
      {{"replay", kHello, "--to", "soon"}, "--to: `soon` is not a number"},
      {{"show"}, "TRACE is required"},
      {{"info"}, "TRACE is required"},
      {{"serve"}, "URL is required"},
      {{"serve", "/tmp/x"}, "the URL `/tmp/x` has no scheme; write tcp://ADDRESS:PORT or unix://PATH"},
      {{"serve", "tcp://127.0.0.1"}, "has no port"},
      {{"serve", "tcp://localhost:1"}, "must be an IPv4 address"},
      {{"serve", "unix://" + std::string(120, 'x')}, "a socket's path has at most 107"},
      {{"serve", "unix:///nonexistent/x.sock"}, "cannot make the socket file"},
      {{"serve", "unix://" + (folder / "s"), "--cpus", "many"}, "--cpus: `many`"},
      {{"convert", kHello}, "--output is required"},
      {{"convert", kHello, "-o", folder / "x.trace", "--target", "moon"}, "there is no target `moon`; there is wire"},
  };
  for (const BadCase& bad : cases) {
    SCOPED_TRACE(testing::PrintToString(bad.arguments));
    EXPECT_TRUE(refused(simkern(folder, bad.arguments), bad.error));
  }
}

TEST(CommandUsage, EachFileThatCannotBeReadIsNamed) {
  const TemporaryFolder folder;
  for (const std::string verb : {"run", "replay", "show", "info", "convert"}) {
    for (const std::string& path : {folder / "missing", source_path("corpus")}) {
      SCOPED_TRACE(verb + " " + path);
      std::vector<std::string> arguments{verb, path};
      if (verb == "convert" || verb == "run") {
        arguments.insert(arguments.end(), {"-o", folder / "out.trace"});
      }
      EXPECT_TRUE(refused(simkern(folder, arguments), path + ": "));
      EXPECT_FALSE(std::filesystem::exists(folder / "out.trace"));
    }
  }
}

TEST(CommandUsage, AnErrorInAScenarioNamesFileLineAndColumnAndTouchesNoFile) {
  const TemporaryFolder folder;
  write_file(folder / "bad.scn", "process p {\n  gteppid()\n}\n");
  write_file(folder / "t.trace", "precious");
  EXPECT_TRUE(refused(simkern(folder, {"run", folder / "bad.scn", "-o", folder / "t.trace"}), "bad.scn:2:3: "));
  EXPECT_EQ(read_file(folder / "t.trace"), "precious");
  write_file(folder / "strategy.scn", "config {\n  strategy lucky\n}\n");
  EXPECT_TRUE(refused(simkern(folder, {"run", folder / "strategy.scn", "-o", folder / "t.trace"}), "'lucky'"));
  EXPECT_EQ(read_file(folder / "t.trace"), "precious");
  EXPECT_TRUE(refused(simkern(folder, {"run", kHello, "--cpus", "99", "-o", folder / "t.trace"}), "--cpus"));
  EXPECT_EQ(read_file(folder / "t.trace"), "precious");
  // What the machine refuses is found out before the file is made, too.
  write_file(folder / "large.scn", "config {\n  arena_mib 1\n}\nprocess p {\n  read(0, out[4194304], 1)\n}\n");
  EXPECT_TRUE(refused(simkern(folder, {"run", folder / "large.scn", "-o", folder / "t.trace"}), "arena_mib"));
  EXPECT_EQ(read_file(folder / "t.trace"), "precious");
}

TEST(CommandUsage, AnOutputThatCannotBeMadeIsNamed) {
  const TemporaryFolder folder;
  const std::string path = folder / "no/such/folder/t.trace";
  EXPECT_TRUE(refused(simkern(folder, {"run", kHello, "-o", path}), path));
  EXPECT_TRUE(refused(simkern(folder, {"convert", kHello, "-o", path}), path));
  EXPECT_TRUE(refused(simkern(folder, {"convert", kHello, "-o", folder / "no/such/x.scn"}), "x.scn"));
  EXPECT_TRUE(refused(simkern(folder, {"serve", "unix://" + (folder / "s"), "-o", path}), path));
  EXPECT_FALSE(std::filesystem::exists(folder / "s")) << "the socket file is gone";
}

TEST(CommandUsage, ABrokenTraceIsRefusedWithThePlace) {
  const TemporaryFolder folder;
  ASSERT_EQ(simkern(folder, {"run", kHello, "-o", folder / "t.trace"}).exit_code, 0);
  const std::string good = read_file(folder / "t.trace");
  std::string flipped = good;
  flipped[good.size() / 2] = static_cast<char>(flipped[good.size() / 2] ^ 4);
  write_file(folder / "flipped", flipped);
  write_file(folder / "cut", good.substr(0, good.size() - 8));
  write_file(folder / "empty", "");
  write_file(folder / "text", "this is no trace\n\033[31m");
  for (const std::string verb : {"replay", "show", "info"}) {
    for (const std::string name : {"flipped", "cut", "empty", "text"}) {
      SCOPED_TRACE(verb + " " + name);
      EXPECT_TRUE(refused(simkern(folder, {verb, folder / name}), name + ": byte "));
    }
  }
  EXPECT_TRUE(refused(simkern(folder, {"convert", folder / "cut", "-o", folder / "x.scn"}), "cut: byte "));
  EXPECT_FALSE(std::filesystem::exists(folder / "x.scn"));
}

TEST(CommandUsage, ForeignTextInAnErrorIsPrintable) {
  const TemporaryFolder folder;
  const Finished run = simkern(folder, {"run", folder / "a\033[31m\nb"});
  EXPECT_TRUE(refused(run, "a\\x1b[31m\\nb"));
  EXPECT_TRUE(refused(simkern(folder, {"serve", "tcp\033://x"}), "tcp?://x"));
}

TEST(CommandHelp, EachVerbShowsExamplesAndExitCodes) {
  const TemporaryFolder folder;
  for (const std::string verb : {"run", "replay", "show", "info", "serve", "convert"}) {
    const Finished help = simkern(folder, {verb, "--help"});
    EXPECT_EQ(help.exit_code, 0);
    EXPECT_TRUE(help.out.contains("simkern " + verb)) << help.out;
    EXPECT_TRUE(help.out.contains("Examples:")) << help.out;
    EXPECT_TRUE(help.out.contains("3 diverged")) << help.out;
  }
  EXPECT_EQ(simkern(folder, {"--version"}).exit_code, 0);
}

}  // namespace
}  // namespace test
