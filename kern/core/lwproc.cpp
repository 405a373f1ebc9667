#include "kern/core/lwproc.hpp"

#include <cstring>

#include "kern/abi/errno.hpp"
#include "kern/fd/file_table.hpp"
#include "kern/kernel.hpp"
#include "kern/vfs/vfs.hpp"

namespace kern {
namespace {

// PID_MAX of NetBSD; numbers wrap around there and skip those in use.
constexpr std::uint32_t kMaximumPid = 30'000;

void set_comm(Proc& proc, std::string_view comm) {
  proc.comm.fill('\0');
  const std::size_t length = std::min(comm.size(), proc.comm.size() - 1);
  std::memcpy(proc.comm.data(), comm.data(), length);
}

}  // namespace

bool LwProcesses::initialise() {
  auto* proc0 = kernel_.kmem().create<Proc>(kernel_, Pid{0});
  if (proc0 == nullptr) {
    return false;
  }
  set_comm(*proc0, "system");
  all_.push_back(*proc0);
  Lwp* lwp0 = allocate_lwp(*proc0);
  if (lwp0 == nullptr) {
    return false;
  }
  carry(lwp0);
  return true;
}

Lwp* LwProcesses::current() const {
  return kernel_.curlwp();
}

void LwProcesses::carry(Lwp* lwp) {
  sim::Fiber& fiber = *kernel_.machine().current();
  if (auto* old = static_cast<Lwp*>(fiber.local)) {
    old->fiber = nullptr;
  }
  fiber.local = lwp;
  if (lwp != nullptr) {
    lwp->fiber = &fiber;
  }
  kernel_.machine().emit(event(KernelEvent::lwp_switch), lwp == nullptr ? ~std::uint64_t{0} : lwp->proc->pid.value,
                         lwp == nullptr ? ~std::uint64_t{0} : lwp->lid.value);
}

void LwProcesses::switch_to(Lwp* lwp) {
  Lwp* old = current();
  if (lwp == old) {
    return;
  }
  if (lwp != nullptr && lwp->fiber != nullptr) {
    kernel_.panic("lwp {}.{} is already carried by fiber {}", lwp->proc->pid.value, lwp->lid.value,
                  lwp->fiber->id().value);
  }
  carry(lwp);
  if (old != nullptr && old->is_implicit) {
    discard_lwp(old);  // never its process's last: process 1 keeps one of its own
  }
}

Lwp* LwProcesses::allocate_lwp(Proc& proc) {
  auto* lwp = kernel_.kmem().create<Lwp>(kernel_, proc, Lid{proc.next_lid});
  if (lwp == nullptr) {
    return nullptr;
  }
  ++proc.next_lid;
  proc.lwps.push_back(*lwp);
  kernel_.machine().emit(event(KernelEvent::lwp_new), proc.pid.value, lwp->lid.value);
  return lwp;
}

void LwProcesses::discard_lwp(Lwp* lwp) {
  SIM_ASSERT(lwp->fiber == nullptr);
  Proc& proc = *lwp->proc;
  proc.lwps.erase(proc.lwps.iterator_to(*lwp));
  kernel_.machine().emit(event(KernelEvent::lwp_exit), proc.pid.value, lwp->lid.value);
  kernel_.kmem().destroy(lwp);
}

Proc* LwProcesses::find(Pid pid) {
  for (Proc& proc : all_) {
    if (proc.pid == pid) {
      return &proc;
    }
  }
  return nullptr;
}

Pid LwProcesses::next_pid() {
  for (std::uint32_t tries = 0; tries < kMaximumPid; ++tries) {
    last_pid_ = last_pid_ % kMaximumPid + 1;
    if (find(Pid{last_pid_}) == nullptr) {
      return Pid{last_pid_};
    }
  }
  return Pid::none();
}

Proc* LwProcesses::allocate_proc(Proc* parent, DescriptorInheritance descriptors, Proc* source) {
  const Pid pid = next_pid();
  if (pid.is_none()) {
    return nullptr;
  }
  FileTable* files = nullptr;
  if (source == nullptr || source->files == nullptr || descriptors == DescriptorInheritance::clear) {
    files = FileTable::create(kernel_);
  } else if (descriptors == DescriptorInheritance::copy) {
    files = source->files->copy();
  } else {
    files = source->files;
    files->hold();
  }
  if (files == nullptr) {
    return nullptr;
  }
  CurrentDirectory* directory = nullptr;
  if (source != nullptr && source->directory != nullptr) {
    directory = vfs::copy_current_directory(kernel_, source->directory);
  }
  auto* proc = kernel_.kmem().create<Proc>(kernel_, pid);
  if (proc == nullptr || (directory == nullptr && source != nullptr && source->directory != nullptr)) {
    kernel_.kmem().destroy(proc);
    if (directory != nullptr) {
      vfs::free_current_directory(kernel_, directory);
    }
    files->release();
    return nullptr;
  }
  proc->parent = parent;
  proc->files = files;
  proc->directory = directory;
  if (source != nullptr) {
    proc->credentials = source->credentials;
  }
  all_.push_back(*proc);
  kernel_.machine().emit(event(KernelEvent::proc_new), pid.value, parent == nullptr ? 0 : parent->pid.value);
  return proc;
}

int LwProcesses::make_init() {
  Proc* proc0 = find(Pid{0});
  Proc* init = allocate_proc(proc0, DescriptorInheritance::clear, proc0);
  if (init == nullptr || allocate_lwp(*init) == nullptr) {
    return ENOMEM;
  }
  SIM_ASSERT(init->pid == Pid{1});
  set_comm(*init, "rumplocal");
  init_ = init;
  return 0;
}

int LwProcesses::rfork(DescriptorInheritance descriptors, std::string_view comm) {
  Lwp* self = current();
  Proc* source = self != nullptr ? self->proc : init_;
  Proc* proc = allocate_proc(init_, descriptors, source);
  if (proc == nullptr) {
    return ENOMEM;
  }
  Lwp* lwp = allocate_lwp(*proc);
  if (lwp == nullptr) {
    end_process(*proc);
    return ENOMEM;
  }
  set_comm(*proc, comm);
  switch_to(lwp);
  return 0;
}

int LwProcesses::new_lwp(Pid pid) {
  Proc* proc = find(pid);
  if (proc == nullptr) {
    return ESRCH;
  }
  if (proc->exiting) {
    return EBUSY;
  }
  Lwp* lwp = allocate_lwp(*proc);
  if (lwp == nullptr) {
    return ENOMEM;
  }
  switch_to(lwp);
  return 0;
}

void LwProcesses::release() {
  Lwp* self = current();
  if (self == nullptr) {
    kernel_.panic("released an lwp when there is none");
  }
  Proc& proc = *self->proc;
  const bool is_last = &proc.lwps.front() == self && &proc.lwps.back() == self;
  if (is_last) {
    // Closing files may sleep, so it is done while there is still an lwp to sleep with.
    proc.exiting = true;
    FileTable* files = std::exchange(proc.files, nullptr);
    if (files != nullptr) {
      files->release();
    }
    if (CurrentDirectory* directory = std::exchange(proc.directory, nullptr)) {
      vfs::free_current_directory(kernel_, directory);
    }
  }
  carry(nullptr);
  discard_lwp(self);
  if (is_last) {
    end_process(proc);
  }
}

void LwProcesses::end_process(Proc& proc) {
  SIM_ASSERT(proc.lwps.empty());
  if (proc.files != nullptr) {
    proc.files->release();
  }
  if (proc.directory != nullptr) {
    vfs::free_current_directory(kernel_, proc.directory);
  }
  for (Proc& child : all_) {
    if (child.parent == &proc) {
      child.parent = init_;
    }
  }
  all_.erase(all_.iterator_to(proc));
  kernel_.machine().emit(event(KernelEvent::proc_exit), proc.pid.value);
  kernel_.kmem().destroy(&proc);
}

void LwProcesses::exit_others() {
  Lwp* self = current();
  self->proc->exiting = true;
  for (Lwp& lwp : self->proc->lwps) {
    if (&lwp == self) {
      continue;
    }
    lwp.must_exit = true;
    if (lwp.waiter != nullptr && lwp.waiter->queue != nullptr) {
      lwp.waiter->queue->wake(*lwp.waiter);
    }
  }
}

void LwProcesses::exec_notify(std::string_view comm) {
  Proc& proc = *current()->proc;
  proc.exiting = false;  // the lwps that exit_others() asked have left; the new program makes its own
  set_comm(proc, comm);
  proc.files->close_on_exec();
}

}  // namespace kern
