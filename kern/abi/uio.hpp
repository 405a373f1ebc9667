// Scattered buffers of readv(2) and writev(2) in NetBSD 7.99.34 on amd64 (sys/uio.h).
//
// The host defines these names as macros with its own numbers; host_headers.hpp says how they are freed.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kern/abi/host_headers.hpp"

#undef IOV_MAX
#undef UIO_MAXIOV
#undef UIO_SMALLIOV

namespace kern {

/// Most buffers one call may name; more is EINVAL.
inline constexpr int IOV_MAX = 1024;
inline constexpr int UIO_MAXIOV = 1024;
/// Up to this many are kept on the kernel's stack rather than allocated.
inline constexpr int UIO_SMALLIOV = 8;

/// struct iovec, as a program wrote it: the base is an address in that program's memory, not in ours.
struct Iovec {
  std::uint64_t iov_base = 0;
  std::uint64_t iov_len = 0;
  bool operator==(const Iovec&) const = default;
};
static_assert(sizeof(Iovec) == 16 && alignof(Iovec) == 8 && offsetof(Iovec, iov_len) == 8);

}  // namespace kern
