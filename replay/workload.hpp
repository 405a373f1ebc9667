// The workload of a scenario at work: each actor is a fiber of the machine, outside of the kernel. Processes enter it
// by system calls, clients and raw streams talk to the server over ports.
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>

#include "replay/scenario.hpp"
#include "replay/world.hpp"

namespace replay {

/// How an actor stands. Lies in the machine's arena, so that snapshots have it.
struct ActorState {
  bool finished = false;
  std::uint32_t line = 0;           ///< Of the scenario text: where it is, or where it failed.
  std::array<char, 160> failure{};  ///< First expectation that did not hold, or violation seen; empty: none.
};

/// The actors of one scenario, in a world. All of it lies in the machine's arena; the scenario is the caller's and
/// outlives it.
class Workload {
 public:
  /// Makes the actors' fibers; they run when the machine does. Error: no memory, or an actor that cannot be.
  [[nodiscard]] static std::expected<Workload*, std::string> start(World& world, const Scenario& scenario);

  [[nodiscard]] std::span<const ActorState> actors() const { return actors_; }
  /// All actors have come to their end.
  [[nodiscard]] bool finished() const;
  /// The first failure as `actor NAME, line N: text`; empty: none.
  [[nodiscard]] std::string failure() const;
  /// Who has not come to its end, and where it stands, in one line.
  [[nodiscard]] std::string unfinished() const;
  /// Bytes that the machine's heap holds when all actors have come to their end and nothing else was added.
  [[nodiscard]] std::size_t bytes_at_rest() const { return bytes_at_rest_; }

 private:
  friend class sim::Arena;
  Workload(const Scenario& scenario, std::span<ActorState> actors) : scenario_(scenario), actors_(actors) {}

  const Scenario& scenario_;
  std::span<ActorState> actors_;
  std::size_t bytes_at_rest_ = 0;
};

}  // namespace replay
