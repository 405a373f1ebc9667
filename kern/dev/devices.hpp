// The character devices of a rump kernel: null, zero, random, urandom, console.
#pragma once

#include "kern/core/lwp.hpp"

namespace kern::dev {

/// Boot step: makes the nodes under /dev (rump_vfs_builddevs, rump_devnull_init). Errno.
[[nodiscard]] int make_nodes(Kernel& kernel);
/// rump_consdev_init: opens the console as descriptors 0, 1 and 2 of the current lwp's process, which has none. Errno.
[[nodiscard]] int open_console(Lwp& lwp);

}  // namespace kern::dev
