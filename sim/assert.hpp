// Checks for our own bugs. Bad input never ends here: it gets an error value.
#pragma once

namespace sim {

/// Prints the failed condition with its place and aborts, so that a sanitizer, a debugger or a fuzzer sees it.
[[noreturn]] void assertion_failed(const char* condition, const char* file, int line) noexcept;

}  // namespace sim

/// States what must hold at this point. Stays on in every build: a simulator that goes on with a broken state gives
/// traces that mean nothing.
#define SIM_ASSERT(condition) \
  ((condition) ? static_cast<void>(0) : ::sim::assertion_failed(#condition, __FILE__, __LINE__))
