// Runs wire inputs one after the other: the world is booted once, and each run starts from its snapshot.
#pragma once

#include <expected>
#include <memory>
#include <string>

#include "fuzz/wire_input.hpp"
#include "replay/run.hpp"
#include "replay/tape.hpp"
#include "replay/wire_checker.hpp"
#include "replay/world.hpp"
#include "sim/snapshot.hpp"

namespace fuzz {

class WireRunner final : public sim::Observer {
 public:
  /// Boots the world of wire_config(). Error: what the boot failed of.
  [[nodiscard]] static std::expected<std::unique_ptr<WireRunner>, std::string> create();
  WireRunner(const WireRunner&) = delete;
  WireRunner& operator=(const WireRunner&) = delete;
  ~WireRunner();

  /// Puts the world back to where it was after the boot. `machine()` may be another one afterwards.
  void rewind();
  /// Rewinds if anything has run. One run, from the booted world to its end: the same as `simkern run` of the scenario
  /// with these decisions. The input outlives the next call of anything here.
  [[nodiscard]] replay::RunResult run(const WireInput& input);

  /// The decisions of the run, also of one that goes on or has crashed.
  [[nodiscard]] const replay::TapeRecorder& tape() const { return tape_; }
  [[nodiscard]] const sim::Machine& machine() const { return *world_.machine; }

  void on_decision(const sim::Decision& decision) override { tape_.record(decision.answer); }
  void on_event(const sim::Event& event) override { wire_.on_event(event); }

 private:
  explicit WireRunner(replay::World world);

  replay::World world_;
  sim::Snapshot booted_;
  replay::TapeRecorder tape_;
  replay::WireChecker wire_;
  bool fresh_ = true;  ///< Nothing has run since the boot.
};

/// Whether the run is a finding: a panic, a broken law of the protocol, a leak, somebody who waits for ever. A run that
/// met the bound of steps is none.
[[nodiscard]] bool is_finding(const replay::RunResult& result);

}  // namespace fuzz
