// Memory of a process as the kernel sees it. Three kinds stand behind one interface: a simulated
// process's own pages, the host program's memory (C API), a remote client's over sysproxy. Addresses
// are the process's own numbers; the kernel never dereferences one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace kern {

class Kernel;

/// An address in a process's memory.
using UserAddress = std::uint64_t;

class UserMemory {
 public:
  /// `to.size()` bytes from `from`. EFAULT when any of them is not the process's; `to` is then unspecified.
  [[nodiscard]] virtual int copyin(UserAddress from, std::span<std::byte> to) = 0;
  /// A string with its NUL, at most `to.size()` bytes. `done` gets its length with the NUL. EFAULT as
  /// above; ENAMETOOLONG when no NUL is among them.
  [[nodiscard]] virtual int copyinstr(UserAddress from, std::span<char> to, std::size_t& done) = 0;
  /// Writes all of `from`. EFAULT when any byte of the target is not the process's.
  [[nodiscard]] virtual int copyout(std::span<const std::byte> from, UserAddress to) = 0;

 protected:
  ~UserMemory() = default;
};

/// Pages of a simulated process: one range `[base, base + pages.size())`, readable and writable. The
/// pages belong to who made it and outlive it.
class SimulatedMemory final : public UserMemory {
 public:
  SimulatedMemory(UserAddress base, std::span<std::byte> pages) : base_(base), pages_(pages) {}
  [[nodiscard]] int copyin(UserAddress from, std::span<std::byte> to) override;
  [[nodiscard]] int copyinstr(UserAddress from, std::span<char> to, std::size_t& done) override;
  [[nodiscard]] int copyout(std::span<const std::byte> from, UserAddress to) override;
  [[nodiscard]] UserAddress base() const { return base_; }
  [[nodiscard]] std::span<std::byte> pages() const { return pages_; }

 private:
  /// The bytes at `[address, address + size)`; empty when they are not all inside.
  [[nodiscard]] std::span<std::byte> range(UserAddress address, std::size_t size) const;

  UserAddress base_;
  std::span<std::byte> pages_;
};

}  // namespace kern
