#include "replay/scenario_text.hpp"

#include <array>
#include <fstream>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

#include "replay/nearest.hpp"
#include "replay/symbols.hpp"

namespace replay {
namespace {

using enum ArgumentKind;

/// A small table of calls, enough for the samples.
CallTable test_calls() {
  static const auto table = std::to_array<CallSignature>({
      {"read", 3, {descriptor, address, number}, 3},
      {"write", 4, {descriptor, address, number}, 3},
      {"open", 5, {address, open_flags, mode}, 2},
      {"close", 6, {descriptor}, 1},
      {"unlink", 10, {address}, 1},
      {"getpid", 20, {}, 0},
      {"getuid", 24, {}, 0},
      {"dup", 41, {descriptor}, 1},
      {"pipe", 42, {}, 0},
      {"fcntl", 92, {descriptor, fcntl_command, number}, 2},
      {"readv", 120, {descriptor, iovec, number}, 3},
      {"writev", 121, {descriptor, iovec, number}, 3},
      {"lseek", 199, {descriptor, number, whence}, 3},
      {"clock_gettime", 427, {clock, address}, 2},
      {"nanosleep", 430, {timespec, address}, 2},
      {"pipe2", 453, {address, open_flags}, 2},
  });
  return table;
}

Scenario parsed(std::string_view text) {
  auto scenario = parse_scenario(text, "t.scn", test_calls());
  if (!scenario) {
    ADD_FAILURE() << scenario.error().to_string();
    return {};
  }
  return *scenario;
}

/// The first line of the error; empty if there is none.
std::string error_of(std::string_view text) {
  const auto scenario = parse_scenario(text, "t.scn", test_calls());
  if (scenario) {
    return "";
  }
  const std::string whole = scenario.error().to_string();
  return whole.substr(0, whole.find('\n'));
}

std::string in_process(std::string_view statements) {
  return "process p {\n" + std::string{statements} + "\n}\n";
}
std::string in_client(std::string_view statements) {
  return "client c {\n" + std::string{statements} + "\n}\n";
}
std::string in_raw(std::string_view statements) {
  return "raw r {\n" + std::string{statements} + "\n}\n";
}

/// The only statement of a process, as it is printed again.
std::string reprinted(std::string_view statement) {
  const std::string text = print_scenario(parsed(in_process(statement)), test_calls());
  const std::size_t start = text.find('\n') + 3;
  return text.substr(start, text.rfind("\n}") - start);
}

Call only_call(std::string_view statement) {
  const Scenario scenario = parsed(in_process(statement));
  return std::get<Call>(std::get<Process>(scenario.actors.at(0).what).actions.at(0).what);
}

std::vector<RawStep> raw_steps(std::string_view steps) {
  return std::get<Raw>(parsed(in_raw(steps)).actors.at(0).what).steps;
}

std::string file(const std::string& path) {
  const std::ifstream stream(std::string{SIMKERN_SOURCE_DIR} + "/" + path);
  EXPECT_TRUE(stream.good()) << path;
  std::ostringstream contents;
  contents << stream.rdbuf();
  return contents.str();
}

constexpr auto kSamples = std::to_array<const char*>({"hello", "pipe_pair", "clients", "hostile"});

// ---- the whole ----

TEST(ScenarioText, EmptyTextIsTheDefaultScenario) {
  EXPECT_EQ(parsed(""), Scenario{});
  EXPECT_EQ(parsed("# only a comment"), Scenario{});
  EXPECT_EQ(print_scenario(Scenario{}), "");
}

TEST(ScenarioText, PrintingGivesCanonicalTextBack) {
  const std::string canonical = R"(config {
  seed 7
  cpus 2
  strategy round-robin(quantum=3)
}

process writer {
  fd = open("/tmp/x", O_RDWR | O_CREAT, 0o644)
  n = write(fd, "hello\n", 6) => 6
  lseek(fd, -1, SEEK_END)
  read(fd, out[16], n) => EBADF
  pipe() -> r, w
  pipe() -> _, w
  pipe2(out[i32 a, i64 b], O_RDONLY | O_NONBLOCK)
  nanosleep({1, 500000000}, null) => ok
  writev(w, [{"ab", 2}, {hex "00ff", 2}], 2) => errno 200
  fcntl(fd, F_DUPFD, 10)
  clock_gettime(CLOCK_MONOTONIC, out[16])
  repeat 3 {
    repeat 0 {
    }
    r = syscall(500, 1, -2)
  }
  syscall(20)
}

client shell {
  handshake guest "shell"
  p = getpid()
  disconnect
}

raw attacker {
  connect
  send hex "2300ff"
  send "text"
  send frame(class=REQ, type=SYSCALL, reqno=2, field=20, body=hex "00", length=24)
  send frame(class=9, type=HANDSHAKE, reqno=0)
  await frame
  answer "abc"
  answer zeros 4096
  answer asked
  sleep 10ms
  idle
  shut
}
)";
  EXPECT_EQ(print_scenario(parsed(canonical), test_calls()), canonical);
}

TEST(ScenarioText, SamplesParseAndSurviveThePrinter) {
  for (const char* const name : kSamples) {
    const std::string text = file("corpus/scenarios/" + std::string{name} + ".scn");
    const auto scenario = parse_scenario(text, name, test_calls());
    ASSERT_TRUE(scenario.has_value()) << scenario.error().to_string();
    const std::string printed = print_scenario(*scenario, test_calls(), ConfigKeys::every);
    EXPECT_EQ(parsed(printed), *scenario) << printed;
    EXPECT_EQ(print_scenario(parsed(printed), test_calls(), ConfigKeys::every), printed);
  }
}

TEST(ScenarioText, StatementsMayShareALine) {
  EXPECT_EQ(parsed("process p { a = getpid(); close(a); }"), parsed(in_process("a = getpid()\nclose(a)")));
}

TEST(ScenarioText, ActorsAndActionsKnowTheirLines) {
  const Scenario scenario = parsed("# one\n\nprocess p {\n  getpid(\n  )\n  getuid()\n}\n");
  const Actor& actor = scenario.actors.at(0);
  EXPECT_EQ(actor.line.number, 3U);
  EXPECT_EQ(std::get<Process>(actor.what).actions.at(0).line.number, 4U);
  EXPECT_EQ(std::get<Process>(actor.what).actions.at(1).line.number, 6U);
}

// ---- config ----

TEST(ScenarioConfig, EachKeyTakesItsBoundsAndNothingBeyond) {
  for (const ConfigKey& key : config_keys()) {
    const auto* const type = std::get_if<NumberKey>(&key.type);
    if (type == nullptr) {
      continue;
    }
    const auto text = [&](const std::string& value) {
      return "config { " + std::string{key.name} + " " + value + " }";
    };
    EXPECT_EQ(parsed(text(std::to_string(type->lowest))).config.*type->field, type->lowest);
    EXPECT_EQ(parsed(text(std::to_string(type->highest))).config.*type->field, type->highest);
    if (type->highest != UINT64_MAX) {
      EXPECT_NE(error_of(text(std::to_string(type->highest + 1))), "") << key.name;
    }
    if (type->lowest != 0) {
      EXPECT_NE(error_of(text(std::to_string(type->lowest - 1))), "") << key.name;
    }
  }
}

TEST(ScenarioConfig, DefaultsAreThoseOfTheTable) {
  const Config config;
  EXPECT_EQ(config.cpus, 1U);
  EXPECT_EQ(config.strategy, "random");
  EXPECT_EQ(config.steps, 10'000'000U);
  EXPECT_EQ(config.max_clients, 256U);
}

TEST(ScenarioConfig, StrategyHasNormalisedParameters) {
  EXPECT_EQ(parsed("config { strategy round-robin( quantum = 0x10,a=b ) }").config.strategy,
            "round-robin(quantum=16, a=b)");
  for (const char* const text : {"", "a(", "a()", "a(b)", "a(b=)", "a(b=1,c=2)", "a(b=01)", "a-", "1a", "a(b=1)x"}) {
    EXPECT_FALSE(is_strategy_text(text)) << text;
  }
}

TEST(ScenarioConfig, EveryKeyIsPrintedForTraces) {
  const std::string text = print_scenario(Scenario{}, {}, ConfigKeys::every);
  for (const ConfigKey& key : config_keys()) {
    EXPECT_NE(text.find("\n  " + std::string{key.name} + " "), std::string::npos) << key.name;
  }
}

TEST(ScenarioConfig, DocumentationHasTheTableOfKeys) {
  EXPECT_NE(file("docs/scenario.md").find(config_keys_markdown()), std::string::npos)
      << "docs/scenario.md needs this table:\n"
      << config_keys_markdown();
}

TEST(ScenarioConfig, Errors) {
  EXPECT_EQ(error_of("config {\n  cpu 2\n}"), "t.scn:2:3: there is no config key \"cpu\"; did you mean \"cpus\"?");
  EXPECT_EQ(error_of("config { zzzzzz 2 }"),
            "t.scn:1:10: there is no config key \"zzzzzz\"; docs/scenario.md lists them");
  EXPECT_EQ(error_of("config { cpus 65 }"), "t.scn:1:15: cpus is 65; it lies in 1..64");
  EXPECT_EQ(error_of("config { cpus -1 }"), "t.scn:1:15: cpus is -1; it lies in 1..64");
  EXPECT_EQ(error_of("config { cpus 1\ncpus 2 }"), "t.scn:2:1: cpus is set twice; once is enough");
  EXPECT_EQ(error_of("config { cpus }"), "t.scn:1:15: \"}\" stands where a number or a constant belongs");
  EXPECT_EQ(error_of("config { } config { }"), "t.scn:1:12: there are two config blocks; their keys belong into one");
  EXPECT_EQ(error_of("config { strategy a() }"), "t.scn:1:21: \")\" stands where the name of a parameter belongs");
  EXPECT_EQ(error_of("config { strategy _a }"),
            "t.scn:1:19: \"_a\" is no strategy; one is written random or round-robin(quantum=3)");
  EXPECT_EQ(error_of("config { seed 1 cpus 2 }"),
            "t.scn:1:17: \"cpus\" stands after the end of the statement; the next one begins on a new line or after "
            "\";\"");
}

// ---- tokens ----

TEST(ScenarioLexer, Numbers) {
  EXPECT_EQ(reprinted("close(0x1F)"), "close(31)");
  EXPECT_EQ(reprinted("close(0o17)"), "close(15)");
  EXPECT_EQ(reprinted("close(18446744073709551615)"), "close(-1)");
  EXPECT_EQ(reprinted("close(-9223372036854775808)"), "close(-9223372036854775808)");
  EXPECT_EQ(reprinted("close(1 | 2|0x10)"), "close(19)");
}

TEST(ScenarioLexer, NumberErrors) {
  EXPECT_EQ(error_of(in_process("close(18446744073709551616)")),
            "t.scn:2:7: the number is too large; numbers end at 18446744073709551615");
  EXPECT_EQ(error_of(in_process("close(-9223372036854775809)")),
            "t.scn:2:8: the number is too small; numbers begin at -9223372036854775808");
  EXPECT_EQ(error_of(in_process("close(0644)")),
            "t.scn:2:7: a decimal number does not begin with 0; octal is written 0o644, hexadecimal 0x1a4");
  EXPECT_EQ(error_of(in_process("close(0x)")), "t.scn:2:7: \"0x\" needs digits after it");
  EXPECT_EQ(error_of(in_process("close(0o8)")), "t.scn:2:7: \"0o\" needs digits after it");
  EXPECT_EQ(error_of(in_process("close(0o18)")), "t.scn:2:10: \"8\" is no octal digit");
  EXPECT_EQ(error_of(in_process("close(5x)")), "t.scn:2:8: \"x\" is no unit; units of time are s, ms, us and ns");
  EXPECT_EQ(error_of(in_process("close(- x)")), "t.scn:2:9: a number belongs after \"-\"");
}

TEST(ScenarioLexer, StringsTakeEscapesAndJoin) {
  EXPECT_EQ(reprinted(R"(unlink("a\x41\n\t\r\0\\\"" "z"))"), R"(unlink("aA\n\t\r\x00\\\"z"))");
  EXPECT_EQ(reprinted("unlink(hex \"00 FF\" \"ab\")"), "unlink(hex \"00ffab\")");
  EXPECT_EQ(reprinted("unlink(\"a # no comment\")"), "unlink(\"a # no comment\")");
}

TEST(ScenarioLexer, StringErrors) {
  EXPECT_EQ(error_of(in_process("unlink(\"abc")),
            "t.scn:2:8: the string has no end; it closes with \" on the same line, a line feed in it is written \\n");
  const std::string no_escape =
      ": this is no escape; escapes are \\n \\t \\r \\0 \\\\ \\\" and \\x with two hexadecimal digits";
  EXPECT_EQ(error_of(in_process(R"(unlink("a\q"))")), "t.scn:2:10" + no_escape);
  EXPECT_EQ(error_of(in_process(R"(unlink("\x4"))")), "t.scn:2:9" + no_escape);
  EXPECT_EQ(error_of(in_process(R"(unlink("\01"))")), "t.scn:2:9" + no_escape);
  EXPECT_EQ(error_of("process p { unlink(\"\\"), "t.scn:1:21" + no_escape);
  EXPECT_EQ(error_of(in_process("unlink(hex \"0\")")), "t.scn:2:12: the last byte has one digit; each byte has two");
  EXPECT_EQ(error_of(in_process("unlink(hex \"0g\")")),
            "t.scn:2:12: \"g\" is no hexadecimal digit; digits are 0-9 and a-f, with blanks between them as you like");
}

TEST(ScenarioLexer, StrayBytes) {
  EXPECT_EQ(error_of("\x01"), "t.scn:1:1: byte 0x01 stands only in strings and comments");
  EXPECT_EQ(error_of("\xc3\xa4"), "t.scn:1:1: byte 0xc3 stands only in strings and comments");
  EXPECT_EQ(error_of("  $"), "t.scn:1:3: \"$\" begins nothing in this language");
}

TEST(ScenarioLexer, ErrorShowsTheLineAndACaret) {
  const auto scenario = parse_scenario("config {\n\tcpus 65\n}", "t.scn");
  ASSERT_FALSE(scenario.has_value());
  EXPECT_EQ(scenario.error().to_string(), "t.scn:2:7: cpus is 65; it lies in 1..64\n cpus 65\n      ^");
}

TEST(ScenarioLexer, ErrorShowsPartOfALongLine) {
  const auto scenario = parse_scenario(std::string(5000, ' ') + "$" + std::string(5000, ' '), "t.scn");
  ASSERT_FALSE(scenario.has_value());
  EXPECT_EQ(scenario.error().column, 5001U);
  EXPECT_EQ(scenario.error().excerpt.size(), 120U);
  EXPECT_EQ(scenario.error().excerpt.at(scenario.error().caret), '$');
}

// ---- calls ----

TEST(ScenarioCalls, NamesBecomeNumbers) {
  EXPECT_EQ(only_call("getpid()").number, 20U);
  EXPECT_EQ(only_call("syscall(500, 1)").number, 500U);
  EXPECT_EQ(only_call("syscall(500, 1)").name, "");
}

TEST(ScenarioCalls, WithoutATableAnyNameStands) {
  const auto scenario = parse_scenario(in_process("frobnicate(1, {2})"), "t.scn");
  ASSERT_TRUE(scenario.has_value());
  EXPECT_EQ(std::get<Call>(std::get<Process>(scenario->actors[0].what).actions[0].what).number, std::nullopt);
  EXPECT_EQ(print_scenario(*scenario), in_process("  frobnicate(1, {2})"));
}

TEST(ScenarioCalls, NumbersArePrintedAsTheTableKnowsThem) {
  EXPECT_EQ(reprinted("open(\"f\", 0x602, 420)"), "open(\"f\", O_RDWR | O_CREAT | O_TRUNC, 0o644)");
  EXPECT_EQ(reprinted("open(\"f\", 0)"), "open(\"f\", O_RDONLY)");
  EXPECT_EQ(reprinted("open(\"f\", O_NDELAY | 3)"), "open(\"f\", O_ACCMODE | O_NONBLOCK)");
  EXPECT_EQ(reprinted("open(\"f\", 0x80000000, 0x10000)"), "open(\"f\", O_RDONLY | 0x80000000, 65536)");
  EXPECT_EQ(reprinted("open(\"f\", -1)"), "open(\"f\", -1)");
  EXPECT_EQ(reprinted("fcntl(0, 3)"), "fcntl(0, F_GETFL)");
  EXPECT_EQ(reprinted("fcntl(0, 333)"), "fcntl(0, 333)");
}

TEST(ScenarioCalls, ResultsBecomeVariables) {
  const Scenario scenario =
      parsed(in_process("a = getpid()\npipe() -> b, a\nb = dup(b)\npipe() -> b, _\n_ = getpid()"));
  const auto& process = std::get<Process>(scenario.actors.at(0).what);
  EXPECT_EQ(process.variables, (std::vector<std::string>{"a", "b"}));
  const auto& second = std::get<Call>(process.actions.at(1).what);
  EXPECT_EQ(second.result, Variable{1});
  EXPECT_EQ(second.second_result, Variable{0});
  EXPECT_EQ(std::get<Call>(process.actions.at(2).what).arguments.at(0), Argument{Variable{1}});
  EXPECT_EQ(std::get<Call>(process.actions.at(3).what).second_result, std::nullopt);
  EXPECT_EQ(std::get<Call>(process.actions.at(4).what).result, std::nullopt);
}

TEST(ScenarioCalls, BuffersGiveTheirFieldsToVariables) {
  const auto buffer = std::get<OutBuffer>(only_call("pipe2(out[i32 r, i64 w, u32 z], 0)").arguments.at(0).value);
  EXPECT_EQ(buffer.size, 16U);
  EXPECT_EQ(buffer.fields.at(1), (OutField{FieldType::i64, Variable{1}}));
}

TEST(ScenarioCalls, Expectations) {
  EXPECT_EQ(only_call("getpid() => ok").expected, Expectation{ExpectSuccess{}});
  EXPECT_EQ(only_call("getpid() => 0x10").expected, Expectation{ExpectValue{16}});
  EXPECT_EQ(only_call("getpid() => FD_CLOEXEC").expected, Expectation{ExpectValue{1}});
  EXPECT_EQ(only_call("getpid() => EAGAIN").expected, Expectation{ExpectError{35}});
  EXPECT_EQ(only_call("getpid() => errno 35").expected, Expectation{ExpectError{35}});
  EXPECT_EQ(only_call("getpid()").expected, Expectation{});
}

TEST(ScenarioCalls, Errors) {
  EXPECT_EQ(error_of(in_process("opne(\"f\", 0)")), "t.scn:2:1: there is no call \"opne\"; did you mean \"open\"?");
  EXPECT_EQ(error_of(in_process("frobnicate()")),
            "t.scn:2:1: there is no call \"frobnicate\"; any number can be called by syscall(NUMBER, ...)");
  EXPECT_EQ(error_of(in_process("x = close()")), "t.scn:2:5: close takes 1 argument, not 0");
  EXPECT_EQ(error_of(in_process("open(\"f\")")), "t.scn:2:1: open takes 2 to 3 arguments, not 1");
  EXPECT_EQ(error_of(in_process("syscall(1,1,2,3,4,5,6,7,8,9)")), "t.scn:2:27: the call has more than 8 arguments");
  EXPECT_EQ(error_of(in_process("syscall(4294967296)")),
            "t.scn:2:9: the number of the call is 4294967296; it lies in 0..4294967295");
  EXPECT_EQ(error_of(in_process("close(fd)")),
            "t.scn:2:7: no call before gives a variable \"fd\"; one is made by variable = name(...)");
  EXPECT_EQ(error_of(in_process("file = getpid(); close(fiel)")),
            "t.scn:2:24: no call before gives a variable \"fiel\"; did you mean \"file\"?");
  EXPECT_EQ(error_of(in_process("read(0, out[i32 x], x)")), "t.scn:2:21: \"x\" gets its value from this very call");
  EXPECT_EQ(error_of(in_process("open(\"f\", O_RDWX)")),
            "t.scn:2:11: there is no constant \"O_RDWX\"; did you mean \"O_RDWR\"?");
  EXPECT_EQ(
      error_of(in_process("Fd = getpid()")),
      "t.scn:2:1: \"Fd\" is no name of a variable; names are lower-case letters, digits and \"_\", and no word of "
      "the language");
  EXPECT_EQ(error_of(in_process("a = pipe() -> r, w")),
            "t.scn:2:12: the result has a name already; two results are written name(...) -> first, second");
  EXPECT_EQ(error_of(in_process("close 1")),
            "t.scn:2:7: \"1\" stands after \"close\"; a call is written name(...), with a result variable = name(...)");
  EXPECT_EQ(error_of(in_process("close(1")), "t.scn:3:1: \"}\" stands where \",\" belongs, between the arguments");
  EXPECT_EQ(error_of(in_process("close(1) => fine")),
            "t.scn:2:13: \"fine\" is no expectation; one is ok, a number or the name of an error");
  EXPECT_EQ(error_of(in_process("close(1) => errno 5000")), "t.scn:2:19: the errno is 5000; it lies in 1..4095");
  EXPECT_EQ(error_of(in_process("read(0, out[0], 0)")),
            "t.scn:2:13: the size of the buffer is 0; it lies in 1..16777216");
  EXPECT_EQ(error_of(in_process("read(0, out[i16 x], 0)")),
            "t.scn:2:13: \"i16\" is no type of a field; types are i32, u32 and i64");
  EXPECT_EQ(error_of(in_process("close({1})")), "t.scn:2:7: argument 1 of close is a number, not a list");
  EXPECT_EQ(error_of(in_process("nanosleep({1}, null)")),
            "t.scn:2:11: argument 1 of nanosleep is a time; as a list it is written {seconds, nanoseconds}");
  EXPECT_EQ(error_of(in_process("writev(1, {1, 2}, 1)")),
            "t.scn:2:11: argument 2 of writev is an array of buffers; as a list it is written [{address, length}, "
            "...]");
  EXPECT_EQ(error_of("process p { close({1"),
            "t.scn:1:21: the end of the text stands where \",\" belongs, between "
            "the items of a list");
  EXPECT_EQ(error_of("process p { close("),
            "t.scn:1:19: the text ends within the arguments of a call; \")\" closes them");
}

// ---- blocks ----

TEST(ScenarioBlocks, Errors) {
  EXPECT_EQ(error_of("proces p {}"), "t.scn:1:1: \"proces\" begins nothing here; did you mean \"process\"?");
  EXPECT_EQ(error_of("5"), "t.scn:1:1: \"5\" stands where \"config\", \"process\", \"client\" or \"raw\" belongs");
  EXPECT_EQ(error_of("process {}"), "t.scn:1:9: \"{\" stands where the name of the process belongs");
  EXPECT_EQ(error_of("process p"),
            "t.scn:1:10: the end of the text stands where \"{\" belongs, which opens the block of \"p\"");
  EXPECT_EQ(error_of("\nprocess p {\n getpid()\n"),
            "t.scn:4:1: the text ends within the block that opens on line 2; \"}\" closes it");
  EXPECT_EQ(error_of("process p {} raw p {}"),
            "t.scn:1:18: there are two actors with the name \"p\"; each has its own");
  EXPECT_EQ(error_of("process " + std::string(65, 'a') + " {}"),
            "t.scn:1:9: the name has 65 letters; at most 64 are allowed");
  EXPECT_EQ(error_of(in_process("handshake guest \"p\"")),
            "t.scn:2:1: a process has no connection; \"handshake\" belongs into a client");
}

TEST(ScenarioBlocks, ClientsMayComeAndGo) {
  const Scenario scenario = parsed(in_client("repeat 5 { handshake guest \"a\"; getpid(); disconnect }"));
  const auto& repeat = std::get<Repeat>(std::get<Client>(scenario.actors.at(0).what).actions.at(0).what);
  EXPECT_EQ(repeat.count, 5U);
  EXPECT_EQ(repeat.body.size(), 3U);
}

TEST(ScenarioBlocks, ClientsKeepTheProtocol) {
  EXPECT_EQ(error_of(in_client("getpid()")),
            "t.scn:2:1: the client is not connected here; handshake guest \"c\" comes first");
  EXPECT_EQ(error_of(in_client("handshake guest \"a\"\nhandshake guest \"b\"")),
            "t.scn:3:1: the client is connected already; \"disconnect\" comes before another handshake");
  EXPECT_EQ(error_of(in_client("handshake guest \"a\"; disconnect; disconnect")),
            "t.scn:2:34: the client is not connected here; handshake guest \"c\" comes first");
  EXPECT_EQ(error_of(in_client("handshake fork \"a\"")),
            "t.scn:2:11: \"fork\" stands where \"guest\" belongs, the only handshake of a client so far");
  EXPECT_EQ(error_of(in_client("handshake guest \"a\\x00b\"")),
            "t.scn:2:17: the name of the program has a zero byte in it");
  EXPECT_EQ(error_of(in_client("repeat 2 { handshake guest \"a\" }")),
            "t.scn:2:1: the repetition begins disconnected and ends connected; its body leaves the connection as it "
            "found it");
}

TEST(ScenarioRaw, StepsAreRead) {
  const auto steps = raw_steps(
      "connect\nsend \"ab\" \"c\"\nsend frame(type=1, class=RESP, body=hex \"0a\", length=0)\nanswer zeros 3\n"
      "answer hex \"01\"\nsleep 2s");
  EXPECT_EQ(steps.at(0).what, decltype(RawStep::what){Connect{}});
  EXPECT_EQ(std::get<SendBytes>(steps.at(1).what).bytes, "abc");
  EXPECT_EQ(std::get<SendFrame>(steps.at(2).what), (SendFrame{1, 1, 0, 0, "\n", 0}));
  EXPECT_EQ(std::get<AnswerZeros>(steps.at(3).what).size, 3U);
  EXPECT_EQ(std::get<AnswerBytes>(steps.at(4).what).bytes, "\x01");
  EXPECT_EQ(std::get<Sleep>(steps.at(5).what).duration, 2'000'000'000U);
}

TEST(ScenarioRaw, Errors) {
  EXPECT_EQ(error_of(in_raw("conect")),
            "t.scn:2:1: \"conect\" is no step of a raw byte stream; did you mean \"connect\"?");
  EXPECT_EQ(error_of(in_raw("repeat 3 {}")),
            "t.scn:2:1: \"repeat\" is no step of a raw byte stream; steps are "
            "connect, send, await, answer, sleep, idle and shut");
  EXPECT_EQ(error_of(in_raw("send 5")),
            "t.scn:2:6: \"5\" stands where hex \"...\", frame(...) or a string belongs, in quotes");
  EXPECT_EQ(error_of(in_raw("sleep 5")), "t.scn:2:7: a time belongs after sleep, such as 10ms");
  EXPECT_EQ(error_of(in_raw("sleep 99999999999s")),
            "t.scn:2:7: the time is too long; times end at 18446744073709551615ns");
  EXPECT_EQ(error_of(in_raw("await word")),
            "t.scn:2:7: \"word\" stands where \"frame\" belongs, the only thing to wait for so far");
  EXPECT_EQ(error_of(in_raw("answer zeros 16777217")),
            "t.scn:2:14: the size of the answer is 16777217; it lies in 0..16777216");
  EXPECT_EQ(error_of(in_raw("send frame(typ=1)")), "t.scn:2:12: a frame has no \"typ\"; did you mean \"type\"?");
  EXPECT_EQ(error_of(in_raw("send frame(type=1, type=1)")), "t.scn:2:20: type is set twice; once is enough");
  EXPECT_EQ(error_of(in_raw("send frame(class=65536)")), "t.scn:2:18: class is 65536; it lies in 0..65535");
}

// ---- limits ----

TEST(ScenarioLimits, NestingOfBlocksIsBounded) {
  const auto nested = [](std::size_t depth) {
    std::string text = "process p {";
    for (std::size_t i = 0; i < depth; ++i) {
      text += " repeat 2 {";
    }
    return text + std::string(depth + 1, '}');
  };
  EXPECT_EQ(error_of(nested(kMaxBlockDepth)), "");
  EXPECT_EQ(error_of(nested(kMaxBlockDepth + 1)), "t.scn:1:189: blocks are nested more than 16 deep");
  EXPECT_NE(error_of(nested(100'000)), "");
}

TEST(ScenarioLimits, NestingOfListsIsBounded) {
  const auto nested = [](std::size_t depth) {
    return in_process("syscall(1, " + std::string(depth, '{') + std::string(depth, '}') + ")");
  };
  EXPECT_EQ(error_of(nested(kMaxListDepth)), "");
  EXPECT_EQ(error_of(nested(kMaxListDepth + 1)), "t.scn:2:20: lists are nested more than 8 deep");
  EXPECT_NE(error_of(nested(1'000'000)), "");
}

TEST(ScenarioLimits, LengthOfTheTextIsBounded) {
  EXPECT_EQ(error_of(std::string(kMaxTextBytes, ' ')), "");
  EXPECT_EQ(error_of(std::string(kMaxTextBytes + 1, ' ')),
            "t.scn:1:1: the text has 16777217 bytes; at most 16777216 are read");
}

TEST(ScenarioLimits, NumberOfPartsIsBounded) {
  std::string text = "raw r {";
  for (std::size_t i = 0; i < kMaxItems; ++i) {
    text += "idle;";
  }
  EXPECT_EQ(error_of(text).substr(0, 6), "t.scn:");
  EXPECT_NE(error_of(text).find("the scenario has more than 1000000 parts"), std::string::npos);
}

TEST(ScenarioLimits, RepetitionsAreNotUnrolled) {
  EXPECT_EQ(reprinted("repeat 18446744073709551615 {}"), "repeat 18446744073709551615 {\n  }");
}

// ---- helpers ----

TEST(Symbols, NamesAreUniqueAndFoundByNameAndValue) {
  for (const Symbol& symbol : symbols()) {
    EXPECT_EQ(find_symbol(symbol.name), &symbol);
    EXPECT_TRUE(symbol_for(symbol.group, symbol.value).has_value());
  }
  EXPECT_EQ(symbol_for(SymbolGroup::error, 35), "EAGAIN");
  EXPECT_EQ(find_symbol("O_NOTHING"), nullptr);
}

TEST(Nearest, WantsANameThatIsReallyNear) {
  const auto known = std::to_array<std::string_view>({"open", "close", "nanosleep"});
  EXPECT_EQ(nearest("opem", known), "open");
  EXPECT_EQ(nearest("nanoslep", known), "nanosleep");
  EXPECT_EQ(nearest("frobnicate", known), "");
  EXPECT_EQ(nearest("", known), "");
  EXPECT_EQ(nearest(std::string(65, 'o'), known), "");
}

}  // namespace
}  // namespace replay
