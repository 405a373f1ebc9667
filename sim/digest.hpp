// Digest of a run: XXH3-128 chained over the fields of each event, never over addresses, so that it is the same for
// every compiler, optimisation level, sanitizer and arena address.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "sim/event.hpp"

namespace sim {

struct DigestValue {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  bool operator==(const DigestValue&) const = default;
};

/// 32 hexadecimal digits, high half first.
[[nodiscard]] std::string to_string(const DigestValue& value);

/// The chain: events collect in a block, and each full block is hashed together with the value before it. A value type:
/// it is saved with the machine.
class Digest {
 public:
  void absorb(const Event& event);
  /// The digest of all events so far. Asking does not change what later calls give.
  [[nodiscard]] DigestValue value() const;

 private:
  static constexpr std::size_t kBlock = 1024;
  void append(const void* bytes, std::size_t size);

  DigestValue chain_{};
  std::size_t filled_ = 0;
  std::array<std::byte, kBlock> block_{};
};

}  // namespace sim
