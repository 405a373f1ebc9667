#include "kern/vfs/vnode.hpp"

#include <algorithm>
#include <span>

#include "kern/abi/errno.hpp"
#include "sim/assert.hpp"

namespace kern::vfs {
namespace {

bool is_member(const Credentials& credentials, std::uint32_t gid) {
  const auto groups = std::span(credentials.groups).first(credentials.group_count);
  return credentials.egid == gid || std::ranges::find(groups, gid) != groups.end();
}

}  // namespace

std::uint32_t type_bits(VnodeType type) {
  switch (type) {
    case VnodeType::regular:
      return S_IFREG;
    case VnodeType::directory:
      return S_IFDIR;
    case VnodeType::block_device:
      return S_IFBLK;
    case VnodeType::character_device:
      return S_IFCHR;
    case VnodeType::link:
      return S_IFLNK;
  }
  return 0;
}

int check_access(VnodeType type, const VnodeAttributes& attributes, std::uint32_t wanted,
                 const Credentials& credentials) {
  const bool can_be_executed = type == VnodeType::directory || (attributes.mode & (S_IXUSR | S_IXGRP | S_IXOTH)) != 0;
  if (credentials.is_superuser() && ((wanted & VEXEC) == 0 || can_be_executed)) {
    return 0;
  }
  unsigned shift = 0;
  if (credentials.euid == attributes.uid) {
    shift = 6;
  } else if (is_member(credentials, attributes.gid)) {
    shift = 3;
  }
  return ((attributes.mode >> shift) & wanted) == wanted ? 0 : EACCES;
}

int check_change_mode(VnodeType type, const VnodeAttributes& attributes, std::uint32_t mode,
                      const Credentials& credentials) {
  if (credentials.is_superuser()) {
    return 0;
  }
  if (credentials.euid != attributes.uid) {
    return EPERM;
  }
  if (type != VnodeType::directory && (mode & S_ISTXT) != 0) {
    return EFTYPE;
  }
  return (mode & S_ISGID) != 0 && !is_member(credentials, attributes.gid) ? EPERM : 0;
}

VnodeReference VnodeReference::to(Vnode& vnode) {
  vnode.hold();
  return VnodeReference(&vnode);
}

VnodeReference& VnodeReference::operator=(VnodeReference&& other) noexcept {
  if (this != &other) {
    reset();
    vnode_ = std::exchange(other.vnode_, nullptr);
  }
  return *this;
}

void VnodeReference::reset() {
  if (Vnode* vnode = std::exchange(vnode_, nullptr)) {
    vnode->release();
  }
}

// Counting needs no lock: between two preemption points a fiber is alone.
void Vnode::release() {
  SIM_ASSERT(references_ > 0);
  if (--references_ == 0) {
    reclaim();
  }
}

int Vnode::lookup(const ComponentName& component, const Credentials& credentials, VnodeReference& found) {
  static_cast<void>(component);
  static_cast<void>(credentials);
  static_cast<void>(found);
  return ENOTDIR;
}

int Vnode::name_of(const Vnode& child, std::string_view& name) {
  static_cast<void>(child);
  static_cast<void>(name);
  return ENOENT;
}

int Vnode::create(std::string_view name, std::uint32_t mode, VnodeReference& made) {
  static_cast<void>(name);
  static_cast<void>(mode);
  static_cast<void>(made);
  return EOPNOTSUPP;
}

int Vnode::mkdir(std::string_view name, std::uint32_t mode, VnodeReference& made) {
  static_cast<void>(name);
  static_cast<void>(mode);
  static_cast<void>(made);
  return EOPNOTSUPP;
}

int Vnode::symlink(std::string_view name, std::uint32_t mode, std::string_view target) {
  static_cast<void>(name);
  static_cast<void>(mode);
  static_cast<void>(target);
  return EOPNOTSUPP;
}

int Vnode::remove(std::string_view name, Vnode& vnode) {
  static_cast<void>(name);
  static_cast<void>(vnode);
  return EOPNOTSUPP;
}

int Vnode::rmdir(std::string_view name, Vnode& vnode) {
  static_cast<void>(name);
  static_cast<void>(vnode);
  return EOPNOTSUPP;
}

int Vnode::readdir(Uio& uio) {
  static_cast<void>(uio);
  return EOPNOTSUPP;
}

int Vnode::read(Uio& uio) {
  static_cast<void>(uio);
  return EOPNOTSUPP;
}

int Vnode::write(Uio& uio, bool append) {
  static_cast<void>(uio);
  static_cast<void>(append);
  return EOPNOTSUPP;
}

int Vnode::readlink(std::string_view& target) {
  static_cast<void>(target);
  return EINVAL;
}

int Vnode::open(int flags, File*& device) {
  static_cast<void>(flags);
  device = nullptr;
  return 0;
}

int Vnode::check_flags(int flags) {
  static_cast<void>(flags);
  return 0;
}

int check_access(Vnode& vnode, std::uint32_t wanted, const Credentials& credentials) {
  return check_access(vnode.type(), vnode.attributes(), wanted, credentials);
}

Stat stat_of(Vnode& vnode) {
  const VnodeAttributes attributes = vnode.attributes();
  Stat stat;
  stat.st_dev = attributes.fsid;
  stat.st_mode = type_bits(vnode.type()) | attributes.mode;
  stat.st_ino = attributes.fileid;
  stat.st_nlink = attributes.nlink;
  stat.st_uid = attributes.uid;
  stat.st_gid = attributes.gid;
  stat.st_rdev = attributes.rdev;
  stat.st_atim = attributes.atime;
  stat.st_mtim = attributes.mtime;
  stat.st_ctim = attributes.ctime;
  stat.st_birthtim = attributes.birthtime;
  stat.st_size = attributes.size;
  stat.st_blocks = attributes.bytes / S_BLKSIZE;
  stat.st_blksize = attributes.blocksize;
  stat.st_flags = attributes.flags;
  return stat;
}

}  // namespace kern::vfs
