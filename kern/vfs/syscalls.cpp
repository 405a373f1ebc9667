// System calls on paths and on files with vnodes (vfs_syscalls.c, vfs_getcwd.c), with errors in their order.
#include <algorithm>
#include <array>

#include "kern/abi/errno.hpp"
#include "kern/abi/fcntl.hpp"
#include "kern/abi/limits.hpp"
#include "kern/abi/stat.hpp"
#include "kern/abi/syscall_numbers.hpp"
#include "kern/fd/file_table.hpp"
#include "kern/kernel.hpp"
#include "kern/vfs/current_directory.hpp"
#include "kern/vfs/getcwd.hpp"
#include "kern/vfs/namei.hpp"
#include "kern/vfs/vfs.hpp"
#include "kern/vfs/vnode_file.hpp"

namespace kern::vfs {
namespace {

/// Permission bits for a new file, of those that it was asked to have.
std::uint32_t masked(const Lwp& lwp, std::uint32_t mode, std::uint32_t bits) {
  return mode & bits & ~lwp.proc->directory->mask;
}

std::uint32_t mode_argument(const SyscallArguments& arguments, std::size_t index) {
  return static_cast<std::uint32_t>(arguments.raw(index));
}

/// A path argument, looked up. Errors of the copy come first.
int find_path(Namei& namei, UserAddress path) {
  const int error = namei.copy_path(path);
  return error != 0 ? error : namei.find();
}

/// fd_getvnode: EBADF, or EINVAL for what has no vnode.
int get_vnode_file(const Lwp& lwp, int fd, FileReference& reference, VnodeFile*& file) {
  reference = lwp.proc->files->get(fd);
  if (!reference) {
    return EBADF;
  }
  file = dynamic_cast<VnodeFile*>(reference.get());
  return file == nullptr ? EINVAL : 0;
}

/// A buffer of the process that a file system fills.
Uio uio_into(Lwp& lwp, Iovec& piece) {
  Uio uio;
  uio.iov = {&piece, 1};
  uio.residual = piece.iov_len;
  uio.direction = UioDirection::read;
  uio.lwp = &lwp;
  return uio;
}

int sys_open(Lwp& lwp, const SyscallArguments& arguments, SyscallResult& result) {
  const int flags = FFLAGS(arguments.integer(1));
  Namei namei(lwp, intent_for(flags), final_link_for(flags));
  if (const int error = namei.copy_path(arguments.raw(0)); error != 0) {
    return error;
  }
  if ((flags & (FREAD | FWRITE)) == 0) {
    return EINVAL;
  }
  // The descriptor is wanted before the file, so that nothing is created for one that cannot be had.
  if (lwp.proc->files->open_count() >= lwp.kernel.config().max_descriptors) {
    return EMFILE;
  }
  auto* file = lwp.kernel.kmem().create<VnodeFile>(lwp.kernel);
  if (file == nullptr) {
    return ENOMEM;
  }
  const std::uint32_t mode = masked(lwp, mode_argument(arguments, 2), ALLPERMS & ~S_ISTXT);
  int error = file->open(lwp, namei, flags, mode);
  int fd = -1;
  if (error == 0) {
    error = lwp.proc->files->allocate(file, 0, (flags & O_CLOEXEC) != 0, fd);
  }
  if (error != 0) {
    file->release();
    return error == ERESTART ? EINTR : error;
  }
  result.value[0] = fd;
  return 0;
}

int sys_mkdir(Lwp& lwp, const SyscallArguments& arguments, SyscallResult& result) {
  static_cast<void>(result);
  Namei namei(lwp, NameIntent::create, FinalLink::keep, Creates::directory);
  if (const int error = find_path(namei, arguments.raw(0)); error != 0) {
    return error;
  }
  if (namei.vnode) {
    return EEXIST;
  }
  return namei.parent->mkdir(namei.name(), masked(lwp, mode_argument(arguments, 1), ACCESSPERMS), namei.vnode);
}

int sys_symlink(Lwp& lwp, const SyscallArguments& arguments, SyscallResult& result) {
  static_cast<void>(result);
  std::array<char, MAXPATHLEN> target;
  std::size_t with_nul = 0;
  if (const int error = copyinstr(lwp, arguments.raw(0), target, with_nul); error != 0) {
    return error;
  }
  Namei namei(lwp, NameIntent::create, FinalLink::keep);
  if (const int error = find_path(namei, arguments.raw(1)); error != 0) {
    return error;
  }
  if (namei.vnode) {
    return EEXIST;
  }
  return namei.parent->symlink(namei.name(), masked(lwp, ACCESSPERMS, ACCESSPERMS), {target.data(), with_nul - 1});
}

int sys_unlink(Lwp& lwp, const SyscallArguments& arguments, SyscallResult& result) {
  static_cast<void>(result);
  Namei namei(lwp, NameIntent::remove, FinalLink::keep);
  if (const int error = find_path(namei, arguments.raw(0)); error != 0) {
    return error;
  }
  if (namei.vnode->is_root()) {
    return EBUSY;
  }
  return namei.vnode->is_directory() ? EPERM : namei.parent->remove(namei.name(), *namei.vnode);
}

int sys_rmdir(Lwp& lwp, const SyscallArguments& arguments, SyscallResult& result) {
  static_cast<void>(result);
  Namei namei(lwp, NameIntent::remove, FinalLink::keep);
  if (const int error = find_path(namei, arguments.raw(0)); error != 0) {
    return error;
  }
  if (namei.vnode->is_root()) {
    return EBUSY;
  }
  if (!namei.vnode->is_directory()) {
    return ENOTDIR;
  }
  if (namei.vnode.get() == namei.parent.get()) {
    return EINVAL;  // "."
  }
  if (namei.name() == "..") {
    return ENOTEMPTY;  // the parent is in it; its lock may not be taken after the parent's
  }
  const MutexGuard guard(namei.vnode->lock());
  return namei.parent->rmdir(namei.name(), *namei.vnode);
}

int stat_path(Lwp& lwp, const SyscallArguments& arguments, FinalLink final_link) {
  Namei namei(lwp, NameIntent::lookup, final_link);
  if (const int error = find_path(namei, arguments.raw(0)); error != 0) {
    return error;
  }
  namei.vnode->lock().enter();
  const Stat stat = stat_of(*namei.vnode);
  namei.vnode->lock().exit();
  return copyout_object(lwp, stat, arguments.raw(1));
}

int sys_stat(Lwp& lwp, const SyscallArguments& arguments, SyscallResult& result) {
  static_cast<void>(result);
  return stat_path(lwp, arguments, FinalLink::follow);
}

int sys_lstat(Lwp& lwp, const SyscallArguments& arguments, SyscallResult& result) {
  static_cast<void>(result);
  return stat_path(lwp, arguments, FinalLink::keep);
}

int sys_access(Lwp& lwp, const SyscallArguments& arguments, SyscallResult& result) {
  static_cast<void>(result);
  const auto wanted = static_cast<std::uint32_t>(arguments.integer(1));
  if ((wanted & ~(VREAD | VWRITE | VEXEC)) != 0) {
    return EINVAL;
  }
  Credentials real = lwp.proc->credentials;
  real.euid = real.uid;
  real.egid = real.gid;
  Namei namei(lwp, NameIntent::lookup, FinalLink::follow);
  namei.use_credentials(real);
  if (const int error = find_path(namei, arguments.raw(0)); error != 0) {
    return error;
  }
  const MutexGuard guard(namei.vnode->lock());
  return wanted == F_OK ? 0 : check_access(*namei.vnode, wanted, real);
}

int sys_readlink(Lwp& lwp, const SyscallArguments& arguments, SyscallResult& result) {
  Namei namei(lwp, NameIntent::lookup, FinalLink::keep);
  if (const int error = find_path(namei, arguments.raw(0)); error != 0) {
    return error;
  }
  std::string_view target;
  if (const int error = namei.vnode->readlink(target); error != 0) {
    return error;
  }
  const std::size_t bytes = std::min<std::size_t>(target.size(), arguments.raw(2));
  result.value[0] = static_cast<std::int64_t>(bytes);
  return copyout(lwp, std::as_bytes(std::span(target.substr(0, bytes))), arguments.raw(1));
}

/// change_mode.
int change_mode(const Lwp& lwp, Vnode& vnode, std::uint32_t mode) {
  const MutexGuard guard(vnode.lock());
  return vnode.set_attributes({.mode = mode & ALLPERMS, .size = {}}, lwp.proc->credentials);
}

int sys_chmod(Lwp& lwp, const SyscallArguments& arguments, SyscallResult& result) {
  static_cast<void>(result);
  Namei namei(lwp, NameIntent::lookup, FinalLink::follow);
  const int error = find_path(namei, arguments.raw(0));
  return error != 0 ? error : change_mode(lwp, *namei.vnode, mode_argument(arguments, 1));
}

int sys_fchmod(Lwp& lwp, const SyscallArguments& arguments, SyscallResult& result) {
  static_cast<void>(result);
  FileReference reference;
  VnodeFile* file = nullptr;
  const int error = get_vnode_file(lwp, arguments.integer(0), reference, file);
  return error != 0 ? error : change_mode(lwp, file->vnode(), mode_argument(arguments, 1));
}

int sys_truncate(Lwp& lwp, const SyscallArguments& arguments, SyscallResult& result) {
  static_cast<void>(result);
  const std::int64_t length = arguments.signed64(2);
  if (length < 0) {
    return EINVAL;
  }
  Namei namei(lwp, NameIntent::lookup, FinalLink::follow);
  if (const int error = find_path(namei, arguments.raw(0)); error != 0) {
    return error;
  }
  const MutexGuard guard(namei.vnode->lock());
  if (namei.vnode->is_directory()) {
    return EISDIR;
  }
  const Credentials& credentials = lwp.proc->credentials;
  const int error = check_access(*namei.vnode, VWRITE, credentials);
  return error != 0 ? error : namei.vnode->set_attributes({.mode = {}, .size = length}, credentials);
}

int sys_ftruncate(Lwp& lwp, const SyscallArguments& arguments, SyscallResult& result) {
  static_cast<void>(result);
  const std::int64_t length = arguments.signed64(2);
  if (length < 0) {
    return EINVAL;
  }
  FileReference reference;
  VnodeFile* file = nullptr;
  if (const int error = get_vnode_file(lwp, arguments.integer(0), reference, file); error != 0) {
    return error;
  }
  if (!file->is_writable()) {
    return EINVAL;
  }
  const MutexGuard guard(file->vnode().lock());
  return file->vnode().set_attributes({.mode = {}, .size = length}, lwp.proc->credentials);
}

int sys_fsync(Lwp& lwp, const SyscallArguments& arguments, SyscallResult& result) {
  static_cast<void>(result);
  FileReference reference;
  VnodeFile* file = nullptr;
  return get_vnode_file(lwp, arguments.integer(0), reference, file);  // memory is as safe as it will ever be
}

int sys_getdents(Lwp& lwp, const SyscallArguments& arguments, SyscallResult& result) {
  FileReference reference;
  VnodeFile* file = nullptr;
  if (const int error = get_vnode_file(lwp, arguments.integer(0), reference, file); error != 0) {
    return error;
  }
  if (!file->is_readable()) {
    return EBADF;
  }
  // The count is a size_t that vn_readdir takes as an unsigned int.
  const std::uint32_t count = std::min(static_cast<std::uint32_t>(arguments.raw(2)), std::uint32_t{MAXBSIZE});
  Iovec piece{.iov_base = arguments.raw(1), .iov_len = count};
  Uio uio = uio_into(lwp, piece);
  if (const int error = file->read_directory(uio); error != 0) {
    return error;
  }
  result.value[0] = static_cast<std::int64_t>(count - uio.residual);
  return 0;
}

/// The common end of chdir and fchdir.
int change_directory(const Lwp& lwp, VnodeReference vnode) {
  if (!vnode->is_directory()) {
    return ENOTDIR;
  }
  vnode->lock().enter();
  const int error = check_access(*vnode, VEXEC, lwp.proc->credentials);
  vnode->lock().exit();
  if (error == 0) {
    lwp.proc->directory->current = std::move(vnode);
  }
  return error;
}

int sys_chdir(Lwp& lwp, const SyscallArguments& arguments, SyscallResult& result) {
  static_cast<void>(result);
  Namei namei(lwp, NameIntent::lookup, FinalLink::follow);
  const int error = find_path(namei, arguments.raw(0));
  return error != 0 ? error : change_directory(lwp, std::move(namei.vnode));
}

int sys_fchdir(Lwp& lwp, const SyscallArguments& arguments, SyscallResult& result) {
  static_cast<void>(result);
  FileReference reference;
  VnodeFile* file = nullptr;
  const int error = get_vnode_file(lwp, arguments.integer(0), reference, file);
  return error != 0 ? error : change_directory(lwp, VnodeReference::to(file->vnode()));
}

int sys_getcwd(Lwp& lwp, const SyscallArguments& arguments, SyscallResult& result) {
  const std::uint64_t room = arguments.raw(1);
  if (room < 2) {
    return ERANGE;
  }
  // The original takes up to four times MAXPATHLEN, and so does a path that was entered step by step.
  const KmemBuffer buffer(lwp.kernel.kmem(), std::min<std::uint64_t>(room, std::uint64_t{4} * MAXPATHLEN));
  if (!buffer) {
    return ENOMEM;
  }
  std::span<const char> path;
  if (const int error = getcwd(lwp, {reinterpret_cast<char*>(buffer.data()), buffer.size()}, path); error != 0) {
    return error;
  }
  result.value[0] = static_cast<std::int64_t>(path.size());
  return copyout(lwp, std::as_bytes(path), arguments.raw(0));
}

int sys_umask(Lwp& lwp, const SyscallArguments& arguments, SyscallResult& result) {
  std::uint32_t& mask = lwp.proc->directory->mask;
  result.value[0] = mask;
  mask = mode_argument(arguments, 0) & ALLPERMS;
  return 0;
}

constexpr std::array kCalls{
    SyscallImplementation{SYS_open, sys_open},
    SyscallImplementation{SYS_unlink, sys_unlink},
    SyscallImplementation{SYS_chdir, sys_chdir},
    SyscallImplementation{SYS_fchdir, sys_fchdir},
    SyscallImplementation{SYS_chmod, sys_chmod},
    SyscallImplementation{SYS_access, sys_access},
    SyscallImplementation{SYS_symlink, sys_symlink},
    SyscallImplementation{SYS_readlink, sys_readlink},
    SyscallImplementation{SYS_umask, sys_umask},
    SyscallImplementation{SYS_fsync, sys_fsync},
    SyscallImplementation{SYS_fchmod, sys_fchmod},
    SyscallImplementation{SYS_mkdir, sys_mkdir},
    SyscallImplementation{SYS_rmdir, sys_rmdir},
    SyscallImplementation{SYS_truncate, sys_truncate},
    SyscallImplementation{SYS_ftruncate, sys_ftruncate},
    SyscallImplementation{SYS___getcwd, sys_getcwd},
    SyscallImplementation{SYS___stat50, sys_stat},
    SyscallImplementation{SYS___lstat50, sys_lstat},
    SyscallImplementation{SYS___getdents30, sys_getdents},
};

}  // namespace

std::span<const SyscallImplementation> syscalls() {
  return kCalls;
}

}  // namespace kern::vfs
