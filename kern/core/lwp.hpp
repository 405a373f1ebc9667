// Processes and lwps (lightweight processes): the contexts in which kernel code runs. A fiber carries
// at most one lwp at a time (its *current* lwp), and an lwp is carried by at most one fiber.
#pragma once

#include <array>
#include <cstdint>

#include <boost/intrusive/list.hpp>

#include "kern/core/credentials.hpp"
#include "kern/core/user_memory.hpp"
#include "sim/fiber.hpp"
#include "sim/ids.hpp"

namespace kern {

class FileTable;
class Kernel;
class Mutex;
struct CurrentDirectory;
struct Proc;
struct Waiter;

/// A process that lives elsewhere, as far as the kernel must know it.
class RemoteClient {
 public:
  /// Tells it of a signal (rumpuser_sp_raise). Does not block.
  virtual void raise(int signal) = 0;

 protected:
  ~RemoteClient() = default;
};

using Pid = sim::Id<struct PidTag>;
using Lid = sim::Id<struct LidTag>;

using Hook = boost::intrusive::list_member_hook<boost::intrusive::link_mode<boost::intrusive::normal_link>>;

/// Kernel code reaches its context through the lwp it runs as.
struct Lwp {
  Lwp(const Lwp&) = delete;
  Lwp& operator=(const Lwp&) = delete;
  Lwp(Kernel& its_kernel, Proc& its_proc, Lid number) : kernel(its_kernel), proc(&its_proc), lid(number) {}

  Kernel& kernel;
  Proc* proc;
  Lid lid;
  sim::Fiber* fiber = nullptr;                ///< Who carries it now; null: nobody.
  sim::CpuId last_cpu{0};                     ///< Where it ran last: the scheduler's fast path.
  sim::CpuId bound_cpu = sim::CpuId::none();  ///< The only CPU it may run on, or none.
  bool is_implicit = false;                   ///< Made for one call of a bare thread, gone at unschedule.
  bool must_exit = false;                     ///< Its process is being ended: waits give EINTR (rump's LW_RUMP_QEXIT).
  Waiter* waiter = nullptr;                   ///< What it sleeps on, if it does.
  Hook hook;                                  ///< In `Proc::lwps`.
};

struct Proc {
  Proc(const Proc&) = delete;
  Proc& operator=(const Proc&) = delete;
  Proc(Kernel& its_kernel, Pid number) : kernel(its_kernel), pid(number) {}

  using LwpList = boost::intrusive::list<Lwp, boost::intrusive::member_hook<Lwp, Hook, &Lwp::hook>>;

  Kernel& kernel;
  Pid pid;
  Proc* parent = nullptr;
  std::array<char, 17> comm{};  ///< Program name, MAXCOMLEN (16) and a NUL.
  Credentials credentials;
  FileTable* files = nullptr;             ///< Counted reference; shared after an rfork with RUMP_RFFD_SHARE.
  CurrentDirectory* directory = nullptr;  ///< Root and current directory (cwdinfo); owned. Null without VFS.
  UserMemory* memory = nullptr;           ///< Whose memory its addresses mean. Null: it has none (EFAULT). Not owned.
  RemoteClient* client = nullptr;  ///< The sysproxy client whose process this is; null for local ones. Not owned.
  bool exiting = false;            ///< `lwp_exit_all` has begun: no new lwps.
  std::uint32_t next_lid = 1;
  LwpList lwps;
  Hook hook;  ///< In the process table, by pid.
};

}  // namespace kern
