// The workers: fibers that carry out system calls of clients and may sleep in them while others go on
// (serv_syscallbouncer() of rumpuser_sp.c). Made when needed, up to a limit; some stay when there is nothing to do.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include <boost/intrusive/list.hpp>

#include "kern/abi/syscall_numbers.hpp"
#include "kern/core/wait.hpp"

namespace kern {
class Kernel;
}

namespace kern::sysproxy {

class Session;  // NOLINT(cppcoreguidelines-virtual-class-destructor): it is final

/// A system call that waits for a worker (struct sysbouncearg). Of its arguments no more is kept than any call takes.
struct CallRequest {
  Session* session = nullptr;
  std::uint64_t request_number = 0;
  std::uint32_t sysnum = 0;
  std::size_t block_size = 0;
  std::array<std::byte, std::size_t{SYS_MAXSYSARGS} * 8> block{};
  Hook hook;
};

class WorkerPool {
 public:
  WorkerPool(Kernel& kernel, std::uint32_t max_workers, std::uint32_t idle_workers)
      : kernel_(kernel), max_workers_(max_workers), idle_workers_(idle_workers) {}
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  /// Takes the request over and sees that a worker comes to it. False: there is no worker, and none could be made; the
  /// request stays the caller's.
  [[nodiscard]] bool submit(CallRequest* request);
  [[nodiscard]] std::uint32_t workers() const { return workers_; }
  [[nodiscard]] std::uint32_t idle() const { return idle_.size(); }

 private:
  static void worker_main(void* pool);
  void work();
  void serve(const CallRequest& request);

  Kernel& kernel_;
  std::uint32_t max_workers_;
  std::uint32_t idle_workers_;
  std::uint32_t workers_ = 0;
  /// Who is in here waits and has not been woken: leaving it is one with being woken, so no request counts on a worker
  /// that another request has woken already.
  WaitQueue idle_;
  boost::intrusive::list<CallRequest, boost::intrusive::member_hook<CallRequest, Hook, &CallRequest::hook>> requests_;
};

}  // namespace kern::sysproxy
