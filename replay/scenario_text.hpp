// The text form of scenarios: parsing and printing. docs/scenario.md describes the language.
//
// print_scenario gives the canonical form: parse(print(s)) == s for every scenario that keeps the rules in
// scenario.hpp, and print(parse(t)) == t for every canonical t (with the same call table on both ways).
//
// The text may come from anyone: any bytes give a scenario or an error, in time and memory proportional to their
// number. Nothing is unrolled or allocated because the text says a number.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "replay/call_table.hpp"
#include "replay/scenario.hpp"

namespace replay {

inline constexpr std::size_t kMaxTextBytes = std::size_t{16} << 20;
/// Actors, actions, steps, arguments, list items and fields of buffers, counted together.
inline constexpr std::size_t kMaxItems = 1'000'000;
inline constexpr std::size_t kMaxActors = 1024;
/// Names of actors, variables and calls.
inline constexpr std::size_t kMaxNameBytes = 64;

/// A lower-case letter, then lower-case letters, digits and underscores, and no word of the language. Symbols begin
/// with an upper-case letter, so a new symbol never takes a variable's name away.
[[nodiscard]] bool is_variable_name(std::string_view name);

/// Letters, digits and underscores, no digit first, and no word of the language.
[[nodiscard]] bool is_call_name(std::string_view name);

/// As a call's name, but hyphens may stand between two such characters, and words of the language are allowed.
[[nodiscard]] bool is_actor_name(std::string_view name);

struct TextError {
  std::string file;
  std::uint32_t line = 0;    ///< from 1
  std::uint32_t column = 0;  ///< from 1, in bytes
  /// What is wrong and what would be right, in one line.
  std::string message;
  /// The line, or the part of a long one around the place; control characters have become blanks.
  std::string excerpt;
  /// Where in the excerpt, from 0.
  std::size_t caret = 0;

  /// `file:line:column: message`, the excerpt and a caret below the place; three lines without a final line feed.
  [[nodiscard]] std::string to_string() const;
};

/// With a table, names of calls become numbers, and numbers of arguments and shapes of lists are checked.
/// `file_name` is for the error only.
[[nodiscard]] std::expected<Scenario, TextError> parse_scenario(std::string_view text, std::string_view file_name,
                                                                CallTable calls = {});

/// Which keys of the config are printed. Traces print every key: they must mean the same when a default has changed.
enum class ConfigKeys : std::uint8_t { differing, every };

/// With a table, numbers that it knows as flags are printed by name.
/// The scenario must keep the rules in scenario.hpp.
[[nodiscard]] std::string print_scenario(const Scenario& scenario, CallTable calls = {},
                                         ConfigKeys keys = ConfigKeys::differing);

}  // namespace replay
