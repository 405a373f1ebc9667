// The input of the fuzz target `wire`: what a few raw clients do to a sysproxy server, and what chance decides
// meanwhile, as bytes. Every byte string is an input; what it means never depends on the tables of the kernel, so a
// corpus keeps its meaning while the kernel grows.
//
//   input     = record* [0xff] decisions
//   record    = opcode byte: bits 0-3 the step, bits 4-5 the client, bit 6 "the length lies"; then its operands:
//
//     0 connect      -                                8 guest         reqno word: a guest handshake of program "g"
//     1 shut         -                                9 answer bytes  payload
//     2 await        -                               10 answer words  count % 9, that many words
//     3 idle         -                               11 answer zeros  word % 8192: how many
//     4 sleep        byte: (1 + low 3 bits)          12 answer asked  -
//                    << high 5 bits, in 16 ns        13 answer path   byte % 32: one of kPaths
//     5 send bytes   payload                         14 await         -
//     6 send frame   kind byte, reqno word,          15 idle          -   (0xff is no record but the end of them)
//                    field word, payload, [length word]
//     7 send call    number, reqno word, count % 9, that many words, [length word]: a system call's frame
//
//   kind      = bits 0-1 the class (3: a word follows), bits 2-5 the type (15: a word follows the class)
//   number    = byte below 0x80: kCalls[byte % 64]; else a word follows
//   payload   = byte below 0xf0: that many bytes; else 12 bits of it and the next byte are their number
//   word      = byte below 0x40: itself; below 0x80: kNumbers[byte % 64]; below 0xc0: 14 bits of it and the next byte,
//               high ones first; else 8 bytes follow, low ones first
//   decisions = pairs (quiet answers first, then an answer modulo the choices), for the strategy `bytes` of sim
//
// Behind the end of the input every byte is 0 and payloads are cut off. Records end with 0xff, with the input, or when
// there are kMaxSteps. Only clients that do something exist; they are numbered anew in their order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "replay/scenario.hpp"
#include "replay/tape.hpp"

namespace fuzz {

inline constexpr std::size_t kMaxClients = 4;
/// Of all clients together.
inline constexpr std::size_t kMaxSteps = 64;
/// Bytes that one step sends, without a frame's header.
inline constexpr std::size_t kMaxPayload = 4095;
inline constexpr std::uint64_t kMaxZeros = 8191;
inline constexpr std::size_t kMaxWords = 8;
inline constexpr std::size_t kMaxDecisionBytes = 4096;

/// What a wire run is made of: `scenario` has raw actors only and wire_config(), `decisions` is for sim's strategy
/// `bytes` and holds whole pairs.
struct WireInput {
  replay::Scenario scenario;
  std::vector<std::uint8_t> decisions;
  bool operator==(const WireInput&) const = default;
};

/// The machine of every wire run: two CPUs, and limits so small that a few steps reach them.
[[nodiscard]] replay::Config wire_config();

/// Total: whatever the bytes are.
[[nodiscard]] WireInput decode_wire(std::span<const std::uint8_t> bytes);

/// The shortest bytes that decode to this input: decode_wire(encode(x)) == x for every x that decode_wire gives. Of
/// other inputs, what the format cannot hold is left out or cut; `encoding_loss` tells.
[[nodiscard]] std::vector<std::uint8_t> encode(const WireInput& input);

/// What `encode` would change beside config and names of actors, in one line; nothing: it is exact.
[[nodiscard]] std::expected<void, std::string> encoding_loss(const WireInput& input);

/// The tape's answers for the strategy `bytes`. An answer over 255 cannot be said and becomes another.
[[nodiscard]] std::vector<std::uint8_t> to_decision_bytes(const replay::Tape& tape);

/// Frozen: places are part of the format. System calls by NetBSD's numbers, also some that the kernel may lack.
[[nodiscard]] std::span<const std::uint16_t, 64> frequent_calls();
/// Frozen: places are part of the format. Bounds of types, sizes and addresses.
[[nodiscard]] std::span<const std::uint64_t, 64> frequent_numbers();
/// Frozen: places are part of the format. Each is sent with its NUL.
[[nodiscard]] std::span<const std::string_view, 32> frequent_paths();

}  // namespace fuzz
