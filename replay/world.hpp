// A world: a machine with a booted kernel and a sysproxy server, ready for actors or for real clients. The boot is
// quiet (its decisions are all answered 0 and no part of a tape), so every world of one config is the same before its
// first decision.
#pragma once

#include <expected>
#include <string>

#include "kern/kernel.hpp"
#include "kern/sysproxy/server.hpp"
#include "replay/config.hpp"
#include "replay/tape.hpp"
#include "sim/machine.hpp"

namespace replay {

struct World {
  /// Boots. Error: what the config asks for cannot be had. `address_hint` says where the arena should lie, which no run
  /// may show: for tests of that.
  [[nodiscard]] static std::expected<World, std::string> boot(const Config& config, void* address_hint = nullptr);

  sim::MachineOwner machine;
  kern::Kernel* kernel = nullptr;            ///< In the machine.
  kern::sysproxy::Server* server = nullptr;  ///< In the machine.
  std::uint64_t boot_decisions = 0;          ///< Decisions of the boot, which are in no tape and in no count.
};

/// The machine's own config for a scenario's.
[[nodiscard]] sim::MachineConfig machine_config(const Config& config);

/// Has the strategy that the config names answer from now on. Error: there is no such strategy.
[[nodiscard]] std::expected<void, std::string> use_strategy(World& world, const Config& config);
/// Has the tape answer from now on; it must outlive the run.
[[nodiscard]] std::expected<void, std::string> use_tape(World& world, const Tape& tape);

}  // namespace replay
