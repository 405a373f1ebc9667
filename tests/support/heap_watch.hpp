// Counts allocations on the host's heap. While a machine runs there are none: all that it has lies in its arena.
#pragma once

#include <cstddef>

namespace sim::testing {

/// Allocations on the host's heap since the program began, by any means that this build can see: operator new, and
/// malloc too where a sanitizer offers a hook.
[[nodiscard]] std::size_t heap_allocations() noexcept;

}  // namespace sim::testing
