#include "replay/tape.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <limits>
#include <optional>

#include <fmt/format.h>

namespace replay {
namespace {

// The first varint of a pair holds the answer less 1 above three bits for the gap; the largest value of these three
// bits says that the rest of the gap follows in a varint of its own. Most pairs of a busy schedule fit into one byte.
constexpr unsigned kGapBits = 3;
constexpr std::uint64_t kLongGap = (std::uint64_t{1} << kGapBits) - 1;

void append_varint(std::uint64_t value, std::vector<std::byte>& out) {
  while (value >= 0x80U) {
    out.push_back(static_cast<std::byte>((value & 0x7fU) | 0x80U));
    value >>= 7U;
  }
  out.push_back(static_cast<std::byte>(value));
}

/// Takes varints from the front of a block and remembers where it is.
class VarintReader {
 public:
  explicit VarintReader(std::span<const std::byte> block) : block_(block) {}

  [[nodiscard]] bool at_end() const { return offset_ == block_.size(); }
  [[nodiscard]] std::size_t offset() const { return offset_; }

  std::expected<std::uint64_t, std::string> next() {
    const std::size_t start = offset_;
    std::uint64_t value = 0;
    // Eight groups of 7 bits hold 56 bits, more than any number in a tape needs.
    for (unsigned shift = 0; shift < 56; shift += 7) {
      if (at_end()) {
        return std::unexpected(fmt::format("tape byte {}: number cut off by the end of the block", start));
      }
      const auto byte = std::to_integer<std::uint64_t>(block_[offset_++]);
      value |= (byte & 0x7fU) << shift;
      if (byte < 0x80U) {
        if (byte == 0 && shift > 0) {
          return std::unexpected(fmt::format("tape byte {}: number written longer than needed", start));
        }
        return value;
      }
    }
    return std::unexpected(fmt::format("tape byte {}: number of more than 56 bits", start));
  }

 private:
  std::span<const std::byte> block_;
  std::size_t offset_ = 0;
};

std::expected<TapePair, std::string> next_pair(VarintReader& numbers) {
  const std::size_t start = numbers.offset();
  const auto head = numbers.next();
  if (!head) {
    return std::unexpected(head.error());
  }

  const std::uint64_t answer = (*head >> kGapBits) + 1;
  if (answer > std::numeric_limits<std::uint32_t>::max()) {
    return std::unexpected(fmt::format("tape byte {}: answer {} has more than 32 bits", start, answer));
  }
  TapePair pair{.gap = *head & kLongGap, .answer = static_cast<std::uint32_t>(answer)};
  if (pair.gap == kLongGap) {
    const auto rest = numbers.next();
    if (!rest) {
      return std::unexpected(rest.error());
    }
    pair.gap += *rest;
  }
  return pair;
}

/// A schedule string from left to right.
class TextReader {
 public:
  explicit TextReader(std::string_view text) : text_(text) {}

  [[nodiscard]] bool at_end() const { return offset_ == text_.size(); }
  [[nodiscard]] std::size_t column() const { return offset_ + 1; }

  bool take(char wanted) {
    if (at_end() || text_[offset_] != wanted) {
      return false;
    }
    ++offset_;
    return true;
  }

  std::optional<std::uint64_t> number() {
    std::uint64_t value = 0;
    const char* const begin = text_.data() + offset_;
    const auto [end, error] = std::from_chars(begin, text_.data() + text_.size(), value);
    if (error != std::errc{}) {
      return std::nullopt;
    }
    offset_ += static_cast<std::size_t>(end - begin);
    return value;
  }

 private:
  std::string_view text_;
  std::size_t offset_ = 0;
};

std::unexpected<std::string> text_error(std::size_t column, std::string_view what) {
  return std::unexpected(fmt::format("schedule, column {}: {}", column, what));
}

struct TextItem {
  TapePair pair;
  std::uint64_t count = 1;
};

std::expected<TextItem, std::string> next_item(TextReader& text) {
  TextItem item;
  std::size_t column = text.column();
  auto number = text.number();
  if (!number) {
    return text_error(column, "expected a number below 2^64, as in 3:1,2x4");
  }
  if (text.take(':')) {
    item.pair.gap = *number;
    column = text.column();
    number = text.number();
    if (!number) {
      return text_error(column, "expected the answer behind the colon");
    }
  }
  if (*number == 0) {
    return text_error(column, "answer 0 is the quiet one, say it as a gap: 1:2 is a 0, then a 2");
  }
  if (*number > std::numeric_limits<std::uint32_t>::max()) {
    return text_error(column, "an answer is below 2^32");
  }
  item.pair.answer = static_cast<std::uint32_t>(*number);

  if (!text.take('x')) {
    return item;
  }
  column = text.column();
  number = text.number();
  if (!number || *number == 0) {
    return text_error(column, "expected how often to repeat, 1 or more");
  }
  item.count = *number;
  return item;
}

}  // namespace

Tape Tape::from_answers(std::span<const std::uint32_t> answers) {
  TapeRecorder recorder;
  for (const std::uint32_t answer : answers) {
    recorder.record(answer);
  }
  const auto pairs = recorder.pairs();
  return Tape{.pairs = {pairs.begin(), pairs.end()}};
}

std::uint64_t Tape::decisions() const {
  std::uint64_t count = 0;
  for (const TapePair& pair : pairs) {
    count += pair.gap + 1;
  }
  return count;
}

std::expected<std::vector<std::uint32_t>, std::string> Tape::answers(std::uint64_t limit) const {
  const std::uint64_t count = decisions();
  if (count > limit) {
    return std::unexpected(fmt::format("the tape holds {} decisions, more than the {} asked for", count, limit));
  }
  std::vector<std::uint32_t> answers;
  answers.reserve(count);
  for (const TapePair& pair : pairs) {
    answers.insert(answers.end(), pair.gap, 0U);
    answers.push_back(pair.answer);
  }
  return answers;
}

void TapeRecorder::record(std::uint32_t answer) {
  ++decisions_;
  if (answer == 0) {
    ++gap_;
    return;
  }
  pairs_.push_back({.gap = gap_, .answer = answer});
  gap_ = 0;
}

void append_encoded(const TapePair& pair, std::vector<std::byte>& out) {
  const std::uint64_t short_gap = std::min(pair.gap, kLongGap);
  append_varint((std::uint64_t{pair.answer} - 1) << kGapBits | short_gap, out);
  if (short_gap == kLongGap) {
    append_varint(pair.gap - kLongGap, out);
  }
}

bool can_append(std::uint64_t decisions, const TapePair& pair) {
  return pair.answer != 0 && decisions < kMaxTapeDecisions && pair.gap < kMaxTapeDecisions - decisions;
}

std::expected<Tape, std::string> decode(std::span<const std::byte> block, std::uint64_t decisions_before) {
  Tape tape;
  std::uint64_t decisions = decisions_before;
  VarintReader numbers(block);
  while (!numbers.at_end()) {
    const std::size_t start = numbers.offset();
    const auto pair = next_pair(numbers);
    if (!pair) {
      return std::unexpected(pair.error());
    }
    if (!can_append(decisions, *pair)) {
      return std::unexpected(fmt::format("tape byte {}: more than {} decisions", start, kMaxTapeDecisions));
    }
    decisions += pair->gap + 1;
    tape.pairs.push_back(*pair);
  }
  return tape;
}

std::string to_text(const Tape& tape) {
  if (tape.pairs.empty()) {
    return "0";
  }
  std::string text;
  for (auto first = tape.pairs.begin(); first != tape.pairs.end();) {
    const auto last = std::find_if_not(first, tape.pairs.end(), [&](const TapePair& pair) { return pair == *first; });
    if (!text.empty()) {
      text += ',';
    }
    if (first->gap != 0) {
      fmt::format_to(std::back_inserter(text), "{}:", first->gap);
    }
    fmt::format_to(std::back_inserter(text), "{}", first->answer);
    if (last - first > 1) {
      fmt::format_to(std::back_inserter(text), "x{}", last - first);
    }
    first = last;
  }
  return text;
}

std::expected<Tape, std::string> parse_tape(std::string_view text) {
  Tape tape;
  if (text == "0") {
    return tape;
  }
  TextReader reader(text);
  std::uint64_t decisions = 0;
  do {
    const std::size_t column = reader.column();
    const auto item = next_item(reader);
    if (!item) {
      return std::unexpected(item.error());
    }
    if (item->count > kMaxTextPairs - tape.pairs.size()) {
      return text_error(column, fmt::format("more than {} pairs, keep such a tape in a trace", kMaxTextPairs));
    }
    for (std::uint64_t i = 0; i < item->count; ++i) {
      if (!can_append(decisions, item->pair)) {
        return text_error(column, fmt::format("more than {} decisions", kMaxTapeDecisions));
      }
      decisions += item->pair.gap + 1;
      tape.pairs.push_back(item->pair);
    }
  } while (reader.take(','));
  if (!reader.at_end()) {
    return text_error(reader.column(), "expected a comma or the end");
  }
  return tape;
}

}  // namespace replay
