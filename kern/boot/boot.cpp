#include "kern/boot/boot.hpp"

#include <array>

#include "kern/abi/errno.hpp"
#include "kern/abi/param.hpp"
#include "kern/core/syscalls.hpp"
#include "kern/dev/devices.hpp"
#include "kern/fd/file_table.hpp"
#include "kern/fd/syscalls.hpp"
#include "kern/kernel.hpp"
#include "kern/vfs/vfs.hpp"

namespace kern {
namespace {

int make_first_lwp(Kernel& kernel) {
  return kernel.processes().initialise() ? 0 : ENOMEM;
}

int take_first_cpu(Kernel& kernel) {
  kernel.scheduler().acquire_cpu(*kernel.curlwp());
  return 0;
}

int print_banner(Kernel& kernel) {
  std::array<char, 80> line;
  const auto end = fmt::format_to_n(line.data(), line.size(), "{} {} ({})", kOsType, kOsRelease, kMachine);
  kernel.message({line.data(), end.size});
  return 0;
}

int make_descriptors(Kernel& kernel) {
  Proc& proc0 = *kernel.curlwp()->proc;
  proc0.files = FileTable::create(kernel);
  return proc0.files == nullptr ? ENOMEM : 0;
}

int attach_cpus(Kernel& kernel) {
  for (std::uint32_t cpu = 0; cpu < kernel.machine().cpu_count(); ++cpu) {
    std::array<char, 48> line;
    const auto end = fmt::format_to_n(line.data(), line.size(), "cpu{} at thinair0: rump virtual cpu", cpu);
    kernel.message({line.data(), end.size});
  }
  return 0;
}

int start_softclock(Kernel& kernel) {
  return kernel.callouts().start();
}

int require_hostname(Kernel& kernel) {
  if (kernel.hostname().empty()) {
    kernel.panic("mandatory hypervisor configuration (HOSTNAME) missing");
  }
  return 0;
}

int make_init(Kernel& kernel) {
  return kernel.processes().make_init();
}

int establish_process_calls(Kernel& kernel) {
  kernel.syscalls().establish(process_syscalls());
  return 0;
}

int establish_time_calls(Kernel& kernel) {
  kernel.syscalls().establish(time_syscalls());
  return 0;
}

int establish_descriptor_calls(Kernel& kernel) {
  kernel.syscalls().establish(descriptor_syscalls());
  kernel.syscalls().establish(pipe_syscalls());
  return 0;
}

int establish_vfs_calls(Kernel& kernel) {
  kernel.syscalls().establish(vfs::syscalls());
  return 0;
}

int open_init_console(Kernel& kernel) {
  Lwp* boot = kernel.curlwp();
  kernel.processes().switch_to(&kernel.processes().init_process()->lwps.front());
  const int error = dev::open_console(*kernel.curlwp());
  kernel.processes().switch_to(boot);
  if (error == 0) {
    kernel.processes().switch_to(nullptr);  // the boot is over: process 0's lwp is carried by nobody
  }
  return error;
}

// The order of rump.c 1.331's rump_init(). Subsystems whose whole state is made by a constructor have no step.
constexpr std::array kBootTable{
    BootStep{BootPhase::minimal_context, "rump_lwproc_init", make_first_lwp},
    BootStep{BootPhase::minimal_context, "rump_schedule", take_first_cpu},
    BootStep{BootPhase::subsystems, "copyright", print_banner},
    BootStep{BootPhase::subsystems, "fd_sys_init", make_descriptors},
    BootStep{BootPhase::per_cpu, "rump_cpu_attach", attach_cpus},
    BootStep{BootPhase::threads_allowed, "callout_startup", start_softclock},
    BootStep{BootPhase::components, "RUMP__FACTION_VFS", vfs::Vfs::attach},
    BootStep{BootPhase::components, "rump_vfs_builddevs", dev::make_nodes},
    BootStep{BootPhase::init_process, "HOSTNAME", require_hostname},
    BootStep{BootPhase::init_process, "rumplocal", make_init},
    BootStep{BootPhase::syscalls, "process calls", establish_process_calls},
    BootStep{BootPhase::syscalls, "time calls", establish_time_calls},
    BootStep{BootPhase::syscalls, "descriptor calls", establish_descriptor_calls},
    BootStep{BootPhase::syscalls, "vfs calls", establish_vfs_calls},
    BootStep{BootPhase::console, "rump_consdev_init", open_init_console},
};

}  // namespace

std::span<const BootStep> boot_table() {
  return kBootTable;
}

std::string_view phase_name(BootPhase phase) {
  switch (phase) {
    case BootPhase::minimal_context:
      return "minimal context";
    case BootPhase::subsystems:
      return "subsystems";
    case BootPhase::per_cpu:
      return "per CPU";
    case BootPhase::threads_allowed:
      return "threads allowed";
    case BootPhase::components:
      return "components";
    case BootPhase::init_process:
      return "init process";
    case BootPhase::syscalls:
      return "system calls";
    case BootPhase::console:
      return "console";
  }
  return "?";
}

}  // namespace kern
