// Life of processes and lwps, as rump's lwproc.c: a fiber asks for a new process or lwp, switches
// between those it has, and releases them. All calls but switch_to are made by a fiber that holds a CPU (is
// scheduled). Errors are errno values.
#pragma once

#include <string_view>

#include "kern/core/lwp.hpp"

namespace kern {

/// Descriptors of a process made by rfork (RUMP_RFFD_*).
enum class DescriptorInheritance : std::uint32_t {
  share = 0x00,  ///< The same table as the parent.
  copy = 0x01,   ///< A copy of the parent's.
  clear = 0x02,  ///< An empty table.
};

class LwProcesses {
 public:
  using ProcList = boost::intrusive::list<Proc, boost::intrusive::member_hook<Proc, Hook, &Proc::hook>>;

  explicit LwProcesses(Kernel& kernel) : kernel_(kernel) {}

  /// procinit and proc0_init: process 0 with its first lwp. Called once, at boot, on the boot fiber, which carries
  /// that lwp from here on. False: no memory.
  [[nodiscard]] bool initialise();

  /// rump_lwproc_rfork: a new process, child of process 1 (of 0 before there is one), with one lwp that the
  /// current fiber carries afterwards. Its descriptors come from the current lwp's process. The old lwp, if not
  /// implicit, is left without a carrier. ENOMEM, EAGAIN (no pid).
  [[nodiscard]] int rfork(DescriptorInheritance descriptors, std::string_view comm);
  /// rump_lwproc_newlwp: a new lwp in process `pid`, which the current fiber carries afterwards. ESRCH, EBUSY (the
  /// process is ending), ENOMEM.
  [[nodiscard]] int new_lwp(Pid pid);
  /// rump_lwproc_switch: the current fiber carries `lwp` from here on; null: none. Panics when another fiber does.
  void switch_to(Lwp* lwp);
  /// rump_lwproc_releaselwp: ends the current lwp, and its process with the last one.
  void release();
  /// rump_lwproc_curlwp: the lwp of the current fiber; null: none.
  [[nodiscard]] Lwp* current() const;

  /// hyp_lwpexit: asks all other lwps of the current process to leave the kernel: their waits give EINTR. Does not
  /// wait for them.
  void exit_others();
  /// hyp_execnotify: the process has a new program: its name changes and close-on-exec descriptors are closed.
  void exec_notify(std::string_view comm);

  /// An lwp of `proc` that nobody carries yet. Null: no memory.
  [[nodiscard]] Lwp* allocate_lwp(Proc& proc);
  /// Ends an lwp that nobody carries and that is not its process's last.
  void discard_lwp(Lwp* lwp);
  /// The process with this number, or null.
  [[nodiscard]] Proc* find(Pid pid);
  /// Process 1, "rumplocal": implicit lwps are its own. Null before it is made.
  [[nodiscard]] Proc* init_process() const { return init_; }
  /// Makes process 1. ENOMEM.
  [[nodiscard]] int make_init();
  [[nodiscard]] const ProcList& all() const { return all_; }

 private:
  [[nodiscard]] Proc* allocate_proc(Proc* parent, DescriptorInheritance descriptors, Proc* source);
  void end_process(Proc& proc);
  void carry(Lwp* lwp);
  [[nodiscard]] Pid next_pid();

  Kernel& kernel_;
  Proc* init_ = nullptr;
  std::uint32_t last_pid_ = 0;
  ProcList all_;
};

}  // namespace kern
