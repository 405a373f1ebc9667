// The config of a scenario: the numbers and names a run depends on besides its workload and its decisions.
//
// There is one table of keys (`config_keys`). The parser, the printer, the documentation and the defaults of `Config`
// are all derived from it: to add a key, add a field here and a row in config.cpp.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace replay {

/// Every field is within the range of its key. `Config{}` holds each key's default.
struct Config {
  Config();

  std::uint64_t seed;
  std::uint64_t cpus;
  /// Name of a strategy, with parameters in brackets if it has any: `random`, `round-robin(quantum=3)`.
  /// Well formed by `is_strategy_text`; whether there is such a strategy is for who starts the machine to say.
  std::string strategy;
  std::uint64_t steps;
  std::uint64_t step_cost_ns;
  std::uint64_t epoch_s;
  std::uint64_t max_clients;
  std::uint64_t max_workers;
  std::uint64_t idle_workers;
  std::uint64_t max_frame;
  std::uint64_t max_pending;
  std::uint64_t arena_mib;
  std::uint64_t max_fibers;
  std::uint64_t fill;

  bool operator==(const Config&) const = default;
};

/// A key whose value is a number in [lowest, highest].
struct NumberKey {
  std::uint64_t Config::* field;
  std::uint64_t lowest;
  std::uint64_t highest;
  std::uint64_t standard;
};

/// A key whose value is the text of a strategy.
struct StrategyKey {
  std::string Config::* field;
  std::string_view standard;
};

struct ConfigKey {
  std::string_view name;
  std::variant<NumberKey, StrategyKey> type;
  /// One line, for the documentation.
  std::string_view meaning;
};

/// All keys, in the order in which they are printed.
[[nodiscard]] std::span<const ConfigKey> config_keys();

/// Null if there is no such key.
[[nodiscard]] const ConfigKey* find_config_key(std::string_view name);

/// True for `name` and `name(key=value, key=value)`: names of letters, digits and inner hyphens or underscores that
/// start with a letter; values are such names or decimal numbers below 2^64 without leading zeros; one blank after
/// each comma and none elsewhere; at most 256 bytes.
[[nodiscard]] bool is_strategy_text(std::string_view text);

/// The table of keys in Markdown, as docs/scenario.md shows it. Ends with a line feed.
[[nodiscard]] std::string config_keys_markdown();

}  // namespace replay
