// Directory entries of NetBSD 7.99.34 on amd64 (sys/dirent.h, as of __getdents30).
//
// The host defines these names as macros with its own numbers; host_headers.hpp says how they are freed.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kern/abi/host_headers.hpp"

#undef MAXNAMLEN
#undef DT_UNKNOWN
#undef DT_FIFO
#undef DT_CHR
#undef DT_DIR
#undef DT_BLK
#undef DT_REG
#undef DT_LNK
#undef DT_SOCK
#undef DT_WHT
#undef DIRBLKSIZ

namespace kern {

// Types of an entry: the type bits of the file's mode, shifted down by 12.
inline constexpr std::uint8_t DT_UNKNOWN = 0;
inline constexpr std::uint8_t DT_FIFO = 1;
inline constexpr std::uint8_t DT_CHR = 2;
inline constexpr std::uint8_t DT_DIR = 4;
inline constexpr std::uint8_t DT_BLK = 6;
inline constexpr std::uint8_t DT_REG = 8;
inline constexpr std::uint8_t DT_LNK = 10;
inline constexpr std::uint8_t DT_SOCK = 12;
inline constexpr std::uint8_t DT_WHT = 14;

/// Longest name, without its final NUL.
inline constexpr int MAXNAMLEN = 511;
inline constexpr int DIRBLKSIZ = 1024;

/// struct dirent. An entry on the way to a program ends after its name, rounded up: see dirent_size.
struct Dirent {
  std::uint64_t d_fileno = 0;
  std::uint16_t d_reclen = 0;
  std::uint16_t d_namlen = 0;
  std::uint8_t d_type = DT_UNKNOWN;
  char d_name[MAXNAMLEN + 1] = {};
  std::uint8_t padding_at_end[3] = {};
};
static_assert(sizeof(Dirent) == 528 && alignof(Dirent) == 8);
static_assert(offsetof(Dirent, d_reclen) == 8 && offsetof(Dirent, d_namlen) == 10);
static_assert(offsetof(Dirent, d_type) == 12 && offsetof(Dirent, d_name) == 13);

/// Bytes an entry with a name of this length takes (d_reclen): name and NUL, rounded up to the alignment of d_fileno.
[[nodiscard]] constexpr std::size_t dirent_size(std::size_t name_length) noexcept {
  return (offsetof(Dirent, d_name) + name_length + 1 + 7) & ~std::size_t{7};
}
static_assert(dirent_size(2) == 16 && dirent_size(3) == 24);

}  // namespace kern
