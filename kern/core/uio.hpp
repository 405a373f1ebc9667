// What a read or write moves and where: struct uio and uiomove(9).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kern/abi/uio.hpp"
#include "kern/core/lwp.hpp"

namespace kern {

class FileReference;

enum class UioDirection : std::uint8_t { read, write };  ///< As the process sees it: read fills its memory.

struct Uio {
  std::span<Iovec> iov;      ///< Remaining pieces; consumed from the front.
  std::int64_t offset = 0;   ///< In the file; moves with the bytes.
  std::size_t residual = 0;  ///< Bytes still to move.
  UioDirection direction = UioDirection::read;
  Lwp* lwp = nullptr;                   ///< In whose process's memory the pieces are.
  const FileReference* file = nullptr;  ///< By which the call came here; null: not by a descriptor.
};

/// Moves up to `bytes.size()` bytes, at most the residual, between the kernel's `bytes` and the pieces.
/// 0, or EFAULT with the uio advanced past the whole pieces that went through. May sleep.
[[nodiscard]] int uiomove(std::span<std::byte> bytes, Uio& uio);

/// The process's memory of the lwp. NULL with a length gives EFAULT without asking it.
[[nodiscard]] int copyin(Lwp& lwp, UserAddress from, std::span<std::byte> to);
[[nodiscard]] int copyinstr(Lwp& lwp, UserAddress from, std::span<char> to, std::size_t& done);
[[nodiscard]] int copyout(Lwp& lwp, std::span<const std::byte> from, UserAddress to);

/// A structure without padding, or with its padding zeroed, of the process.
template <class T>
[[nodiscard]] int copyin_object(Lwp& lwp, UserAddress from, T& to) {
  return copyin(lwp, from, std::as_writable_bytes(std::span(&to, 1)));
}
template <class T>
[[nodiscard]] int copyout_object(Lwp& lwp, const T& from, UserAddress to) {
  return copyout(lwp, std::as_bytes(std::span(&from, 1)), to);
}

}  // namespace kern
