#include "replay/crash_guard.hpp"

#include <array>
#include <csignal>
#include <cstring>
#include <unistd.h>

#include "sim/assert.hpp"

// Defined by the sanitizers' runtime, where there is one.
extern "C" __attribute__((weak)) void __sanitizer_set_death_callback(void (*callback)());

namespace replay {
namespace {

constexpr std::array kSignals = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
// Writing the end of a trace builds a message and may have to format an error.
constexpr std::size_t kStackBytes = std::size_t{256} << 10U;
// A crash inside of malloc leaves its lock held. Then the trace's end cannot be written, but the process must end.
constexpr unsigned kMostSeconds = 10;

alignas(64) std::array<std::byte, kStackBytes> handler_stack;
stack_t previous_stack;
std::array<struct sigaction, kSignals.size()> previous_actions;
CrashGuard* active = nullptr;

std::size_t index_of(int number) {
  std::size_t index = 0;
  while (index + 1 < kSignals.size() && kSignals[index] != number) {
    ++index;
  }
  return index;
}

const char* reason_of(int number) {
  switch (number) {
    case SIGSEGV:
      return "SIGSEGV: a bad address, or a stack overflow";
    case SIGBUS:
      return "SIGBUS: a bad address";
    case SIGFPE:
      return "SIGFPE: an arithmetic error";
    case SIGILL:
      return "SIGILL: a bad instruction";
    default:
      return "SIGABRT: a failed assertion";
  }
}

void say(std::string_view text) noexcept {
  // Nothing can be done about an error here.
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
}

}  // namespace

void CrashGuard::on_signal(int number, void* info, void* /*context*/) {
  if (active != nullptr) {
    active->leave_trace(reason_of(number));
  }
  const std::size_t index = index_of(number);
  ::sigaction(number, &previous_actions[index], nullptr);
  // A fault strikes again as soon as this returns, and abort() raises anew; a signal that somebody sent does not.
  if (static_cast<const siginfo_t*>(info)->si_code <= 0 && number != SIGABRT) {
    ::raise(number);
  }
}

void CrashGuard::on_sanitizer_death() {
  if (active != nullptr) {
    active->leave_trace("a sanitizer's report");
  }
}

void CrashGuard::leave_trace(const char* reason) noexcept {
  if (done_) {
    return;
  }
  done_ = true;
  ::alarm(kMostSeconds);
  const std::expected<void, std::string> finished = recorder_.finish(Outcome::crashed, reason);
  ::alarm(0);
  say("\nsimkern: crashed (");
  say(reason);
  say("); the trace is ");
  say(trace_path_);
  if (!finished) {
    say(", good up to its last chunk (");
    say(finished.error());
    say(")");
  }
  say("\nsimkern: replay it with: ");
  say(replay_command_);
  say("\n");
}

CrashGuard::CrashGuard(Recorder& recorder, std::string trace_path, std::string replay_command)
    : recorder_(recorder), trace_path_(std::move(trace_path)), replay_command_(std::move(replay_command)) {
  SIM_ASSERT(active == nullptr);
  active = this;
  stack_t stack{};
  stack.ss_sp = handler_stack.data();
  stack.ss_size = handler_stack.size();
  ::sigaltstack(&stack, &previous_stack);
  struct sigaction action{};
  action.sa_sigaction = [](int number, siginfo_t* info, void* context) { on_signal(number, info, context); };
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  ::sigemptyset(&action.sa_mask);
  for (std::size_t index = 0; index < kSignals.size(); ++index) {
    ::sigaction(kSignals[index], &action, &previous_actions[index]);
  }
  if (__sanitizer_set_death_callback != nullptr) {
    __sanitizer_set_death_callback(on_sanitizer_death);
  }
}

CrashGuard::~CrashGuard() {
  if (__sanitizer_set_death_callback != nullptr) {
    __sanitizer_set_death_callback(nullptr);
  }
  for (std::size_t index = 0; index < kSignals.size(); ++index) {
    ::sigaction(kSignals[index], &previous_actions[index], nullptr);
  }
  ::sigaltstack(&previous_stack, nullptr);
  active = nullptr;
}

}  // namespace replay
