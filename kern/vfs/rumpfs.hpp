// The root file system of a rump kernel, in memory (rumpfs.c 1.139). It is deliberately simple, and so are its quirks:
// links and renames do not exist, everything belongs to the superuser, directories list the newest entry first and
// neither `.` nor `..`, times do not move by themselves, and a file's device number is its inode number.
#pragma once

#include <cstdint>
#include <string_view>

#include <boost/intrusive/list.hpp>

#include "kern/kernel.hpp"
#include "kern/vfs/file_data.hpp"
#include "kern/vfs/vfs.hpp"
#include "kern/vfs/vnode.hpp"

namespace kern::vfs {

class Rumpfs;

/// vnode and rumpfs_node in one.
class RumpfsNode final : public Vnode {
 public:
  [[nodiscard]] int lookup(const ComponentName& component, const Credentials& credentials,
                           VnodeReference& found) override;
  [[nodiscard]] int name_of(const Vnode& child, std::string_view& name) override;
  [[nodiscard]] int create(std::string_view name, std::uint32_t mode, VnodeReference& made) override;
  [[nodiscard]] int mkdir(std::string_view name, std::uint32_t mode, VnodeReference& made) override;
  [[nodiscard]] int symlink(std::string_view name, std::uint32_t mode, std::string_view target) override;
  /// A character device node (mknod), whose opens go to `device_open`.
  [[nodiscard]] int make_device(std::string_view name, std::uint32_t mode, std::uint64_t device,
                                DeviceOpen device_open);
  [[nodiscard]] int remove(std::string_view name, Vnode& vnode) override;
  [[nodiscard]] int rmdir(std::string_view name, Vnode& vnode) override;
  [[nodiscard]] int readdir(Uio& uio) override;
  /// EISDIR. Past the end: EINVAL when a page of what is asked for lies wholly there (genfs_getpages' answer), else end
  /// of file, where the original gave stale bytes.
  [[nodiscard]] int read(Uio& uio) override;
  /// Memory is made before anything moves: ENOSPC leaves the file alone. After EFAULT, a file that would have grown is
  /// as long as before. Zero bytes past the end make the file longer, as there.
  [[nodiscard]] int write(Uio& uio, bool append) override;
  [[nodiscard]] int readlink(std::string_view& target) override;
  [[nodiscard]] VnodeAttributes attributes() override;
  [[nodiscard]] int set_attributes(const AttributeChanges& changes, const Credentials& credentials) override;
  [[nodiscard]] int open(int flags, File*& device) override;
  /// EINVAL whatever the flags: rumpfs has no VOP_FCNTL. Devices have.
  [[nodiscard]] int check_flags(int flags) override;

 protected:
  void reclaim() override;

 private:
  friend class Rumpfs;
  friend class sim::Arena;
  /// A name in a directory; its characters follow it in memory. Holds a reference of its node.
  struct Entry {
    RumpfsNode* node = nullptr;
    std::size_t length = 0;
    Hook hook;
    [[nodiscard]] std::string_view name() const { return {reinterpret_cast<const char*>(this + 1), length}; }
  };
  using Entries = boost::intrusive::list<Entry, boost::intrusive::member_hook<Entry, Hook, &Entry::hook>>;

  RumpfsNode(Rumpfs& fs, VnodeType type, std::uint32_t mode, std::int64_t size);
  ~RumpfsNode();
  [[nodiscard]] Entry* find(std::string_view name);
  /// A new node under a new name, with one reference for the caller besides the entry's. ENOSPC.
  [[nodiscard]] int add(std::string_view name, VnodeType type, std::uint32_t mode, std::int64_t size,
                        RumpfsNode*& made);
  /// The entry goes, and its reference.
  void drop(Entry& entry);

  Rumpfs& fs_;
  VnodeAttributes attributes_;
  FileData data_;                 ///< Of a regular file.
  Entries entries_;               ///< Of a directory, newest first.
  RumpfsNode* parent_ = nullptr;  ///< Of a directory that has a name; it is alive then.
  std::string_view target_;       ///< Of a link.
  DeviceOpen device_open_ = nullptr;
  Hook dead_hook_;  ///< In Rumpfs::dead_.
};

/// One mounted rumpfs. It lives as long as the kernel.
class Rumpfs {
 public:
  /// Longest file: what the original can allocate in one piece on a usual host, beyond which it gives ENOSPC.
  static constexpr std::int64_t kMaximumFileBytes = std::int64_t{1} << 30;
  /// Bytes of all files together. The original has the host's memory; this bound keeps hostile programs from filling
  /// the machine.
  static constexpr std::size_t kMaximumBytes = std::size_t{16} << 20;

  explicit Rumpfs(Kernel& kernel) : kernel_(kernel), space_(kernel.kmem(), kMaximumBytes) {}

  /// rumpfs_mountfs: makes the root. ENOMEM.
  [[nodiscard]] int mount();
  [[nodiscard]] RumpfsNode& root() { return *root_; }

 private:
  friend class RumpfsNode;
  /// makeprivate. Null: no memory.
  [[nodiscard]] RumpfsNode* make_node(VnodeType type, std::uint32_t mode, std::int64_t size);
  /// Frees a node that nobody refers to, and then those that only it referred to: one after the other, for directories
  /// that were removed can be nested deeper than a stack.
  void bury(RumpfsNode& node);

  using Dead =
      boost::intrusive::list<RumpfsNode, boost::intrusive::member_hook<RumpfsNode, Hook, &RumpfsNode::dead_hook_>>;

  Kernel& kernel_;
  DataSpace space_;
  RumpfsNode* root_ = nullptr;
  std::uint64_t last_fileid_ = 2;  ///< The root is 3, /dev 4, /tmp 5.
  bool burying_ = false;
  Dead dead_;
};

}  // namespace kern::vfs
