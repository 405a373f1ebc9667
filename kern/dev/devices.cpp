#include "kern/dev/devices.hpp"

#include <array>
#include <string_view>

#include "kern/dev/character_device.hpp"
#include "kern/kernel.hpp"
#include "kern/vfs/vfs.hpp"

namespace kern::dev {
namespace {

struct Device {
  std::string_view path;
  std::uint64_t number;
  vfs::DeviceOpen open;
};

// Numbers of NetBSD amd64 (conf/majors, majors.amd64).
constexpr std::array kDevices{
    Device{"/dev/null", make_dev(2, 2), open_null},
    Device{"/dev/zero", make_dev(2, 12), open_zero},
    Device{"/dev/random", make_dev(46, 0), open_random},
    Device{"/dev/urandom", make_dev(46, 1), open_random},
    Device{"/dev/console", make_dev(0, 0), open_console_device},
};

}  // namespace

int make_nodes(Kernel& kernel) {
  vfs::Vfs* vfs = kernel.vfs();
  if (vfs == nullptr) {
    return 0;  // no faction VFS: no names
  }
  for (const Device& device : kDevices) {
    if (const int error = vfs->make_device_node(device.path, device.number, device.open); error != 0) {
      return error;
    }
  }
  return 0;
}

}  // namespace kern::dev
