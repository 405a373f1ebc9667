#include "kern/vfs/vnode_file.hpp"

#include <limits>

#include "kern/abi/errno.hpp"
#include "kern/abi/fcntl.hpp"
#include "kern/abi/limits.hpp"
#include "kern/abi/signal.hpp"
#include "kern/kernel.hpp"

namespace kern::vfs {
namespace {

// vn_openchk. The vnode is locked.
int check_open(Vnode& vnode, int open_flags, const Credentials& credentials) {
  if ((open_flags & O_DIRECTORY) != 0 && !vnode.is_directory()) {
    return ENOTDIR;
  }
  std::uint32_t wanted = (open_flags & FREAD) != 0 ? VREAD : 0;
  if ((open_flags & (FWRITE | O_TRUNC)) != 0) {
    wanted |= VWRITE;
    if (vnode.is_directory()) {
      return EISDIR;
    }
  }
  return check_access(vnode, wanted, credentials);
}

}  // namespace

NameIntent intent_for(int open_flags) {
  return (open_flags & O_CREAT) != 0 ? NameIntent::create : NameIntent::lookup;
}

FinalLink final_link_for(int open_flags) {
  const bool creates_exclusively = (open_flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL);
  return creates_exclusively || (open_flags & O_NOFOLLOW) != 0 ? FinalLink::keep : FinalLink::follow;
}

int VnodeFile::open(Lwp& lwp, Namei& namei, int open_flags, std::uint32_t mode) {
  if ((open_flags & (O_CREAT | O_DIRECTORY)) == (O_CREAT | O_DIRECTORY)) {
    return EINVAL;
  }
  if (const int error = namei.find(); error != 0) {
    return error;
  }
  const bool is_new = !namei.vnode;
  if (is_new) {
    if (const int error = namei.parent->create(namei.name(), mode, namei.vnode); error != 0) {
      return error;
    }
  }
  namei.release_parent();
  VnodeReference vnode = std::move(namei.vnode);
  if (!is_new) {
    if ((open_flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL)) {
      return EEXIST;
    }
    if (vnode->type() == VnodeType::link) {
      return EFTYPE;
    }
    const MutexGuard guard(vnode->lock());
    if (const int error = check_open(*vnode, open_flags, lwp.proc->credentials); error != 0) {
      return error;
    }
    if ((open_flags & O_TRUNC) != 0) {
      if (const int error = vnode->set_attributes({.mode = {}, .size = 0}, lwp.proc->credentials); error != 0) {
        return error;
      }
    }
  }
  if (const int error = vnode->open(open_flags, device_); error != 0) {
    return error;
  }
  flags = open_flags & FMASK;
  vnode_ = std::move(vnode);
  return 0;
}

void VnodeFile::close() {
  if (device_ != nullptr) {
    device_->release();
  }
  kernel_.kmem().destroy(this);
}

File& VnodeFile::device() {
  device_->flags = flags;
  return *device_;
}

int VnodeFile::read(Uio& uio, OffsetUse use) {
  if (is_device()) {
    return device().read(uio, use);
  }
  const MutexGuard guard(vnode_->lock());
  if (use == OffsetUse::explicit_offset) {
    return vnode_->read(uio);
  }
  uio.offset = offset;
  const std::size_t asked = uio.residual;
  const int error = vnode_->read(uio);
  offset += static_cast<std::int64_t>(asked - uio.residual);
  return error;
}

int VnodeFile::write(Uio& uio, OffsetUse use) {
  if (is_device()) {
    return device().write(uio, use);
  }
  const MutexGuard guard(vnode_->lock());
  const bool append = (flags & FAPPEND) != 0;
  if (use == OffsetUse::file) {
    uio.offset = offset;
  }
  // enforce_rlimit_fsize with the limit that every process has, RLIM_INFINITY.
  const std::int64_t start = append ? vnode_->attributes().size : uio.offset;
  if (uio.residual > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max() - start)) {
    kernel_.raise(*uio.lwp->proc, SIGXFSZ);
    return EFBIG;
  }
  const std::size_t asked = uio.residual;
  const int error = vnode_->write(uio, append);
  if (use == OffsetUse::explicit_offset) {
    return error;
  }
  if (!append) {
    offset += static_cast<std::int64_t>(asked - uio.residual);
  } else if (asked > 0) {
    offset = uio.offset;
  }
  return error;
}

int VnodeFile::stat(Lwp& lwp, Stat& stat) {
  static_cast<void>(lwp);
  const MutexGuard guard(vnode_->lock());
  stat = stat_of(*vnode_);
  return 0;
}

int VnodeFile::seek(Lwp& lwp, std::int64_t to, int whence, std::int64_t& result) {
  const MutexGuard guard(vnode_->lock());
  std::int64_t from = 0;
  switch (whence) {
    case SEEK_SET:
      break;
    case SEEK_CUR:
      from = offset;
      break;
    case SEEK_END:
      from = vnode_->attributes().size;
      break;
    default:
      return EINVAL;
  }
  const auto target = static_cast<std::int64_t>(static_cast<std::uint64_t>(from) + static_cast<std::uint64_t>(to));
  if (const int error = check_position(lwp, target); error != 0) {
    return error;
  }
  offset = target;
  result = target;
  return 0;
}

int VnodeFile::check_position(Lwp& lwp, std::int64_t position) {
  static_cast<void>(lwp);
  return position < 0 && !is_device() ? EINVAL : 0;
}

int VnodeFile::ioctl(Lwp& lwp, std::uint64_t command, UserAddress data) {
  return is_device() ? device().ioctl(lwp, command, data) : ENOTTY;
}

int VnodeFile::check_flags(Lwp& lwp, int new_flags) {
  return is_device() ? device().check_flags(lwp, new_flags) : vnode_->check_flags(new_flags);
}

int VnodeFile::read_directory(Uio& uio) {
  if (!vnode_->is_directory()) {
    return EINVAL;
  }
  const MutexGuard guard(vnode_->lock());
  uio.offset = offset;
  const int error = vnode_->readdir(uio);
  offset = uio.offset;
  return error;
}

}  // namespace kern::vfs
