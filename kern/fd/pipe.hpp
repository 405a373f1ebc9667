// Pipes, as sys_pipe.c 1.140 built with PIPE_NODIRECT: bytes go in at one end and come out, in order, at the other.
#pragma once

#include "kern/fd/file.hpp"

namespace kern {

/// Bytes that a pipe holds at first (PIPE_SIZE), and after a write of more than that into an empty one (BIG_PIPE_SIZE).
inline constexpr std::size_t kPipeSize = 16'384;
inline constexpr std::size_t kBigPipeSize = 65'536;
/// Pipes of a kernel that may be big at a time (LIMITBIGPIPES).
inline constexpr std::uint32_t kMaximumBigPipes = 32;
/// Sleeping writers are woken when fewer bytes than this are left (MINPIPESIZE).
inline constexpr std::size_t kPipeLowWater = kPipeSize / 3;

/// A pipe and a file for each end, open with `flags` (of the kernel's form) besides FREAD or FWRITE. ENOMEM.
[[nodiscard]] int make_pipe(Lwp& lwp, int flags, FileReference& read_end, FileReference& write_end);

}  // namespace kern
