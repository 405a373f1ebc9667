#include <algorithm>
#include <array>

#include "kern/abi/errno.hpp"
#include "kern/abi/syscall_numbers.hpp"
#include "kern/abi/time.hpp"
#include "kern/core/syscalls.hpp"
#include "kern/core/uio.hpp"
#include "kern/kernel.hpp"

// Clocks and sleeping (kern_time.c, subr_time.c), on the virtual clock.
namespace kern {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

Timespec to_timespec(std::int64_t nanoseconds) {
  return {.tv_sec = nanoseconds / kSecond, .tv_nsec = nanoseconds % kSecond};
}

// Ticks that surely cover the time: tstohz() rounds up and adds the tick that is running, and nanosleep makes 0 one.
std::int64_t ticks_for(const Timespec& time) {
  constexpr std::int64_t kMostTicks = 0x7fffffff;
  if (time.tv_sec > kMostTicks / kHz - 2) {
    return kMostTicks;
  }
  const auto tick_ns = static_cast<std::int64_t>(kTickNs);
  const std::int64_t nanoseconds = time.tv_sec * kSecond + time.tv_nsec;
  return nanoseconds == 0 ? 1 : (nanoseconds + tick_ns - 1) / tick_ns + 1;
}

int sys_nanosleep(Lwp& lwp, const SyscallArguments& arguments, SyscallResult&) {
  Kernel& kernel = lwp.kernel;
  Timespec request;
  if (const int error = copyin_object(lwp, arguments.raw(0), request); error != 0) {
    return error;
  }
  if (request.tv_nsec < 0 || request.tv_nsec >= kSecond) {
    return EINVAL;
  }
  if (request.tv_sec < 0) {
    return 0;  // ts2timo() finds it expired before it is checked; measured so
  }
  const sim::Nanoseconds begin = kernel.machine().now();
  int error = 0;
  {
    Mutex lock(kernel, "nanoslp");
    Condvar never(kernel, "nanoslp");
    MutexGuard guard(lock);
    error = never.wait_ticks(lock, ticks_for(request));
  }
  error = error == EWOULDBLOCK ? 0 : error;
  if (arguments.raw(1) != 0) {
    const auto slept = static_cast<std::int64_t>(kernel.machine().now() - begin);
    // Without the sum: a request can be far beyond what nanoseconds hold.
    Timespec rest = request;
    rest.tv_sec -= slept / kSecond;
    rest.tv_nsec -= slept % kSecond;
    if (rest.tv_nsec < 0) {
      rest.tv_nsec += kSecond;
      --rest.tv_sec;
    }
    if (rest.tv_sec < 0) {
      rest = {};
    }
    const int copy_error = copyout_object(lwp, rest, arguments.raw(1));
    error = copy_error != 0 ? copy_error : error;
  }
  return error;
}

int sys_clock_gettime(Lwp& lwp, const SyscallArguments& arguments, SyscallResult&) {
  Timespec now;
  switch (arguments.integer(0)) {
    case CLOCK_REALTIME:
      now = to_timespec(lwp.kernel.wall_clock_ns());
      break;
    case CLOCK_MONOTONIC:
      now = to_timespec(static_cast<std::int64_t>(lwp.kernel.machine().now()));
      break;
    default:
      return EINVAL;
  }
  return copyout_object(lwp, now, arguments.raw(1));
}

int sys_gettimeofday(Lwp& lwp, const SyscallArguments& arguments, SyscallResult&) {
  if (arguments.raw(0) != 0) {
    const Timespec now = to_timespec(lwp.kernel.wall_clock_ns());
    const Timeval value{.tv_sec = now.tv_sec, .tv_usec = static_cast<std::int32_t>(now.tv_nsec / 1000)};
    if (const int error = copyout_object(lwp, value, arguments.raw(0)); error != 0) {
      return error;
    }
  }
  return arguments.raw(1) == 0 ? 0 : copyout_object(lwp, Timezone{}, arguments.raw(1));
}

constexpr std::array kCalls{
    SyscallImplementation{SYS___nanosleep50, sys_nanosleep},
    SyscallImplementation{SYS___clock_gettime50, sys_clock_gettime},
    SyscallImplementation{SYS___gettimeofday50, sys_gettimeofday},
};

}  // namespace

std::span<const SyscallImplementation> time_syscalls() {
  return kCalls;
}

}  // namespace kern
