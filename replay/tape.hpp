// The decision tape: what chance answered during a run, in order. Most answers are 0, the quiet one, so a tape keeps
// only the others: each pair says how many quiet answers went before and which answer came then. Behind the last pair
// all answers are 0. Thus a tape answers any number of decisions, the empty tape is the most boring run, and shrinking
// a run means dropping pairs.
//
// Three forms: pairs in memory, a block of bytes in a trace (`append_encoded`, `decode`), and a short string that can
// be pasted into a command line (`to_text`, `parse_tape`). All three are described exactly in docs/trace-format.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/strategy.hpp"

namespace replay {

/// `gap` quiet answers, then `answer`, which is never 0.
using TapePair = sim::TapeStep;

/// The longest tape: the number of decisions up to and with the last pair. Keeps every sum of gaps far from overflow.
inline constexpr std::uint64_t kMaxTapeDecisions = std::uint64_t{1} << 48U;
/// The most pairs that a text may stand for: its repeats could otherwise ask for any amount of memory.
inline constexpr std::size_t kMaxTextPairs = std::size_t{1} << 20U;
/// The most bytes that one encoded pair takes.
inline constexpr std::size_t kMaxEncodedPairBytes = 15;

struct Tape {
  std::vector<TapePair> pairs;

  /// Drops the zeros at the end: they are what a tape answers anyway.
  [[nodiscard]] static Tape from_answers(std::span<const std::uint32_t> answers);

  /// How many decisions lie up to and with the last pair.
  [[nodiscard]] std::uint64_t decisions() const;

  /// Every answer up to and with the last pair. A pair can stand for any number of zeros, so the caller says how many
  /// answers it has room for; an error if there are more.
  [[nodiscard]] std::expected<std::vector<std::uint32_t>, std::string> answers(std::uint64_t limit) const;

  bool operator==(const Tape&) const = default;
};

/// Turns answers into pairs while a run goes on. What it holds is one counter and the pairs not yet taken.
class TapeRecorder {
 public:
  void record(std::uint32_t answer);
  /// The pairs since the last `clear`. Quiet answers behind the last pair are counted but not in it yet.
  [[nodiscard]] std::span<const TapePair> pairs() const { return pairs_; }
  /// Forgets the pairs (they have been written); keeps the count, the gap that is open, and the memory.
  void clear() { pairs_.clear(); }
  /// How many decisions were recorded since the beginning.
  [[nodiscard]] std::uint64_t decisions() const { return decisions_; }

 private:
  std::vector<TapePair> pairs_;
  std::uint64_t gap_ = 0;
  std::uint64_t decisions_ = 0;
};

/// Whether a tape of so many decisions can be followed by this pair: an answer of at least 1, and no more than
/// `kMaxTapeDecisions` in all.
[[nodiscard]] bool can_append(std::uint64_t decisions, const TapePair& pair);

/// Appends the bytes of one pair (1 byte when gap <= 6 and answer <= 16). The answer must not be 0.
void append_encoded(const TapePair& pair, std::vector<std::byte>& out);

/// Decodes a whole block of pairs; `decisions_before` is how many decisions the blocks before it cover. Bytes that no
/// encoder writes are an error that names the byte in the block: a varint cut off, longer than needed or too large, an
/// answer over 32 bits, more than `kMaxTapeDecisions` in all.
[[nodiscard]] std::expected<Tape, std::string> decode(std::span<const std::byte> block,
                                                      std::uint64_t decisions_before = 0);

/// The schedule string: items with commas between, each `[GAP:]ANSWER[xCOUNT]`; `GAP:` is left out when 0, and `xCOUNT`
/// repeats the pair. `3:1,2x4` is three quiet answers, a 1, then four times a 2. The empty tape is `0`. The shell
/// leaves all its characters alone.
[[nodiscard]] std::string to_text(const Tape& tape);

/// Reads a schedule string. The error names the column, counted from 1, and what was expected there.
[[nodiscard]] std::expected<Tape, std::string> parse_tape(std::string_view text);

}  // namespace replay
