// /dev/zero (rump's devnull.c): zeros without end; takes everything.

#include <algorithm>
#include <array>

#include "kern/abi/errno.hpp"
#include "kern/dev/character_device.hpp"
#include "kern/kernel.hpp"

namespace kern::dev {
namespace {

class Zero final : public CharacterDevice {
 public:
  Zero(Kernel& kernel, std::uint64_t device, int its_flags) : CharacterDevice(kernel, device, its_flags) {}

  [[nodiscard]] int read(Uio& uio, OffsetUse) override {
    std::array<std::byte, 512> zeros{};  // a remote client sees pieces of this size
    while (uio.residual > 0) {
      if (const int error = uiomove(zeros, uio); error != 0) {
        return error;
      }
      if (const int error = pause(*uio.lwp); error != 0) {
        return error;
      }
    }
    return 0;
  }
  [[nodiscard]] int write(Uio& uio, OffsetUse) override {
    uio.residual = 0;
    return 0;
  }

 private:
  void close() override { kernel_.kmem().destroy(this); }
};

}  // namespace

int open_zero(Kernel& kernel, std::uint64_t device, int flags, File*& file) {
  file = kernel.kmem().create<Zero>(kernel, device, flags);
  return file == nullptr ? ENOMEM : 0;
}

}  // namespace kern::dev
