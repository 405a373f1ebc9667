// pipe and pipe2 (sys_pipe.c, sys_descrip.c).

#include <array>

#include "kern/abi/errno.hpp"
#include "kern/abi/fcntl.hpp"
#include "kern/abi/syscall_numbers.hpp"
#include "kern/fd/file_table.hpp"
#include "kern/fd/pipe.hpp"
#include "kern/fd/syscalls.hpp"
#include "kern/kernel.hpp"

namespace kern {
namespace {

struct PipeDescriptors {
  FileReference read_end;  // held besides the descriptors' own references
  FileReference write_end;
  std::array<std::int32_t, 2> fds{};
};

int open_descriptor(FileTable& files, File& file, std::int32_t& fd) {
  file.hold();
  const int error = files.allocate(&file, 0, (file.flags & O_CLOEXEC) != 0, fd);
  if (error != 0) {
    file.release();
  }
  return error;
}

// pipe1.
int open_pipe(Lwp& lwp, int flags, PipeDescriptors& made) {
  if ((flags & ~(O_CLOEXEC | O_NONBLOCK | O_NOSIGPIPE)) != 0) {
    return EINVAL;
  }
  if (const int error = make_pipe(lwp, flags, made.read_end, made.write_end); error != 0) {
    return error;
  }
  FileTable& files = *lwp.proc->files;
  if (const int error = open_descriptor(files, *made.read_end, made.fds[0]); error != 0) {
    return error;
  }
  const int error = open_descriptor(files, *made.write_end, made.fds[1]);
  if (error != 0) {
    files.remove(made.fds[0], *made.read_end);
  }
  return error;
}

int sys_pipe(Lwp& lwp, const SyscallArguments&, SyscallResult& result) {
  PipeDescriptors made;
  const int error = open_pipe(lwp, 0, made);
  if (error == 0) {
    result.value = {made.fds[0], made.fds[1]};
  }
  return error;
}

int sys_pipe2(Lwp& lwp, const SyscallArguments& arguments, SyscallResult& result) {
  PipeDescriptors made;
  if (const int error = open_pipe(lwp, arguments.integer(1), made); error != 0) {
    return error;
  }
  if (const int error = copyout_object(lwp, made.fds, arguments.raw(0)); error != 0) {
    // NetBSD leaves both open, and nobody knows their numbers.
    lwp.proc->files->remove(made.fds[0], *made.read_end);
    lwp.proc->files->remove(made.fds[1], *made.write_end);
    return error;
  }
  result.value[1] = made.fds[1];  // what pipe1 left there: the first is set to 0, the second is forgotten
  return 0;
}

constexpr std::array kCalls{
    SyscallImplementation{SYS_pipe, sys_pipe},
    SyscallImplementation{SYS_pipe2, sys_pipe2},
};

}  // namespace

std::span<const SyscallImplementation> pipe_syscalls() {
  return kCalls;
}

}  // namespace kern
