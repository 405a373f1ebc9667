#include "tests/support/fibers.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include <fmt/format.h>

namespace sim::testing {

MachineConfig small_config(std::uint64_t seed) {
  MachineConfig config;
  config.seed = seed;
  config.cpus = 2;
  config.arena.heap_bytes = std::size_t{256} << 10;
  config.arena.stacks = 24;
  return config;
}

MachineOwner make_machine(const MachineConfig& config) {
  std::expected<MachineOwner, std::string> machine = Machine::create(config);
  if (!machine) {
    std::fprintf(stderr, "no machine: %s\n", machine.error().c_str());
    std::abort();
  }
  return std::move(*machine);
}

std::string describe(const Event& event) {
  std::string text = fmt::format("step {} at {} ns: kind {} cpu {} fiber {} a {} b {} c {} data", event.step, event.now,
                                 static_cast<unsigned>(event.kind), static_cast<std::int32_t>(event.cpu.value),
                                 static_cast<std::int32_t>(event.fiber.value), event.a, event.b, event.c);
  for (const std::byte byte : event.data) {
    text += fmt::format(" {:02x}", static_cast<unsigned>(byte));
  }
  return text;
}

std::string describe(const Decision& decision) {
  return fmt::format("after step {}: decision kind {}: {} of {}", decision.step, static_cast<unsigned>(decision.kind),
                     decision.answer, decision.choices);
}

std::string first_difference(const Log& expected, const Log& actual) {
  const auto [left, right] = std::ranges::mismatch(expected.lines, actual.lines);
  if (left == expected.lines.end() && right == actual.lines.end()) {
    return {};
  }
  return fmt::format("line {}:\n  expected: {}\n  actual:   {}", left - expected.lines.begin(),
                     left == expected.lines.end() ? "(end)" : *left, right == actual.lines.end() ? "(end)" : *right);
}

}  // namespace sim::testing
