#include "kern/core/kthread.hpp"

#include "kern/abi/errno.hpp"
#include "kern/kernel.hpp"

namespace kern {
namespace {

/// Carried from the creator to the thread's first steps.
struct Start {
  Kernel& kernel;
  Lwp& lwp;
  void (*function)(void*);
  void* argument;
};

void thread_main(void* argument) {
  auto* start = static_cast<Start*>(argument);
  Kernel& kernel = start->kernel;
  void (*const function)(void*) = start->function;
  void* const function_argument = start->argument;
  kernel.processes().switch_to(&start->lwp);
  kernel.kmem().destroy(start);
  kernel.scheduler().acquire_cpu(*kernel.curlwp());
  function(function_argument);
  kernel.processes().release();
  kernel.scheduler().release_cpu();
}

}  // namespace

int kthread_create(Kernel& kernel, std::string_view name, void (*function)(void*), void* argument) {
  Proc* proc0 = kernel.processes().find(Pid{0});
  Lwp* lwp = kernel.processes().allocate_lwp(*proc0);
  if (lwp == nullptr) {
    return ENOMEM;
  }
  auto* start = kernel.kmem().create<Start>(kernel, *lwp, function, argument);
  if (start == nullptr || kernel.machine().spawn(name, thread_main, start) == nullptr) {
    kernel.kmem().destroy(start);
    kernel.processes().discard_lwp(lwp);
    return ENOMEM;
  }
  return 0;
}

}  // namespace kern
