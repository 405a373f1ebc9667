// read, write and their vectors (sys_generic.c), pread and pwrite, lseek (vfs_syscalls.c), close, dup, fcntl, fstat
// (sys_descrip.c). The order of the checks is theirs.

#include <array>
#include <limits>
#include <optional>

#include "kern/abi/errno.hpp"
#include "kern/abi/fcntl.hpp"
#include "kern/abi/limits.hpp"
#include "kern/abi/signal.hpp"
#include "kern/abi/syscall_numbers.hpp"
#include "kern/abi/uio.hpp"
#include "kern/fd/file_table.hpp"
#include "kern/fd/syscalls.hpp"
#include "kern/kernel.hpp"

namespace kern {
namespace {

constexpr auto kSsizeMax = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());

/// The offset that pread and its kin were given; none: the file's own.
using Position = std::optional<std::int64_t>;

FileTable& files_of(const Lwp& lwp) {
  return *lwp.proc->files;
}

// Looks `fd` up for reading or writing. EBADF.
int get_for(const Lwp& lwp, int fd, UioDirection direction, FileReference& file) {
  file = files_of(lwp).get(fd);
  if (!file) {
    return EBADF;
  }
  return (direction == UioDirection::read ? file->is_readable() : file->is_writable()) ? 0 : EBADF;
}

// The common end of dofileread, dofilewrite, do_filereadv and do_filewritev.
int transfer(Lwp& lwp, const FileReference& file, UioDirection direction, std::span<Iovec> pieces, std::size_t bytes,
             Position position, SyscallResult& result) {
  Uio uio{.iov = pieces,
          .offset = position.value_or(0),
          .residual = bytes,
          .direction = direction,
          .lwp = &lwp,
          .file = &file};
  const OffsetUse use = position ? OffsetUse::explicit_offset : OffsetUse::file;
  int error = direction == UioDirection::read ? file->read(uio, use) : file->write(uio, use);
  if (uio.residual != bytes && (error == ERESTART || error == EINTR || error == EWOULDBLOCK)) {
    error = 0;
  }
  if (error == EPIPE && direction == UioDirection::write && (file->flags & O_NOSIGPIPE) == 0) {
    lwp.kernel.raise(*lwp.proc, SIGPIPE);
  }
  result.value[0] = static_cast<std::int64_t>(bytes - uio.residual);  // with an error too, as NetBSD
  return error;
}

int transfer_buffer_once(Lwp& lwp, UioDirection direction, const SyscallArguments& arguments, Position position,
                         SyscallResult& result) {
  FileReference file;
  if (const int error = get_for(lwp, arguments.integer(0), direction, file); error != 0) {
    return error;
  }
  if (position) {
    if (const int error = file->check_position(lwp, *position); error != 0) {
      return error;
    }
  }
  const std::uint64_t bytes = arguments.raw(2);
  if (bytes > kSsizeMax) {
    return EINVAL;
  }
  Iovec piece{.iov_base = arguments.raw(1), .iov_len = bytes};
  return transfer(lwp, file, direction, {&piece, 1}, bytes, position, result);
}

int transfer_vector_once(Lwp& lwp, UioDirection direction, const SyscallArguments& arguments, Position position,
                         SyscallResult& result) {
  const int count = arguments.integer(2);
  if (count == 0) {
    return EINVAL;
  }
  FileReference file;
  if (const int error = get_for(lwp, arguments.integer(0), direction, file); error != 0) {
    return error;
  }
  if (position) {
    if (const int error = file->check_position(lwp, *position); error != 0) {
      return error;
    }
  }
  if (count < 0 || count > IOV_MAX) {
    return EINVAL;
  }
  std::array<Iovec, UIO_SMALLIOV> few;
  const auto size = static_cast<std::size_t>(count);
  std::optional<KmemBuffer> memory;
  std::span<Iovec> pieces(few);
  if (size > few.size()) {
    memory.emplace(lwp.kernel.kmem(), size * sizeof(Iovec));
    if (!*memory) {
      return ENOMEM;
    }
    pieces = {reinterpret_cast<Iovec*>(memory->data()), size};
  }
  pieces = pieces.first(size);
  if (const int error = copyin(lwp, arguments.raw(1), std::as_writable_bytes(pieces)); error != 0) {
    return error;
  }
  std::uint64_t bytes = 0;
  for (const Iovec& piece : pieces) {
    if (piece.iov_len > kSsizeMax - bytes) {
      return EINVAL;
    }
    bytes += piece.iov_len;
  }
  return transfer(lwp, file, direction, pieces, bytes, position, result);
}

/// Where in the argument block pread, pwrite and their vectors have their offset, behind a pad.
constexpr std::size_t kPositionIndex = 4;

enum class Shape : std::uint8_t { buffer, vector };
enum class Offset : std::uint8_t { own, given };

// A descriptor that is closed under a sleeping call makes the call begin anew, with the look-up (ERESTART).
template <UioDirection Direction, Shape TheShape, Offset TheOffset>
int sys_transfer(Lwp& lwp, const SyscallArguments& arguments, SyscallResult& result) {
  Position position;
  if constexpr (TheOffset == Offset::given) {
    position = arguments.signed64(kPositionIndex);
  }
  constexpr auto kOnce = TheShape == Shape::buffer ? transfer_buffer_once : transfer_vector_once;
  int error = ERESTART;
  while (error == ERESTART) {
    error = kOnce(lwp, Direction, arguments, position, result);
  }
  return error;
}

int sys_close(Lwp& lwp, const SyscallArguments& arguments, SyscallResult&) {
  return files_of(lwp).close(arguments.integer(0));
}

// fd_dup: another descriptor of the file, the lowest free one from `least`.
int duplicate(const Lwp& lwp, File& file, int least, bool close_on_exec, SyscallResult& result) {
  int fd = 0;
  file.hold();
  if (const int error = files_of(lwp).allocate(&file, least, close_on_exec, fd); error != 0) {
    file.release();
    return error;
  }
  result.value[0] = fd;
  return 0;
}

int sys_dup(Lwp& lwp, const SyscallArguments& arguments, SyscallResult& result) {
  const FileReference file = files_of(lwp).get(arguments.integer(0));
  return file ? duplicate(lwp, *file, 0, false, result) : EBADF;
}

// dodup: flags are looked at last, and not at all for a descriptor onto itself.
int duplicate_to(const Lwp& lwp, int from, int to, int flags, SyscallResult& result) {
  FileReference file = files_of(lwp).get(from);
  if (!file) {
    return EBADF;
  }
  result.value[0] = to;
  if (static_cast<std::uint32_t>(to) >= lwp.kernel.config().max_descriptors) {
    return EBADF;
  }
  if (from == to) {
    return 0;
  }
  if ((flags & ~(O_CLOEXEC | O_NONBLOCK | O_NOSIGPIPE)) != 0) {
    return EINVAL;
  }
  file->hold();
  if (const int error = files_of(lwp).replace(file.get(), to, (flags & O_CLOEXEC) != 0); error != 0) {
    file->release();
    return error;
  }
  file->flags |= flags & (O_NONBLOCK | O_NOSIGPIPE);
  return 0;
}

int sys_dup2(Lwp& lwp, const SyscallArguments& arguments, SyscallResult& result) {
  return duplicate_to(lwp, arguments.integer(0), arguments.integer(1), 0, result);
}

int sys_dup3(Lwp& lwp, const SyscallArguments& arguments, SyscallResult& result) {
  return duplicate_to(lwp, arguments.integer(0), arguments.integer(1), arguments.integer(2), result);
}

// F_CLOSEM: closes all from `least` up.
int close_from(FileTable& files, int least) {
  if (least < 0) {
    return EBADF;
  }
  for (int last = files.last_open(); last >= least; last = files.last_open()) {
    static_cast<void>(files.close(last));  // another lwp may have been faster
  }
  return 0;
}

// Record locks are not there yet: what is checked before them is.
int lock_record(Lwp& lwp, int fd, UserAddress address) {
  std::array<std::byte, 32> flock;  // struct flock
  if (const int error = copyin(lwp, address, flock); error != 0) {
    return error;
  }
  return files_of(lwp).get(fd) ? EINVAL : EBADF;
}

// F_SETFL. What it may change is FCNTLFLAGS; the argument is in open's form, so that a 3 means FNONBLOCK.
int set_flags(Lwp& lwp, File& file, int open_flags) {
  const int flags = FFLAGS(open_flags) & FCNTLFLAGS;
  if (const int error = file.check_flags(lwp, flags); error != 0) {
    return error;
  }
  file.flags = (file.flags & ~FCNTLFLAGS) | flags;
  return 0;
}

int sys_fcntl(Lwp& lwp, const SyscallArguments& arguments, SyscallResult& result) {
  const int fd = arguments.integer(0);
  const int command = arguments.integer(1);
  const int argument = arguments.integer(2);
  FileTable& files = files_of(lwp);
  switch (command) {
    case F_CLOSEM:
      return close_from(files, fd);
    case F_MAXFD:
      result.value[0] = files.last_open();
      return 0;
    case F_GETLK:
    case F_SETLK:
    case F_SETLKW:
      return lock_record(lwp, fd, arguments.raw(2));
    default:
      break;
  }
  const FileReference file = files.get(fd);
  if (!file) {
    return EBADF;
  }
  switch (command) {
    case F_DUPFD:
    case F_DUPFD_CLOEXEC:
      if (static_cast<std::uint32_t>(argument) >= lwp.kernel.config().max_descriptors) {
        return EINVAL;
      }
      return duplicate(lwp, *file, argument, command == F_DUPFD_CLOEXEC, result);
    case F_GETFD: {
      bool mark = false;
      const int error = files.get_close_on_exec(fd, mark);
      result.value[0] = mark ? FD_CLOEXEC : 0;
      return error;
    }
    case F_SETFD:
      return files.set_close_on_exec(fd, (argument & FD_CLOEXEC) != 0);
    case F_GETFL:
      result.value[0] = OFLAGS(file->flags);
      return 0;
    case F_SETFL:
      return set_flags(lwp, *file, argument);
    case F_GETNOSIGPIPE:
      result.value[0] = (file->flags & O_NOSIGPIPE) != 0 ? 1 : 0;
      return 0;
    case F_SETNOSIGPIPE:
      file->flags = arguments.raw(2) != 0 ? file->flags | O_NOSIGPIPE : file->flags & ~O_NOSIGPIPE;
      return 0;
    default:
      return EINVAL;
  }
}

int sys_fstat(Lwp& lwp, const SyscallArguments& arguments, SyscallResult&) {
  const FileReference file = files_of(lwp).get(arguments.integer(0));
  if (!file) {
    return EBADF;
  }
  Stat stat;
  if (const int error = file->stat(lwp, stat); error != 0) {
    return error;
  }
  return copyout_object(lwp, stat, arguments.raw(1));
}

int sys_lseek(Lwp& lwp, const SyscallArguments& arguments, SyscallResult& result) {
  const FileReference file = files_of(lwp).get(arguments.integer(0));
  return file ? file->seek(lwp, arguments.signed64(2), arguments.integer(3), result.value[0]) : EBADF;
}

constexpr auto kRead = UioDirection::read;
constexpr auto kWrite = UioDirection::write;
constexpr std::array kCalls{
    SyscallImplementation{SYS_read, sys_transfer<kRead, Shape::buffer, Offset::own>},
    SyscallImplementation{SYS_write, sys_transfer<kWrite, Shape::buffer, Offset::own>},
    SyscallImplementation{SYS_readv, sys_transfer<kRead, Shape::vector, Offset::own>},
    SyscallImplementation{SYS_writev, sys_transfer<kWrite, Shape::vector, Offset::own>},
    SyscallImplementation{SYS_pread, sys_transfer<kRead, Shape::buffer, Offset::given>},
    SyscallImplementation{SYS_pwrite, sys_transfer<kWrite, Shape::buffer, Offset::given>},
    SyscallImplementation{SYS_preadv, sys_transfer<kRead, Shape::vector, Offset::given>},
    SyscallImplementation{SYS_pwritev, sys_transfer<kWrite, Shape::vector, Offset::given>},
    SyscallImplementation{SYS_close, sys_close},
    SyscallImplementation{SYS_dup, sys_dup},
    SyscallImplementation{SYS_dup2, sys_dup2},
    SyscallImplementation{SYS_dup3, sys_dup3},
    SyscallImplementation{SYS_fcntl, sys_fcntl},
    SyscallImplementation{SYS___fstat50, sys_fstat},
    SyscallImplementation{SYS_lseek, sys_lseek},
};

}  // namespace

std::span<const SyscallImplementation> descriptor_syscalls() {
  return kCalls;
}

}  // namespace kern
