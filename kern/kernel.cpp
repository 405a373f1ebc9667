#include "kern/kernel.hpp"

#include "kern/abi/errno.hpp"
#include "kern/abi/signal.hpp"

namespace kern {

Kernel::Kernel(sim::Machine& machine, const KernelConfig& config)
    : machine_(machine),
      config_(config),
      kmem_(machine.arena()),
      scheduler_(*this),
      processes_(*this),
      callouts_(*this),
      syscalls_(*this) {
  set_hostname(config.hostname);
  config_.hostname = hostname();  // the caller's text may go
}

void Kernel::set_hostname(std::string_view name) {
  hostname_.fill('\0');
  std::copy_n(name.begin(), std::min(name.size(), hostname_.size() - 1), hostname_.begin());
}

std::expected<Kernel*, std::string> Kernel::boot(sim::Machine& machine, const KernelConfig& config) {
  auto* kernel = machine.arena().create<Kernel>(machine, config);
  if (kernel == nullptr || machine.spawn("rump_init", boot_fiber, kernel) == nullptr) {
    return std::unexpected("the machine's memory does not hold a kernel");
  }
  machine.run();
  kernel->config_.components = {};
  if (machine.outcome() != sim::Outcome::running) {
    return std::unexpected("the kernel did not boot: " + std::string(machine.outcome_text()));
  }
  if (!kernel->booted_) {
    return std::unexpected("the kernel did not boot: its boot waits for something that never comes");
  }
  return kernel;
}

void Kernel::boot_fiber(void* self) {
  auto& kernel = *static_cast<Kernel*>(self);
  const auto run = [&](const BootStep& step, std::uint64_t index) {
    kernel.machine_.emit(event(KernelEvent::boot_step), index, 0, 0, std::as_bytes(std::span(step.name)));
    if (const int error = step.run(kernel); error != 0) {
      kernel.panic("boot step {} failed: {}", step.name, errno_name(error));
    }
  };
  const std::span<const BootStep> table = boot_table();
  const std::span<const BootStep> own = kernel.config_.components;
  for (std::size_t index = 0; index < table.size(); ++index) {
    run(table[index], index);
    if (index + 1 < table.size() && table[index + 1].phase == table[index].phase) {
      continue;
    }
    for (std::size_t component = own.size(); component > 0; --component) {
      if (own[component - 1].phase == table[index].phase) {
        run(own[component - 1], table.size() + component - 1);
      }
    }
  }
  kernel.scheduler_.release_cpu();
  kernel.booted_ = true;
}

int Kernel::syscall(std::uint32_t number, std::span<const std::byte> arguments, SyscallResult& result) {
  if (!scheduler_.schedule()) {
    return ENOMEM;
  }
  const int error = syscalls_.invoke(number, arguments, result);
  scheduler_.unschedule();
  return error;
}

void Kernel::panic_with(std::string_view text) {
  SIM_ASSERT(machine_.current() != nullptr);
  machine_.end(sim::Outcome::panicked, text);
  __builtin_unreachable();
}

void Kernel::message(std::string_view text) {
  machine_.emit(event(KernelEvent::message), 0, 0, 0, std::as_bytes(std::span(text)));
  if (config_.verbose) {
    console_write(std::as_bytes(std::span(text)));
    console_write(std::as_bytes(std::span("\n", 1)));
  }
}

void Kernel::raise(Proc& proc, int signal) {
  machine_.emit(event(KernelEvent::signal), proc.pid.value, static_cast<std::uint64_t>(signal));
  if (proc.client != nullptr) {
    proc.client->raise(signal);
  }
}

}  // namespace kern
