#include "replay/config.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include <fmt/format.h>

#include "sim/arena.hpp"

namespace replay {
namespace {

constexpr std::uint64_t kAny = std::numeric_limits<std::uint64_t>::max();
constexpr std::size_t kMaxStrategyBytes = 256;

template <class... Types>
struct Overloaded : Types... {
  using Types::operator()...;
};

constexpr auto kKeys = std::to_array<ConfigKey>({
    // name, {field, lowest, highest, default}, meaning
    {"seed", NumberKey{&Config::seed, 0, kAny, 0}, "where the random strategy and the entropy pool start"},
    {"cpus", NumberKey{&Config::cpus, 1, 64, 1}, "virtual CPUs"},
    {"strategy", StrategyKey{&Config::strategy, "random"}, "who answers decisions, with its parameters in brackets"},
    {"steps", NumberKey{&Config::steps, 1, kAny, 10'000'000}, "the run ends after this many events"},
    {"step_cost_ns", NumberKey{&Config::step_cost_ns, 0, 1'000'000'000, 100}, "virtual time that each step takes"},
    {"epoch_s", NumberKey{&Config::epoch_s, 0, 0xffff'ffff, 1'000'000'000}, "the date at boot, in seconds since 1970"},
    {"max_clients", NumberKey{&Config::max_clients, 1, 256, 256}, "remote clients connected at one time"},
    {"max_workers", NumberKey{&Config::max_workers, 1, 128, 128}, "lwps that serve requests of remote clients"},
    {"idle_workers", NumberKey{&Config::idle_workers, 0, 128, 16}, "of these, how many are kept when there is no work"},
    {"max_frame", NumberKey{&Config::max_frame, 24, 1 << 30, 1 << 20}, "bytes of the longest frame that is accepted"},
    {"max_pending", NumberKey{&Config::max_pending, 1, 65'536, 128}, "unanswered requests of one client"},
    {"arena_mib", NumberKey{&Config::arena_mib, 1, 65'536, 64}, "memory of the machine, in MiB"},
    {"max_fibers", NumberKey{&Config::max_fibers, 8, sim::kMaximumStacks, 512},
     "fibers (lwps and interrupt contexts) at one time"},
    {"fill", NumberKey{&Config::fill, 0, 255, 0xa5}, "byte in fresh kernel memory and stacks"},
});

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// Takes a name or a number off the front of `text`.
struct StrategyReader {
  std::string_view text;

  bool take(std::string_view expected) {
    if (!text.starts_with(expected)) {
      return false;
    }
    text.remove_prefix(expected.size());
    return true;
  }

  bool take_name() {
    if (text.empty() || !is_letter(text[0])) {
      return false;
    }
    std::size_t end = 1;
    const auto is_inner = [](char c) { return is_letter(c) || is_digit(c) || c == '_'; };
    while (end < text.size() &&
           (is_inner(text[end]) || (text[end] == '-' && end + 1 < text.size() && is_inner(text[end + 1])))) {
      ++end;
    }
    text.remove_prefix(end);
    return true;
  }

  bool take_number() {
    std::uint64_t value = 0;
    std::size_t end = 0;
    for (; end < text.size() && is_digit(text[end]); ++end) {
      const auto digit = static_cast<std::uint64_t>(text[end] - '0');
      if (value > (kAny - digit) / 10) {
        return false;
      }
      value = value * 10 + digit;
    }
    if (end == 0 || (end > 1 && text[0] == '0')) {
      return false;
    }
    text.remove_prefix(end);
    return true;
  }
};

std::string range_of(const NumberKey& key) {
  if (key.lowest == 0 && key.highest == kAny) {
    return "any";
  }
  if (key.highest == kAny) {
    return fmt::format("from {}", key.lowest);
  }
  return fmt::format("{}..{}", key.lowest, key.highest);
}

}  // namespace

Config::Config() {
  for (const ConfigKey& key : kKeys) {
    std::visit([this](const auto& type) { this->*type.field = type.standard; }, key.type);
  }
}

std::span<const ConfigKey> config_keys() {
  return kKeys;
}

const ConfigKey* find_config_key(std::string_view name) {
  const auto* const found = std::ranges::find(kKeys, name, &ConfigKey::name);
  return found == kKeys.end() ? nullptr : found;
}

bool is_strategy_text(std::string_view text) {
  if (text.size() > kMaxStrategyBytes) {
    return false;
  }
  StrategyReader reader{text};
  if (!reader.take_name()) {
    return false;
  }
  if (reader.text.empty()) {
    return true;
  }
  if (!reader.take("(")) {
    return false;
  }
  do {
    if (!reader.take_name() || !reader.take("=")) {
      return false;
    }
    if (!reader.take_number() && !reader.take_name()) {
      return false;
    }
  } while (reader.take(", "));
  return reader.text == ")";
}

std::string config_keys_markdown() {
  std::string out = "| key | range | default | meaning |\n| --- | --- | --- | --- |\n";
  for (const ConfigKey& key : kKeys) {
    const auto row = [&](std::string_view range, auto standard) {
      out += fmt::format("| `{}` | {} | {} | {} |\n", key.name, range, standard, key.meaning);
    };
    std::visit(Overloaded{[&](const NumberKey& number) { row(range_of(number), number.standard); },
                          [&](const StrategyKey& strategy) { row("a strategy", strategy.standard); }},
               key.type);
  }
  return out;
}

}  // namespace replay
