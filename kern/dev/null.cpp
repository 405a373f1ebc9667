// /dev/null (rump's devnull.c): takes everything, gives nothing. What is written is not looked at, so its address may
// be anything.

#include "kern/abi/errno.hpp"
#include "kern/dev/character_device.hpp"
#include "kern/kernel.hpp"

namespace kern::dev {
namespace {

class Null final : public CharacterDevice {
 public:
  Null(Kernel& kernel, std::uint64_t device, int its_flags) : CharacterDevice(kernel, device, its_flags) {}

  [[nodiscard]] int read(Uio&, OffsetUse) override { return 0; }
  [[nodiscard]] int write(Uio& uio, OffsetUse) override {
    uio.residual = 0;
    return 0;
  }

 private:
  void close() override { kernel_.kmem().destroy(this); }
};

}  // namespace

int open_null(Kernel& kernel, std::uint64_t device, int flags, File*& file) {
  file = kernel.kmem().create<Null>(kernel, device, flags);
  return file == nullptr ? ENOMEM : 0;
}

}  // namespace kern::dev
