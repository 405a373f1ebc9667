// The log of a trace, as people and as programs read it.
#include <nlohmann/json.hpp>
#include <regex>
#include <sstream>

#include "tests/cli/simkern.hpp"

namespace test {
namespace {

const std::string kHello = source_path("corpus/scenarios/hello.scn");

// Steps and times change with every change of the kernel; what happens, and in which order, only when it should.
std::string without_steps(const std::string& log) {
  const std::string lines =
      std::regex_replace(log, std::regex("(^|\n) *[0-9]+ +[0-9]+\\.[0-9]{9} "), "$1         #             # ");
  return std::regex_replace(lines, std::regex("steps [0-9]+ digest [0-9a-f]+ decisions [0-9]+ virtual [0-9.]+ s"),
                            "steps # digest # decisions # virtual # s");
}

TEST(CommandShow, PrintsHelloAsTheGoldenFileHasIt) {
  const TemporaryFolder folder;
  ASSERT_EQ(
      simkern(folder, {"run", kHello, "--strategy", "round-robin", "--cpus", "1", "-o", folder / "t.trace"}).exit_code,
      0);
  const Finished show = simkern(folder, {"show", folder / "t.trace"});
  EXPECT_EQ(show.exit_code, 0);
  const std::string golden = read_file(source_path("tests/data/show_hello.txt"));
  EXPECT_EQ(without_steps(show.out), golden)
      << "If the change is meant, put the text above into tests/data/show_hello.txt";
}

TEST(CommandShow, KeepsItsColumnsAndTheOrderOfSteps) {
  const TemporaryFolder folder;
  ASSERT_EQ(simkern(folder, {"run", kHello, "-o", folder / "t.trace"}).exit_code, 0);
  std::istringstream log(simkern(folder, {"show", folder / "t.trace"}).out);
  std::string line;
  std::getline(log, line);
  EXPECT_EQ(line, "      step          time  cpu  who       event");
  unsigned long last = 0;
  int lines = 0;
  while (std::getline(log, line) && !line.starts_with("completed")) {
    ASSERT_GT(line.size(), 40u) << line;
    const unsigned long step = std::stoul(line.substr(0, 10));
    EXPECT_GE(step, last) << line;
    last = step;
    EXPECT_EQ(line.substr(29, 2), "  ") << line;
    ++lines;
  }
  EXPECT_GT(lines, 30);
}

TEST(CommandShow, GivesOneJsonObjectPerLine) {
  const TemporaryFolder folder;
  ASSERT_EQ(simkern(folder, {"run", kHello, "-o", folder / "t.trace"}).exit_code, 0);
  std::istringstream log(simkern(folder, {"show", folder / "t.trace", "--json"}).out);
  int opens = 0;
  for (std::string line; std::getline(log, line);) {
    const auto object = nlohmann::json::parse(line);
    ASSERT_TRUE(object.contains("step") && object.contains("kind")) << line;
    if (object["kind"] == "syscall" && object["name"] == "open") {
      ++opens;
      EXPECT_EQ(object["arguments"], (std::vector<std::string>{"\"/tmp.txt\"", "O_RDWR|O_CREAT", "0644"}));
      EXPECT_EQ(object["error"], 0);
      EXPECT_EQ(object["result"][0], 3);
    }
  }
  EXPECT_EQ(opens, 1);
}

TEST(CommandRun, LogIsWhatShowPrints) {
  const TemporaryFolder folder;
  const Finished run = simkern(folder, {"run", kHello, "--log", "-o", folder / "t.trace"});
  EXPECT_EQ(run.out, simkern(folder, {"show", folder / "t.trace"}).out);
  EXPECT_EQ(run.out, simkern(folder, {"replay", folder / "t.trace", "--log"}).out);
}

TEST(CommandInfo, TellsWhatATraceHoldsInTextAndJson) {
  const TemporaryFolder folder;
  const Finished run = simkern(folder, {"run", kHello, "-o", folder / "t.trace"});
  const std::string text = simkern(folder, {"info", folder / "t.trace"}).out;
  EXPECT_TRUE(text.contains("outcome     completed\n")) << text;
  EXPECT_TRUE(text.contains("actors      writer, piper, shell\n")) << text;
  const auto object = nlohmann::json::parse(simkern(folder, {"info", folder / "t.trace", "--json"}).out);
  EXPECT_EQ(
      "steps " + std::to_string(object["steps"].get<unsigned>()) + " digest " + object["digest"].get<std::string>(),
      digest_of(run.out));
  EXPECT_EQ(object["config"]["cpus"], 2);
}

}  // namespace
}  // namespace test
