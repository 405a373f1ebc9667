// A crash of the host process still leaves the trace of the run that it struck. While a guard lives, SIGSEGV, SIGBUS,
// SIGFPE, SIGILL, SIGABRT and a sanitizer's report write the end of the trace, name the trace and the command that
// replays it on standard error, and then do what they would have done without the guard.
//
// Handlers run on a stack of their own: it may be a fiber's stack that overflowed. They are installed for the thread
// that makes the guard, which must be the one that runs the machine.
#pragma once

#include <string>

#include "replay/recorder.hpp"

namespace replay {

/// One may live at a time in a process. The recorder outlives it.
class CrashGuard {
 public:
  /// `trace_path` is what is printed; `replay_command` is the whole line, `simkern replay t.trace`.
  CrashGuard(Recorder& recorder, std::string trace_path, std::string replay_command);
  ~CrashGuard();
  CrashGuard(const CrashGuard&) = delete;
  CrashGuard& operator=(const CrashGuard&) = delete;

 private:
  static void on_signal(int number, void* info, void* context);
  static void on_sanitizer_death();
  void leave_trace(const char* reason) noexcept;

  Recorder& recorder_;
  std::string trace_path_;
  std::string replay_command_;
  bool done_ = false;
};

}  // namespace replay
