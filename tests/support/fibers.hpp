// Small helpers to put code on fibers and to write down what a machine does.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sim/machine.hpp"

namespace sim::testing {

/// Events of the tests' own "kernel".
inline constexpr auto kNote = static_cast<EventKind>(kFirstKernelEvent);

/// A machine with little memory, quick to make. Aborts when the host refuses it.
[[nodiscard]] MachineConfig small_config(std::uint64_t seed = 0);
[[nodiscard]] MachineOwner make_machine(const MachineConfig& config = small_config());

/// A fiber that runs `body`, which the caller keeps alive.
template <class Body>
Fiber* spawn(Machine& machine, std::string_view name, Body& body) {
  return machine.spawn(name, [](void* argument) { (*static_cast<Body*>(argument))(); }, &body);
}

/// One line for one event, with all its fields: two runs are equal when their lines are.
[[nodiscard]] std::string describe(const Event& event);
[[nodiscard]] std::string describe(const Decision& decision);

/// Writes down every event and decision.
class Log final : public Observer {
 public:
  void on_event(const Event& event) override {
    kinds.push_back(event.kind);
    steps.push_back(event.step);
    lines.push_back(describe(event));
  }
  void on_decision(const Decision& decision) override {
    decisions.push_back(decision);
    lines.push_back(describe(decision));
  }

  std::vector<EventKind> kinds;
  std::vector<Step> steps;
  std::vector<Decision> decisions;
  std::vector<std::string> lines;
};

/// The first line in which two logs differ, with both versions; empty when they are equal.
[[nodiscard]] std::string first_difference(const Log& expected, const Log& actual);

/// Writes the answers down as a tape.
class TapeRecorder final : public Observer {
 public:
  void on_decision(const Decision& decision) override {
    if (decision.answer == 0) {
      ++quiet_;
      return;
    }
    tape.push_back({quiet_, decision.answer});
    quiet_ = 0;
  }

  std::vector<TapeStep> tape;

 private:
  std::uint64_t quiet_ = 0;
};

}  // namespace sim::testing
