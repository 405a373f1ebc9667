// What every verb of the command has in common: how it ends, what it reads, what it prints.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>

#include "replay/log.hpp"
#include "replay/run.hpp"
#include "replay/trace_reader.hpp"

namespace replay::cli {

/// The command's exit codes. docs/command-line.md and every --help show the same table.
enum class ExitCode : std::uint8_t {
  held = 0,      ///< Everything that must hold held.
  failed = 1,    ///< The run failed: panic, deadlock, an expectation, a leak, a bound.
  usage = 2,     ///< Usage, or a file that cannot be read or written.
  diverged = 3,  ///< The replay is not the recorded run.
};
inline constexpr std::string_view kExitCodes =
    "Exit codes: 0 held, 1 the run failed, 2 usage or a file that cannot be read or written, 3 diverged";

/// What a verb gives. The error is one line for standard error, and means ExitCode::usage.
using Ending = std::expected<ExitCode, std::string>;

/// The action of the verb that the command line names.
using Action = std::function<Ending()>;

/// `build_identity`, for --version and the headers of traces.
[[nodiscard]] std::string_view build_identity();

// --- the config on the command line

/// Values that replace those of a scenario's config.
struct Overrides {
  struct Value {
    std::string option;  ///< As the user wrote it, `--seed`.
    std::string key;
    std::string text;
  };
  std::vector<Value> values;
};
/// Adds `--KEY VALUE` (with hyphens for underscores) for each of the keys, and `--set KEY=VALUE` for all.
void add_config_options(CLI::App& verb, Overrides& overrides, std::initializer_list<std::string_view> keys);
/// Error: no such key, or a value out of its range.
[[nodiscard]] std::expected<void, std::string> apply(const Overrides& overrides, Config& config);

/// The number in an option's text. Error: none in [lowest, highest].
[[nodiscard]] std::expected<std::uint64_t, std::string> parse_number(std::string_view option, std::string_view text,
                                                                     std::uint64_t lowest, std::uint64_t highest);

// --- reading

[[nodiscard]] std::expected<std::string, std::string> read_file(const std::string& path);
/// A scenario file, the overrides applied.
[[nodiscard]] std::expected<Scenario, std::string> load_scenario(const std::string& path, const Overrides& overrides);
[[nodiscard]] std::expected<Scenario, std::string> parse(std::string_view text, const std::string& name);
enum class Damaged : std::uint8_t { refused, salvaged };
/// A trace. What a salvaged one lacks, and what was skipped, is told on standard error.
[[nodiscard]] std::expected<TraceFile, std::string> load_trace(const std::string& path, Damaged damaged);

// --- running

/// What else happens while a scenario runs.
struct RunOptions {
  std::string producer;               ///< For the header of the trace.
  std::string trace_path;             ///< Empty: no trace.
  sim::Observer* observer = nullptr;  ///< Null: nobody.
  /// Who answers decisions; nothing: the strategy that the config names.
  std::optional<sim::StrategySpec> strategy;
};
/// Runs a scenario from its beginning to its end. The trace file is not touched unless the run can begin.
[[nodiscard]] std::expected<RunResult, std::string> run_scenario(const Scenario& scenario, const RunOptions& options);

[[nodiscard]] ExitCode exit_code(const RunResult& result);

/// One line on standard output.
void print(std::string_view line);
/// One line on standard error, behind `simkern: `.
void warn(std::string_view line);
/// A log on standard output.
[[nodiscard]] SyscallLog log_to_stdout(LogFormat format);

}  // namespace replay::cli
