// Kernel threads, kthread(9): an lwp of process 0 on a fiber of its own.
#pragma once

#include <string_view>

#include "kern/core/lwp.hpp"

namespace kern {

/// Starts `function(argument)` on a new fiber and lwp. The function runs with a CPU held and returns to end the
/// thread. ENOMEM.
[[nodiscard]] int kthread_create(Kernel& kernel, std::string_view name, void (*function)(void*), void* argument);

}  // namespace kern
