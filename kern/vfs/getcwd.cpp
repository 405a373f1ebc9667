#include "kern/vfs/getcwd.hpp"

#include <algorithm>

#include "kern/abi/errno.hpp"
#include "kern/vfs/current_directory.hpp"

namespace kern::vfs {
namespace {

/// Puts text before what is there.
int prepend(std::string_view text, std::span<char>& free) {
  if (text.size() > free.size()) {
    return ERANGE;
  }
  std::ranges::copy(text, free.last(text.size()).begin());
  free = free.first(free.size() - text.size());
  return 0;
}

}  // namespace

int getcwd(Lwp& lwp, std::span<char> room, std::span<const char>& path) {
  const CurrentDirectory& process = *lwp.proc->directory;
  const Credentials& credentials = lwp.proc->credentials;
  std::span<char> free = room;
  int error = prepend(std::string_view("\0", 1), free);
  VnodeReference here = VnodeReference::to(*process.current);
  if (error == 0 && here.get() == process.root.get()) {
    error = prepend("/", free);
  }
  std::uint32_t wanted = VEXEC;
  while (error == 0 && here.get() != process.root.get()) {
    VnodeReference parent;
    {
      const MutexGuard guard(here->lock());
      error = check_access(*here, wanted, credentials);
      if (error == 0) {
        error = here->lookup({.name = ".."}, credentials, parent);
      }
    }
    if (error != 0) {
      break;
    }
    wanted = VEXEC | VREAD;
    if (parent.get() == here.get()) {
      error = ENOENT;  // a root that is not the process's
      break;
    }
    {
      const MutexGuard guard(parent->lock());
      std::string_view name;
      error = parent->name_of(*here, name);
      if (error == 0) {
        error = prepend(name, free);
      }
    }
    if (error == 0) {
      error = prepend("/", free);
    }
    here = std::move(parent);
  }
  path = room.subspan(free.size());
  return error;
}

}  // namespace kern::vfs
