// Signals of NetBSD 7.99.34 (sys/signal.h). Numbers differ from Linux from SIGEMT (7) on.
//
// The host defines these names as macros with its own numbers; host_headers.hpp says how they are freed.
#pragma once

#include "kern/abi/host_headers.hpp"

#undef NSIG
#undef SIGHUP
#undef SIGINT
#undef SIGQUIT
#undef SIGILL
#undef SIGTRAP
#undef SIGABRT
#undef SIGIOT
#undef SIGEMT
#undef SIGFPE
#undef SIGKILL
#undef SIGBUS
#undef SIGSEGV
#undef SIGSYS
#undef SIGPIPE
#undef SIGALRM
#undef SIGTERM
#undef SIGURG
#undef SIGSTOP
#undef SIGTSTP
#undef SIGCONT
#undef SIGCHLD
#undef SIGTTIN
#undef SIGTTOU
#undef SIGIO
#undef SIGXCPU
#undef SIGXFSZ
#undef SIGVTALRM
#undef SIGPROF
#undef SIGWINCH
#undef SIGINFO
#undef SIGUSR1
#undef SIGUSR2
#undef SIGPWR
#undef SA_ONSTACK
#undef SA_RESTART
#undef SA_RESETHAND
#undef SA_NODEFER
#undef SA_NOCLDSTOP
#undef SA_NOCLDWAIT
#undef SA_SIGINFO
#undef SA_NOKERNINFO
#undef SIG_BLOCK
#undef SIG_UNBLOCK
#undef SIG_SETMASK
#undef SS_ONSTACK
#undef SS_DISABLE
#undef MINSIGSTKSZ
#undef SIGSTKSZ
#undef SIGEV_NONE
#undef SIGEV_SIGNAL
#undef SIGEV_THREAD
#undef SIGEV_SA

namespace kern {

inline constexpr int SIGHUP = 1;
inline constexpr int SIGINT = 2;
inline constexpr int SIGQUIT = 3;
inline constexpr int SIGILL = 4;
inline constexpr int SIGTRAP = 5;
inline constexpr int SIGABRT = 6;
inline constexpr int SIGIOT = 6;
inline constexpr int SIGEMT = 7;
inline constexpr int SIGFPE = 8;
inline constexpr int SIGKILL = 9;
inline constexpr int SIGBUS = 10;
inline constexpr int SIGSEGV = 11;
inline constexpr int SIGSYS = 12;
inline constexpr int SIGPIPE = 13;
inline constexpr int SIGALRM = 14;
inline constexpr int SIGTERM = 15;
inline constexpr int SIGURG = 16;
inline constexpr int SIGSTOP = 17;
inline constexpr int SIGTSTP = 18;
inline constexpr int SIGCONT = 19;
inline constexpr int SIGCHLD = 20;
inline constexpr int SIGTTIN = 21;
inline constexpr int SIGTTOU = 22;
inline constexpr int SIGIO = 23;
inline constexpr int SIGXCPU = 24;
inline constexpr int SIGXFSZ = 25;
inline constexpr int SIGVTALRM = 26;
inline constexpr int SIGPROF = 27;
inline constexpr int SIGWINCH = 28;
inline constexpr int SIGINFO = 29;
inline constexpr int SIGUSR1 = 30;
inline constexpr int SIGUSR2 = 31;
inline constexpr int SIGPWR = 32;

// One more than the last signal, and the flags of sigaction(2), sigprocmask(2), sigaltstack(2) and struct sigevent.
inline constexpr int NSIG = 64;
inline constexpr int SA_ONSTACK = 1;
inline constexpr int SA_RESTART = 2;
inline constexpr int SA_RESETHAND = 4;
inline constexpr int SA_NODEFER = 16;
inline constexpr int SA_NOCLDSTOP = 8;
inline constexpr int SA_NOCLDWAIT = 32;
inline constexpr int SA_SIGINFO = 64;
inline constexpr int SA_NOKERNINFO = 128;
inline constexpr int SIG_BLOCK = 1;
inline constexpr int SIG_UNBLOCK = 2;
inline constexpr int SIG_SETMASK = 3;
inline constexpr int SS_ONSTACK = 1;
inline constexpr int SS_DISABLE = 4;
inline constexpr int MINSIGSTKSZ = 8192;
inline constexpr int SIGSTKSZ = 40960;
inline constexpr int SIGEV_NONE = 0;
inline constexpr int SIGEV_SIGNAL = 1;
inline constexpr int SIGEV_THREAD = 2;
inline constexpr int SIGEV_SA = 3;

}  // namespace kern
