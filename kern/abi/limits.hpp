// Limits of NetBSD 7.99.34 on amd64 (sys/syslimits.h, sys/param.h). Sizes are in bytes. PATH_MAX and MAXPATHLEN count
// the final NUL; NAME_MAX and KERNEL_NAME_MAX do not. IOV_MAX is in uio.hpp.
//
// The host defines these names as macros with its own numbers; host_headers.hpp says how they are freed.
#pragma once

#include "kern/abi/host_headers.hpp"

#undef ARG_MAX
#undef CHILD_MAX
#undef GID_MAX
#undef LINK_MAX
#undef NAME_MAX
#undef NGROUPS_MAX
#undef UID_MAX
#undef OPEN_MAX
#undef PATH_MAX
#undef PIPE_BUF
#undef LINE_MAX
#undef LOGIN_NAME_MAX
#undef NZERO
#undef MAXCOMLEN
#undef MAXINTERP
#undef MAXLOGNAME
#undef NCARGS
#undef NGROUPS
#undef MAXHOSTNAMELEN
#undef NOFILE
#undef MAXUPRC
#undef MAXCPUS
#undef MAXPATHLEN
#undef MAXSYMLINKS
#undef KERNEL_NAME_MAX
#undef DEV_BSHIFT
#undef DEV_BSIZE
#undef MAXBSIZE
#undef MAXPHYS
#undef BLKDEV_IOSIZE
#undef NBPG
#undef PGSHIFT
#undef CMASK
#undef MSIZE
#undef MCLSHIFT
#undef MCLBYTES

namespace kern {

inline constexpr int ARG_MAX = 262144;
inline constexpr int CHILD_MAX = 160;
inline constexpr int GID_MAX = 2147483647;
inline constexpr int LINK_MAX = 32767;
inline constexpr int NAME_MAX = 511;
inline constexpr int NGROUPS_MAX = 16;
inline constexpr int UID_MAX = 2147483647;
inline constexpr int OPEN_MAX = 128;
inline constexpr int PATH_MAX = 1024;
inline constexpr int PIPE_BUF = 512;
inline constexpr int LINE_MAX = 2048;
inline constexpr int LOGIN_NAME_MAX = 17;
inline constexpr int NZERO = 20;
inline constexpr int MAXCOMLEN = 16;
inline constexpr int MAXINTERP = 1024;
inline constexpr int MAXLOGNAME = 16;
inline constexpr int NCARGS = 262144;
inline constexpr int NGROUPS = 16;
inline constexpr int MAXHOSTNAMELEN = 256;
inline constexpr int NOFILE = 128;
inline constexpr int MAXUPRC = 160;
inline constexpr int MAXCPUS = 256;
inline constexpr int MAXPATHLEN = 1024;
inline constexpr int MAXSYMLINKS = 32;
inline constexpr int KERNEL_NAME_MAX = 255;
inline constexpr int DEV_BSHIFT = 9;
inline constexpr int DEV_BSIZE = 512;
inline constexpr int MAXBSIZE = 65536;
inline constexpr int MAXPHYS = 65536;
inline constexpr int BLKDEV_IOSIZE = 2048;
inline constexpr int NBPG = 4096;
inline constexpr int PGSHIFT = 12;
inline constexpr int CMASK = 18;
inline constexpr int MSIZE = 512;
inline constexpr int MCLSHIFT = 11;
inline constexpr int MCLBYTES = 2048;

}  // namespace kern
