#include "replay/run.hpp"

#include <optional>
#include <vector>

#include <fmt/format.h>

#include "replay/scenario_text.hpp"
#include "replay/trace_reader.hpp"

namespace replay {
namespace {

// Slices in which a replay runs when it is to stop at a mark that differs. Cutting a run changes nothing in it.
constexpr sim::Step kSlice = 4096;

/// Compares the digest at each mark of a trace.
class MarkChecker final : public sim::Observer {
 public:
  MarkChecker(sim::Machine& machine, const std::vector<Mark>& marks) : machine_(machine), marks_(marks) {
    machine_.attach(*this);
  }
  ~MarkChecker() { machine_.detach(*this); }
  MarkChecker(const MarkChecker&) = delete;
  MarkChecker& operator=(const MarkChecker&) = delete;

  void on_event(const sim::Event& event) override {
    if (next_ == marks_.size() || event.step < marks_[next_].step) {
      return;
    }
    const Mark& mark = marks_[next_++];
    if (const sim::DigestValue found = machine_.digest(); !divergence_ && found != mark.digest) {
      divergence_ = {.good_until = good_until_,
                     .seen_at = mark.step,
                     .expected = "digest " + sim::to_string(mark.digest),
                     .found = "digest " + sim::to_string(found)};
    }
    good_until_ = divergence_ ? good_until_ : mark.step;
  }

  [[nodiscard]] const std::optional<Divergence>& divergence() const { return divergence_; }
  [[nodiscard]] sim::Step good_until() const { return good_until_; }

 private:
  sim::Machine& machine_;
  const std::vector<Mark>& marks_;
  std::size_t next_ = 0;
  sim::Step good_until_ = 0;
  std::optional<Divergence> divergence_;
};

/// Attaches an observer for a scope; null is nobody.
class Attachment {
 public:
  Attachment(sim::Machine& machine, sim::Observer* observer) : machine_(machine), observer_(observer) {
    if (observer_ != nullptr) {
      machine_.attach(*observer_);
    }
  }
  ~Attachment() {
    if (observer_ != nullptr) {
      machine_.detach(*observer_);
    }
  }
  Attachment(const Attachment&) = delete;
  Attachment& operator=(const Attachment&) = delete;

 private:
  sim::Machine& machine_;
  sim::Observer* observer_;
};

/// In a replay nobody reads what the machine sends.
class NobodyListens final : public sim::OutputSink {
 public:
  void on_output(sim::PortId /*port*/, std::span<const std::byte> /*bytes*/) override {}
  void on_hang_up(sim::PortId /*port*/) override {}
};

RunResult result_of(const World& world, Outcome outcome, std::string reason) {
  const sim::Machine& machine = *world.machine;
  return {.outcome = outcome,
          .reason = std::move(reason),
          .steps = machine.step(),
          .virtual_ns = machine.now(),
          .digest = machine.digest(),
          .decisions = machine.decisions() - world.boot_decisions};
}

// Processes of a kernel at rest: 0 and 1.
constexpr std::size_t kProcessesAtRest = 2;

// What must hold when nothing more can happen; empty when it does.
std::string check_rest(World& world, const Workload& workload, const WireChecker* wire) {
  const kern::LwProcesses& processes = world.kernel->processes();
  if (processes.all().size() != kProcessesAtRest) {
    const kern::Proc& left = processes.all().back();
    return fmt::format("process {} ({}) is left over after the last actor", left.pid.value, left.comm.data());
  }
  if (const std::size_t lwps = processes.init_process()->lwps.size(); lwps != 1) {
    return fmt::format("{} lwps are left over in process 1", lwps - 1);
  }
  kern::sysproxy::Server& server = *world.server;
  if (server.clients() != 0 || server.preforks().count() != 0) {
    return fmt::format("the server keeps {} clients and {} prepared forks", server.clients(),
                       server.preforks().count());
  }
  const std::uint32_t workers = server.workers().workers();
  if (const std::uint32_t idle = server.workers().idle(); idle != workers || idle > server.limits().idle_workers) {
    return fmt::format("of {} workers of the server {} are idle and {} may stay", workers, idle,
                       server.limits().idle_workers);
  }
  // Files that were made stay, and with them memory.
  const std::size_t expected = workload.bytes_at_rest() + workers * sizeof(sim::Fiber);
  if (const std::size_t bytes = world.machine->arena().live_bytes();
      wire != nullptr && !wire->saw_paths() && bytes != expected) {
    return fmt::format("the kernel holds {} bytes after the last actor, not {}", bytes, expected);
  }
  return {};
}

// The run's answer to an input of the trace that cannot be given again.
Divergence port_divergence(const Input& input, sim::PortId found, sim::Step good_until) {
  return {.good_until = good_until,
          .seen_at = input.step,
          .expected = fmt::format("port {} to open", input.port.value),
          .found = fmt::format("port {}", found.value)};
}

}  // namespace

bool held(const RunResult& result) {
  return result.outcome == Outcome::completed;
}

std::string summary(const RunResult& result) {
  return fmt::format("{}{}{}: steps {} digest {} decisions {} virtual {}.{:09} s", name(result.outcome),
                     result.reason.empty() ? "" : ": ", result.reason, result.steps, sim::to_string(result.digest),
                     result.decisions, result.virtual_ns / 1'000'000'000, result.virtual_ns % 1'000'000'000);
}

std::string to_string(const Divergence& divergence) {
  return fmt::format("diverged after step {}, seen at step {}: expected {}, found {}", divergence.good_until,
                     divergence.seen_at, divergence.expected, divergence.found);
}

RunResult run_workload(World& world, const Workload& workload, sim::Step until_step) {
  WireChecker wire;
  const Attachment attachment(*world.machine, &wire);
  const sim::StopReason reason = world.machine->run({.until_step = until_step});
  return judge(world, workload, reason, &wire);
}

RunResult judge(World& world, const Workload& workload, sim::StopReason reason, const WireChecker* wire) {
  const sim::Machine& machine = *world.machine;
  if (machine.outcome() == sim::Outcome::panicked) {
    return result_of(world, Outcome::panicked, std::string(machine.outcome_text()));
  }
  if (machine.outcome() == sim::Outcome::diverged) {
    return result_of(world, Outcome::stopped, std::string(machine.outcome_text()));
  }
  if (std::string failure = workload.failure(); !failure.empty()) {
    return result_of(world, Outcome::failed, std::move(failure));
  }
  if (wire != nullptr && !wire->violation().empty()) {
    return result_of(world, Outcome::failed, wire->violation());
  }
  if (reason == sim::StopReason::step_bound) {
    return result_of(world, Outcome::stopped, fmt::format("the bound of {} steps", machine.step()));
  }
  if (!workload.finished()) {
    return result_of(world, Outcome::stuck, workload.unfinished());
  }
  if (std::string left = check_rest(world, workload, wire); !left.empty()) {
    return result_of(world, Outcome::failed, std::move(left));
  }
  return result_of(world, Outcome::completed, {});
}

std::expected<ReplayResult, std::string> replay_trace(const TraceFile& trace, const ReplayOptions& options) {
  const std::expected<Scenario, TextError> scenario =
      parse_scenario(trace.header.scenario, "scenario of the trace", kernel_calls());
  if (!scenario) {
    return std::unexpected(scenario.error().to_string());
  }
  std::expected<World, std::string> world = World::boot(scenario->config);
  if (!world) {
    return std::unexpected(world.error());
  }
  sim::Machine& machine = *world->machine;
  if (auto used = use_tape(*world, trace.tape); !used) {
    return std::unexpected(used.error());
  }
  const MarkChecker checker(machine, trace.marks);
  const Attachment attachment(machine, options.observer);
  WireChecker wire;
  const Attachment wire_attachment(machine, &wire);
  const std::expected<Workload*, std::string> workload = Workload::start(*world, *scenario);
  if (!workload) {
    return std::unexpected(workload.error());
  }

  // A run that somebody stopped was not over: its replay stops at the same step.
  const bool was_stopped = trace.end && trace.end->outcome == Outcome::stopped;
  const sim::Step last_step = was_stopped ? std::min(trace.end->steps, scenario->config.steps) : scenario->config.steps;
  const sim::Step until_step = std::min<sim::Step>(options.until_step, last_step);
  sim::StopReason stopped = sim::StopReason::step_bound;
  const auto run_until = [&](sim::Step step) {
    do {
      const sim::Step slice = options.verify_marks ? std::min(step, machine.step() + kSlice) : step;
      stopped = machine.run({.until_step = slice});
    } while (stopped == sim::StopReason::step_bound && machine.step() < step &&
             !(options.verify_marks && checker.divergence()));
  };
  NobodyListens nobody;
  std::optional<Divergence> divergence;
  for (const Input& input : trace.inputs) {
    if (input.step >= until_step || divergence) {
      break;
    }
    run_until(input.step);
    if (machine.step() != input.step) {
      divergence = {.good_until = checker.good_until(),
                    .seen_at = machine.step(),
                    .expected = fmt::format("an input at step {}", input.step),
                    .found = fmt::format("step {}", machine.step())};
      break;
    }
    switch (input.kind) {
      case InputKind::open:
        // No port at all is what the recorded run may have got too, when memory was used up. Digests tell if it did
        // not.
        if (const sim::PortId port = machine.open_port(nobody); !port.is_none() && port != input.port) {
          divergence = port_divergence(input, port, checker.good_until());
        }
        break;
      case InputKind::data:
        machine.deliver(input.port, input.bytes);
        break;
      case InputKind::close:
        machine.close_port(input.port);
        break;
    }
  }
  if (!divergence) {
    run_until(until_step);
  }
  ReplayResult result;
  result.run = judge(*world, **workload, stopped, &wire);
  result.divergence = checker.divergence() ? checker.divergence() : divergence;

  const bool ran_to_the_end = options.until_step >= last_step;
  if (!result.divergence && trace.end && ran_to_the_end) {
    const End& end = *trace.end;
    if (end.outcome == Outcome::crashed) {
      result.divergence = {.good_until = checker.good_until(),
                           .seen_at = machine.step(),
                           .expected = "a crash: " + end.reason,
                           .found = summary(result.run)};
    } else if (end.steps != result.run.steps || end.digest != result.run.digest || end.outcome != result.run.outcome ||
               end.decisions != result.run.decisions) {
      result.divergence = {.good_until = checker.good_until(),
                           .seen_at = machine.step(),
                           .expected = summary(end),
                           .found = summary(result.run)};
    } else {
      result.run.reason = end.reason;  // in the lines of the text that the recorded run was made from
    }
  }
  return result;
}

}  // namespace replay
