// System calls on processes, credentials and time, for boot to establish.
#pragma once

#include <span>

#include "kern/syscall/dispatch.hpp"

namespace kern {

/// getpid, getppid, getuid and friends.
[[nodiscard]] std::span<const SyscallImplementation> process_syscalls();
/// nanosleep, clock_gettime, gettimeofday.
[[nodiscard]] std::span<const SyscallImplementation> time_syscalls();

}  // namespace kern
