// A fiber: a stack of its own in the arena and a place where it stopped. Kernel code blocks where it stands; the
// machine decides who goes on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <boost/intrusive/list.hpp>

#include "sim/event_queue.hpp"
#include "sim/ids.hpp"

namespace sim {

class Machine;
struct MachineDeleter;

enum class FiberState : std::uint8_t { runnable, running, blocked, idle_wait, exited };

/// Runs on the fiber's own stack. Returning ends the fiber.
using FiberEntry = void (*)(void* argument);

/// The machine's record of a fiber. Made by `Machine::spawn`, gone when it exits; only the machine changes it, but for
/// `local`.
class Fiber : public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::normal_link>> {
 public:
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  [[nodiscard]] FiberId id() const { return id_; }
  [[nodiscard]] const char* name() const { return name_; }
  [[nodiscard]] FiberState state() const { return state_; }
  /// Virtual CPU that it holds, or none.
  [[nodiscard]] CpuId cpu() const { return cpu_; }
  /// What a blocked fiber waits for, in a word or two; null when it does not.
  [[nodiscard]] const char* wait_channel() const { return wait_channel_; }

  /// The kernel's word for this fiber (its current lwp). The machine never looks at it.
  void* local = nullptr;

 private:
  friend class Machine;
  friend class Snapshot;
  friend struct MachineDeleter;
  Fiber() = default;

  FiberId id_;
  FiberState state_ = FiberState::runnable;
  bool timed_out_ = false;
  CpuId cpu_;
  Machine* machine_ = nullptr;
  void* context_ = nullptr;  ///< Boost's fcontext_t: the stack pointer where it stopped.
  std::span<std::byte> stack_;
  FiberEntry entry_ = nullptr;
  void* argument_ = nullptr;
  const char* wait_channel_ = nullptr;
  void* fake_stack_ = nullptr;  ///< AddressSanitizer's.
  void* thread_ = nullptr;      ///< ThreadSanitizer's.
  ScheduledEvent timeout_;
  boost::intrusive::list_member_hook<boost::intrusive::link_mode<boost::intrusive::normal_link>> all_hook_;
  char name_[16] = {};
};

}  // namespace sim
