// File control of NetBSD 7.99.34 (sys/fcntl.h, sys/unistd.h): flags of open, commands of fcntl, whence of lseek, modes
// of access. Nearly every flag of open differs from Linux.
//
// The host defines these names as macros with its own numbers; host_headers.hpp says how they are freed.
#pragma once

#include "kern/abi/host_headers.hpp"

#undef O_RDONLY
#undef O_WRONLY
#undef O_RDWR
#undef O_ACCMODE
#undef O_NONBLOCK
#undef O_APPEND
#undef O_SHLOCK
#undef O_EXLOCK
#undef O_ASYNC
#undef O_SYNC
#undef O_NOFOLLOW
#undef O_CREAT
#undef O_TRUNC
#undef O_EXCL
#undef O_NOCTTY
#undef O_DSYNC
#undef O_RSYNC
#undef O_ALT_IO
#undef O_DIRECT
#undef O_DIRECTORY
#undef O_CLOEXEC
#undef O_SEARCH
#undef O_NOSIGPIPE
#undef O_FSYNC
#undef O_NDELAY
#undef FREAD
#undef FWRITE
#undef FAPPEND
#undef FASYNC
#undef FNDELAY
#undef O_MASK
#undef FMARK
#undef FDEFER
#undef FHASLOCK
#undef FKIOCTL
#undef FCNTLFLAGS
#undef FMASK
#undef FNONBLOCK
#undef FFSYNC
#undef FDSYNC
#undef FRSYNC
#undef FALTIO
#undef FDIRECT
#undef F_DUPFD
#undef F_GETFD
#undef F_SETFD
#undef F_GETFL
#undef F_SETFL
#undef F_GETOWN
#undef F_SETOWN
#undef F_GETLK
#undef F_SETLK
#undef F_SETLKW
#undef F_CLOSEM
#undef F_MAXFD
#undef F_DUPFD_CLOEXEC
#undef F_GETNOSIGPIPE
#undef F_SETNOSIGPIPE
#undef F_RDLCK
#undef F_UNLCK
#undef F_WRLCK
#undef F_PARAM_MASK
#undef F_PARAM_MAX
#undef F_FSCTL
#undef F_FSVOID
#undef F_FSOUT
#undef F_FSIN
#undef F_FSINOUT
#undef F_FSDIRMASK
#undef F_FSPRIV
#undef AT_FDCWD
#undef AT_EACCESS
#undef AT_SYMLINK_NOFOLLOW
#undef AT_SYMLINK_FOLLOW
#undef AT_REMOVEDIR
#undef SEEK_SET
#undef SEEK_CUR
#undef SEEK_END
#undef L_SET
#undef L_INCR
#undef L_XTND
#undef F_OK
#undef X_OK
#undef W_OK
#undef R_OK
#undef LOCK_SH
#undef LOCK_EX
#undef LOCK_NB
#undef LOCK_UN
#undef FD_CLOEXEC
#undef FFLAGS
#undef OFLAGS

namespace kern {

// Flags of open(2).
inline constexpr int O_RDONLY = 0x0;
inline constexpr int O_WRONLY = 0x1;
inline constexpr int O_RDWR = 0x2;
inline constexpr int O_ACCMODE = 0x3;
inline constexpr int O_NONBLOCK = 0x4;
inline constexpr int O_APPEND = 0x8;
inline constexpr int O_SHLOCK = 0x10;
inline constexpr int O_EXLOCK = 0x20;
inline constexpr int O_ASYNC = 0x40;
inline constexpr int O_SYNC = 0x80;
inline constexpr int O_NOFOLLOW = 0x100;
inline constexpr int O_CREAT = 0x200;
inline constexpr int O_TRUNC = 0x400;
inline constexpr int O_EXCL = 0x800;
inline constexpr int O_NOCTTY = 0x8000;
inline constexpr int O_DSYNC = 0x10000;
inline constexpr int O_RSYNC = 0x20000;
inline constexpr int O_ALT_IO = 0x40000;
inline constexpr int O_DIRECT = 0x80000;
inline constexpr int O_DIRECTORY = 0x200000;
inline constexpr int O_CLOEXEC = 0x400000;
inline constexpr int O_SEARCH = 0x800000;
inline constexpr int O_NOSIGPIPE = 0x1000000;
inline constexpr int O_FSYNC = 0x80;
inline constexpr int O_NDELAY = 0x4;

// Flags of an open file inside the kernel: as the O_ flags, but with reading and writing as a bit each.
inline constexpr int FREAD = 0x1;
inline constexpr int FWRITE = 0x2;
inline constexpr int FAPPEND = 0x8;
inline constexpr int FASYNC = 0x40;
inline constexpr int FNDELAY = 0x4;
inline constexpr int O_MASK = 0x16f8fff;
inline constexpr int FMARK = 0x1000;
inline constexpr int FDEFER = 0x2000;
inline constexpr int FHASLOCK = 0x4000;
inline constexpr int FKIOCTL = static_cast<int>(0x80000000U);
inline constexpr int FCNTLFLAGS = 0x10f00cc;
inline constexpr int FMASK = 0x10f00cf;
inline constexpr int FNONBLOCK = 0x4;
inline constexpr int FFSYNC = 0x80;
inline constexpr int FDSYNC = 0x10000;
inline constexpr int FRSYNC = 0x20000;
inline constexpr int FALTIO = 0x40000;
inline constexpr int FDIRECT = 0x80000;

/// Kernel flags of the open flags a program gave. The access modes 0, 1, 2 become FREAD, FWRITE and both; the value 3,
/// which is no access mode, carries into FNONBLOCK and leaves neither bit, by which open(2) knows it and gives EINVAL.
[[nodiscard]] constexpr int FFLAGS(int open_flags) noexcept {
  return static_cast<int>(static_cast<unsigned>(open_flags) + 1U);
}

/// The reverse of FFLAGS, for fcntl(F_GETFL).
[[nodiscard]] constexpr int OFLAGS(int file_flags) noexcept {
  return static_cast<int>(static_cast<unsigned>(file_flags) - 1U);
}

// Commands of fcntl(2), and the types of a lock.
inline constexpr int F_DUPFD = 0;
inline constexpr int F_GETFD = 1;
inline constexpr int F_SETFD = 2;
inline constexpr int F_GETFL = 3;
inline constexpr int F_SETFL = 4;
inline constexpr int F_GETOWN = 5;
inline constexpr int F_SETOWN = 6;
inline constexpr int F_GETLK = 7;
inline constexpr int F_SETLK = 8;
inline constexpr int F_SETLKW = 9;
inline constexpr int F_CLOSEM = 10;
inline constexpr int F_MAXFD = 11;
inline constexpr int F_DUPFD_CLOEXEC = 12;
inline constexpr int F_GETNOSIGPIPE = 13;
inline constexpr int F_SETNOSIGPIPE = 14;
inline constexpr int F_RDLCK = 1;
inline constexpr int F_UNLCK = 2;
inline constexpr int F_WRLCK = 3;

// Commands of fcntl(2) for one file system: direction and size of the argument are part of the command.
inline constexpr int F_PARAM_MASK = 0xfff;
inline constexpr int F_PARAM_MAX = 0xfff;
inline constexpr int F_FSCTL = static_cast<int>(0x80000000U);
inline constexpr int F_FSVOID = 0x40000000;
inline constexpr int F_FSOUT = 0x20000000;
inline constexpr int F_FSIN = 0x10000000;
inline constexpr int F_FSINOUT = 0x30000000;
inline constexpr int F_FSDIRMASK = 0x70000000;
inline constexpr int F_FSPRIV = 0x8000;

/// Flag of a descriptor, not of the file: close it when the process executes another program.
inline constexpr int FD_CLOEXEC = 1;

// openat(2) and its family.
inline constexpr int AT_FDCWD = -100;
inline constexpr int AT_EACCESS = 0x100;
inline constexpr int AT_SYMLINK_NOFOLLOW = 0x200;
inline constexpr int AT_SYMLINK_FOLLOW = 0x400;
inline constexpr int AT_REMOVEDIR = 0x800;

// Whence of lseek(2), with the old names.
inline constexpr int SEEK_SET = 0;
inline constexpr int SEEK_CUR = 1;
inline constexpr int SEEK_END = 2;
inline constexpr int L_SET = 0;
inline constexpr int L_INCR = 1;
inline constexpr int L_XTND = 2;

// Modes of access(2).
inline constexpr int F_OK = 0;
inline constexpr int X_OK = 1;
inline constexpr int W_OK = 2;
inline constexpr int R_OK = 4;

// Operations of flock(2).
inline constexpr int LOCK_SH = 1;
inline constexpr int LOCK_EX = 2;
inline constexpr int LOCK_NB = 4;
inline constexpr int LOCK_UN = 8;

static_assert(FFLAGS(O_RDONLY) == FREAD && FFLAGS(O_WRONLY) == FWRITE && FFLAGS(O_RDWR) == (FREAD | FWRITE));
static_assert((FFLAGS(O_ACCMODE) & (FREAD | FWRITE)) == 0);
static_assert(OFLAGS(FFLAGS(O_RDWR | O_APPEND)) == (O_RDWR | O_APPEND));

}  // namespace kern
