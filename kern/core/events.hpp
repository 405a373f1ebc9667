// The kernel's own kinds of events, numbered behind the hypervisor's. Each is a step and enters the
// digest, so fields are numbers by order of creation, user addresses as the client named them, sizes
// and contents; never a kernel address. Append only: values are part of what a digest means.
#pragma once

#include <cstdint>

#include "sim/event.hpp"

namespace kern {

enum class KernelEvent : std::uint16_t {
  boot_step = sim::kFirstKernelEvent,  ///< a: index in the boot table; data: its name
  proc_new,                            ///< a: pid; b: parent's pid
  proc_exit,                           ///< a: pid
  lwp_new,                             ///< a: pid; b: lid
  lwp_exit,                            ///< a: pid; b: lid
  lwp_switch,                          ///< a: pid, b: lid that the fiber now carries; all ones for none
  lock_acquire,                        ///< a: number of the lock
  lock_release,                        ///< a: number of the lock
  lock_wait,                           ///< a: number of the lock
  cv_wait,                             ///< a: number of the condition variable
  cv_signal,                           ///< a: number of the condition variable; b: lwps woken
  callout_fire,                        ///< a: number of the callout
  syscall_enter,                       ///< a: number; b: pid; c: lid; data: the argument block
  syscall_exit,                        ///< a: number; b: error; c: lid; data: the two return values
  copyin,                              ///< a: user address; b: bytes; c: error; data: the bytes
  copyout,                             ///< a: user address; b: bytes; c: error; data: the bytes
  console_output,                      ///< data: the bytes
  message,                             ///< data: one line of the kernel's message buffer
  signal,                              ///< a: pid; b: signal number
  client_new,                          ///< a: client number; b: port
  client_state,                        ///< a: client number; b: new session state
  client_gone,                         ///< a: client number
  frame_in,                            ///< a: client number; b: request number; c: length; data: header and body
  frame_out,                           ///< a: client number; b: request number; c: length; data: header and body
  worker_new,                          ///< a: number of workers now
  worker_gone,                         ///< a: number of workers now
};

/// As the hypervisor takes it.
[[nodiscard]] constexpr sim::EventKind event(KernelEvent kind) {
  return static_cast<sim::EventKind>(kind);
}

}  // namespace kern
