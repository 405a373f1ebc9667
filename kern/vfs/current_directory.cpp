#include "kern/vfs/current_directory.hpp"

#include "kern/kernel.hpp"
#include "kern/vfs/vfs.hpp"

namespace kern::vfs {

CurrentDirectory* make_current_directory(Kernel& kernel, Vnode& root) {
  auto* made = kernel.kmem().create<CurrentDirectory>();
  if (made != nullptr) {
    made->current = VnodeReference::to(root);
    made->root = VnodeReference::to(root);
  }
  return made;
}

CurrentDirectory* copy_current_directory(Kernel& kernel, CurrentDirectory* from) {
  auto* made = kernel.kmem().create<CurrentDirectory>();
  if (made != nullptr) {
    made->current = VnodeReference::to(*from->current);
    made->root = VnodeReference::to(*from->root);
    made->mask = from->mask;
  }
  return made;
}

void free_current_directory(Kernel& kernel, CurrentDirectory* directory) {
  kernel.kmem().destroy(directory);
}

}  // namespace kern::vfs
