// From a number and an argument block to a handler. The table is filled at boot (rump_syscall_boot_establish); what is
// not filled answers ENOSYS.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "kern/abi/syscall_numbers.hpp"
#include "kern/core/lwp.hpp"

namespace kern {

/// register_t[2]: what a call returns besides its error.
struct SyscallResult {
  std::array<std::int64_t, 2> value{};
};

/// The argument block: one 64-bit register each, as NetBSD amd64 lays them out, whatever their C type. It has been
/// checked to hold all the call's arguments.
class SyscallArguments {
 public:
  explicit SyscallArguments(std::span<const std::uint64_t> registers) : registers_(registers) {}
  [[nodiscard]] std::uint64_t raw(std::size_t index) const { return registers_[index]; }
  /// An `int`: the register's low half.
  [[nodiscard]] int integer(std::size_t index) const {
    return static_cast<int>(static_cast<std::uint32_t>(registers_[index]));
  }
  [[nodiscard]] std::int64_t signed64(std::size_t index) const { return static_cast<std::int64_t>(registers_[index]); }

 private:
  std::span<const std::uint64_t> registers_;
};

/// Does one call for the lwp. Gives an errno; 0 leaves `result` as the call's values.
using SyscallHandler = int (*)(Lwp& lwp, const SyscallArguments& arguments, SyscallResult& result);

/// One row of what a subsystem establishes.
struct SyscallImplementation {
  std::uint32_t number;
  SyscallHandler handler;
};

/// The one unused number whose call is nosys() rather than enosys(): it raises SIGSYS besides (rump's syscall table).
inline constexpr std::uint32_t kNoSysNumber = 8;

class SyscallDispatcher {
 public:
  explicit SyscallDispatcher(Kernel& kernel) : kernel_(kernel) {}

  /// Fills unset entries; panics on one that is set, or is not in the table of known calls.
  void establish(std::span<const SyscallImplementation> calls);
  [[nodiscard]] bool is_established(std::uint32_t number) const;

  /// Runs call `number` for the current lwp, which holds a CPU. `block` may be longer than the call's arguments. ENOSYS
  /// for an unknown number (8 also raises SIGSYS, as NetBSD), EINVAL for a block that is too short: nothing is touched
  /// then.
  [[nodiscard]] int invoke(std::uint32_t number, std::span<const std::byte> block, SyscallResult& result);

 private:
  Kernel& kernel_;
  std::array<SyscallHandler, SYS_NSYSENT> handlers_{};
};

}  // namespace kern
