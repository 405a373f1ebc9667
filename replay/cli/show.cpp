#include <memory>
#include <optional>

#include "replay/cli/verbs.hpp"

namespace replay::cli {
namespace {

struct Options {
  std::string trace;
  bool json = false;
  bool salvage = false;
};

constexpr std::string_view kHelp =
    "Prints the log of a trace, computed by running it again: system calls, frames of the wire, console, signals.";

constexpr std::string_view kExamples =
    "Examples:\n"
    "  simkern show t.trace\n"
    "  simkern show t.trace --json | jq 'select(.kind == \"syscall\" and .error != 0)'\n\n"
    "Ends with 0 also when the run that is shown failed.";

Ending show(const Options& options) {
  const std::expected<TraceFile, std::string> trace =
      load_trace(options.trace, options.salvage ? Damaged::salvaged : Damaged::refused);
  if (!trace) {
    return std::unexpected(trace.error());
  }
  SyscallLog log = log_to_stdout(options.json ? LogFormat::json : LogFormat::text);
  const std::expected<ReplayResult, std::string> result = replay_trace(*trace, {.observer = &log});
  if (!result) {
    return std::unexpected(options.trace + ": " + result.error());
  }
  log.finish();
  if (!options.json) {
    print(summary(result->run));
  }
  if (const std::optional<Divergence>& divergence = result->divergence) {
    warn(options.trace + ": " + to_string(*divergence));
    return ExitCode::diverged;
  }
  return ExitCode::held;
}

}  // namespace

void add_show(CLI::App& application, Action& action) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = application.add_subcommand("show", std::string(kHelp));
  verb->add_option("TRACE", options->trace, "a trace")->required()->type_name("");
  verb->add_flag("--json", options->json, "one JSON object per line");
  verb->add_flag("--salvage", options->salvage, "takes what is good of a damaged trace");
  verb->footer(std::string(kExamples) + "\n\n" + std::string(kExitCodes));
  verb->callback([options, &action] { action = [options] { return show(*options); }; });
}

}  // namespace replay::cli
