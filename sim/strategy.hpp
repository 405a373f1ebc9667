// Who answers `decide`. Record, replay, fuzz, explore and shrink are answers to one question, so they are strategies
// behind one interface.
//
// Answer 0 is always the quiet one: the running fiber goes on, the first waiter wakes, no fault. A strategy that only
// answers 0 gives the most boring run.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>

#include "sim/event.hpp"

namespace sim {

class Arena;

class Strategy {
 public:
  /// Answers one question: a number below `choices`, which is at least 2. A larger answer says "this run is not the one
  /// that I know": the machine halts as diverged.
  [[nodiscard]] virtual std::uint32_t choose(DecisionKind kind, std::uint32_t choices) = 0;

 protected:
  ~Strategy() = default;
};

/// `gap` quiet answers, then `answer` (at least 1). What a tape is made of; behind the last pair all answers are quiet.
struct TapeStep {
  std::uint64_t gap = 0;
  std::uint32_t answer = 1;
  bool operator==(const TapeStep&) const = default;
};

/// A strategy by name and parameters. As text: `random`, `random(preempt=25)`, `round-robin(quantum=3)`.
struct StrategySpec {
  enum class Kind : std::uint8_t { round_robin, random, tape, bytes };
  Kind kind = Kind::round_robin;
  std::uint32_t quantum =
      0;  ///< round-robin: preemption points that a fiber passes before the next one's turn; 0: until it blocks.
  std::uint32_t preempt_percent = 10;  ///< random: chance, in percent, that a preemption point switches; 1 to 100.
  std::span<const TapeStep> tape;      ///< tape: the answers. The caller keeps them while the strategy is in use.
  std::span<const std::uint8_t>
      bytes;  ///< bytes: pairs of (quiet answers, answer modulo choices). The caller keeps them.
};

/// Reads a strategy that needs no data (round-robin, random). Error: says what is wrong and what there is.
[[nodiscard]] std::expected<StrategySpec, std::string> parse_strategy(std::string_view text);

/// Makes a strategy in the arena, so that snapshots carry its state. Null when the heap is used up.
[[nodiscard]] Strategy* make_strategy(Arena& arena, const StrategySpec& spec, std::uint64_t seed);

/// Room for any strategy of this file.
inline constexpr std::size_t kStrategyBytes = 64;
/// The same in `storage` of the caller's. Strategies need no end: the next one may be made over the last.
[[nodiscard]] Strategy* make_strategy(std::span<std::byte, kStrategyBytes> storage, const StrategySpec& spec,
                                      std::uint64_t seed);

}  // namespace sim
