// Words that the text form of scenarios spells: shared by its parser and its printer, so that they agree.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "replay/scenario.hpp"

namespace replay::words {

/// Names that are no variables, since a statement or an argument may begin with them.
inline constexpr auto kReserved = std::to_array<std::string_view>(
    {"client", "config", "disconnect", "handshake", "hex", "null", "out", "process", "raw", "repeat", "syscall"});

struct DurationUnit {
  std::string_view name;
  sim::Nanoseconds nanoseconds;
};

/// Longest first.
inline constexpr auto kDurationUnits =
    std::to_array<DurationUnit>({{"s", 1'000'000'000}, {"ms", 1'000'000}, {"us", 1'000}, {"ns", 1}});

struct FieldTypeName {
  std::string_view name;
  FieldType type;
};

inline constexpr auto kFieldTypes =
    std::to_array<FieldTypeName>({{"i32", FieldType::i32}, {"u32", FieldType::u32}, {"i64", FieldType::i64}});

}  // namespace replay::words
