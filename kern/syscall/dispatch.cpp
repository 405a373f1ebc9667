#include "kern/syscall/dispatch.hpp"

#include <algorithm>

#include "kern/abi/errno.hpp"
#include "kern/abi/signal.hpp"
#include "kern/kernel.hpp"
#include "kern/syscall/table.hpp"

namespace kern {

void SyscallDispatcher::establish(std::span<const SyscallImplementation> calls) {
  for (const SyscallImplementation& call : calls) {
    if (call.number >= handlers_.size() || find_syscall(call.number) == nullptr) {
      kernel_.panic("system call {} is established but not in the table", call.number);
    }
    if (handlers_[call.number] != nullptr) {
      kernel_.panic("system call {} is established twice", call.number);
    }
    handlers_[call.number] = call.handler;
  }
}

bool SyscallDispatcher::is_established(std::uint32_t number) const {
  return number < handlers_.size() && handlers_[number] != nullptr;
}

int SyscallDispatcher::invoke(std::uint32_t number, std::span<const std::byte> block, SyscallResult& result) {
  result = {};
  Lwp& lwp = *kernel_.curlwp();
  sim::Machine& machine = kernel_.machine();
  // The entry of a call that nobody established is not looked at: its block may be anything.
  const SyscallEntry* entry = is_established(number) ? find_syscall(number) : nullptr;
  const std::size_t block_size = entry == nullptr ? std::size_t{SYS_MAXSYSARGS} * 8 : entry->block_size();
  const std::span<const std::byte> arguments = block.first(std::min(block.size(), block_size));
  machine.emit(event(KernelEvent::syscall_enter), number, lwp.proc->pid.value, lwp.lid.value, arguments);
  int error = 0;
  if (entry == nullptr) {
    if (number == kNoSysNumber) {
      kernel_.raise(*lwp.proc, SIGSYS);
    }
    error = ENOSYS;
  } else if (arguments.size() < block_size) {
    error = EINVAL;
  } else {
    std::array<std::uint64_t, SYS_MAXSYSARGS> registers{};
    std::memcpy(registers.data(), arguments.data(), arguments.size());
    error = handlers_[number](lwp, SyscallArguments(registers), result);
  }
  machine.emit(event(KernelEvent::syscall_exit), number, static_cast<std::uint64_t>(error), lwp.lid.value,
               std::as_bytes(std::span(result.value)));
  return error;
}

}  // namespace kern
