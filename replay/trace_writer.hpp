// Writes a trace while a run goes on, with bounded memory: about 64 KiB of each kind waits for its chunk, and an input
// larger than that goes straight out. What has been flushed is on disk whatever happens to the process afterwards.
//
// A flush writes what waits in the order inputs, decisions, marks. So a mark in the file says that all the run took up
// to its step is in the file too, provided the caller hands decisions and inputs over before the mark.
//
// A crash handler may call `flush` and `finish`: they reuse memory from the beginning and allocate nothing but for the
// text of an error. If the crash struck inside the writer itself, they refuse, and the file stays good up to
// its last whole chunk.
//
// Errors are one line with the name of the sink. After a failed write the writer stays failed and repeats the error; an
// item that is refused (out of order, too large) leaves the trace as it was.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "replay/byte_sink.hpp"
#include "replay/tape.hpp"
#include "replay/trace.hpp"

namespace replay {

class TraceWriter {
 public:
  using Result = std::expected<void, std::string>;

  /// Writes the header at once. The sink must outlive the writer.
  [[nodiscard]] static std::expected<TraceWriter, std::string> create(ByteSink& sink, const Header& header);

  /// The next pairs of the decision tape. If one is refused, those before it stand.
  [[nodiscard]] Result decision_tape(std::span<const TapePair> pairs);

  /// Something from the outside, received after `step` steps; steps never go back. At most `format::kMaxInputBytes`.
  [[nodiscard]] Result input(sim::Step step, sim::PortId port, InputKind kind, std::span<const std::byte> bytes);
  [[nodiscard]] Result input(const Input& input) {
    return this->input(input.step, input.port, input.kind, input.bytes);
  }

  /// The digest after so many steps, more than at the mark before.
  [[nodiscard]] Result mark(const Mark& mark);

  /// Writes what waits. Costs a chunk of each kind, so call it at intervals, not for each item.
  [[nodiscard]] Result flush();

  /// Flushes and writes the end; nothing can follow it. The end must agree with what was written: no fewer decisions
  /// than the tape covers, no fewer steps than the last input or mark has. A reason that is too long is cut.
  [[nodiscard]] Result finish(const End& end);

 private:
  struct PendingInput {
    sim::Step step;
    sim::PortId port;
    InputKind kind;
    std::size_t size;
  };

  explicit TraceWriter(ByteSink& sink);

  template <class Body>
  Result exclusively(Body body);
  template <class Fill>
  Result write_chunk(Fill fill);
  [[nodiscard]] Result write_header(const Header& header);
  [[nodiscard]] Result write_pending();
  [[nodiscard]] Result write_inputs(std::span<const PendingInput> inputs, std::span<const std::byte> bytes);
  [[nodiscard]] Result write_tape();
  [[nodiscard]] Result write_marks();
  [[nodiscard]] Result write_end(const End& end);
  [[nodiscard]] std::unexpected<std::string> refuse(std::string_view what) const;

  ByteSink* sink_;
  std::uint32_t sequence_ = 0;
  bool busy_ = false;
  bool finished_ = false;
  std::optional<std::string> failure_;

  // What waits for its chunk. The bytes of the inputs stand one behind the other in `pending_bytes_`.
  std::vector<std::byte> pending_tape_;
  std::vector<PendingInput> pending_inputs_;
  std::vector<std::byte> pending_bytes_;
  std::vector<Mark> pending_marks_;

  // What has been handed over so far, waiting or written.
  std::uint64_t decisions_ = 0;
  sim::Step last_input_step_ = 0;
  std::optional<sim::Step> last_mark_step_;

  // Reused for every chunk: the message while it is built (always zero between chunks), and its serial form.
  std::vector<std::uint64_t> message_words_;
  std::vector<std::byte> chunk_;
};

}  // namespace replay
