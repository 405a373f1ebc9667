// The rump kernel of one machine: everything that a running NetBSD rump kernel keeps in globals is a member here. It
// lies in the machine's arena and goes with it.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/core.h>

#include "kern/boot/boot.hpp"
#include "kern/core/callout.hpp"
#include "kern/core/events.hpp"
#include "kern/core/kmem.hpp"
#include "kern/core/lwproc.hpp"
#include "kern/core/scheduler.hpp"
#include "kern/syscall/dispatch.hpp"
#include "sim/machine.hpp"

namespace kern {

namespace vfs {
class Vfs;
}

/// What a kernel is told at boot, in place of rump's environment variables.
struct KernelConfig {
  std::string_view hostname = "simkern";  ///< RUMP's HOSTNAME parameter; mandatory: empty panics.
  bool verbose = false;  ///< RUMP_VERBOSE: boot messages go to the console, not only to the message events.
  /// The user's own boot steps, each run after the kernel's of its phase, newest first as rump does components. The
  /// caller keeps them until the boot is over.
  std::span<const BootStep> components = {};
  std::uint32_t max_descriptors = 1024;  ///< Per process, RLIMIT_NOFILE.
};

class Kernel {
 public:
  /// Makes a kernel in the machine's arena and boots it on a fiber of its own; runs the machine until that is done. The
  /// machine's number of CPUs is the kernel's. The kernel lives as long as the machine. Error: what the boot failed of.
  [[nodiscard]] static std::expected<Kernel*, std::string> boot(sim::Machine& machine, const KernelConfig& config = {});

  Kernel(const Kernel&) = delete;
  Kernel& operator=(const Kernel&) = delete;

  [[nodiscard]] sim::Machine& machine() { return machine_; }
  [[nodiscard]] Kmem& kmem() { return kmem_; }
  [[nodiscard]] Scheduler& scheduler() { return scheduler_; }
  [[nodiscard]] LwProcesses& processes() { return processes_; }
  [[nodiscard]] Callouts& callouts() { return callouts_; }
  [[nodiscard]] SyscallDispatcher& syscalls() { return syscalls_; }
  [[nodiscard]] vfs::Vfs* vfs() { return vfs_; }
  [[nodiscard]] const KernelConfig& config() const { return config_; }
  [[nodiscard]] std::string_view hostname() const { return hostname_.data(); }

  /// The lwp of the current fiber; null: none.
  [[nodiscard]] Lwp* curlwp() const {
    sim::Fiber* fiber = machine_.current();
    return fiber == nullptr ? nullptr : static_cast<Lwp*>(fiber->local);
  }

  /// A system call from outside of the kernel, as rump_syscall(): enters, dispatches, leaves. For a fiber without an
  /// lwp, an implicit one of process 1 does it. `arguments` is the argument block. Gives the errno.
  [[nodiscard]] int syscall(std::uint32_t number, std::span<const std::byte> arguments, SyscallResult& result);

  /// Ends the machine as panicked, the text cut to 200 bytes. Called on a fiber; does not return.
  template <class... Arguments>
  [[noreturn]] void panic(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    std::array<char, 200> text;
    const auto result = fmt::format_to_n(text.data(), text.size(), format, std::forward<Arguments>(arguments)...);
    panic_with({text.data(), std::min(result.size, text.size())});
  }
  /// A line into the message buffer, and to the console when verbose (aprint_verbose).
  void message(std::string_view text);
  /// What a console write does: an event with the bytes. The outside shows them.
  void console_write(std::span<const std::byte> bytes) {
    machine_.emit(event(KernelEvent::console_output), 0, 0, 0, bytes);
  }

  /// A signal for a process by rump's models: remote clients get a RAISE, local ones have it recorded as an event.
  void raise(Proc& proc, int signal);

  /// Time of day: nanoseconds since 1970, by the virtual clock.
  [[nodiscard]] std::int64_t wall_clock_ns() const {
    return machine_.config().epoch_seconds * 1'000'000'000 + static_cast<std::int64_t>(machine_.now());
  }
  /// A number for a lock or the like, for events and reports.
  [[nodiscard]] std::uint32_t next_object_number() { return next_object_number_++; }

  /// Pipes whose buffer has grown (nbigpipe of sys_pipe.c, which keeps it).
  [[nodiscard]] std::uint32_t& big_pipes() { return big_pipes_; }

  // What boot steps set up.
  void set_vfs(vfs::Vfs* vfs) { vfs_ = vfs; }
  void set_hostname(std::string_view name);

 private:
  friend class sim::Arena;
  Kernel(sim::Machine& machine, const KernelConfig& config);
  static void boot_fiber(void* self);
  [[noreturn]] void panic_with(std::string_view text);

  sim::Machine& machine_;
  KernelConfig config_;
  Kmem kmem_;
  std::uint32_t next_object_number_ = 0;
  std::uint32_t big_pipes_ = 0;
  Scheduler scheduler_;
  LwProcesses processes_;
  Callouts callouts_;
  SyscallDispatcher syscalls_;
  vfs::Vfs* vfs_ = nullptr;
  bool booted_ = false;
  std::array<char, 65> hostname_{};
};

}  // namespace kern
