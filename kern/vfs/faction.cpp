#include "kern/vfs/faction.hpp"

#include "kern/abi/errno.hpp"
#include "kern/abi/stat.hpp"
#include "kern/kernel.hpp"
#include "kern/vfs/current_directory.hpp"
#include "kern/vfs/namei.hpp"
#include "kern/vfs/vnode_file.hpp"

namespace kern::vfs {

int Vfs::attach(Kernel& kernel) {
  auto* faction = kernel.kmem().create<Faction>(kernel);
  if (faction == nullptr) {
    return ENOMEM;
  }
  if (const int error = faction->mount_root(); error != 0) {
    return error;
  }
  Proc& proc0 = *kernel.curlwp()->proc;
  proc0.directory = make_current_directory(kernel, faction->root());
  if (proc0.directory == nullptr) {
    return ENOMEM;
  }
  kernel.set_vfs(faction);
  return 0;
}

int Faction::mount_root() {
  if (const int error = rumpfs_.mount(); error != 0) {
    return error;
  }
  VnodeReference made;
  if (root().mkdir("dev", 0755, made) != 0 || root().mkdir("tmp", 01777, made) != 0) {
    return ENOMEM;
  }
  return 0;
}

int Faction::make_device_node(std::string_view path, std::uint64_t device, DeviceOpen device_open) {
  Namei namei(*kernel_.curlwp(), NameIntent::create, FinalLink::keep);
  if (const int error = namei.set_path(path); error != 0) {
    return error;
  }
  if (const int error = namei.find(); error != 0) {
    return error;
  }
  if (namei.vnode) {
    return EEXIST;
  }
  return static_cast<RumpfsNode&>(*namei.parent).make_device(namei.name(), DEFFILEMODE, device, device_open);
}

int Faction::open(Lwp& lwp, std::string_view path, int flags, std::uint32_t mode, File*& file) {
  file = nullptr;
  Namei namei(lwp, intent_for(flags), final_link_for(flags));
  if (const int error = namei.set_path(path); error != 0) {
    return error;
  }
  auto* made = kernel_.kmem().create<VnodeFile>(kernel_);
  if (made == nullptr) {
    return ENOMEM;
  }
  if (const int error = made->open(lwp, namei, flags, mode); error != 0) {
    made->release();
    return error;
  }
  file = made;
  return 0;
}

}  // namespace kern::vfs
