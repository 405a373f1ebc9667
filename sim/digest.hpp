// Digest of a run: XXH3-128 chained over the fields of each event, never over addresses, so that it is the same for every compiler, optimisation level,
// sanitizer and arena address.
#pragma once

#include <cstdint>
#include <string>

namespace sim {

struct DigestValue {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  bool operator==(const DigestValue&) const = default;
};

/// 32 hexadecimal digits, high half first.
[[nodiscard]] std::string to_string(const DigestValue& value);

}  // namespace sim
