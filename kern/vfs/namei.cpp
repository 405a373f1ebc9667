#include "kern/vfs/namei.hpp"

#include <algorithm>

#include "kern/abi/errno.hpp"
#include "kern/vfs/current_directory.hpp"

namespace kern::vfs {

Namei::Namei(Lwp& lwp, NameIntent intent, FinalLink final_link, Creates creates)
    : lwp_(lwp), credentials_(&lwp.proc->credentials), intent_(intent), final_link_(final_link), creates_(creates) {}

void Namei::release_parent() {
  if (parent) {
    parent->lock().exit();
    parent.reset();
  }
}

int Namei::copy_path(UserAddress path) {
  std::size_t with_nul = 0;
  const int error = copyinstr(lwp_, path, path_, with_nul);
  next_ = 0;
  end_ = error == 0 ? with_nul - 1 : 0;
  return error;
}

int Namei::set_path(std::string_view path) {
  if (path.size() >= path_.size()) {
    return ENAMETOOLONG;
  }
  std::ranges::copy(path, path_.begin());
  next_ = 0;
  end_ = path.size();
  return 0;
}

void Namei::skip_slashes() {
  const std::string_view here = rest();
  next_ += std::min(here.find_first_not_of('/'), here.size());
}

int Namei::parse_name() {
  const std::string_view here = rest();
  name_ = here.substr(0, std::min(here.find('/'), here.size()));
  if (name_.size() > KERNEL_NAME_MAX) {
    return ENAMETOOLONG;
  }
  next_ += name_.size();
  const std::size_t after_name = next_;
  skip_slashes();
  slashes_ = next_ - after_name;
  return 0;
}

int Namei::lookup_in(Vnode& directory, VnodeReference& found) {
  CurrentDirectory& process = *lwp_.proc->directory;
  if (name_ == ".." && (&directory == process.root.get() || directory.is_root())) {
    found = VnodeReference::to(directory);
    return 0;
  }
  const ComponentName component{.name = name_, .intent = intent_, .is_last = rest().empty()};
  const int error = directory.lookup(component, *credentials_, found);
  if (error == 0 && !found && slashes_ > 0 && creates_ != Creates::directory) {
    return ENOENT;
  }
  return error;
}

bool Namei::must_follow(const Vnode& found) const {
  return found.type() == VnodeType::link && (slashes_ > 0 || final_link_ == FinalLink::follow);
}

int Namei::follow(Vnode& link) {
  if (links_followed_++ >= MAXSYMLINKS) {
    return ELOOP;
  }
  std::string_view target;
  if (const int error = link.readlink(target); error != 0) {
    return error;
  }
  if (target.empty()) {
    return ENOENT;
  }
  next_ -= slashes_;
  const std::size_t left = end_ - next_;
  if (target.size() + left + 1 >= path_.size()) {
    return ENAMETOOLONG;
  }
  const auto from = path_.begin() + static_cast<std::ptrdiff_t>(next_);
  const auto to = path_.begin() + static_cast<std::ptrdiff_t>(target.size());
  if (to > from) {
    std::copy_backward(from, from + static_cast<std::ptrdiff_t>(left), to + static_cast<std::ptrdiff_t>(left));
  } else {
    std::copy(from, from + static_cast<std::ptrdiff_t>(left), to);
  }
  std::ranges::copy(target, path_.begin());
  next_ = 0;
  end_ = target.size() + left;
  return 0;
}

int Namei::find() {
  if (rest().empty()) {
    return ENOENT;  // POSIX.1: "" names nothing
  }
  CurrentDirectory& process = *lwp_.proc->directory;
  VnodeReference directory = VnodeReference::to(rest().front() == '/' ? *process.root : *process.current);
  if (!directory->is_directory()) {
    return ENOTDIR;
  }
  skip_slashes();
  while (!rest().empty()) {
    if (const int error = parse_name(); error != 0) {
      return error;
    }
    directory->lock().enter();
    VnodeReference found;
    const int error = lookup_in(*directory, found);
    const bool is_end = error == 0 && rest().empty() && (!found || !must_follow(*found));
    if (is_end && (!found || found->is_directory() || slashes_ == 0)) {
      if (intent_ == NameIntent::lookup) {
        directory->lock().exit();
      } else {
        parent = std::move(directory);
      }
      vnode = std::move(found);
      return 0;
    }
    directory->lock().exit();
    if (error != 0) {
      return error;
    }
    if (must_follow(*found)) {
      if (const int refused = follow(*found); refused != 0) {
        return refused;
      }
      if (path_.front() == '/') {
        directory = VnodeReference::to(*process.root);
        skip_slashes();
      }
      continue;
    }
    if (!found->is_directory()) {
      return ENOTDIR;  // slashes follow
    }
    directory = std::move(found);
  }
  // It was nothing but slashes, or a link to such: the root, which is in no directory.
  switch (intent_) {
    case NameIntent::create:
      return EEXIST;
    case NameIntent::remove:
      return EBUSY;
    case NameIntent::lookup:
      break;
  }
  vnode = std::move(directory);
  return 0;
}

}  // namespace kern::vfs
