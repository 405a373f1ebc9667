#include "replay/world.hpp"

#include "kern/abi/errno.hpp"

namespace replay {

sim::MachineConfig machine_config(const Config& config) {
  sim::MachineConfig machine;
  machine.seed = config.seed;
  machine.cpus = static_cast<std::uint32_t>(config.cpus);
  machine.step_cost_ns = config.step_cost_ns;
  machine.epoch_seconds = static_cast<std::int64_t>(config.epoch_s);
  machine.arena.heap_bytes = config.arena_mib << 20U;
  machine.arena.stacks = static_cast<std::uint32_t>(config.max_fibers);
  machine.arena.fill = static_cast<std::uint8_t>(config.fill);
  return machine;
}

std::expected<World, std::string> World::boot(const Config& config, void* address_hint) {
  sim::MachineConfig settings = machine_config(config);
  settings.arena.address_hint = address_hint;
  std::expected<sim::MachineOwner, std::string> machine = sim::Machine::create(settings);
  if (!machine) {
    return std::unexpected(machine.error());
  }
  World world;
  world.machine = std::move(*machine);
  std::expected<kern::Kernel*, std::string> kernel = kern::Kernel::boot(*world.machine);
  if (!kernel) {
    return std::unexpected(kernel.error());
  }
  world.kernel = *kernel;
  const kern::sysproxy::ServerLimits limits{
      .max_clients = static_cast<std::uint32_t>(config.max_clients),
      .max_workers = static_cast<std::uint32_t>(config.max_workers),
      .idle_workers = static_cast<std::uint32_t>(config.idle_workers),
      .max_frame = config.max_frame,
      .max_pending = static_cast<std::uint32_t>(config.max_pending),
  };
  if (const int error = kern::sysproxy::Server::start(*world.kernel, limits, world.server); error != 0) {
    return std::unexpected("the sysproxy server did not start: " + std::string(kern::errno_name(error)));
  }
  world.machine->run();  // until the server waits for clients
  world.boot_decisions = world.machine->decisions();
  return world;
}

std::expected<void, std::string> use_strategy(World& world, const Config& config) {
  const std::expected<sim::StrategySpec, std::string> spec = sim::parse_strategy(config.strategy);
  if (!spec) {
    return std::unexpected(spec.error());
  }
  if (!world.machine->set_strategy(*spec)) {
    return std::unexpected("the machine's memory is used up");
  }
  return {};
}

std::expected<void, std::string> use_tape(World& world, const Tape& tape) {
  sim::StrategySpec spec;
  spec.kind = sim::StrategySpec::Kind::tape;
  spec.tape = tape.pairs;
  if (!world.machine->set_strategy(spec)) {
    return std::unexpected("the machine's memory is used up");
  }
  return {};
}

}  // namespace replay
