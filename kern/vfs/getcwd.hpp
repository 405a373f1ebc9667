// The way from the root to a process's current directory (vfs_getcwd.c).
#pragma once

#include <span>

#include "kern/core/lwp.hpp"

namespace kern::vfs {

/// Writes the path with its NUL to the end of `room`, and gives where. EACCES: a directory on the way may not be read;
/// ENOENT: one was removed; ERANGE: no room.
[[nodiscard]] int getcwd(Lwp& lwp, std::span<char> room, std::span<const char>& path);

}  // namespace kern::vfs
