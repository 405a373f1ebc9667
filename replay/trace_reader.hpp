// Reads a trace whole. A trace is foreign data: whatever the bytes are, the outcome is a trace or an error with its
// place, in time and memory in proportion to the file.
//
// A trace that was cut off (crash, full disk) or corrupted is good up to its last whole chunk. That is an error unless
// the caller asks to salvage; then the good part is returned with a note of the damage. Without a readable header
// nothing can be salvaged. A trace without an end counts as cut off even if it stops between two chunks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "replay/tape.hpp"
#include "replay/trace.hpp"
#include "replay/trace_format.hpp"

namespace replay {

/// The first thing wrong. What lies before `offset` (bytes from the beginning of the file) is good.
struct Damage {
  std::uint64_t offset = 0;
  std::string what;
  bool operator==(const Damage&) const = default;
};

struct TraceFile {
  std::uint32_t format_version = 0;
  Header header;
  Tape tape;
  std::vector<Input> inputs;
  std::vector<Mark> marks;
  /// Missing if the run or its file was cut off.
  std::optional<End> end;
  /// Only with `salvage`: why the file was not read further.
  std::optional<Damage> damage;
  /// What a person should know though it is no damage: parts of a newer version that were skipped.
  std::vector<std::string> notes;
  /// Count of whole chunks, the skipped ones included.
  std::uint32_t chunks = 0;
  bool operator==(const TraceFile&) const = default;
};

struct TraceError {
  std::string file;
  std::uint64_t offset = 0;
  std::string what;
  /// Whether reading with `salvage` would succeed.
  bool salvageable = false;
};

/// One line: file, byte, what is wrong and what would be right.
[[nodiscard]] std::string to_string(const TraceError& error);

struct ReadOptions {
  /// Take what is good instead of refusing a damaged trace.
  bool salvage = false;
  /// Larger files are refused (salvaged: read up to here).
  std::uint64_t max_bytes = format::kMaxTraceBytes;
};

[[nodiscard]] std::expected<TraceFile, TraceError> read_trace(const std::filesystem::path& path,
                                                              const ReadOptions& options = {});
/// The same for bytes in memory; `name` stands for the file in errors.
[[nodiscard]] std::expected<TraceFile, TraceError> read_trace(std::span<const std::byte> bytes,
                                                              const ReadOptions& options = {},
                                                              std::string_view name = "trace");

}  // namespace replay
