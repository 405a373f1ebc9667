// Vnodes, vnode(9): files as the kernel sees them, whatever file system they are of. A vnode is counted: open files,
// current directories, directory entries and calls in progress hold references, and when the last one goes, its file
// system takes it back.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "kern/abi/stat.hpp"
#include "kern/core/credentials.hpp"
#include "kern/core/mutex.hpp"
#include "kern/core/uio.hpp"
#include "kern/fd/file.hpp"

namespace kern::vfs {

class Vnode;

/// enum vtype, as far as there are files of the kind.
enum class VnodeType : std::uint8_t { regular, directory, block_device, character_device, link };

/// The type bits of st_mode.
[[nodiscard]] std::uint32_t type_bits(VnodeType type);

/// struct vattr: what a file system tells of a file. `mode` is without the type bits.
struct VnodeAttributes {
  std::uint32_t mode = 0;
  std::uint32_t nlink = 1;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::uint64_t fsid = 0;
  std::uint64_t fileid = 0;
  std::uint64_t rdev = ~std::uint64_t{0};  ///< NODEV.
  std::int64_t size = 0;
  std::int64_t bytes = 0;  ///< Held on the medium.
  std::int32_t blocksize = 0;
  std::uint32_t flags = 0;
  Timespec atime;
  Timespec mtime;
  Timespec ctime;
  Timespec birthtime;
};

/// What VOP_SETATTR shall change; the rest stays.
struct AttributeChanges {
  std::optional<std::uint32_t> mode;
  std::optional<std::int64_t> size;  ///< Not negative.
};

// What an access asks for (VREAD, VWRITE, VEXEC of sys/vnode.h), as in each triple of the mode.
inline constexpr std::uint32_t VEXEC = 1;
inline constexpr std::uint32_t VWRITE = 2;
inline constexpr std::uint32_t VREAD = 4;

/// genfs_can_access() under the suser secmodel: owner, else group, else others; the superuser may do all but execute
/// what nobody may execute. EACCES.
[[nodiscard]] int check_access(VnodeType type, const VnodeAttributes& attributes, std::uint32_t wanted,
                               const Credentials& credentials);
/// genfs_can_chmod(): EPERM for who does not own the file, EFTYPE for a sticky file that is no directory.
[[nodiscard]] int check_change_mode(VnodeType type, const VnodeAttributes& attributes, std::uint32_t mode,
                                    const Credentials& credentials);

/// Why a name is looked up (cn_nameiop).
enum class NameIntent : std::uint8_t { lookup, create, remove };

/// struct componentname: one piece of a path.
struct ComponentName {
  std::string_view name;
  NameIntent intent = NameIntent::lookup;
  bool is_last = false;  ///< Only then the intent counts.
};

/// Holds a reference for a scope.
class VnodeReference {
 public:
  VnodeReference() = default;
  /// Takes over a reference that is already counted.
  explicit VnodeReference(Vnode* counted) : vnode_(counted) {}
  /// One more reference of a vnode that somebody else holds.
  [[nodiscard]] static VnodeReference to(Vnode& vnode);
  VnodeReference(VnodeReference&& other) noexcept : vnode_(std::exchange(other.vnode_, nullptr)) {}
  VnodeReference& operator=(VnodeReference&& other) noexcept;
  ~VnodeReference() { reset(); }

  explicit operator bool() const { return vnode_ != nullptr; }
  [[nodiscard]] Vnode* get() const { return vnode_; }
  Vnode* operator->() const { return vnode_; }
  Vnode& operator*() const { return *vnode_; }
  void reset();
  /// Gives the reference to the caller.
  [[nodiscard]] Vnode* take() { return std::exchange(vnode_, nullptr); }

 private:
  Vnode* vnode_ = nullptr;
};

/// A file of some file system and its operations (VOP_*). Unless it says otherwise, an operation wants the vnode's lock
/// held by the caller; locks are taken from a directory towards what is in it, never upwards. Operations that a file
/// does not know give EOPNOTSUPP.
class Vnode {
 public:
  Vnode(const Vnode&) = delete;
  Vnode& operator=(const Vnode&) = delete;

  /// vref.
  void hold() { ++references_; }
  /// vrele: the last reference reclaims the vnode. It must not be locked by the caller then. Does not sleep.
  void release();

  [[nodiscard]] VnodeType type() const { return type_; }
  [[nodiscard]] bool is_directory() const { return type_ == VnodeType::directory; }
  /// VV_ROOT: the root of its file system.
  [[nodiscard]] bool is_root() const { return is_root_; }
  /// vn_lock and VOP_UNLOCK, by MutexGuard where a scope fits.
  [[nodiscard]] Mutex& lock() { return lock_; }

  /// Finds a name in this directory. 0 with a reference; 0 with none: it is not there, and may be created. EACCES,
  /// ENOENT. `..` gives the parent without its lock.
  [[nodiscard]] virtual int lookup(const ComponentName& component, const Credentials& credentials,
                                   VnodeReference& found);
  /// The name that a child has in this directory, valid while the lock is held. ENOENT.
  [[nodiscard]] virtual int name_of(const Vnode& child, std::string_view& name);
  /// A new regular file, directory or link under a name that `lookup` did not find, this lock being held since.
  /// ENOSPC.
  [[nodiscard]] virtual int create(std::string_view name, std::uint32_t mode, VnodeReference& made);
  [[nodiscard]] virtual int mkdir(std::string_view name, std::uint32_t mode, VnodeReference& made);
  [[nodiscard]] virtual int symlink(std::string_view name, std::uint32_t mode, std::string_view target);
  /// Takes out the entry that `lookup` found, this lock being held since.
  [[nodiscard]] virtual int remove(std::string_view name, Vnode& vnode);
  /// The same for a directory, whose lock is held too. ENOTEMPTY.
  [[nodiscard]] virtual int rmdir(std::string_view name, Vnode& vnode);
  /// Entries from position `uio.offset` on, as many whole struct dirents as fit; `uio.offset` becomes the position to
  /// go on from. May sleep.
  [[nodiscard]] virtual int readdir(Uio& uio);

  /// Moves bytes at `uio.offset`. May sleep with the lock held.
  [[nodiscard]] virtual int read(Uio& uio);
  /// With `append`, at the end of the file whatever the offset.
  [[nodiscard]] virtual int write(Uio& uio, bool append);
  /// Where a link leads. Needs no lock: a link does not change.
  [[nodiscard]] virtual int readlink(std::string_view& target);

  [[nodiscard]] virtual VnodeAttributes attributes() = 0;
  /// Checks whether the credentials may, and changes. EPERM, ENOSPC (size).
  [[nodiscard]] virtual int set_attributes(const AttributeChanges& changes, const Credentials& credentials) = 0;
  /// Opens what is behind a device node, with FREAD and FWRITE flags. A counted file, or none if the vnode itself is
  /// the file. ENXIO: no such device. Called without the lock; may sleep.
  [[nodiscard]] virtual int open(int flags, File*& device);
  /// VOP_FCNTL(F_SETFL).
  [[nodiscard]] virtual int check_flags(int flags);

 protected:
  Vnode(Kernel& kernel, VnodeType type) : kernel_(kernel), type_(type), lock_(kernel, "vnode") {}
  ~Vnode() = default;
  /// VOP_RECLAIM: nobody refers to it any more; frees it, now or soon. Must not sleep.
  virtual void reclaim() = 0;

  Kernel& kernel_;
  bool is_root_ = false;

 private:
  const VnodeType type_;
  std::uint32_t references_ = 1;
  Mutex lock_;
};

/// VOP_ACCESS. EACCES.
[[nodiscard]] int check_access(Vnode& vnode, std::uint32_t wanted, const Credentials& credentials);
/// vn_stat: attributes in the form of stat(2).
[[nodiscard]] Stat stat_of(Vnode& vnode);

}  // namespace kern::vfs
