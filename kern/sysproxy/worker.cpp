#include "kern/sysproxy/worker.hpp"

#include "kern/abi/errno.hpp"
#include "kern/kernel.hpp"
#include "kern/sysproxy/session.hpp"

namespace kern::sysproxy {

bool WorkerPool::submit(CallRequest* request) {
  requests_.push_back(*request);
  if (idle_.wake_one(kernel_.machine()) || workers_ == max_workers_) {
    return true;
  }
  if (kernel_.machine().spawn("spworker", worker_main, this) == nullptr) {
    if (workers_ != 0) {
      return true;  // one of those that are busy comes to it later
    }
    requests_.erase(requests_.iterator_to(*request));
    return false;
  }
  ++workers_;
  kernel_.machine().emit(event(KernelEvent::worker_new), workers_);
  return true;
}

void WorkerPool::worker_main(void* pool) {
  static_cast<WorkerPool*>(pool)->work();
}

void WorkerPool::work() {
  for (;;) {
    while (!requests_.empty()) {
      CallRequest& request = requests_.front();
      requests_.pop_front();
      serve(request);
      kernel_.kmem().destroy(&request);
    }
    // No request can come between this look and the end of the worker: neither blocks.
    if (idle_.size() >= idle_workers_) {
      break;
    }
    Waiter waiter(kernel_.machine(), nullptr);
    idle_.enter(waiter);
    while (!waiter.woken) {
      kernel_.machine().block("request");
    }
  }
  --workers_;
  kernel_.machine().emit(event(KernelEvent::worker_gone), workers_);
}

// serv_handlesyscall(), but that a call without an lwp is not made (the original went on in no context).
void WorkerPool::serve(const CallRequest& request) {
  Session& session = *request.session;
  SyscallResult result;
  int error = ENOMEM;
  if (kernel_.scheduler().schedule()) {
    error = kernel_.processes().new_lwp(session.pid());
    if (error == 0) {
      error = kernel_.syscalls().invoke(request.sysnum, std::span(request.block).first(request.block_size), result);
      kernel_.processes().release();
    } else {
      result.value[0] = -1;
    }
    kernel_.scheduler().unschedule();
  } else {
    result.value[0] = -1;
  }
  session.finish_call(request.request_number, error, result);
}

}  // namespace kern::sysproxy
