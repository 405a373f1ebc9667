// System calls on descriptors and pipes, for boot to establish.
#pragma once

#include <span>

#include "kern/syscall/dispatch.hpp"

namespace kern {

/// read, write, readv, writev, close, dup, dup2, dup3, fcntl, fstat, lseek ... (sys_descrip.c, sys_generic.c)
[[nodiscard]] std::span<const SyscallImplementation> descriptor_syscalls();
/// pipe, pipe2 (sys_pipe.c)
[[nodiscard]] std::span<const SyscallImplementation> pipe_syscalls();

}  // namespace kern
