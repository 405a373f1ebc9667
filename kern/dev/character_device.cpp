#include "kern/dev/character_device.hpp"

#include "kern/abi/errno.hpp"
#include "kern/abi/fcntl.hpp"
#include "kern/abi/stat.hpp"
#include "kern/kernel.hpp"

namespace kern::dev {

int CharacterDevice::stat(Lwp& lwp, Stat& stat) {
  static_cast<void>(lwp);
  stat = {};
  stat.st_mode = S_IFCHR | DEFFILEMODE;
  stat.st_nlink = 1;
  stat.st_rdev = device_;
  stat.st_blksize = 512;
  return 0;
}

int CharacterDevice::seek(Lwp& lwp, std::int64_t to, int whence, std::int64_t& result) {
  static_cast<void>(lwp);
  switch (whence) {
    case SEEK_SET:
    case SEEK_END:
      offset = to;
      break;
    case SEEK_CUR:
      offset = static_cast<std::int64_t>(static_cast<std::uint64_t>(offset) + static_cast<std::uint64_t>(to));
      break;
    default:
      return EINVAL;
  }
  result = offset;
  return 0;
}

int CharacterDevice::check_position(Lwp& lwp, std::int64_t position) {
  static_cast<void>(lwp);
  static_cast<void>(position);
  return 0;
}

int CharacterDevice::check_flags(Lwp& lwp, int new_flags) {
  static_cast<void>(lwp);
  return ((flags ^ new_flags) & (FNONBLOCK | FASYNC)) == 0 ? 0 : ENODEV;
}

int CharacterDevice::pause(const Lwp& lwp) const {
  kernel_.machine().preempt();
  return lwp.must_exit ? EINTR : 0;
}

}  // namespace kern::dev
