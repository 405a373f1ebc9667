// What happened: the typed events that observers and the digest see. Each is one step. Fields are numbers by order of
// creation, times, sizes and contents; never an address.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "sim/ids.hpp"

namespace sim {

/// Kinds of the hypervisor itself. A kernel on top numbers its own from `kFirstKernelEvent`.
enum class EventKind : std::uint16_t {
  fiber_start,   ///< a: number of the new fiber; data: its name
  fiber_exit,    ///<
  fiber_switch,  ///< the fiber given now executes; a: the one before, or none
  block,         ///< data: what it waits for
  wake,          ///< a: number of the fiber made runnable
  timeout,       ///< a: number of the fiber whose wait ran out
  cpu_enter,     ///< the fiber holds the CPU from here on
  cpu_leave,     ///<
  input_open,    ///< a: port
  input_data,    ///< a: port; data: the bytes
  input_close,   ///< a: port
  output_data,   ///< a: port; data: the bytes
  output_close,  ///< a: port; the machine ends the stream
  halt,          ///< a: Outcome; data: the reason
};
inline constexpr std::uint16_t kFirstKernelEvent = 64;

/// Lives during the call of the observer only.
struct Event {
  EventKind kind{};
  CpuId cpu;      ///< Virtual CPU that the fiber holds, or none.
  FiberId fiber;  ///< Who did it; none for the machine's loop and the outside.
  Step step = 0;  ///< Number of this event, from 1.
  Nanoseconds now = 0;
  std::uint64_t a = 0;
  std::uint64_t b = 0;
  std::uint64_t c = 0;
  std::span<const std::byte> data;
};

/// Why a choice was asked. Order and values are part of the trace format's meaning: append only.
enum class DecisionKind : std::uint8_t {
  preempt,  ///< 0: the running fiber goes on; k: the k-th runnable one runs instead
  next,     ///< which runnable fiber runs after a block, in order of readiness
  wake,     ///< which waiter gets the lock or the signal, in order of arrival
  fault,    ///< 0: no fault
  entropy,  ///<
  delay,    ///< 0: no delay
};

/// One answer to one question.
struct Decision {
  DecisionKind kind{};
  std::uint32_t choices = 0;  ///< At least 2: a choice of one is no decision.
  std::uint32_t answer = 0;
  Step step = 0;  ///< Events before it.
};

/// Sees a machine at work, from outside of it. Observers cost nothing when none is attached, and cannot change the run.
class Observer {
 public:
  virtual void on_event(const Event& event) { static_cast<void>(event); }
  virtual void on_decision(const Decision& decision) { static_cast<void>(decision); }

 protected:
  ~Observer() = default;
};

}  // namespace sim
