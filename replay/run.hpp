// Running a scenario to its end, and what came of it.
#pragma once

#include <expected>
#include <string>

#include "replay/call_table.hpp"
#include "replay/scenario.hpp"
#include "replay/tape.hpp"
#include "replay/trace.hpp"
#include "replay/wire_checker.hpp"
#include "replay/workload.hpp"
#include "replay/world.hpp"

namespace replay {

/// What came of a run: the content of a trace's end. `outcome` is completed when every actor came to its end and
/// nothing failed.
using RunResult = End;

/// Whether the run held: exit code 0 of the command.
[[nodiscard]] bool held(const RunResult& result);
/// One line: `completed: 812 steps, 4 decisions, 10.2 ms virtual, digest ...`.
[[nodiscard]] std::string summary(const RunResult& result);

/// Runs the started workload in the world until it is over, or up to `until_step`. Does not write a trace: attach a
/// Recorder for that. Checks at the end what must hold: expectations met, the protocol kept by the server, processes,
/// lwps, workers and memory back where they were before.
[[nodiscard]] RunResult run_workload(World& world, const Workload& workload, sim::Step until_step);
/// The same judgement for who ran the machine: `reason` is what its last `run` gave. `wire` watched the run; null:
/// nobody watched what the server sent.
[[nodiscard]] RunResult judge(World& world, const Workload& workload, sim::StopReason reason,
                              const WireChecker* wire = nullptr);

/// Where a replay left the recorded run.
struct Divergence {
  sim::Step good_until = 0;  ///< Last mark that agreed.
  sim::Step seen_at = 0;     ///< First mark, or the end, that did not.
  std::string expected;
  std::string found;
  bool operator==(const Divergence&) const = default;
};
/// `diverged between steps 256 and 512: expected digest ..., found ...`
[[nodiscard]] std::string to_string(const Divergence& divergence);

struct ReplayResult {
  RunResult run;
  std::optional<Divergence> divergence;
};

struct ReplayOptions {
  /// Compare each mark as it comes and stop at the first that differs; otherwise only the end is compared.
  bool verify_marks = false;
  sim::Step until_step = ~sim::Step{0};
  /// Attached for the whole run; null: nobody.
  sim::Observer* observer = nullptr;
};

struct TraceFile;

/// Runs a trace again. Error: its scenario is not readable, or asks for what cannot be had. A trace of a crashed run
/// has no digest at its end: it is run as far as its tape says, and the crash is expected to come again.
[[nodiscard]] std::expected<ReplayResult, std::string> replay_trace(const TraceFile& trace,
                                                                    const ReplayOptions& options = {});

/// The kernel's table of calls as the scenario text needs it.
[[nodiscard]] CallTable kernel_calls();

}  // namespace replay
