// The seeded generator behind entropy and random strategies: xoshiro256**, its state filled by splitmix64 (Blackman and
// Vigna). A value type, so that it is saved and restored with the object that holds it.
#pragma once

#include <array>
#include <bit>
#include <cstdint>

namespace sim {

class Random {
 public:
  /// Two streams of one seed never meet in practice: `stream` is mixed into the state.
  explicit constexpr Random(std::uint64_t seed, std::uint64_t stream = 0) {
    std::uint64_t mix = seed ^ (stream * 0x9e3779b97f4a7c15ULL);
    for (std::uint64_t& word : state_) {
      mix += 0x9e3779b97f4a7c15ULL;
      std::uint64_t z = mix;
      z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
      z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
      word = z ^ (z >> 31);
    }
  }

  /// 64 uniformly distributed bits.
  constexpr std::uint64_t next() {
    const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
    const std::uint64_t shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = std::rotl(state_[3], 45);
    return result;
  }

  /// A number in [0, n); n is not 0. The bias of the multiplication is below 2^-32.
  constexpr std::uint32_t below(std::uint32_t n) { return static_cast<std::uint32_t>(((next() >> 32) * n) >> 32); }

 private:
  std::array<std::uint64_t, 4> state_{};
};

}  // namespace sim
