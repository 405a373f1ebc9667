// Numbers for everything a log, a digest or a trace may name. Each is given in order of creation, so it is the same in
// every build and at every arena address; pointers never leave the machine.
#pragma once

#include <compare>
#include <cstdint>

namespace sim {

/// Count of events so far: the coordinate for bounds, inputs, digests and divergence. Starts at 0, never goes back
/// except by `restore`.
using Step = std::uint64_t;

/// Virtual time in nanoseconds since the machine was made. Moves only when the event queue or a step moves it.
using Nanoseconds = std::uint64_t;

/// What is scheduled at or after this time never happens: the clock stops short of it, so that the steps still to come
/// cannot make it wrap around. A deadline of "never" is the greatest Nanoseconds.
inline constexpr Nanoseconds kEndOfTime = Nanoseconds{1} << 63;

/// A number with a type of its own, so that a fiber cannot be taken for a CPU. `none()` is the number of nothing.
template <class Tag>
struct Id {
  std::uint32_t value = 0xffffffffU;

  [[nodiscard]] static constexpr Id none() { return {}; }
  [[nodiscard]] constexpr bool is_none() const { return value == 0xffffffffU; }
  constexpr auto operator<=>(const Id&) const = default;
};

using FiberId = Id<struct FiberTag>;
using CpuId = Id<struct CpuTag>;
/// One end of a byte stream that crosses the machine's border (a socket, in the outside's words).
using PortId = Id<struct PortTag>;

}  // namespace sim
