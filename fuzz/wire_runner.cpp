#include "fuzz/wire_runner.hpp"

#include "sim/assert.hpp"
#include "sim/sanitizer.hpp"

namespace fuzz {

std::expected<std::unique_ptr<WireRunner>, std::string> WireRunner::create() {
  std::expected<replay::World, std::string> world = replay::World::boot(wire_config());
  if (!world) {
    return std::unexpected(world.error());
  }
  return std::unique_ptr<WireRunner>(new WireRunner(std::move(*world)));
}

WireRunner::WireRunner(replay::World world) : world_(std::move(world)) {
  if constexpr (!sim::sanitizer::kThread) {
    booted_ = world_.machine->snapshot();
  }
  world_.machine->attach(*this);
}

WireRunner::~WireRunner() {
  world_.machine->detach(*this);
}

void WireRunner::rewind() {
  if (!fresh_) {
    if constexpr (sim::sanitizer::kThread) {
      // ThreadSanitizer's state cannot be put back, so the machine begins anew.
      std::expected<replay::World, std::string> world = replay::World::boot(wire_config());
      SIM_ASSERT(world.has_value());
      world_ = std::move(*world);
      world_.machine->attach(*this);
    } else {
      world_.machine->restore(booted_);
    }
  }
  tape_ = {};
  wire_.reset();
  fresh_ = true;
}

replay::RunResult WireRunner::run(const WireInput& input) {
  rewind();
  fresh_ = false;
  sim::StrategySpec spec;
  spec.kind = sim::StrategySpec::Kind::bytes;
  spec.bytes = input.decisions;
  const bool known = world_.machine->set_strategy(spec);
  SIM_ASSERT(known);
  const auto workload = replay::Workload::start(world_, input.scenario);
  SIM_ASSERT(workload.has_value());  // kMaxClients fit into wire_config()
  const sim::StopReason reason = world_.machine->run({.until_step = input.scenario.config.steps});
  return replay::judge(world_, **workload, reason, &wire_);
}

bool is_finding(const replay::RunResult& result) {
  return !replay::held(result) && result.outcome != replay::Outcome::stopped;
}

}  // namespace fuzz
