#include "sim/digest.hpp"

#include <algorithm>
#include <cstring>
#include <xxhash.h>

namespace sim {
namespace {

// XXH3's result as the digest's own type, the previous value mixed in front by two 64-bit seeds folded into one.
DigestValue hash(const DigestValue& previous, const std::byte* bytes, std::size_t size) {
  const XXH128_hash_t result =
      XXH3_128bits_withSeed(bytes, size, previous.low ^ (previous.high * 0x9e3779b97f4a7c15ULL));
  return {result.low64 ^ previous.high, result.high64 ^ previous.low};
}

}  // namespace

std::string to_string(const DigestValue& value) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text(32, '0');
  for (int nibble = 0; nibble < 16; ++nibble) {
    const int shift = 60 - 4 * nibble;
    text[static_cast<std::size_t>(nibble)] = kDigits[(value.high >> shift) & 15];
    text[static_cast<std::size_t>(nibble) + 16] = kDigits[(value.low >> shift) & 15];
  }
  return text;
}

void Digest::absorb(const Event& event) {
  // Fixed widths and no padding, so that the bytes are the same everywhere.
  struct Fields {
    std::uint32_t kind;
    std::uint32_t cpu;
    std::uint32_t fiber;
    std::uint32_t data_size;
    std::uint64_t now;
    std::uint64_t a;
    std::uint64_t b;
    std::uint64_t c;
  };
  static_assert(sizeof(Fields) == 48);
  const Fields fields{static_cast<std::uint32_t>(event.kind),
                      event.cpu.value,
                      event.fiber.value,
                      static_cast<std::uint32_t>(event.data.size()),
                      event.now,
                      event.a,
                      event.b,
                      event.c};
  append(&fields, sizeof fields);
  if (!event.data.empty()) {
    append(event.data.data(), event.data.size());
  }
}

void Digest::append(const void* bytes, std::size_t size) {
  const auto* from = static_cast<const std::byte*>(bytes);
  while (size > 0) {
    const std::size_t take = std::min(size, kBlock - filled_);
    std::memcpy(block_.data() + filled_, from, take);
    filled_ += take;
    from += take;
    size -= take;
    if (filled_ == kBlock) {
      chain_ = hash(chain_, block_.data(), kBlock);
      filled_ = 0;
    }
  }
}

DigestValue Digest::value() const {
  return hash(chain_, block_.data(), filled_);
}

}  // namespace sim
