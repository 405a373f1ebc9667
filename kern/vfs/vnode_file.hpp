// Open files with a vnode (struct fileops vnops of vfs_vnops.c).
#pragma once

#include "kern/fd/file.hpp"
#include "kern/vfs/namei.hpp"
#include "kern/vfs/vnode.hpp"

namespace kern::vfs {

class VnodeFile final : public File {
 public:
  /// Not open yet: give it to `open`, or destroy it.
  explicit VnodeFile(Kernel& kernel) : File(kernel) {}

  /// vn_open: opens, and if told so creates or truncates, what `namei` (with its path set) leads to, with `open_flags`
  /// as FFLAGS gives them and `mode` for a new file. `namei` must have been made by `intent_for` and `final_link_for`.
  /// Any error of namei, ENOSPC, EACCES, EEXIST, EFTYPE (a link), EISDIR, ENOTDIR, EINVAL, and those of the device.
  [[nodiscard]] int open(Lwp& lwp, Namei& namei, int open_flags, std::uint32_t mode);

  [[nodiscard]] int read(Uio& uio, OffsetUse use) override;
  /// EFBIG, with a SIGXFSZ, for what would reach past the largest offset.
  [[nodiscard]] int write(Uio& uio, OffsetUse use) override;
  [[nodiscard]] int stat(Lwp& lwp, Stat& stat) override;
  [[nodiscard]] int seek(Lwp& lwp, std::int64_t to, int whence, std::int64_t& result) override;
  /// EINVAL for a negative one; devices take any.
  [[nodiscard]] int check_position(Lwp& lwp, std::int64_t position) override;
  [[nodiscard]] int ioctl(Lwp& lwp, std::uint64_t command, UserAddress data) override;
  [[nodiscard]] int check_flags(Lwp& lwp, int new_flags) override;
  /// vn_readdir: directory entries from the file's offset on. EINVAL for what is no directory.
  [[nodiscard]] int read_directory(Uio& uio);

  [[nodiscard]] Vnode& vnode() const { return *vnode_; }

 protected:
  void close() override;

 private:
  friend class sim::Arena;
  ~VnodeFile() = default;
  [[nodiscard]] bool is_device() const { return device_ != nullptr; }
  /// The device's file, with the flags as they are now.
  [[nodiscard]] File& device();

  VnodeReference vnode_;
  File* device_ = nullptr;  ///< Of a device node: reads and writes go there. Owned.
};

/// How vn_open looks a path up.
[[nodiscard]] NameIntent intent_for(int open_flags);
[[nodiscard]] FinalLink final_link_for(int open_flags);

}  // namespace kern::vfs
