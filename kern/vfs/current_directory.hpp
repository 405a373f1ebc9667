// Where the paths of a process begin, and what its new files may not allow: struct cwdinfo.
#pragma once

#include "kern/abi/limits.hpp"
#include "kern/vfs/vnode.hpp"

namespace kern {

/// Owned by one process. Its lwps read and replace the references between preemption points, so no lock is needed.
struct CurrentDirectory {
  vfs::VnodeReference current;
  vfs::VnodeReference root;
  std::uint32_t mask = CMASK;  ///< umask(2): permission bits that new files do not get.
};

namespace vfs {

/// cwdinit: at boot, for process 0. Null: no memory.
[[nodiscard]] CurrentDirectory* make_current_directory(Kernel& kernel, Vnode& root);

}  // namespace vfs
}  // namespace kern
