// The numbers of the simulated kernel are NetBSD's, whatever the host's headers say.
// The kernel's numbers first: no header read after them may be broken by the names they free.
// clang-format off
#include "kern/abi/dirent.hpp"
#include "kern/abi/errno.hpp"
#include "kern/abi/fcntl.hpp"
#include "kern/abi/limits.hpp"
#include "kern/abi/param.hpp"
#include "kern/abi/poll.hpp"
#include "kern/abi/signal.hpp"
#include "kern/abi/stat.hpp"
#include "kern/abi/syscall_numbers.hpp"
#include "kern/abi/time.hpp"
#include "kern/abi/uio.hpp"

#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
// clang-format on

namespace kern {
namespace {

TEST(Abi, ErrnosAreThoseOfNetBsdNotOfLinux) {
  EXPECT_EQ(EAGAIN, 35);  // 11 on Linux
  EXPECT_EQ(EWOULDBLOCK, EAGAIN);
  EXPECT_EQ(EDEADLK, 11);       // 35
  EXPECT_EQ(ENAMETOOLONG, 63);  // 36
  EXPECT_EQ(ENOTEMPTY, 66);     // 39
  EXPECT_EQ(ENOSYS, 78);        // 38
  EXPECT_EQ(ELOOP, 62);         // 40
  EXPECT_EQ(ETIMEDOUT, 60);     // 110
  EXPECT_EQ(ENOTSUP, 86);       // 95
  EXPECT_EQ(EOPNOTSUPP, 45);    // 95
  EXPECT_EQ(EPROTO, 96);        // 71
  EXPECT_EQ(ERESTART, -3);      // 85
  EXPECT_EQ(ENOENT, 2);
  EXPECT_EQ(EFAULT, 14);
}

TEST(Abi, EveryErrnoHasItsName) {
  EXPECT_EQ(errno_name(0), "0");
  EXPECT_EQ(errno_name(ENOENT), "ENOENT");
  EXPECT_EQ(errno_name(EWOULDBLOCK), "EAGAIN");
  EXPECT_EQ(errno_name(ENOSYS), "ENOSYS");
  EXPECT_EQ(errno_name(EPROTO), "EPROTO");
  EXPECT_EQ(errno_name(ERESTART), "ERESTART");
  EXPECT_EQ(errno_name(EMOVEFD), "EMOVEFD");
  EXPECT_EQ(errno_name(ELAST + 1), "");
  EXPECT_EQ(errno_name(-1), "");
  for (int error = 1; error <= ELAST; ++error) {
    EXPECT_TRUE(errno_name(error).starts_with('E')) << error;
  }
}

TEST(Abi, OpenFlagsAreThoseOfNetBsdNotOfLinux) {
  EXPECT_EQ(O_NONBLOCK, 0x4);      // 0x800 on Linux
  EXPECT_EQ(O_APPEND, 0x8);        // 0x400
  EXPECT_EQ(O_CREAT, 0x200);       // 0x40
  EXPECT_EQ(O_TRUNC, 0x400);       // 0x200
  EXPECT_EQ(O_EXCL, 0x800);        // 0x80
  EXPECT_EQ(O_CLOEXEC, 0x400000);  // 0x80000
  EXPECT_EQ(F_DUPFD_CLOEXEC, 12);  // 1030
  EXPECT_EQ(F_GETLK, 7);           // 5
  EXPECT_EQ(static_cast<unsigned>(F_FSCTL), 0x80000000U);
  EXPECT_EQ(R_OK | W_OK | X_OK, 7);
}

TEST(Abi, FileFlagsAreOpenFlagsPlusOne) {
  EXPECT_EQ(FFLAGS(O_RDONLY | O_NONBLOCK), FREAD | FNONBLOCK);
  EXPECT_EQ(FFLAGS(O_RDWR), FREAD | FWRITE);
  EXPECT_EQ(FFLAGS(O_ACCMODE) & (FREAD | FWRITE), 0);
  for (const int flags : {O_RDONLY, O_WRONLY, O_RDWR, O_WRONLY | O_APPEND | O_CLOEXEC}) {
    EXPECT_EQ(OFLAGS(FFLAGS(flags)), flags);
  }
  EXPECT_EQ(FFLAGS(0x7fffffff), static_cast<int>(0x80000000U)) << "a hostile flag word wraps, it does not overflow";
}

TEST(Abi, FilesClocksAndSignals) {
  EXPECT_TRUE(S_ISDIR(S_IFDIR | 0755U));
  EXPECT_FALSE(S_ISDIR(S_IFBLK));  // S_IFBLK contains the bits of S_IFDIR
  EXPECT_TRUE(S_ISSOCK(S_IFSOCK));
  EXPECT_EQ(S_IFWHT, 0160000U);
  EXPECT_EQ(make_dev(2, 2), 0x202U);
  EXPECT_EQ(CLOCK_MONOTONIC, 3);  // 1 on Linux
  EXPECT_EQ(static_cast<unsigned>(CLOCK_THREAD_CPUTIME_ID), 0x80000000U);
  EXPECT_EQ(SIGBUS, 10);   // 7
  EXPECT_EQ(SIGSYS, 12);   // 31
  EXPECT_EQ(SIGUSR1, 30);  // 10
  EXPECT_EQ(SIG_BLOCK, 1);
  EXPECT_EQ(POLLWRBAND, 0x100);
  EXPECT_EQ(DT_REG, 8);
}

TEST(Abi, Limits) {
  EXPECT_EQ(PATH_MAX, 1024);
  EXPECT_EQ(NAME_MAX, 511);
  EXPECT_EQ(PIPE_BUF, 512);
  EXPECT_EQ(OPEN_MAX, 128);
  EXPECT_EQ(NOFILE, 128);
  EXPECT_EQ(IOV_MAX, 1024);
  EXPECT_EQ(NGROUPS_MAX, 16);
}

TEST(Abi, AFreshStatHasNoByteThatIsNotZero) {
  const auto bytes = std::bit_cast<std::array<std::byte, sizeof(Stat)>>(Stat{});
  for (const std::byte byte : bytes) {
    EXPECT_EQ(byte, std::byte{0});
  }
}

TEST(Abi, SystemCallNumbersAndNamesAgree) {
  EXPECT_EQ(SYS_getpid, 20);  // 39 on Linux
  EXPECT_EQ(SYS___fstat50, 440);
  EXPECT_EQ(SYS_pipe2, 453);
  EXPECT_EQ(SYS___clock_gettime50, 427);
  EXPECT_EQ(syscall_name(SYS_write), "write");
  EXPECT_EQ(syscall_name(SYS___getdents30), "__getdents30");
  EXPECT_EQ(syscall_name(2), "fork");
  EXPECT_EQ(syscall_name(8), "compat_43_ocreat");
  EXPECT_EQ(syscall_name(0), "syscall");
  EXPECT_EQ(syscall_name(SYS_MAXSYSCALL), "");
  EXPECT_EQ(syscall_name(0xffffffffU), "");
}

TEST(Abi, Version) {
  EXPECT_EQ(kNetBsdVersion, 799003400);
  EXPECT_EQ(kOsType, "NetBSD");
  EXPECT_EQ(kOsRelease, "7.99.34");
  EXPECT_EQ(kMachine, "amd64");
}

}  // namespace
}  // namespace kern
