// What stat(2) tells of a file in NetBSD 7.99.34 on amd64 (sys/stat.h, as of __stat50): layout, mode bits, file flags,
// device numbers.
//
// The host defines these names as macros with its own numbers; host_headers.hpp says how they are freed.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kern/abi/host_headers.hpp"
#include "kern/abi/time.hpp"

#undef S_ISUID
#undef S_ISGID
#undef S_ISTXT
#undef S_IRWXU
#undef S_IRUSR
#undef S_IWUSR
#undef S_IXUSR
#undef S_IREAD
#undef S_IWRITE
#undef S_IEXEC
#undef S_IRWXG
#undef S_IRGRP
#undef S_IWGRP
#undef S_IXGRP
#undef S_IRWXO
#undef S_IROTH
#undef S_IWOTH
#undef S_IXOTH
#undef S_IFMT
#undef S_IFIFO
#undef S_IFCHR
#undef S_IFDIR
#undef S_IFBLK
#undef S_IFREG
#undef S_IFLNK
#undef S_ISVTX
#undef S_IFSOCK
#undef S_IFWHT
#undef S_ARCH1
#undef S_ARCH2
#undef ACCESSPERMS
#undef ALLPERMS
#undef DEFFILEMODE
#undef S_BLKSIZE
#undef UF_SETTABLE
#undef UF_NODUMP
#undef UF_IMMUTABLE
#undef UF_APPEND
#undef UF_OPAQUE
#undef SF_SETTABLE
#undef SF_ARCHIVED
#undef SF_IMMUTABLE
#undef SF_APPEND
#undef SF_SNAPSHOT
#undef SF_LOG
#undef SF_SNAPINVAL

namespace kern {

// Mode bits. The permission bits are those of every Unix; the types too, but for the whiteout.
inline constexpr std::uint32_t S_ISUID = 04000U;
inline constexpr std::uint32_t S_ISGID = 02000U;
inline constexpr std::uint32_t S_ISTXT = 01000U;
inline constexpr std::uint32_t S_IRWXU = 0700U;
inline constexpr std::uint32_t S_IRUSR = 0400U;
inline constexpr std::uint32_t S_IWUSR = 0200U;
inline constexpr std::uint32_t S_IXUSR = 0100U;
inline constexpr std::uint32_t S_IREAD = 0400U;
inline constexpr std::uint32_t S_IWRITE = 0200U;
inline constexpr std::uint32_t S_IEXEC = 0100U;
inline constexpr std::uint32_t S_IRWXG = 070U;
inline constexpr std::uint32_t S_IRGRP = 040U;
inline constexpr std::uint32_t S_IWGRP = 020U;
inline constexpr std::uint32_t S_IXGRP = 010U;
inline constexpr std::uint32_t S_IRWXO = 07U;
inline constexpr std::uint32_t S_IROTH = 04U;
inline constexpr std::uint32_t S_IWOTH = 02U;
inline constexpr std::uint32_t S_IXOTH = 01U;
inline constexpr std::uint32_t S_IFMT = 0170000U;
inline constexpr std::uint32_t S_IFIFO = 010000U;
inline constexpr std::uint32_t S_IFCHR = 020000U;
inline constexpr std::uint32_t S_IFDIR = 040000U;
inline constexpr std::uint32_t S_IFBLK = 060000U;
inline constexpr std::uint32_t S_IFREG = 0100000U;
inline constexpr std::uint32_t S_IFLNK = 0120000U;
inline constexpr std::uint32_t S_ISVTX = 01000U;
inline constexpr std::uint32_t S_IFSOCK = 0140000U;
inline constexpr std::uint32_t S_IFWHT = 0160000U;
inline constexpr std::uint32_t S_ARCH1 = 0200000U;
inline constexpr std::uint32_t S_ARCH2 = 0400000U;
inline constexpr std::uint32_t ACCESSPERMS = 0777U;
inline constexpr std::uint32_t ALLPERMS = 07777U;
inline constexpr std::uint32_t DEFFILEMODE = 0666U;

/// Unit of st_blocks, in bytes.
inline constexpr int S_BLKSIZE = 512;

// S_ISDIR and its family remain the host's macros: file types are the same numbers everywhere, as these lines make
// sure, and GoogleTest's headers need the macros.
static_assert(S_ISDIR(S_IFDIR) && S_ISCHR(S_IFCHR) && S_ISBLK(S_IFBLK) && S_ISREG(S_IFREG));
static_assert(S_ISFIFO(S_IFIFO) && S_ISLNK(S_IFLNK) && S_ISSOCK(S_IFSOCK) && !S_ISDIR(S_IFBLK));

// File flags, of chflags(2).
inline constexpr std::uint32_t UF_SETTABLE = 0xffffU;
inline constexpr std::uint32_t UF_NODUMP = 0x1U;
inline constexpr std::uint32_t UF_IMMUTABLE = 0x2U;
inline constexpr std::uint32_t UF_APPEND = 0x4U;
inline constexpr std::uint32_t UF_OPAQUE = 0x8U;
inline constexpr std::uint32_t SF_SETTABLE = 0xffff0000U;
inline constexpr std::uint32_t SF_ARCHIVED = 0x10000U;
inline constexpr std::uint32_t SF_IMMUTABLE = 0x20000U;
inline constexpr std::uint32_t SF_APPEND = 0x40000U;
inline constexpr std::uint32_t SF_SNAPSHOT = 0x200000U;
inline constexpr std::uint32_t SF_LOG = 0x400000U;
inline constexpr std::uint32_t SF_SNAPINVAL = 0x800000U;

/// Device number of a major and a minor number: 12 bits of major amid 20 bits of minor (sys/types.h).
[[nodiscard]] constexpr std::uint64_t make_dev(std::uint32_t major, std::uint32_t minor) noexcept {
  return ((major << 8U) & 0x000fff00U) | ((minor << 12U) & 0xfff00000U) | (minor & 0x000000ffU);
}
[[nodiscard]] constexpr std::uint32_t dev_major(std::uint64_t dev) noexcept {
  return static_cast<std::uint32_t>((dev & 0x000fff00U) >> 8U);
}
[[nodiscard]] constexpr std::uint32_t dev_minor(std::uint64_t dev) noexcept {
  return static_cast<std::uint32_t>(((dev & 0xfff00000U) >> 12U) | (dev & 0x000000ffU));
}
static_assert(dev_major(make_dev(0xabc, 0x12345)) == 0xabc && dev_minor(make_dev(0xabc, 0x12345)) == 0x12345);

/// struct stat. Every byte that a compiler would add between the members has a name and starts as zero, so that no
/// uninitialised byte of the kernel can leave with it.
struct Stat {
  std::uint64_t st_dev = 0;
  std::uint32_t st_mode = 0;
  std::uint32_t padding_after_mode = 0;
  std::uint64_t st_ino = 0;
  std::uint32_t st_nlink = 0;
  std::uint32_t st_uid = 0;
  std::uint32_t st_gid = 0;
  std::uint32_t padding_after_gid = 0;
  std::uint64_t st_rdev = 0;
  Timespec st_atim;
  Timespec st_mtim;
  Timespec st_ctim;
  Timespec st_birthtim;
  std::int64_t st_size = 0;
  std::int64_t st_blocks = 0;
  std::int32_t st_blksize = 0;
  std::uint32_t st_flags = 0;
  std::uint32_t st_gen = 0;
  std::uint32_t st_spare[2] = {};
  std::uint32_t padding_at_end = 0;
  bool operator==(const Stat&) const = default;
};
static_assert(sizeof(Stat) == 152 && alignof(Stat) == 8);
static_assert(offsetof(Stat, st_dev) == 0 && offsetof(Stat, st_mode) == 8 && offsetof(Stat, st_ino) == 16);
static_assert(offsetof(Stat, st_nlink) == 24 && offsetof(Stat, st_uid) == 28 && offsetof(Stat, st_gid) == 32);
static_assert(offsetof(Stat, st_rdev) == 40 && offsetof(Stat, st_atim) == 48 && offsetof(Stat, st_mtim) == 64);
static_assert(offsetof(Stat, st_ctim) == 80 && offsetof(Stat, st_birthtim) == 96 && offsetof(Stat, st_size) == 112);
static_assert(offsetof(Stat, st_blocks) == 120 && offsetof(Stat, st_blksize) == 128 && offsetof(Stat, st_flags) == 132);
static_assert(offsetof(Stat, st_gen) == 136 && offsetof(Stat, st_spare) == 140);

}  // namespace kern
