#include "sim/strategy.hpp"

#include <array>
#include <charconv>
#include <new>

#include "sim/arena.hpp"
#include "sim/random.hpp"

namespace sim {
namespace {

/// Everybody in turn: a fiber runs for a quantum of preemption points, waiters are served in order, nothing fails.
class RoundRobin final : public Strategy {
 public:
  explicit RoundRobin(std::uint32_t quantum) : quantum_(quantum) {}
  std::uint32_t choose(DecisionKind kind, std::uint32_t /*choices*/) override {
    if (kind != DecisionKind::preempt || quantum_ == 0) {
      return 0;
    }
    if (++passed_ < quantum_) {
      return 0;
    }
    passed_ = 0;
    return 1;
  }

 private:
  std::uint32_t quantum_;
  std::uint32_t passed_ = 0;
};

/// A seeded random walk: at a preemption point it switches with a given chance, elsewhere every answer is as likely as
/// the others.
class RandomWalk final : public Strategy {
 public:
  RandomWalk(std::uint64_t seed, std::uint32_t preempt_percent) : random_(seed, 1), preempt_percent_(preempt_percent) {}
  std::uint32_t choose(DecisionKind kind, std::uint32_t choices) override {
    if (kind == DecisionKind::preempt) {
      return random_.below(100) < preempt_percent_ ? 1 + random_.below(choices - 1) : 0;
    }
    return random_.below(choices);
  }

 private:
  Random random_;
  std::uint32_t preempt_percent_;
};

/// The recorded answers. An answer that the question does not have is given as it is: the machine sees the divergence.
class TapePlayer final : public Strategy {
 public:
  explicit TapePlayer(std::span<const TapeStep> tape) : tape_(tape) {}
  std::uint32_t choose(DecisionKind /*kind*/, std::uint32_t /*choices*/) override {
    if (position_ == tape_.size()) {
      return 0;
    }
    if (quiet_ < tape_[position_].gap) {
      ++quiet_;
      return 0;
    }
    quiet_ = 0;
    return tape_[position_++].answer;
  }

 private:
  std::span<const TapeStep> tape_;
  std::size_t position_ = 0;
  std::uint64_t quiet_ = 0;
};

/// A fuzzer's bytes: any string is an answer. Pairs of (quiet answers first, then an answer modulo the choices); behind
/// the end all is quiet.
class ByteReader final : public Strategy {
 public:
  explicit ByteReader(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}
  std::uint32_t choose(DecisionKind /*kind*/, std::uint32_t choices) override {
    if (position_ + 1 >= bytes_.size()) {
      return 0;
    }
    if (quiet_ < bytes_[position_]) {
      ++quiet_;
      return 0;
    }
    quiet_ = 0;
    const std::uint32_t answer = bytes_[position_ + 1] % choices;
    position_ += 2;
    return answer;
  }

 private:
  std::span<const std::uint8_t> bytes_;
  std::size_t position_ = 0;
  std::uint32_t quiet_ = 0;
};

/// A parameter that a strategy takes, and where it goes.
struct Parameter {
  std::string_view strategy;
  StrategySpec::Kind kind;
  std::string_view name;  // empty: the row names the strategy only
  std::uint32_t StrategySpec::* value;
  std::uint32_t least;
  std::uint32_t most;
};

constexpr std::array kParameters{
    Parameter{"round-robin", StrategySpec::Kind::round_robin, "quantum", &StrategySpec::quantum, 0, 1'000'000},
    Parameter{"random", StrategySpec::Kind::random, "preempt", &StrategySpec::preempt_percent, 1, 100},
};

constexpr std::string_view kAvailable = "there are: random(preempt=1..100 percent), round-robin(quantum=0..1000000)";

std::unexpected<std::string> refuse(std::string_view what) {
  return std::unexpected(std::string(what) + "; " + std::string(kAvailable));
}

}  // namespace

std::expected<StrategySpec, std::string> parse_strategy(std::string_view text) {
  const std::size_t open = text.find('(');
  const std::string_view name = text.substr(0, open);
  StrategySpec spec;
  const Parameter* row = nullptr;
  for (const Parameter& candidate : kParameters) {
    if (candidate.strategy == name) {
      row = &candidate;
    }
  }
  if (row == nullptr) {
    return refuse("unknown strategy '" + std::string(name) + "'");
  }
  spec.kind = row->kind;
  if (open == std::string_view::npos) {
    return spec;
  }
  if (text.back() != ')') {
    return refuse("strategy '" + std::string(text) + "' lacks its closing parenthesis");
  }
  const std::string_view inside = text.substr(open + 1, text.size() - open - 2);
  const std::size_t equals = inside.find('=');
  const std::string_view key = inside.substr(0, equals);
  if (equals == std::string_view::npos || key != row->name) {
    return refuse("strategy '" + std::string(name) + "' has no parameter '" + std::string(key) + "'");
  }
  const std::string_view digits = inside.substr(equals + 1);
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || end != digits.data() + digits.size() || value < row->least || value > row->most) {
    return refuse("'" + std::string(digits) + "' is not a value for '" + std::string(key) + "'");
  }
  spec.*(row->value) = value;
  return spec;
}

Strategy* make_strategy(Arena& arena, const StrategySpec& spec, std::uint64_t seed) {
  void* memory = arena.allocate(kStrategyBytes);
  if (memory == nullptr) {
    return nullptr;
  }
  return make_strategy(std::span<std::byte, kStrategyBytes>(static_cast<std::byte*>(memory), kStrategyBytes), spec,
                       seed);
}

Strategy* make_strategy(std::span<std::byte, kStrategyBytes> storage, const StrategySpec& spec, std::uint64_t seed) {
  static_assert(sizeof(RoundRobin) <= kStrategyBytes && sizeof(RandomWalk) <= kStrategyBytes);
  static_assert(sizeof(TapePlayer) <= kStrategyBytes && sizeof(ByteReader) <= kStrategyBytes);
  switch (spec.kind) {
    case StrategySpec::Kind::round_robin:
      return new (storage.data()) RoundRobin(spec.quantum);
    case StrategySpec::Kind::random:
      return new (storage.data()) RandomWalk(seed, spec.preempt_percent);
    case StrategySpec::Kind::tape:
      return new (storage.data()) TapePlayer(spec.tape);
    case StrategySpec::Kind::bytes:
      return new (storage.data()) ByteReader(spec.bytes);
  }
  return nullptr;
}

}  // namespace sim
