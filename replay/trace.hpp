// A trace in memory: what a run was made of, and how it ended. Plain values, independent of the file format.
// The tape of decisions is in replay/tape.hpp, writing and reading in replay/trace_writer.hpp and trace_reader.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sim/digest.hpp"
#include "sim/ids.hpp"

namespace replay {

struct Header {
  /// Identity of the build that wrote the trace, for people.
  std::string build;
  /// What wrote it: `run`, `serve`, `fuzz`.
  std::string producer;
  /// The scenario in its text form, with the config block (seed, CPUs, strategy).
  std::string scenario;
  bool operator==(const Header&) const = default;
};

enum class InputKind : std::uint8_t { open, data, close };

/// Something that came from the real outside, received when the run had made `step` steps.
struct Input {
  sim::Step step = 0;
  sim::PortId port;
  InputKind kind = InputKind::open;
  std::vector<std::byte> bytes;
  bool operator==(const Input&) const = default;
};

/// The digest of the run after `step` steps.
struct Mark {
  sim::Step step = 0;
  sim::DigestValue digest;
  bool operator==(const Mark&) const = default;
};

enum class Outcome : std::uint8_t {
  completed,  // the machine halted as it should
  stuck,      // nothing could run any more and somebody still waited
  panicked,   // the kernel panicked or an invariant failed
  stopped,    // a bound on steps or time, or a person, stopped it
  crashed,    // the host process got a signal or a sanitizer report
  failed,     // the run ended, but something that must hold did not: an expectation, a leak
};

[[nodiscard]] std::string_view name(InputKind kind);
[[nodiscard]] std::string_view name(Outcome outcome);

struct End {
  Outcome outcome = Outcome::completed;
  /// Why the run ended, for people.
  std::string reason;
  sim::Step steps = 0;
  sim::Nanoseconds virtual_ns = 0;
  sim::DigestValue digest;
  /// All decisions of the run, the quiet ones behind the tape's last pair included.
  std::uint64_t decisions = 0;
  bool operator==(const End&) const = default;
};

}  // namespace replay
