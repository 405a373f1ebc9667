#include "kern/core/uio.hpp"

#include <algorithm>

#include "kern/abi/errno.hpp"
#include "kern/kernel.hpp"

namespace kern {

int uiomove(std::span<std::byte> bytes, Uio& uio) {
  while (!bytes.empty() && uio.residual > 0) {
    Iovec& piece = uio.iov.front();
    if (piece.iov_len == 0) {
      uio.iov = uio.iov.subspan(1);
      continue;
    }
    const std::size_t size = std::min({bytes.size(), uio.residual, static_cast<std::size_t>(piece.iov_len)});
    const std::span<std::byte> part = bytes.first(size);
    const int error = uio.direction == UioDirection::read ? copyout(*uio.lwp, part, piece.iov_base)
                                                          : copyin(*uio.lwp, piece.iov_base, part);
    if (error != 0) {
      return error;
    }
    piece.iov_base += size;
    piece.iov_len -= size;
    uio.residual -= size;
    uio.offset += static_cast<std::int64_t>(size);
    bytes = bytes.subspan(size);
  }
  return 0;
}

int copyin(Lwp& lwp, UserAddress from, std::span<std::byte> to) {
  if (to.empty()) {
    return 0;
  }
  if (from == 0 || lwp.proc->memory == nullptr) {
    return EFAULT;
  }
  const int error = lwp.proc->memory->copyin(from, to);
  lwp.kernel.machine().emit(event(KernelEvent::copyin), from, to.size(), static_cast<std::uint64_t>(error),
                            error == 0 ? to : std::span<std::byte>());
  return error;
}

int copyinstr(Lwp& lwp, UserAddress from, std::span<char> to, std::size_t& done) {
  done = 0;
  if (from == 0 || lwp.proc->memory == nullptr) {
    return EFAULT;
  }
  const int error = lwp.proc->memory->copyinstr(from, to, done);
  lwp.kernel.machine().emit(event(KernelEvent::copyin), from, done, static_cast<std::uint64_t>(error),
                            std::as_bytes(to.first(error == 0 ? done : 0)));
  return error;
}

int copyout(Lwp& lwp, std::span<const std::byte> from, UserAddress to) {
  if (from.empty()) {
    return 0;
  }
  if (to == 0 || lwp.proc->memory == nullptr) {
    return EFAULT;
  }
  const int error = lwp.proc->memory->copyout(from, to);
  lwp.kernel.machine().emit(event(KernelEvent::copyout), to, from.size(), static_cast<std::uint64_t>(error), from);
  return error;
}

}  // namespace kern
