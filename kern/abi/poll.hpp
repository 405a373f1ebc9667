// poll(2) of NetBSD 7.99.34 (sys/poll.h).
//
// The host defines these names as macros with its own numbers; host_headers.hpp says how they are freed.
#pragma once

#include <cstdint>

#include "kern/abi/host_headers.hpp"

#undef POLLIN
#undef POLLPRI
#undef POLLOUT
#undef POLLRDNORM
#undef POLLWRNORM
#undef POLLRDBAND
#undef POLLWRBAND
#undef POLLERR
#undef POLLHUP
#undef POLLNVAL
#undef INFTIM

namespace kern {

inline constexpr int POLLIN = 0x1;
inline constexpr int POLLPRI = 0x2;
inline constexpr int POLLOUT = 0x4;
inline constexpr int POLLRDNORM = 0x40;
inline constexpr int POLLWRNORM = 0x4;
inline constexpr int POLLRDBAND = 0x80;
inline constexpr int POLLWRBAND = 0x100;
inline constexpr int POLLERR = 0x8;
inline constexpr int POLLHUP = 0x10;
inline constexpr int POLLNVAL = 0x20;
inline constexpr int INFTIM = -1;

/// struct pollfd.
struct Pollfd {
  std::int32_t fd = 0;
  std::int16_t events = 0;
  std::int16_t revents = 0;
  bool operator==(const Pollfd&) const = default;
};
static_assert(sizeof(Pollfd) == 8 && alignof(Pollfd) == 4);

}  // namespace kern
