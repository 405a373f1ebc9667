// The VFS faction itself, behind the interface that the rest of the kernel sees.
#pragma once

#include "kern/vfs/rumpfs.hpp"
#include "kern/vfs/vfs.hpp"

namespace kern::vfs {

class Faction final : public Vfs {
 public:
  explicit Faction(Kernel& kernel) : kernel_(kernel), rumpfs_(kernel) {}

  /// Mounts the root and makes /dev and /tmp. ENOMEM.
  [[nodiscard]] int mount_root();
  [[nodiscard]] RumpfsNode& root() { return rumpfs_.root(); }

  [[nodiscard]] int make_device_node(std::string_view path, std::uint64_t device, DeviceOpen device_open) override;
  [[nodiscard]] int open(Lwp& lwp, std::string_view path, int flags, std::uint32_t mode, File*& file) override;

 private:
  Kernel& kernel_;
  Rumpfs rumpfs_;
};

}  // namespace kern::vfs
