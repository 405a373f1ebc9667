// Properties of the text form of scenarios: printing and parsing are inverse, and no text brings the parser down.
#include <array>
#include <fstream>
#include <sstream>
#include <string>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "replay/scenario_text.hpp"
#include "replay/symbols.hpp"

namespace replay {
namespace {

CallTable some_calls() {
  using enum ArgumentKind;
  static const auto table = std::to_array<CallSignature>({
      {"read", 3, {descriptor, address, number}, 3},
      {"open", 5, {address, open_flags, mode}, 2},
      {"getpid", 20, {}, 0},
      {"fcntl", 92, {descriptor, fcntl_command, number}, 2},
      {"writev", 121, {descriptor, iovec, number}, 3},
      {"lseek", 199, {descriptor, number, whence}, 3},
      {"clock_gettime", 427, {clock, address}, 2},
      {"nanosleep", 430, {timespec, address}, 2},
  });
  return table;
}

/// Makes scenarios that keep the rules in scenario.hpp, from the random words of one property run.
class Maker {
 public:
  Scenario scenario() {
    Scenario result;
    for (const ConfigKey& key : config_keys()) {
      if (const auto* const number = std::get_if<NumberKey>(&key.type)) {
        if (below(2) == 0) {
          result.config.*number->field = within(number->lowest, number->highest);
        }
      } else if (below(2) == 0) {
        result.config.strategy = below(2) == 0 ? "tape" : "round-robin(quantum=3, first=cpu-0)";
      }
    }
    const std::uint64_t actors = below(4);
    for (std::uint64_t i = 0; i < actors; ++i) {
      result.actors.push_back(Actor{(below(2) == 0 ? "a" : "raw-Actor_") + std::to_string(i), {}, {}});
      Actor& actor = result.actors.back();
      variables_.clear();
      usable_ = 0;
      switch (below(3)) {
        case 0: {
          std::vector<Action> actions = this->actions(2);
          actor.what = Process{variables_, std::move(actions)};
          break;
        }
        case 1: {
          std::vector<Action> actions = visits(2);
          actor.what = Client{variables_, std::move(actions)};
          break;
        }
        default:
          actor.what = raw();
      }
    }
    return result;
  }

 private:
  static std::uint64_t word() { return *rc::gen::arbitrary<std::uint64_t>(); }
  static std::uint64_t below(std::uint64_t n) { return *rc::gen::resize(100, rc::gen::inRange<std::uint64_t>(0, n)); }

  static std::uint64_t within(std::uint64_t lowest, std::uint64_t highest) {
    const std::uint64_t width = highest - lowest + 1;
    return width == 0 ? number() : lowest + number() % width;
  }

  static std::uint64_t number() {
    static constexpr auto kEdges =
        std::to_array<std::uint64_t>({0, 1, 2, 3, 0644, 0x602, 4096, 0x7fff'ffff, 0x8000'0000, 0xffff'ffff,
                                      std::uint64_t{1} << 63, ~std::uint64_t{0}});
    return below(2) == 0 ? kEdges.at(below(kEdges.size())) : word();
  }

  static std::string bytes() { return *rc::gen::resize(20, rc::gen::arbitrary<std::string>()); }

  Variable bind() {
    const std::uint64_t index = below(variables_.size() + 1);
    if (index == variables_.size()) {
      variables_.push_back("v" + std::to_string(index));
    }
    return {static_cast<std::uint32_t>(index)};
  }

  List pair() { return {Shape::structure, {argument(0), argument(0)}}; }

  /// `lists`: how many lists may still be nested; none within calls of known signature.
  Argument argument(std::size_t lists) {
    switch (below(lists > 0 ? 6 : 5)) {
      case 0:
        return {Integer{number()}};
      case 1:
        return {Null{}};
      case 2:
        return {Bytes{bytes(), below(2) == 0 ? Ending::exact : Ending::terminated}};
      case 3:
        return {out_buffer()};
      case 4:
        return usable_ == 0 ? Argument{} : Argument{Variable{static_cast<std::uint32_t>(below(usable_))}};
      default: {
        List list{below(2) == 0 ? Shape::array : Shape::structure, {}};
        const std::uint64_t items = below(4);
        for (std::uint64_t i = 0; i < items; ++i) {
          list.items.push_back(argument(lists - 1));
        }
        return {list};
      }
    }
  }

  OutBuffer out_buffer() {
    OutBuffer buffer{within(1, kMaxBufferBytes), {}};
    const std::uint64_t fields = below(3);
    for (std::uint64_t i = 0; i < fields; ++i) {
      buffer.size = i == 0 ? 0 : buffer.size;
      buffer.fields.push_back({static_cast<FieldType>(below(3)), bind()});
      buffer.size += width_of(buffer.fields.back().type);
    }
    return buffer;
  }

  Call call() {
    Call call;
    if (below(3) == 0) {
      call.number = static_cast<std::uint32_t>(number());
      const std::uint64_t count = below(kMaxArguments + 1);
      for (std::uint64_t i = 0; i < count; ++i) {
        call.arguments.push_back(argument(3));
      }
    } else {
      const CallSignature& signature = some_calls()[below(some_calls().size())];
      call.name = signature.name;
      call.number = signature.number;
      const std::uint64_t count = within(signature.required, signature.arguments.size());
      for (std::uint64_t i = 0; i < count; ++i) {
        call.arguments.push_back(known_argument(signature.arguments[i]));
      }
    }
    if (below(2) == 0) {
      call.result = bind();
    }
    if (below(4) == 0) {
      call.second_result = bind();
    }
    usable_ = variables_.size();
    switch (below(4)) {
      case 0:
        call.expected = ExpectSuccess{};
        break;
      case 1:
        call.expected = ExpectValue{number()};
        break;
      case 2:
        call.expected = ExpectError{static_cast<std::uint32_t>(within(1, kMaxErrno))};
        break;
      default:
        break;
    }
    return call;
  }

  Argument known_argument(ArgumentKind kind) {
    if (below(2) == 0) {
      return argument(kind == ArgumentKind::address ? 3 : 0);
    }
    switch (kind) {
      case ArgumentKind::timespec:
        return {pair()};
      case ArgumentKind::iovec:
        return {List{Shape::array, {{pair()}, {pair()}}}};
      default:
        return {Integer{number()}};
    }
  }

  std::vector<Action> actions(std::size_t repeats) {
    std::vector<Action> result;
    const std::uint64_t count = below(4);
    for (std::uint64_t i = 0; i < count; ++i) {
      if (repeats > 0 && below(4) == 0) {
        const std::uint64_t times = number();
        result.push_back({{}, Repeat{times, actions(repeats - 1)}});
      } else {
        result.push_back({{}, call()});
      }
    }
    return result;
  }

  /// Of a client: begins and ends without a connection, except that the last visit at the top may be left open.
  std::vector<Action> visits(std::size_t repeats) {
    std::string guest = bytes();
    std::erase(guest, '\0');
    std::vector<Action> result{{{}, Handshake{guest}}};
    for (Action& action : actions(repeats)) {
      result.push_back(std::move(action));
    }
    result.push_back({{}, Disconnect{}});
    if (repeats > 0 && below(2) == 0) {
      result.push_back({{}, Repeat{number(), visits(repeats - 1)}});
    }
    if (repeats == 2 && below(2) == 0) {
      result.push_back({{}, Handshake{"last"}});
    }
    return result;
  }

  static Raw raw() {
    Raw result;
    const std::uint64_t count = below(8);
    for (std::uint64_t i = 0; i < count; ++i) {
      RawStep step;
      switch (below(10)) {
        case 0:
          step.what = Connect{};
          break;
        case 1:
          step.what = SendBytes{bytes()};
          break;
        case 2: {
          SendFrame frame{static_cast<std::uint16_t>(number()),
                          static_cast<std::uint16_t>(number()),
                          number(),
                          static_cast<std::uint32_t>(number()),
                          bytes(),
                          {}};
          if (below(2) == 0) {
            frame.length = number();
          }
          step.what = frame;
          break;
        }
        case 3:
          step.what = AwaitFrame{};
          break;
        case 4:
          step.what = AnswerBytes{bytes()};
          break;
        case 5:
          step.what = AnswerZeros{within(0, kMaxBufferBytes)};
          break;
        case 6:
          step.what = AnswerAsked{};
          break;
        case 7:
          step.what = Sleep{number()};
          break;
        case 8:
          step.what = Idle{};
          break;
        default:
          step.what = Shut{};
      }
      result.steps.push_back(step);
    }
    return result;
  }

  std::vector<std::string> variables_;
  std::size_t usable_ = 0;
};

void expect_round_trip(const Scenario& scenario, CallTable calls, ConfigKeys keys) {
  const std::string text = print_scenario(scenario, calls, keys);
  RC_LOG() << text;
  const auto back = parse_scenario(text, "printed", calls);
  if (!back) {
    RC_FAIL(back.error().to_string());
  }
  RC_ASSERT(*back == scenario);
  RC_ASSERT(print_scenario(*back, calls, keys) == text);
}

RC_GTEST_PROP(ScenarioTextProperty, ParseUndoesPrint, ()) {
  expect_round_trip(Maker{}.scenario(), some_calls(), ConfigKeys::differing);
}

RC_GTEST_PROP(ScenarioTextProperty, ParseUndoesPrintOfEveryKey, ()) {
  expect_round_trip(Maker{}.scenario(), some_calls(), ConfigKeys::every);
}

/// An error or a scenario; what parses can be printed and parsed again to the same.
void expect_harmless(std::string_view text) {
  const auto scenario = parse_scenario(text, "mutated");
  if (!scenario) {
    const TextError& error = scenario.error();
    ASSERT_FALSE(error.message.empty());
    ASSERT_LE(error.caret, error.excerpt.size());
    ASSERT_EQ(error.message.find('\n'), std::string::npos);
    return;
  }
  const auto again = parse_scenario(print_scenario(*scenario), "printed");
  ASSERT_TRUE(again.has_value()) << again.error().to_string();
  ASSERT_EQ(*again, *scenario) << text;
}

std::string sample(const std::string& name) {
  const std::ifstream stream(std::string{SIMKERN_SOURCE_DIR} + "/corpus/scenarios/" + name + ".scn");
  EXPECT_TRUE(stream.good()) << name;
  std::ostringstream contents;
  contents << stream.rdbuf();
  return contents.str();
}

constexpr auto kSamples = std::to_array<const char*>({"hello", "pipe_pair", "clients", "hostile"});

TEST(ScenarioTextProperty, EveryPrefixOfASampleIsHarmless) {
  for (const char* const name : kSamples) {
    const std::string text = sample(name);
    for (std::size_t size = 0; size <= text.size(); ++size) {
      ASSERT_NO_FATAL_FAILURE(expect_harmless(std::string_view{text}.substr(0, size))) << name << " cut at " << size;
    }
  }
}

TEST(ScenarioTextProperty, EveryChangedByteOfASampleIsHarmless) {
  for (const char* const name : kSamples) {
    std::string text = sample(name);
    for (std::size_t i = 0; i < text.size(); ++i) {
      const char original = text[i];
      // Bytes that mean something to the language, four at each place in turn, and each single flipped bit.
      static constexpr std::string_view kSigns{"{}()[],;=|->\"\\#\n09aA_ \0\xff", 25};
      for (std::size_t k = 0; k < 4; ++k) {
        text[i] = kSigns[(4 * i + k) % kSigns.size()];
        ASSERT_NO_FATAL_FAILURE(expect_harmless(text)) << name << " with another byte at " << i;
      }
      for (unsigned bit = 0; bit < 8; ++bit) {
        text[i] = static_cast<char>(static_cast<unsigned char>(original) ^ (1U << bit));
        ASSERT_NO_FATAL_FAILURE(expect_harmless(text)) << name << " with bit " << bit << " flipped at " << i;
      }
      text[i] = original;
    }
  }
}

}  // namespace
}  // namespace replay
