#include <memory>
#include <optional>

#include "replay/cli/verbs.hpp"

namespace replay::cli {
namespace {

struct Options {
  std::string trace;
  bool verify = false;
  bool log = false;
  bool salvage = false;
  std::string to_step;  ///< Empty: to the end.
};

constexpr std::string_view kHelp =
    "Runs a trace again and prints the same line as the run that was recorded. Ends with 3 if it is another run.";

constexpr std::string_view kExamples =
    "Examples:\n"
    "  simkern replay t.trace --verify\n"
    "  simkern replay t.trace --to 5000 --log";

Ending replay(const Options& options) {
  sim::Step until_step = ~sim::Step{0};
  if (!options.to_step.empty()) {
    const auto step = parse_number("--to", options.to_step, 1, until_step);
    if (!step) {
      return std::unexpected(step.error());
    }
    until_step = *step;
  }
  const std::expected<TraceFile, std::string> trace =
      load_trace(options.trace, options.salvage ? Damaged::salvaged : Damaged::refused);
  if (!trace) {
    return std::unexpected(trace.error());
  }
  std::optional<SyscallLog> log;
  if (options.log) {
    log.emplace(log_to_stdout(LogFormat::text));
  }
  const std::expected<ReplayResult, std::string> result = replay_trace(
      *trace, {.verify_marks = options.verify, .until_step = until_step, .observer = log ? &*log : nullptr});
  if (!result) {
    return std::unexpected(options.trace + ": " + result.error());
  }
  if (log) {
    log->finish();
  }
  print(summary(result->run));
  if (const std::optional<Divergence>& divergence = result->divergence) {
    warn(options.trace + ": " + to_string(*divergence));
    return ExitCode::diverged;
  }
  // Who asks to stop at a step gets what was asked for.
  const bool stopped_as_asked = !options.to_step.empty() && result->run.outcome == Outcome::stopped;
  return stopped_as_asked ? ExitCode::held : exit_code(result->run);
}

}  // namespace

void add_replay(CLI::App& application, Action& action) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = application.add_subcommand("replay", std::string(kHelp));
  verb->add_option("TRACE", options->trace, "a trace that run, serve, convert or a fuzzer wrote")
      ->required()
      ->type_name("");
  verb->add_flag("--verify", options->verify, "compares digests on the way and stops at the first that differs");
  verb->add_option("--to", options->to_step, "stops after this many steps")->type_name("STEP");
  verb->add_flag("--log", options->log, "prints system calls and the wire while it runs");
  verb->add_flag("--salvage", options->salvage, "takes what is good of a damaged trace");
  verb->footer(std::string(kExamples) + "\n\n" + std::string(kExitCodes));
  verb->callback([options, &action] { action = [options] { return replay(*options); }; });
}

}  // namespace replay::cli
