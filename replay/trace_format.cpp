#include "replay/trace_format.hpp"

#include <concepts>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace replay::format {
namespace {

template <std::unsigned_integral Number>
void store(Number value, std::span<std::byte> out) {
  for (std::size_t i = 0; i < sizeof(Number); ++i) {
    out[i] = static_cast<std::byte>(value >> (8 * i) & 0xffU);
  }
}

template <std::unsigned_integral Number>
Number load(std::span<const std::byte> in) {
  Number value = 0;
  for (std::size_t i = 0; i < sizeof(Number); ++i) {
    value |= std::to_integer<Number>(in[i]) << (8 * i);
  }
  return value;
}

}  // namespace

std::array<std::byte, kPrefixBytes> encode(const ChunkPrefix& prefix) {
  std::array<std::byte, kPrefixBytes> bytes{};
  const std::span out(bytes);
  store(prefix.payload_bytes, out.subspan(0, 4));
  store(prefix.sequence, out.subspan(4, 4));
  store(prefix.checksum, out.subspan(8, 8));
  return bytes;
}

ChunkPrefix decode_prefix(std::span<const std::byte, kPrefixBytes> bytes) {
  return {.payload_bytes = load<std::uint32_t>(bytes.subspan(0, 4)),
          .sequence = load<std::uint32_t>(bytes.subspan(4, 4)),
          .checksum = load<std::uint64_t>(bytes.subspan(8, 8))};
}

std::uint64_t checksum(std::uint32_t sequence, std::span<const std::byte> payload) {
  const std::uint64_t seed = std::uint64_t{sequence} << 32U | static_cast<std::uint32_t>(payload.size());
  return XXH3_64bits_withSeed(payload.data(), payload.size(), seed);
}

}  // namespace replay::format
