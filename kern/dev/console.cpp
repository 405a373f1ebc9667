// The console (rump's cons.c 1.5): output only, as there is no hypercall to read the host's.

#include <algorithm>

#include "kern/abi/errno.hpp"
#include "kern/abi/fcntl.hpp"
#include "kern/abi/limits.hpp"
#include "kern/abi/stat.hpp"
#include "kern/dev/character_device.hpp"
#include "kern/dev/devices.hpp"
#include "kern/fd/file_table.hpp"
#include "kern/kernel.hpp"

namespace kern::dev {
namespace {

class Console final : public CharacterDevice {
 public:
  Console(Kernel& kernel, std::uint64_t device, int its_flags) : CharacterDevice(kernel, device, its_flags) {}

  /// End of file.
  [[nodiscard]] int read(Uio&, OffsetUse) override { return 0; }
  [[nodiscard]] int write(Uio& uio, OffsetUse) override {
    if (uio.residual == 0) {
      return 0;
    }
    const KmemBuffer buffer(kernel_.kmem(), std::min<std::size_t>(uio.residual, NBPG));
    if (!buffer) {
      return ENOMEM;
    }
    while (uio.residual > 0) {
      const std::span<std::byte> piece(buffer.data(), std::min(buffer.size(), uio.residual));
      if (const int error = uiomove(piece, uio); error != 0) {
        return error;
      }
      kernel_.console_write(piece);
      if (const int error = pause(*uio.lwp); error != 0) {
        return error;
      }
    }
    return 0;
  }

  [[nodiscard]] int stat(Lwp&, Stat& stat) override {
    stat = {};
    stat.st_mode = S_IFCHR | S_IRUSR | S_IWUSR;
    const Timespec boot{.tv_sec = kernel_.machine().config().epoch_seconds, .tv_nsec = 0};
    stat.st_atim = stat.st_mtim = stat.st_ctim = stat.st_birthtim = boot;
    return 0;
  }
  [[nodiscard]] int seek(Lwp&, std::int64_t, int, std::int64_t&) override { return ESPIPE; }
  [[nodiscard]] int check_position(Lwp&, std::int64_t) override { return ESPIPE; }
  [[nodiscard]] int check_flags(Lwp&, int new_flags) override {
    return ((flags ^ new_flags) & (FNONBLOCK | FASYNC)) == 0 ? 0 : ENOTTY;  // rumpcons_ioctl
  }

 private:
  void close() override { kernel_.kmem().destroy(this); }
};

}  // namespace

int open_console_device(Kernel& kernel, std::uint64_t device, int flags, File*& file) {
  file = kernel.kmem().create<Console>(kernel, device, flags);
  return file == nullptr ? ENOMEM : 0;
}

int open_console(Lwp& lwp) {
  File* made = nullptr;
  if (const int error = open_console_device(lwp.kernel, 0, FWRITE, made); error != 0) {
    return error;
  }
  const FileReference console(made);
  for (int wanted = 0; wanted <= 2; ++wanted) {
    int fd = 0;
    console->hold();
    if (const int error = lwp.proc->files->allocate(made, wanted, false, fd); error != 0) {
      console->release();
      return error;
    }
  }
  return 0;
}

}  // namespace kern::dev
