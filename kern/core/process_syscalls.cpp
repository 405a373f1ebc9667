#include <array>

#include "kern/abi/syscall_numbers.hpp"
#include "kern/core/syscalls.hpp"
#include "kern/kernel.hpp"

// Who am I (kern_prot.c). As there, the second return value carries the parent or the effective id: programs of old
// ABIs read it.
namespace kern {
namespace {

std::int64_t parent_pid(const Proc& proc) {
  return proc.parent == nullptr ? 0 : proc.parent->pid.value;
}

int sys_getpid(Lwp& lwp, const SyscallArguments&, SyscallResult& result) {
  result.value = {lwp.proc->pid.value, parent_pid(*lwp.proc)};
  return 0;
}

int sys_getppid(Lwp& lwp, const SyscallArguments&, SyscallResult& result) {
  result.value[0] = parent_pid(*lwp.proc);
  return 0;
}

int sys_getuid(Lwp& lwp, const SyscallArguments&, SyscallResult& result) {
  result.value = {lwp.proc->credentials.uid, lwp.proc->credentials.euid};
  return 0;
}

int sys_geteuid(Lwp& lwp, const SyscallArguments&, SyscallResult& result) {
  result.value[0] = lwp.proc->credentials.euid;
  return 0;
}

int sys_getgid(Lwp& lwp, const SyscallArguments&, SyscallResult& result) {
  result.value = {lwp.proc->credentials.gid, lwp.proc->credentials.egid};
  return 0;
}

int sys_getegid(Lwp& lwp, const SyscallArguments&, SyscallResult& result) {
  result.value[0] = lwp.proc->credentials.egid;
  return 0;
}

constexpr std::array kCalls{
    SyscallImplementation{SYS_getpid, sys_getpid}, SyscallImplementation{SYS_getppid, sys_getppid},
    SyscallImplementation{SYS_getuid, sys_getuid}, SyscallImplementation{SYS_geteuid, sys_geteuid},
    SyscallImplementation{SYS_getgid, sys_getgid}, SyscallImplementation{SYS_getegid, sys_getegid},
};

}  // namespace

std::span<const SyscallImplementation> process_syscalls() {
  return kCalls;
}

}  // namespace kern
