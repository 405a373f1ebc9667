// What the open files of character devices have in common, and the devices themselves, a file each. The table in
// devices.cpp says under which names and numbers they are found.
#pragma once

#include "kern/fd/file.hpp"

namespace kern::dev {

/// A device without memory of its own: any offset is fine and none matters (spec_seek).
class CharacterDevice : public File {
 public:
  /// As of the node that rump_vfs_makeonedevnode makes. What the file system knows better is for it to say.
  [[nodiscard]] int stat(Lwp& lwp, Stat& stat) override;
  /// Relative to the file's offset, or to an end that is at 0. EINVAL for an unknown whence.
  [[nodiscard]] int seek(Lwp& lwp, std::int64_t to, int whence, std::int64_t& result) override;
  [[nodiscard]] int check_position(Lwp& lwp, std::int64_t position) override;
  /// Setting FNONBLOCK or FASYNC anew goes to the device's ioctl: ENODEV, as it has none (noioctl).
  [[nodiscard]] int check_flags(Lwp& lwp, int new_flags) override;

 protected:
  CharacterDevice(Kernel& kernel, std::uint64_t device, int its_flags) : File(kernel), device_(device) {
    flags = its_flags;
  }
  ~CharacterDevice() = default;
  /// Between two pieces of a long transfer: lets others run. EINTR when the lwp must exit.
  [[nodiscard]] int pause(const Lwp& lwp) const;

  const std::uint64_t device_;
};

// Each opens its device, with `flags` of the kernel's form: 0 and a counted file, or ENOMEM. See vfs::DeviceOpen.
[[nodiscard]] int open_null(Kernel& kernel, std::uint64_t device, int flags, File*& file);
[[nodiscard]] int open_zero(Kernel& kernel, std::uint64_t device, int flags, File*& file);
/// Minor 0 is /dev/random, minor 1 /dev/urandom.
[[nodiscard]] int open_random(Kernel& kernel, std::uint64_t device, int flags, File*& file);
[[nodiscard]] int open_console_device(Kernel& kernel, std::uint64_t device, int flags, File*& file);

}  // namespace kern::dev
