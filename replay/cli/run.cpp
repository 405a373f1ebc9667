#include <memory>
#include <optional>

#include "replay/cli/verbs.hpp"

namespace replay::cli {
namespace {

struct Options {
  std::string scenario;
  std::string trace;
  bool log = false;
  Overrides overrides;
};

constexpr std::string_view kHelp =
    "Runs a scenario to its end and prints one line: outcome, steps and digest, decisions, virtual time.";

constexpr std::string_view kExamples =
    "Examples:\n"
    "  simkern run corpus/scenarios/hello.scn --seed 7 -o t.trace\n"
    "  simkern run hello.scn --cpus 4 --strategy 'random(preempt=25)' --log";

Ending run(const Options& options) {
  const std::expected<Scenario, std::string> scenario = load_scenario(options.scenario, options.overrides);
  if (!scenario) {
    return std::unexpected(scenario.error());
  }
  std::optional<SyscallLog> log;
  if (options.log) {
    log.emplace(log_to_stdout(LogFormat::text));
  }
  const std::expected<RunResult, std::string> result = run_scenario(
      *scenario,
      {.producer = "run", .trace_path = options.trace, .observer = log ? &*log : nullptr, .strategy = std::nullopt});
  if (!result) {
    return std::unexpected(result.error());
  }
  if (log) {
    log->finish();
  }
  print(summary(*result));
  return exit_code(*result);
}

}  // namespace

void add_run(CLI::App& application, Action& action) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = application.add_subcommand("run", std::string(kHelp));
  verb->add_option("SCENARIO", options->scenario, "the scenario's text, see docs/scenario.md")
      ->required()
      ->type_name("");
  verb->add_option("-o,--output", options->trace, "records the run into this file")->type_name("TRACE");
  verb->add_flag("--log", options->log, "prints system calls and the wire while it runs");
  add_config_options(*verb, options->overrides, {"seed", "cpus", "strategy", "steps"});
  verb->footer(std::string(kExamples) + "\n\n" + std::string(kExitCodes));
  verb->callback([options, &action] { action = [options] { return run(*options); }; });
}

}  // namespace replay::cli
