// The boot of the kernel as a table: named steps in the order of rump_init() (rump.c 1.331), grouped in phases. A
// reader sees at a glance what happens when; a component adds its own step to the phase it belongs to.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace kern {

class Kernel;

enum class BootPhase : std::uint8_t {
  minimal_context,  ///< Something to run on: the first lwp.
  subsystems,       ///< Memory, time, locks, processes.
  per_cpu,          ///< Each virtual CPU.
  threads_allowed,  ///< Kernel threads may run from here on.
  components,       ///< KERN components and the factions VFS, NET, DEV.
  init_process,     ///< Process 1.
  syscalls,         ///< System calls are established.
  console,          ///< Descriptors 0, 1 and 2 of process 1.
};

struct BootStep {
  BootPhase phase;
  std::string_view name;
  /// 0, or an errno: the boot fails and names the step.
  int (*run)(Kernel& kernel);
};

[[nodiscard]] std::span<const BootStep> boot_table();
[[nodiscard]] std::string_view phase_name(BootPhase phase);

}  // namespace kern
