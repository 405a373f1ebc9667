// The `simkern` command: finds the verb, runs it, and turns what comes of it into an exit code.
#include <algorithm>
#include <array>
#include <exception>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "replay/cli/verbs.hpp"
#include "replay/escape.hpp"
#include "replay/nearest.hpp"
#include "replay/trace_format.hpp"

namespace {

using namespace replay::cli;

constexpr std::array kAddVerbs = {add_run, add_replay, add_show, add_info, add_serve, add_convert};

std::string version() {
  return fmt::format("simkern {} (traces of version {})", build_identity(), replay::format::kVersion);
}

int usage_error(const CLI::App& application, std::string message) {
  std::ranges::replace(message, '\n', ' ');
  const auto chosen = application.get_subcommands();
  const std::string verb = chosen.empty() ? std::string() : " " + chosen.front()->get_name();
  warn(fmt::format("{}; see simkern{} --help", message, verb));
  return std::to_underlying(ExitCode::usage);
}

// What to say of a word where a verb should be; empty when it is one.
std::string unknown_verb(const CLI::App& application, std::string_view word) {
  std::vector<std::string> names;
  for (const CLI::App* verb : application.get_subcommands({})) {
    names.push_back(verb->get_name());
  }
  if (word.starts_with('-') || std::ranges::find(names, word) != names.end()) {
    return {};
  }
  const std::vector<std::string_view> known(names.begin(), names.end());
  const std::string_view near = replay::nearest(word, known);
  return fmt::format(
      "there is no command `{}`; {}", word,
      near.empty() ? fmt::format("there are {}", fmt::join(names, ", ")) : fmt::format("did you mean `{}`?", near));
}

int command(int count, char** arguments) {
  CLI::App application("A rump kernel that can be fuzzed, recorded and replayed.", "simkern");
  application.set_version_flag("--version", version());
  application.set_help_flag("-h,--help", "this text; `simkern COMMAND --help` for a command");
  application.get_formatter()->column_width(28);
  application.footer(
      std::string(kExitCodes) +
      "\n\nExample: simkern run corpus/scenarios/hello.scn --seed 7 -o t.trace && simkern replay t.trace "
      "--verify");
  Action action;
  for (const auto add_verb : kAddVerbs) {
    add_verb(application, action);
  }
  if (count < 2) {
    return usage_error(application, "a command is missing");
  }
  if (const std::string unknown = unknown_verb(application, arguments[1]); !unknown.empty()) {
    return usage_error(application, unknown);
  }
  try {
    application.parse(count, arguments);
  } catch (const CLI::Success& help) {
    return application.exit(help);
  } catch (const CLI::ParseError& error) {
    return usage_error(application, error.what());
  }
  if (!action) {
    return usage_error(application, "a command is missing");
  }
  const Ending ending = action();
  if (!ending) {
    warn(ending.error());
    return std::to_underlying(ExitCode::usage);
  }
  return std::to_underlying(*ending);
}

}  // namespace

int main(int count, char** arguments) {
  try {
    return command(count, arguments);
  } catch (const std::exception& error) {
    warn(error.what());
    return std::to_underlying(ExitCode::usage);
  }
}
