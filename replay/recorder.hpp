// Records a run into a trace while it goes on: decisions, inputs from the real outside, and a digest mark at regular
// steps. Bounded memory: what is recorded leaves for the writer at each mark.
#pragma once

#include <expected>
#include <string>

#include "replay/tape.hpp"
#include "replay/trace.hpp"
#include "replay/trace_writer.hpp"
#include "sim/machine.hpp"

namespace replay {

/// Steps between two marks.
inline constexpr sim::Step kMarkInterval = 256;

/// Attaches itself to the machine for its lifetime. Machine and writer outlive it.
class Recorder final : public sim::Observer {
 public:
  Recorder(sim::Machine& machine, TraceWriter& writer);
  ~Recorder();
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  void on_event(const sim::Event& event) override;
  void on_decision(const sim::Decision& decision) override;

  /// Notes an input from the real outside; called before it is delivered to the machine.
  void input(sim::PortId port, InputKind kind, std::span<const std::byte> bytes);

  /// Writes the end and closes the trace. The first error of the writer since the beginning is reported here.
  [[nodiscard]] std::expected<void, std::string> finish(Outcome outcome, std::string_view reason);
  /// Makes good on disk what is recorded so far.
  [[nodiscard]] std::expected<void, std::string> flush();

  [[nodiscard]] std::uint64_t decisions() const { return tape_.decisions(); }

 private:
  void drain();

  sim::Machine& machine_;
  TraceWriter& writer_;
  TapeRecorder tape_;
  std::expected<void, std::string> error_;
};

}  // namespace replay
