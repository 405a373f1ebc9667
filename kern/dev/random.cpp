// /dev/random and /dev/urandom (rndpseudo.c 1.35). The bytes are the machine's seeded entropy, so they are the same in
// each run of one seed. /dev/random gives at most what its generator is worth between two seedings, 16 bytes; here
// the next seed is always at hand, so that it never blocks.

#include <algorithm>
#include <array>

#include "kern/abi/errno.hpp"
#include "kern/abi/stat.hpp"
#include "kern/dev/character_device.hpp"
#include "kern/kernel.hpp"

namespace kern::dev {
namespace {

constexpr std::uint32_t kRandomMinor = 0;
constexpr std::size_t kPiece = 512;     // RND_TEMP_BUFFER_SIZE
constexpr std::size_t kStrength = 16;   // NIST_BLOCK_KEYLEN_BYTES
constexpr std::size_t kPoolSize = 512;  // RND_POOLWORDS words

// Not a vnode's file: opening the node makes one of its own kind (EMOVEFD), without offset and with little to tell.
class Random final : public CharacterDevice {
 public:
  Random(Kernel& kernel, const Credentials& opener, std::uint64_t device, int its_flags)
      : CharacterDevice(kernel, device, its_flags), uid_(opener.euid), gid_(opener.egid) {}

  [[nodiscard]] int read(Uio& uio, OffsetUse) override {
    const bool is_hard = dev_minor(device_) == kRandomMinor;
    std::array<std::byte, kPiece> bytes;
    while (uio.residual > 0) {
      const std::size_t size = std::min({uio.residual, bytes.size(), is_hard ? strength_ : kPiece});
      const std::span<std::byte> piece = std::span(bytes).first(size);
      kernel_.machine().entropy(piece);
      if (is_hard) {
        strength_ = size == strength_ ? kStrength : strength_ - size;
      }
      const int error = uiomove(piece, uio);
      if (error != 0 || is_hard) {
        return error;
      }
      if (const int stopped = pause(*uio.lwp); stopped != 0) {
        return stopped;
      }
    }
    return 0;
  }

  // Only the superuser may add to the pool, and a write stops when it has filled it. The bytes go nowhere: entropy has
  // one source here.
  [[nodiscard]] int write(Uio& uio, OffsetUse) override {
    if (!uio.lwp->proc->credentials.is_superuser()) {
      return EPERM;
    }
    std::array<std::byte, kPiece> bytes;
    for (std::size_t added = 0; uio.residual > 0 && added <= kPoolSize; added += kPiece) {
      if (const int error = uiomove(bytes, uio); error != 0) {
        return error;
      }
    }
    return 0;
  }

  [[nodiscard]] int stat(Lwp&, Stat& stat) override {
    stat = {};
    stat.st_mode = S_IFCHR;
    stat.st_dev = device_;
    stat.st_uid = uid_;
    stat.st_gid = gid_;
    return 0;
  }
  [[nodiscard]] int seek(Lwp&, std::int64_t, int, std::int64_t&) override { return ESPIPE; }
  [[nodiscard]] int check_position(Lwp&, std::int64_t) override { return ESPIPE; }
  [[nodiscard]] int check_flags(Lwp&, int) override { return 0; }

 private:
  void close() override { kernel_.kmem().destroy(this); }

  std::uint32_t uid_;
  std::uint32_t gid_;
  std::size_t strength_ = kStrength;  ///< Bytes that the generator is still good for.
};

}  // namespace

int open_random(Kernel& kernel, std::uint64_t device, int flags, File*& file) {
  const Lwp* opener = kernel.curlwp();
  file = kernel.kmem().create<Random>(kernel, opener == nullptr ? Credentials{} : opener->proc->credentials, device,
                                      flags);
  return file == nullptr ? ENOMEM : 0;
}

}  // namespace kern::dev
