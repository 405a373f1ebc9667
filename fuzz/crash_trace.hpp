// Leaves a trace when a run brings the process down: a sanitizer's report, an abort or a signal. For fuzz targets; the
// trace holds the scenario and the decisions up to the crash, so `simkern replay` runs into it again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "replay/scenario.hpp"
#include "replay/tape.hpp"
#include "replay/trace.hpp"
#include "sim/machine.hpp"

namespace fuzz {

/// The run that a crash now would belong to. All that it points to outlives it.
struct CurrentRun {
  /// Name of the target, with which traces begin.
  std::string_view target;
  /// What the run was decoded from; the trace is named by its XXH3.
  std::span<const std::uint8_t> input;
  const replay::Scenario* scenario = nullptr;
  const replay::TapeRecorder* tape = nullptr;
  const sim::Machine* machine = nullptr;
};

/// From here on until `end_run`, crashes leave a trace of this run. `run` outlives that.
void begin_run(const CurrentRun& run);
void end_run();

/// Sees to it that sanitizer reports, aborts and fatal signals come here before libFuzzer's own handlers. Call it when
/// those are in place, in the first run; later calls do nothing.
void install_crash_handlers();

/// Writes `<target>-<hash>.trace` of the current run into $SIMKERN_TRACE_DIR (the working directory if unset), whole or
/// not at all, and prints how to replay it to stderr. At most one trace for each run.
void write_crash_trace(replay::Outcome outcome, std::string_view reason);

}  // namespace fuzz
