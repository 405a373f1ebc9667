// What writer and reader of a trace file must agree on: magic, versions, limits, and the prefix of a chunk. The whole
// layout is described in docs/trace-format.md, the messages within the chunks in replay/trace.capnp.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace replay::format {

/// The first bytes of each trace. The high bit, CR LF, ^Z and LF show a file that went through a text conversion.
inline constexpr std::array<std::byte, 8> kMagic = {std::byte{0x89}, std::byte{'S'},  std::byte{'K'},  std::byte{'T'},
                                                    std::byte{'\r'}, std::byte{'\n'}, std::byte{0x1a}, std::byte{'\n'}};

/// The format that this writer writes, and the newest whose every field this reader knows.
inline constexpr std::uint32_t kVersion = 1;
/// The oldest reader that reads what this writer writes.
inline constexpr std::uint32_t kMinimumReaderVersion = 1;

// Limits, in bytes. The writer refuses what exceeds them and the reader takes it for damage.
inline constexpr std::uint32_t kMaxPayloadBytes = 4U << 20U;
inline constexpr std::size_t kMaxBuildBytes = 4096;
inline constexpr std::size_t kMaxProducerBytes = 64;
inline constexpr std::size_t kMaxScenarioBytes = std::size_t{2} << 20U;
inline constexpr std::size_t kMaxInputBytes = std::size_t{1} << 20U;
inline constexpr std::size_t kMaxReasonBytes = std::size_t{64} << 10U;
/// All of a trace. The reader holds the content in memory, up to 16 bytes for each byte of the file.
inline constexpr std::uint64_t kMaxTraceBytes = std::uint64_t{4} << 30U;

inline constexpr std::size_t kPrefixBytes = 16;
/// Cap'n Proto messages are made of words of this size; each chunk begins on a word of the file.
inline constexpr std::size_t kWordBytes = 8;

/// Stands before each payload: three little-endian numbers in the order of the fields.
struct ChunkPrefix {
  std::uint32_t payload_bytes = 0;
  /// 0 for the header, one more for each chunk.
  std::uint32_t sequence = 0;
  /// XXH3-64 of the payload, seeded with the two numbers above (the first eight bytes read as one).
  std::uint64_t checksum = 0;
};

[[nodiscard]] std::array<std::byte, kPrefixBytes> encode(const ChunkPrefix& prefix);
[[nodiscard]] ChunkPrefix decode_prefix(std::span<const std::byte, kPrefixBytes> bytes);

/// The checksum that the prefix of this payload must carry.
[[nodiscard]] std::uint64_t checksum(std::uint32_t sequence, std::span<const std::byte> payload);

}  // namespace replay::format
