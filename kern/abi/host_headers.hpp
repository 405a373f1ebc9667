// How kern/abi/ takes its names from the host.
//
// The host's headers define ENOENT, O_CREAT, SIGBUS and some 600 more names of the field as macros with the host's
// numbers, and a macro knows no namespace. So this header reads all of them first, which makes any later #include of
// them a no-op by their include guards; each header of kern/abi/ then frees (#undef) its names and defines them as
// constants in namespace kern.
//
// Some headers of the standard library mention those macros in inline functions (EINTR in <atomic>, CLOCK_MONOTONIC in
// <mutex>). They would not compile after the names are freed, so they are read here as well. That is for their text
// alone: nothing in kern/ may use a thread or a lock of the host.
//
// A file that needs the host's own numbers cannot include kern/abi/. It belongs outside kern/, to an adapter that
// converts at its border (as fmt/os.h, which also mentions them: include it before anything of kern/).
#pragma once

#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <memory>
#include <memory_resource>
#include <mutex>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string>
#include <sys/file.h>
#include <sys/param.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <system_error>
#include <time.h>
#include <unistd.h>
