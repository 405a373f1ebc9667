// Mutation of wire inputs in their decoded form: steps are inserted, dropped, doubled, exchanged, moved between
// clients; fields take values of their kind from the table of system calls; answers bend; decisions change. Sometimes
// the bytes themselves are mutated, which nothing here would think of.
//
// A function of its arguments alone: a seed gives the same mutant again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace fuzz {

/// LLVMFuzzerMutate: changes the first `size` of `max_size` bytes in place and gives the new size.
using ByteMutator = std::size_t (*)(std::uint8_t* data, std::size_t size, std::size_t max_size);

/// Mutates the input in the first `size` bytes of `buffer` in place. Gives the new size, at most that of `buffer`.
[[nodiscard]] std::size_t mutate_wire(std::span<std::uint8_t> buffer, std::size_t size, std::uint32_t seed,
                                      ByteMutator mutate_bytes);

/// Writes a child of two inputs to `out`: clients, sequences of steps and decisions of both. Gives its size.
[[nodiscard]] std::size_t cross_wire(std::span<const std::uint8_t> first, std::span<const std::uint8_t> second,
                                     std::span<std::uint8_t> out, std::uint32_t seed);

}  // namespace fuzz
