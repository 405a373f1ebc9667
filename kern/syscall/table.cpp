#include "kern/syscall/table.hpp"

#include <algorithm>

#include "kern/abi/stat.hpp"
#include "kern/abi/syscall_numbers.hpp"
#include "kern/abi/time.hpp"

namespace kern {
namespace {

using A = ArgumentKind;
using R = ResultKind;

constexpr Argument arg(std::string_view name, ArgumentKind kind, int relation = -1) {
  return {.name = name, .kind = kind, .relation = static_cast<std::int8_t>(relation)};
}
constexpr Argument of_set(std::string_view name, ArgumentKind kind, ConstantSet set) {
  return {.name = name, .kind = kind, .set = set};
}
constexpr Argument pointer(std::string_view name, ArgumentKind kind, StructureKind structure) {
  return {.name = name, .kind = kind, .structure = structure};
}

template <class... Arguments>
constexpr SyscallEntry call(int number, std::string_view name, std::string_view full_name, ResultKind result,
                            Arguments... arguments) {
  return {.number = static_cast<std::uint16_t>(number),
          .name = name,
          .full_name = full_name,
          .result = result,
          .argument_count = sizeof...(arguments),
          .arguments = {arguments...}};
}

constexpr Argument kFd = arg("fd", A::fd);
constexpr Argument kPath = arg("path", A::path);
constexpr Argument kStat = pointer("sb", A::out_struct, StructureKind::stat);
constexpr Argument kMode = arg("mode", A::mode);

constexpr std::array kTable{
    call(SYS_read, "read", "read", R::size, kFd, arg("buf", A::out_buffer, 2), arg("nbyte", A::size, 1)),
    call(SYS_write, "write", "write", R::size, kFd, arg("buf", A::in_buffer, 2), arg("nbyte", A::size, 1)),
    call(SYS_open, "open", "open", R::fd, kPath, of_set("flags", A::flags, ConstantSet::open_flags), kMode),
    call(SYS_close, "close", "close", R::zero, kFd),
    call(SYS_unlink, "unlink", "unlink", R::zero, kPath),
    call(SYS_chdir, "chdir", "chdir", R::zero, kPath),
    call(SYS_fchdir, "fchdir", "fchdir", R::zero, kFd),
    call(SYS_chmod, "chmod", "chmod", R::zero, kPath, kMode),
    call(SYS_getpid, "getpid", "getpid", R::pid),
    call(SYS_getuid, "getuid", "getuid", R::integer),
    call(SYS_geteuid, "geteuid", "geteuid", R::integer),
    call(SYS_access, "access", "access", R::zero, kPath, arg("flags", A::integer)),
    call(SYS_getppid, "getppid", "getppid", R::pid),
    call(SYS_dup, "dup", "dup", R::fd, kFd),
    call(SYS_pipe, "pipe", "pipe", R::two_fds),
    call(SYS_getegid, "getegid", "getegid", R::integer),
    call(SYS_getgid, "getgid", "getgid", R::integer),
    call(SYS_symlink, "symlink", "symlink", R::zero, kPath, arg("link", A::path)),
    call(SYS_readlink, "readlink", "readlink", R::size, kPath, arg("buf", A::out_buffer, 2), arg("count", A::size, 1)),
    call(SYS_umask, "umask", "umask", R::integer, kMode),
    call(SYS_dup2, "dup2", "dup2", R::fd, arg("from", A::fd), arg("to", A::fd)),
    call(SYS_fcntl, "fcntl", "fcntl", R::integer, kFd, of_set("cmd", A::command, ConstantSet::fcntl_command),
         arg("arg", A::address)),
    call(SYS_fsync, "fsync", "fsync", R::zero, kFd),
    call(SYS_readv, "readv", "readv", R::size, kFd, arg("iovp", A::out_iovecs, 2), arg("iovcnt", A::count, 1)),
    call(SYS_writev, "writev", "writev", R::size, kFd, arg("iovp", A::in_iovecs, 2), arg("iovcnt", A::count, 1)),
    call(SYS_fchmod, "fchmod", "fchmod", R::zero, kFd, kMode),
    call(SYS_mkdir, "mkdir", "mkdir", R::zero, kPath, kMode),
    call(SYS_rmdir, "rmdir", "rmdir", R::zero, kPath),
    call(SYS_pread, "pread", "pread", R::size, kFd, arg("buf", A::out_buffer, 2), arg("nbyte", A::size, 1),
         arg("pad", A::pad), arg("offset", A::offset)),
    call(SYS_pwrite, "pwrite", "pwrite", R::size, kFd, arg("buf", A::in_buffer, 2), arg("nbyte", A::size, 1),
         arg("pad", A::pad), arg("offset", A::offset)),
    call(SYS_lseek, "lseek", "lseek", R::offset, kFd, arg("pad", A::pad), arg("offset", A::offset),
         of_set("whence", A::command, ConstantSet::seek_whence)),
    call(SYS_truncate, "truncate", "truncate", R::zero, kPath, arg("pad", A::pad), arg("length", A::offset)),
    call(SYS_ftruncate, "ftruncate", "ftruncate", R::zero, kFd, arg("pad", A::pad), arg("length", A::offset)),
    call(SYS_preadv, "preadv", "preadv", R::size, kFd, arg("iovp", A::out_iovecs, 2), arg("iovcnt", A::count, 1),
         arg("pad", A::pad), arg("offset", A::offset)),
    call(SYS_pwritev, "pwritev", "pwritev", R::size, kFd, arg("iovp", A::in_iovecs, 2), arg("iovcnt", A::count, 1),
         arg("pad", A::pad), arg("offset", A::offset)),
    call(SYS___getcwd, "getcwd", "__getcwd", R::size, arg("buf", A::out_buffer, 1), arg("length", A::size, 0)),
    call(SYS___getdents30, "getdents", "__getdents30", R::size, kFd, arg("buf", A::out_buffer, 2),
         arg("count", A::size, 1)),
    call(SYS___gettimeofday50, "gettimeofday", "__gettimeofday50", R::zero,
         pointer("tp", A::out_struct, StructureKind::timeval), pointer("tzp", A::out_struct, StructureKind::timezone)),
    call(SYS___clock_gettime50, "clock_gettime", "__clock_gettime50", R::zero,
         of_set("clock_id", A::command, ConstantSet::clock_id), pointer("tp", A::out_struct, StructureKind::timespec)),
    call(SYS___nanosleep50, "nanosleep", "__nanosleep50", R::zero,
         pointer("rqtp", A::in_struct, StructureKind::timespec),
         pointer("rmtp", A::out_struct, StructureKind::timespec)),
    call(SYS___stat50, "stat", "__stat50", R::zero, kPath, kStat),
    call(SYS___fstat50, "fstat", "__fstat50", R::zero, kFd, kStat),
    call(SYS___lstat50, "lstat", "__lstat50", R::zero, kPath, kStat),
    call(SYS_pipe2, "pipe2", "pipe2", R::zero, pointer("fildes", A::out_struct, StructureKind::two_fds),
         of_set("flags", A::flags, ConstantSet::pipe2_flags)),
    call(SYS_dup3, "dup3", "dup3", R::fd, arg("from", A::fd), arg("to", A::fd),
         of_set("flags", A::flags, ConstantSet::dup3_flags)),
};
static_assert(std::ranges::is_sorted(kTable, std::ranges::less_equal(), &SyscallEntry::number));

// Index of each number in kTable plus 1; 0: not there. The dispatcher asks for every call.
constexpr auto kIndex = [] {
  std::array<std::uint8_t, SYS_NSYSENT> index{};
  for (std::size_t row = 0; row < kTable.size(); ++row) {
    index[kTable[row].number] = static_cast<std::uint8_t>(row + 1);
  }
  return index;
}();
static_assert(kTable.size() < 255);

}  // namespace

std::span<const SyscallEntry> syscall_table() {
  return kTable;
}

const SyscallEntry* find_syscall(std::uint32_t number) {
  const std::uint8_t index = number < kIndex.size() ? kIndex[number] : 0;
  return index == 0 ? nullptr : &kTable[index - 1U];
}

const SyscallEntry* find_syscall(std::string_view name) {
  const auto* row = std::ranges::find_if(
      kTable, [&](const SyscallEntry& entry) { return entry.name == name || entry.full_name == name; });
  return row == kTable.end() ? nullptr : row;
}

std::size_t structure_size(StructureKind kind) {
  switch (kind) {
    case StructureKind::none:
      return 0;
    case StructureKind::timespec:
      return sizeof(Timespec);
    case StructureKind::timeval:
      return sizeof(Timeval);
    case StructureKind::timezone:
      return sizeof(Timezone);
    case StructureKind::stat:
      return sizeof(Stat);
    case StructureKind::two_fds:
      return 2 * sizeof(std::int32_t);
  }
  return 0;
}

}  // namespace kern
