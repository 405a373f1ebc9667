// The VFS faction as the rest of the kernel sees it: the root file system, current directories, and the calls that take
// paths.
#pragma once

#include <span>

#include "kern/core/lwp.hpp"
#include "kern/syscall/dispatch.hpp"

namespace kern {

class File;

namespace vfs {

class Vnode;

/// Makes and opens the character device behind a device node. 0 and a counted file, or an errno (ENXIO: no such
/// device).
using DeviceOpen = int (*)(Kernel& kernel, std::uint64_t device, int flags, File*& file);

class Vfs {
 public:
  /// The faction's boot step: rumpfs as root with /dev and /tmp (RUMP__FACTION_VFS substeps 11 to 16). Sets
  /// `kernel.set_vfs`. ENOMEM.
  [[nodiscard]] static int attach(Kernel& kernel);

  /// A device node, for boot (rump_vfs_makeonedevnode). `path` is absolute. The device number is opaque to VFS; opens
  /// go to `open`.
  [[nodiscard]] virtual int make_device_node(std::string_view path, std::uint64_t device, DeviceOpen open) = 0;
  /// vn_open from the kernel: opens `path` with FREAD/FWRITE flags for the lwp. A counted file, or an errno.
  [[nodiscard]] virtual int open(Lwp& lwp, std::string_view path, int flags, std::uint32_t mode, File*& file) = 0;

 protected:
  ~Vfs() = default;
};

/// The root and current directory of a process: made for process 0 at boot, copied by rfork, freed with the process.
[[nodiscard]] CurrentDirectory* copy_current_directory(Kernel& kernel, CurrentDirectory* from);
void free_current_directory(Kernel& kernel, CurrentDirectory* directory);

/// The system calls of this faction.
[[nodiscard]] std::span<const SyscallImplementation> syscalls();

}  // namespace vfs
}  // namespace kern
