// Error numbers of NetBSD 7.99.34 (sys/errno.h). Up to ERANGE (34) nearly all are those of Linux, from EAGAIN (35) on
// none.
//
// The host defines these names as macros with its own numbers; host_headers.hpp says how they are freed.
#pragma once

#include <string_view>

#include "kern/abi/host_headers.hpp"

#undef EPERM
#undef ENOENT
#undef ESRCH
#undef EINTR
#undef EIO
#undef ENXIO
#undef E2BIG
#undef ENOEXEC
#undef EBADF
#undef ECHILD
#undef EDEADLK
#undef ENOMEM
#undef EACCES
#undef EFAULT
#undef ENOTBLK
#undef EBUSY
#undef EEXIST
#undef EXDEV
#undef ENODEV
#undef ENOTDIR
#undef EISDIR
#undef EINVAL
#undef ENFILE
#undef EMFILE
#undef ENOTTY
#undef ETXTBSY
#undef EFBIG
#undef ENOSPC
#undef ESPIPE
#undef EROFS
#undef EMLINK
#undef EPIPE
#undef EDOM
#undef ERANGE
#undef EAGAIN
#undef EWOULDBLOCK
#undef EINPROGRESS
#undef EALREADY
#undef ENOTSOCK
#undef EDESTADDRREQ
#undef EMSGSIZE
#undef EPROTOTYPE
#undef ENOPROTOOPT
#undef EPROTONOSUPPORT
#undef ESOCKTNOSUPPORT
#undef EOPNOTSUPP
#undef EPFNOSUPPORT
#undef EAFNOSUPPORT
#undef EADDRINUSE
#undef EADDRNOTAVAIL
#undef ENETDOWN
#undef ENETUNREACH
#undef ENETRESET
#undef ECONNABORTED
#undef ECONNRESET
#undef ENOBUFS
#undef EISCONN
#undef ENOTCONN
#undef ESHUTDOWN
#undef ETOOMANYREFS
#undef ETIMEDOUT
#undef ECONNREFUSED
#undef ELOOP
#undef ENAMETOOLONG
#undef EHOSTDOWN
#undef EHOSTUNREACH
#undef ENOTEMPTY
#undef EPROCLIM
#undef EUSERS
#undef EDQUOT
#undef ESTALE
#undef EREMOTE
#undef EBADRPC
#undef ERPCMISMATCH
#undef EPROGUNAVAIL
#undef EPROGMISMATCH
#undef EPROCUNAVAIL
#undef ENOLCK
#undef ENOSYS
#undef EFTYPE
#undef EAUTH
#undef ENEEDAUTH
#undef EIDRM
#undef ENOMSG
#undef EOVERFLOW
#undef EILSEQ
#undef ENOTSUP
#undef ECANCELED
#undef EBADMSG
#undef ENODATA
#undef ENOSR
#undef ENOSTR
#undef ETIME
#undef ENOATTR
#undef EMULTIHOP
#undef ENOLINK
#undef EPROTO
#undef ELAST
#undef EJUSTRETURN
#undef ERESTART
#undef EPASSTHROUGH
#undef EDUPFD
#undef EMOVEFD

namespace kern {

inline constexpr int EPERM = 1;
inline constexpr int ENOENT = 2;
inline constexpr int ESRCH = 3;
inline constexpr int EINTR = 4;
inline constexpr int EIO = 5;
inline constexpr int ENXIO = 6;
inline constexpr int E2BIG = 7;
inline constexpr int ENOEXEC = 8;
inline constexpr int EBADF = 9;
inline constexpr int ECHILD = 10;
inline constexpr int EDEADLK = 11;
inline constexpr int ENOMEM = 12;
inline constexpr int EACCES = 13;
inline constexpr int EFAULT = 14;
inline constexpr int ENOTBLK = 15;
inline constexpr int EBUSY = 16;
inline constexpr int EEXIST = 17;
inline constexpr int EXDEV = 18;
inline constexpr int ENODEV = 19;
inline constexpr int ENOTDIR = 20;
inline constexpr int EISDIR = 21;
inline constexpr int EINVAL = 22;
inline constexpr int ENFILE = 23;
inline constexpr int EMFILE = 24;
inline constexpr int ENOTTY = 25;
inline constexpr int ETXTBSY = 26;
inline constexpr int EFBIG = 27;
inline constexpr int ENOSPC = 28;
inline constexpr int ESPIPE = 29;
inline constexpr int EROFS = 30;
inline constexpr int EMLINK = 31;
inline constexpr int EPIPE = 32;
inline constexpr int EDOM = 33;
inline constexpr int ERANGE = 34;
inline constexpr int EAGAIN = 35;
inline constexpr int EWOULDBLOCK = 35;
inline constexpr int EINPROGRESS = 36;
inline constexpr int EALREADY = 37;
inline constexpr int ENOTSOCK = 38;
inline constexpr int EDESTADDRREQ = 39;
inline constexpr int EMSGSIZE = 40;
inline constexpr int EPROTOTYPE = 41;
inline constexpr int ENOPROTOOPT = 42;
inline constexpr int EPROTONOSUPPORT = 43;
inline constexpr int ESOCKTNOSUPPORT = 44;
inline constexpr int EOPNOTSUPP = 45;
inline constexpr int EPFNOSUPPORT = 46;
inline constexpr int EAFNOSUPPORT = 47;
inline constexpr int EADDRINUSE = 48;
inline constexpr int EADDRNOTAVAIL = 49;
inline constexpr int ENETDOWN = 50;
inline constexpr int ENETUNREACH = 51;
inline constexpr int ENETRESET = 52;
inline constexpr int ECONNABORTED = 53;
inline constexpr int ECONNRESET = 54;
inline constexpr int ENOBUFS = 55;
inline constexpr int EISCONN = 56;
inline constexpr int ENOTCONN = 57;
inline constexpr int ESHUTDOWN = 58;
inline constexpr int ETOOMANYREFS = 59;
inline constexpr int ETIMEDOUT = 60;
inline constexpr int ECONNREFUSED = 61;
inline constexpr int ELOOP = 62;
inline constexpr int ENAMETOOLONG = 63;
inline constexpr int EHOSTDOWN = 64;
inline constexpr int EHOSTUNREACH = 65;
inline constexpr int ENOTEMPTY = 66;
inline constexpr int EPROCLIM = 67;
inline constexpr int EUSERS = 68;
inline constexpr int EDQUOT = 69;
inline constexpr int ESTALE = 70;
inline constexpr int EREMOTE = 71;
inline constexpr int EBADRPC = 72;
inline constexpr int ERPCMISMATCH = 73;
inline constexpr int EPROGUNAVAIL = 74;
inline constexpr int EPROGMISMATCH = 75;
inline constexpr int EPROCUNAVAIL = 76;
inline constexpr int ENOLCK = 77;
inline constexpr int ENOSYS = 78;
inline constexpr int EFTYPE = 79;
inline constexpr int EAUTH = 80;
inline constexpr int ENEEDAUTH = 81;
inline constexpr int EIDRM = 82;
inline constexpr int ENOMSG = 83;
inline constexpr int EOVERFLOW = 84;
inline constexpr int EILSEQ = 85;
inline constexpr int ENOTSUP = 86;
inline constexpr int ECANCELED = 87;
inline constexpr int EBADMSG = 88;
inline constexpr int ENODATA = 89;
inline constexpr int ENOSR = 90;
inline constexpr int ENOSTR = 91;
inline constexpr int ETIME = 92;
inline constexpr int ENOATTR = 93;
inline constexpr int EMULTIHOP = 94;
inline constexpr int ENOLINK = 95;
inline constexpr int EPROTO = 96;
inline constexpr int ELAST = 96;

// Never seen by a program: answers between parts of the kernel (sys/errno.h, _KERNEL).
inline constexpr int EJUSTRETURN = -2;   // do not touch the return registers
inline constexpr int ERESTART = -3;      // begin the system call again
inline constexpr int EPASSTHROUGH = -4;  // not handled at this layer: ask the next one
inline constexpr int EDUPFD = -5;        // the file to open is an existing descriptor: duplicate it
inline constexpr int EMOVEFD = -6;       // the file to open is an existing descriptor: move it

/// The name of an error number ("ENOENT"; "EAGAIN" for 35, which is EWOULDBLOCK too), "0" for success, or an empty view
/// for a number NetBSD does not have. Knows the kernel's own negative numbers too.
[[nodiscard]] std::string_view errno_name(int error) noexcept;

}  // namespace kern
