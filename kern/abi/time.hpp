// Time as programs see it in NetBSD 7.99.34 on amd64 (sys/time.h): layouts, clocks and interval timers.
//
// The host defines these names as macros with its own numbers; host_headers.hpp says how they are freed.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kern/abi/host_headers.hpp"

#undef ITIMER_REAL
#undef ITIMER_VIRTUAL
#undef ITIMER_PROF
#undef ITIMER_MONOTONIC
#undef CLOCK_REALTIME
#undef CLOCK_VIRTUAL
#undef CLOCK_PROF
#undef CLOCK_MONOTONIC
#undef CLOCK_THREAD_CPUTIME_ID
#undef CLOCK_PROCESS_CPUTIME_ID
#undef TIMER_RELTIME
#undef TIMER_ABSTIME

namespace kern {

inline constexpr int ITIMER_REAL = 0;
inline constexpr int ITIMER_VIRTUAL = 1;
inline constexpr int ITIMER_PROF = 2;
inline constexpr int ITIMER_MONOTONIC = 3;
inline constexpr int CLOCK_REALTIME = 0;
inline constexpr int CLOCK_VIRTUAL = 1;
inline constexpr int CLOCK_PROF = 2;
inline constexpr int CLOCK_MONOTONIC = 3;
inline constexpr int CLOCK_THREAD_CPUTIME_ID = static_cast<int>(0x80000000U);
inline constexpr int CLOCK_PROCESS_CPUTIME_ID = 0x40000000;
inline constexpr int TIMER_RELTIME = 0;
inline constexpr int TIMER_ABSTIME = 1;

/// struct timespec: seconds and nanoseconds, 0 <= tv_nsec < 1,000,000,000 when valid.
struct Timespec {
  std::int64_t tv_sec = 0;
  std::int64_t tv_nsec = 0;
  bool operator==(const Timespec&) const = default;
};
static_assert(sizeof(Timespec) == 16 && alignof(Timespec) == 8 && offsetof(Timespec, tv_nsec) == 8);

/// struct timeval: seconds and microseconds. NetBSD's suseconds_t has 32 bits, so four bytes of padding follow; they
/// are named, for they are copied out to programs.
struct Timeval {
  std::int64_t tv_sec = 0;
  std::int32_t tv_usec = 0;
  std::uint32_t padding = 0;
  bool operator==(const Timeval&) const = default;
};
static_assert(sizeof(Timeval) == 16 && alignof(Timeval) == 8 && offsetof(Timeval, tv_usec) == 8);

/// struct itimerspec, of timer_settime(2).
struct Itimerspec {
  Timespec it_interval;
  Timespec it_value;
  bool operator==(const Itimerspec&) const = default;
};
static_assert(sizeof(Itimerspec) == 32);

/// struct itimerval, of setitimer(2).
struct Itimerval {
  Timeval it_interval;
  Timeval it_value;
  bool operator==(const Itimerval&) const = default;
};
static_assert(sizeof(Itimerval) == 32);

/// struct timezone, which gettimeofday(2) still takes and fills with zeros.
struct Timezone {
  std::int32_t tz_minuteswest = 0;
  std::int32_t tz_dsttime = 0;
  bool operator==(const Timezone&) const = default;
};
static_assert(sizeof(Timezone) == 8);

}  // namespace kern
