// Numbers of the system calls a rump kernel of NetBSD 7.99.34 can have (sys/kern/syscalls.master 1.285, the entries
// marked RUMP). Which of them this kernel answers is the business of kern/syscall/.
//
// The host defines these names as macros with its own numbers; host_headers.hpp says how they are freed.
#pragma once

#include <cstdint>
#include <string_view>

#include "kern/abi/host_headers.hpp"

#undef SYS_read
#undef SYS_write
#undef SYS_open
#undef SYS_close
#undef SYS_link
#undef SYS_unlink
#undef SYS_chdir
#undef SYS_fchdir
#undef SYS_compat_50_mknod
#undef SYS_chmod
#undef SYS_chown
#undef SYS_getpid
#undef SYS_unmount
#undef SYS_setuid
#undef SYS_getuid
#undef SYS_geteuid
#undef SYS_recvmsg
#undef SYS_sendmsg
#undef SYS_recvfrom
#undef SYS_accept
#undef SYS_getpeername
#undef SYS_getsockname
#undef SYS_access
#undef SYS_chflags
#undef SYS_fchflags
#undef SYS_sync
#undef SYS_getppid
#undef SYS_dup
#undef SYS_pipe
#undef SYS_getegid
#undef SYS_ktrace
#undef SYS_getgid
#undef SYS___getlogin
#undef SYS___setlogin
#undef SYS_ioctl
#undef SYS_revoke
#undef SYS_symlink
#undef SYS_readlink
#undef SYS_umask
#undef SYS_chroot
#undef SYS_getgroups
#undef SYS_setgroups
#undef SYS_getpgrp
#undef SYS_setpgid
#undef SYS_dup2
#undef SYS_fcntl
#undef SYS_compat_50_select
#undef SYS_fsync
#undef SYS_connect
#undef SYS_bind
#undef SYS_setsockopt
#undef SYS_listen
#undef SYS_getsockopt
#undef SYS_readv
#undef SYS_writev
#undef SYS_fchown
#undef SYS_fchmod
#undef SYS_setreuid
#undef SYS_setregid
#undef SYS_rename
#undef SYS_flock
#undef SYS_mkfifo
#undef SYS_sendto
#undef SYS_shutdown
#undef SYS_socketpair
#undef SYS_mkdir
#undef SYS_rmdir
#undef SYS_compat_50_utimes
#undef SYS_setsid
#undef SYS_nfssvc
#undef SYS_pread
#undef SYS_pwrite
#undef SYS_setgid
#undef SYS_setegid
#undef SYS_seteuid
#undef SYS_pathconf
#undef SYS_fpathconf
#undef SYS_getrlimit
#undef SYS_setrlimit
#undef SYS_lseek
#undef SYS_truncate
#undef SYS_ftruncate
#undef SYS___sysctl
#undef SYS_compat_50_futimes
#undef SYS_getpgid
#undef SYS_reboot
#undef SYS_poll
#undef SYS_timer_create
#undef SYS_timer_delete
#undef SYS_timer_getoverrun
#undef SYS_fdatasync
#undef SYS_modctl
#undef SYS__ksem_init
#undef SYS__ksem_open
#undef SYS__ksem_unlink
#undef SYS__ksem_close
#undef SYS__ksem_post
#undef SYS__ksem_wait
#undef SYS__ksem_trywait
#undef SYS__ksem_getvalue
#undef SYS__ksem_destroy
#undef SYS__ksem_timedwait
#undef SYS___posix_rename
#undef SYS_lchmod
#undef SYS_lchown
#undef SYS_compat_50_lutimes
#undef SYS___posix_chown
#undef SYS___posix_fchown
#undef SYS___posix_lchown
#undef SYS_getsid
#undef SYS_fktrace
#undef SYS_preadv
#undef SYS_pwritev
#undef SYS___getcwd
#undef SYS_fchroot
#undef SYS_lchflags
#undef SYS_issetugid
#undef SYS_utrace
#undef SYS_kqueue
#undef SYS_compat_50_kevent
#undef SYS_fsync_range
#undef SYS_getvfsstat
#undef SYS_statvfs1
#undef SYS_fstatvfs1
#undef SYS_extattrctl
#undef SYS_extattr_set_file
#undef SYS_extattr_get_file
#undef SYS_extattr_delete_file
#undef SYS_extattr_set_fd
#undef SYS_extattr_get_fd
#undef SYS_extattr_delete_fd
#undef SYS_extattr_set_link
#undef SYS_extattr_get_link
#undef SYS_extattr_delete_link
#undef SYS_extattr_list_fd
#undef SYS_extattr_list_file
#undef SYS_extattr_list_link
#undef SYS_compat_50_pselect
#undef SYS_compat_50_pollts
#undef SYS_setxattr
#undef SYS_lsetxattr
#undef SYS_fsetxattr
#undef SYS_getxattr
#undef SYS_lgetxattr
#undef SYS_fgetxattr
#undef SYS_listxattr
#undef SYS_llistxattr
#undef SYS_flistxattr
#undef SYS_removexattr
#undef SYS_lremovexattr
#undef SYS_fremovexattr
#undef SYS_compat_50___stat30
#undef SYS_compat_50___fstat30
#undef SYS_compat_50___lstat30
#undef SYS___getdents30
#undef SYS___socket30
#undef SYS___getfh30
#undef SYS___fhopen40
#undef SYS___fhstatvfs140
#undef SYS_compat_50___fhstat40
#undef SYS_aio_cancel
#undef SYS_aio_error
#undef SYS_aio_fsync
#undef SYS_aio_read
#undef SYS_aio_return
#undef SYS_aio_write
#undef SYS_lio_listio
#undef SYS___mount50
#undef SYS___posix_fadvise50
#undef SYS___select50
#undef SYS___gettimeofday50
#undef SYS___settimeofday50
#undef SYS___utimes50
#undef SYS___adjtime50
#undef SYS___futimes50
#undef SYS___lutimes50
#undef SYS___setitimer50
#undef SYS___getitimer50
#undef SYS___clock_gettime50
#undef SYS___clock_settime50
#undef SYS___clock_getres50
#undef SYS___nanosleep50
#undef SYS___kevent50
#undef SYS___pselect50
#undef SYS___pollts50
#undef SYS___aio_suspend50
#undef SYS___stat50
#undef SYS___fstat50
#undef SYS___lstat50
#undef SYS___timer_settime50
#undef SYS___timer_gettime50
#undef SYS___mknod50
#undef SYS___fhstat50
#undef SYS_pipe2
#undef SYS_dup3
#undef SYS_kqueue1
#undef SYS_paccept
#undef SYS_linkat
#undef SYS_renameat
#undef SYS_mkfifoat
#undef SYS_mknodat
#undef SYS_mkdirat
#undef SYS_faccessat
#undef SYS_fchmodat
#undef SYS_fchownat
#undef SYS_fstatat
#undef SYS_utimensat
#undef SYS_openat
#undef SYS_readlinkat
#undef SYS_symlinkat
#undef SYS_unlinkat
#undef SYS_futimens
#undef SYS___quotactl
#undef SYS_recvmmsg
#undef SYS_sendmmsg
#undef SYS_clock_nanosleep
#undef SYS_posix_fallocate
#undef SYS_fdiscard
#undef SYS_MAXSYSARGS
#undef SYS_MAXSYSCALL
#undef SYS_NSYSENT

namespace kern {

inline constexpr int SYS_read = 3;
inline constexpr int SYS_write = 4;
inline constexpr int SYS_open = 5;
inline constexpr int SYS_close = 6;
inline constexpr int SYS_link = 9;
inline constexpr int SYS_unlink = 10;
inline constexpr int SYS_chdir = 12;
inline constexpr int SYS_fchdir = 13;
inline constexpr int SYS_compat_50_mknod = 14;
inline constexpr int SYS_chmod = 15;
inline constexpr int SYS_chown = 16;
inline constexpr int SYS_getpid = 20;
inline constexpr int SYS_unmount = 22;
inline constexpr int SYS_setuid = 23;
inline constexpr int SYS_getuid = 24;
inline constexpr int SYS_geteuid = 25;
inline constexpr int SYS_recvmsg = 27;
inline constexpr int SYS_sendmsg = 28;
inline constexpr int SYS_recvfrom = 29;
inline constexpr int SYS_accept = 30;
inline constexpr int SYS_getpeername = 31;
inline constexpr int SYS_getsockname = 32;
inline constexpr int SYS_access = 33;
inline constexpr int SYS_chflags = 34;
inline constexpr int SYS_fchflags = 35;
inline constexpr int SYS_sync = 36;
inline constexpr int SYS_getppid = 39;
inline constexpr int SYS_dup = 41;
inline constexpr int SYS_pipe = 42;
inline constexpr int SYS_getegid = 43;
inline constexpr int SYS_ktrace = 45;
inline constexpr int SYS_getgid = 47;
inline constexpr int SYS___getlogin = 49;
inline constexpr int SYS___setlogin = 50;
inline constexpr int SYS_ioctl = 54;
inline constexpr int SYS_revoke = 56;
inline constexpr int SYS_symlink = 57;
inline constexpr int SYS_readlink = 58;
inline constexpr int SYS_umask = 60;
inline constexpr int SYS_chroot = 61;
inline constexpr int SYS_getgroups = 79;
inline constexpr int SYS_setgroups = 80;
inline constexpr int SYS_getpgrp = 81;
inline constexpr int SYS_setpgid = 82;
inline constexpr int SYS_dup2 = 90;
inline constexpr int SYS_fcntl = 92;
inline constexpr int SYS_compat_50_select = 93;
inline constexpr int SYS_fsync = 95;
inline constexpr int SYS_connect = 98;
inline constexpr int SYS_bind = 104;
inline constexpr int SYS_setsockopt = 105;
inline constexpr int SYS_listen = 106;
inline constexpr int SYS_getsockopt = 118;
inline constexpr int SYS_readv = 120;
inline constexpr int SYS_writev = 121;
inline constexpr int SYS_fchown = 123;
inline constexpr int SYS_fchmod = 124;
inline constexpr int SYS_setreuid = 126;
inline constexpr int SYS_setregid = 127;
inline constexpr int SYS_rename = 128;
inline constexpr int SYS_flock = 131;
inline constexpr int SYS_mkfifo = 132;
inline constexpr int SYS_sendto = 133;
inline constexpr int SYS_shutdown = 134;
inline constexpr int SYS_socketpair = 135;
inline constexpr int SYS_mkdir = 136;
inline constexpr int SYS_rmdir = 137;
inline constexpr int SYS_compat_50_utimes = 138;
inline constexpr int SYS_setsid = 147;
inline constexpr int SYS_nfssvc = 155;
inline constexpr int SYS_pread = 173;
inline constexpr int SYS_pwrite = 174;
inline constexpr int SYS_setgid = 181;
inline constexpr int SYS_setegid = 182;
inline constexpr int SYS_seteuid = 183;
inline constexpr int SYS_pathconf = 191;
inline constexpr int SYS_fpathconf = 192;
inline constexpr int SYS_getrlimit = 194;
inline constexpr int SYS_setrlimit = 195;
inline constexpr int SYS_lseek = 199;
inline constexpr int SYS_truncate = 200;
inline constexpr int SYS_ftruncate = 201;
inline constexpr int SYS___sysctl = 202;
inline constexpr int SYS_compat_50_futimes = 206;
inline constexpr int SYS_getpgid = 207;
inline constexpr int SYS_reboot = 208;
inline constexpr int SYS_poll = 209;
inline constexpr int SYS_timer_create = 235;
inline constexpr int SYS_timer_delete = 236;
inline constexpr int SYS_timer_getoverrun = 239;
inline constexpr int SYS_fdatasync = 241;
inline constexpr int SYS_modctl = 246;
inline constexpr int SYS__ksem_init = 247;
inline constexpr int SYS__ksem_open = 248;
inline constexpr int SYS__ksem_unlink = 249;
inline constexpr int SYS__ksem_close = 250;
inline constexpr int SYS__ksem_post = 251;
inline constexpr int SYS__ksem_wait = 252;
inline constexpr int SYS__ksem_trywait = 253;
inline constexpr int SYS__ksem_getvalue = 254;
inline constexpr int SYS__ksem_destroy = 255;
inline constexpr int SYS__ksem_timedwait = 256;
inline constexpr int SYS___posix_rename = 270;
inline constexpr int SYS_lchmod = 274;
inline constexpr int SYS_lchown = 275;
inline constexpr int SYS_compat_50_lutimes = 276;
inline constexpr int SYS___posix_chown = 283;
inline constexpr int SYS___posix_fchown = 284;
inline constexpr int SYS___posix_lchown = 285;
inline constexpr int SYS_getsid = 286;
inline constexpr int SYS_fktrace = 288;
inline constexpr int SYS_preadv = 289;
inline constexpr int SYS_pwritev = 290;
inline constexpr int SYS___getcwd = 296;
inline constexpr int SYS_fchroot = 297;
inline constexpr int SYS_lchflags = 304;
inline constexpr int SYS_issetugid = 305;
inline constexpr int SYS_utrace = 306;
inline constexpr int SYS_kqueue = 344;
inline constexpr int SYS_compat_50_kevent = 345;
inline constexpr int SYS_fsync_range = 354;
inline constexpr int SYS_getvfsstat = 356;
inline constexpr int SYS_statvfs1 = 357;
inline constexpr int SYS_fstatvfs1 = 358;
inline constexpr int SYS_extattrctl = 360;
inline constexpr int SYS_extattr_set_file = 361;
inline constexpr int SYS_extattr_get_file = 362;
inline constexpr int SYS_extattr_delete_file = 363;
inline constexpr int SYS_extattr_set_fd = 364;
inline constexpr int SYS_extattr_get_fd = 365;
inline constexpr int SYS_extattr_delete_fd = 366;
inline constexpr int SYS_extattr_set_link = 367;
inline constexpr int SYS_extattr_get_link = 368;
inline constexpr int SYS_extattr_delete_link = 369;
inline constexpr int SYS_extattr_list_fd = 370;
inline constexpr int SYS_extattr_list_file = 371;
inline constexpr int SYS_extattr_list_link = 372;
inline constexpr int SYS_compat_50_pselect = 373;
inline constexpr int SYS_compat_50_pollts = 374;
inline constexpr int SYS_setxattr = 375;
inline constexpr int SYS_lsetxattr = 376;
inline constexpr int SYS_fsetxattr = 377;
inline constexpr int SYS_getxattr = 378;
inline constexpr int SYS_lgetxattr = 379;
inline constexpr int SYS_fgetxattr = 380;
inline constexpr int SYS_listxattr = 381;
inline constexpr int SYS_llistxattr = 382;
inline constexpr int SYS_flistxattr = 383;
inline constexpr int SYS_removexattr = 384;
inline constexpr int SYS_lremovexattr = 385;
inline constexpr int SYS_fremovexattr = 386;
inline constexpr int SYS_compat_50___stat30 = 387;
inline constexpr int SYS_compat_50___fstat30 = 388;
inline constexpr int SYS_compat_50___lstat30 = 389;
inline constexpr int SYS___getdents30 = 390;
inline constexpr int SYS___socket30 = 394;
inline constexpr int SYS___getfh30 = 395;
inline constexpr int SYS___fhopen40 = 396;
inline constexpr int SYS___fhstatvfs140 = 397;
inline constexpr int SYS_compat_50___fhstat40 = 398;
inline constexpr int SYS_aio_cancel = 399;
inline constexpr int SYS_aio_error = 400;
inline constexpr int SYS_aio_fsync = 401;
inline constexpr int SYS_aio_read = 402;
inline constexpr int SYS_aio_return = 403;
inline constexpr int SYS_aio_write = 405;
inline constexpr int SYS_lio_listio = 406;
inline constexpr int SYS___mount50 = 410;
inline constexpr int SYS___posix_fadvise50 = 416;
inline constexpr int SYS___select50 = 417;
inline constexpr int SYS___gettimeofday50 = 418;
inline constexpr int SYS___settimeofday50 = 419;
inline constexpr int SYS___utimes50 = 420;
inline constexpr int SYS___adjtime50 = 421;
inline constexpr int SYS___futimes50 = 423;
inline constexpr int SYS___lutimes50 = 424;
inline constexpr int SYS___setitimer50 = 425;
inline constexpr int SYS___getitimer50 = 426;
inline constexpr int SYS___clock_gettime50 = 427;
inline constexpr int SYS___clock_settime50 = 428;
inline constexpr int SYS___clock_getres50 = 429;
inline constexpr int SYS___nanosleep50 = 430;
inline constexpr int SYS___kevent50 = 435;
inline constexpr int SYS___pselect50 = 436;
inline constexpr int SYS___pollts50 = 437;
inline constexpr int SYS___aio_suspend50 = 438;
inline constexpr int SYS___stat50 = 439;
inline constexpr int SYS___fstat50 = 440;
inline constexpr int SYS___lstat50 = 441;
inline constexpr int SYS___timer_settime50 = 446;
inline constexpr int SYS___timer_gettime50 = 447;
inline constexpr int SYS___mknod50 = 450;
inline constexpr int SYS___fhstat50 = 451;
inline constexpr int SYS_pipe2 = 453;
inline constexpr int SYS_dup3 = 454;
inline constexpr int SYS_kqueue1 = 455;
inline constexpr int SYS_paccept = 456;
inline constexpr int SYS_linkat = 457;
inline constexpr int SYS_renameat = 458;
inline constexpr int SYS_mkfifoat = 459;
inline constexpr int SYS_mknodat = 460;
inline constexpr int SYS_mkdirat = 461;
inline constexpr int SYS_faccessat = 462;
inline constexpr int SYS_fchmodat = 463;
inline constexpr int SYS_fchownat = 464;
inline constexpr int SYS_fstatat = 466;
inline constexpr int SYS_utimensat = 467;
inline constexpr int SYS_openat = 468;
inline constexpr int SYS_readlinkat = 469;
inline constexpr int SYS_symlinkat = 470;
inline constexpr int SYS_unlinkat = 471;
inline constexpr int SYS_futimens = 472;
inline constexpr int SYS___quotactl = 473;
inline constexpr int SYS_recvmmsg = 475;
inline constexpr int SYS_sendmmsg = 476;
inline constexpr int SYS_clock_nanosleep = 477;
inline constexpr int SYS_posix_fallocate = 479;
inline constexpr int SYS_fdiscard = 480;

/// Slots in the table of system calls: a number from here on is ENOSYS without a look.
inline constexpr int SYS_NSYSENT = 512;
/// One more than the last number in use.
inline constexpr int SYS_MAXSYSCALL = 483;
/// Most argument slots, of 8 bytes each, that a call has.
inline constexpr int SYS_MAXSYSARGS = 8;

/// The name of a system call of NetBSD ("write", "__fstat50", "compat_50_mknod"), for calls outside a rump kernel too
/// ("fork"); an empty view for a number that has none.
[[nodiscard]] std::string_view syscall_name(std::uint32_t number) noexcept;

}  // namespace kern
