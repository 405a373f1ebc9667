#include "replay/recorder.hpp"

namespace replay {

Recorder::Recorder(sim::Machine& machine, TraceWriter& writer) : machine_(machine), writer_(writer) {
  machine_.attach(*this);
}

Recorder::~Recorder() {
  machine_.detach(*this);
}

void Recorder::on_decision(const sim::Decision& decision) {
  tape_.record(decision.answer);
}

void Recorder::on_event(const sim::Event& event) {
  if (event.step % kMarkInterval == 0) {
    drain();
    if (error_) {
      error_ = writer_.mark({.step = event.step, .digest = machine_.digest()});
    }
  }
}

void Recorder::input(sim::PortId port, InputKind kind, std::span<const std::byte> bytes) {
  drain();
  if (error_) {
    error_ = writer_.input(machine_.step(), port, kind, bytes);
  }
}

void Recorder::drain() {
  if (error_) {
    error_ = writer_.decision_tape(tape_.pairs());
  }
  tape_.clear();
}

std::expected<void, std::string> Recorder::flush() {
  drain();
  if (error_) {
    error_ = writer_.flush();
  }
  return error_;
}

std::expected<void, std::string> Recorder::finish(Outcome outcome, std::string_view reason) {
  drain();
  if (error_) {
    error_ = writer_.finish({.outcome = outcome,
                             .reason = std::string(reason),
                             .steps = machine_.step(),
                             .virtual_ns = machine_.now(),
                             .digest = machine_.digest(),
                             .decisions = tape_.decisions()});
  }
  return error_;
}

}  // namespace replay
