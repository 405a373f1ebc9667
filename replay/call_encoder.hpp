// From a call of a scenario to registers: strings, buffers and structures are laid out in the memory of the process,
// and their addresses go into the argument block.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "kern/abi/syscall_numbers.hpp"
#include "kern/core/user_memory.hpp"
#include "replay/scenario.hpp"

namespace replay {

/// Where the memory of every simulated process begins: not 0, so that small numbers are bad addresses.
inline constexpr kern::UserAddress kMemoryBase = 0x10000;

/// Bytes of process memory that the call's arguments take.
[[nodiscard]] std::uint64_t memory_needed(const Call& call);

/// The argument block of one call.
struct ArgumentBlock {
  std::array<std::uint64_t, kern::SYS_MAXSYSARGS> registers{};
  std::size_t count = 0;
  [[nodiscard]] std::span<const std::uint64_t> arguments() const { return std::span(registers).first(count); }
};

/// Lays the arguments out from the beginning of `memory`, over what the call before left there. `variables` are the
/// actor's.
[[nodiscard]] ArgumentBlock encode_call(const Call& call, std::span<const std::int64_t> variables,
                                        const kern::SimulatedMemory& memory);

/// Gives the variables of the call what it brought: results, and the fields of its out buffers. A failed call gives -1.
void bind_results(const Call& call, int error, std::span<const std::int64_t> values,
                  const kern::SimulatedMemory& memory, std::span<std::int64_t> variables);

}  // namespace replay
