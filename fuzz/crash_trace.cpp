#include "fuzz/crash_trace.hpp"

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <utility>
#include <xxhash.h>

#include <boost/context/detail/fcontext.hpp>
#include <fmt/format.h>

#include "replay/byte_sink.hpp"
#include "replay/run.hpp"
#include "replay/scenario_text.hpp"
#include "replay/trace_writer.hpp"
#include "sim/sanitizer.hpp"

namespace fuzz {
namespace {

// One process fuzzes one input at a time, and handlers of signals have no argument.
const CurrentRun* current_run = nullptr;

// A crash may have come on a fiber's small stack, or on the even smaller one for signals.
constexpr std::size_t kStackBytes = std::size_t{512} << 10;
alignas(64) std::array<std::byte, kStackBytes> own_stack;

void write_file(const CurrentRun& run, replay::Outcome outcome, std::string_view reason) {
  const char* folder = std::getenv("SIMKERN_TRACE_DIR");
  const std::string path = fmt::format("{}/{}-{:016x}.trace", folder == nullptr || *folder == '\0' ? "." : folder,
                                       run.target, XXH3_64bits(run.input.data(), run.input.size()));
  const auto complain = [&](std::string_view what) { fmt::print(stderr, "no trace of this run: {}\n", what); };

  std::expected<replay::FileSink, std::string> sink = replay::FileSink::create(path);
  if (!sink) {
    complain(sink.error());
    return;
  }
  std::expected<replay::TraceWriter, std::string> writer = replay::TraceWriter::create(
      *sink, {.build = "fuzz_" + std::string(run.target),
              .producer = "fuzz",
              .scenario = replay::print_scenario(*run.scenario, replay::kernel_calls(), replay::ConfigKeys::every)});
  if (!writer) {
    complain(writer.error());
    return;
  }
  std::expected<void, std::string> written = writer->decision_tape(run.tape->pairs());
  if (written) {
    written = writer->finish({.outcome = outcome,
                              .reason = std::string(reason),
                              .steps = run.machine->step(),
                              .virtual_ns = run.machine->now(),
                              .digest = run.machine->digest(),
                              .decisions = run.tape->decisions()});
  }
  if (!written) {
    complain(written.error());
    return;
  }
  fmt::print(stderr, "{}: {}\nreplay it: simkern replay {}\n", name(outcome), reason, path);
}

struct Order {
  const CurrentRun& run;
  replay::Outcome outcome;
  std::string_view reason;
  void* fake_stack = nullptr;
};

void write_on_own_stack(const CurrentRun& run, replay::Outcome outcome, std::string_view reason) {
  using namespace boost::context::detail;
  Order order{run, outcome, reason};
  const fcontext_t context = make_fcontext(own_stack.data() + own_stack.size(), own_stack.size(), [](transfer_t from) {
    const void* bottom = nullptr;
    std::size_t size = 0;
    sim::sanitizer::finish_switch(nullptr, &bottom, &size);
    const auto& what = *static_cast<const Order*>(from.data);
    write_file(what.run, what.outcome, what.reason);
    sim::sanitizer::start_switch(nullptr, bottom, size);
    jump_fcontext(from.fctx, nullptr);
  });
  sim::sanitizer::start_switch(&order.fake_stack, own_stack.data(), own_stack.size());
  jump_fcontext(context, &order);
  sim::sanitizer::finish_switch(order.fake_stack, nullptr, nullptr);
}

// ---- signals -------------------------------------------------------------------------------------------------------

constexpr std::array kSignals{SIGABRT, SIGSEGV, SIGBUS, SIGILL, SIGFPE};
std::array<struct sigaction, kSignals.size()> previous_actions;

void on_signal(int number, siginfo_t* info, void* context) {
  write_crash_trace(replay::Outcome::crashed, fmt::format("signal {}", number));
  for (std::size_t i = 0; i < kSignals.size(); ++i) {
    if (kSignals[i] == number) {
      const struct sigaction& previous = previous_actions[i];
      if ((previous.sa_flags & SA_SIGINFO) != 0 && previous.sa_sigaction != nullptr) {
        previous.sa_sigaction(number, info, context);
      }
    }
  }
  // Nobody else has ended the process: the signal does.
  std::signal(number, SIG_DFL);
  std::raise(number);
}

// The sanitizers report these themselves, and tell __sanitizer_report_error_summary.
bool is_the_sanitizers_own(int number) {
  return (sim::sanitizer::kAddress || sim::sanitizer::kThread) && number != SIGABRT;
}

}  // namespace

void begin_run(const CurrentRun& run) {
  current_run = &run;
}

void end_run() {
  current_run = nullptr;
}

void write_crash_trace(replay::Outcome outcome, std::string_view reason) {
  if (const CurrentRun* run = std::exchange(current_run, nullptr)) {
    write_on_own_stack(*run, outcome, reason);
  }
}

void install_crash_handlers() {
  static bool installed = false;
  if (std::exchange(installed, true)) {
    return;
  }
  for (std::size_t i = 0; i < kSignals.size(); ++i) {
    if (is_the_sanitizers_own(kSignals[i])) {
      continue;
    }
    struct sigaction action = {};
    action.sa_sigaction = on_signal;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    sigaction(kSignals[i], &action, &previous_actions[i]);
  }
}

}  // namespace fuzz

// Every sanitizer ends its report with this line and calls this function, which the runtime lets a program replace, to
// print it. (The death callback comes later, but libFuzzer has taken the only one.)
extern "C" void __sanitizer_report_error_summary(const char* summary) {
  std::fprintf(stderr, "%s\n", summary);
  std::string_view reason = summary;
  constexpr std::string_view kPrefix = "SUMMARY: ";
  if (reason.starts_with(kPrefix)) {
    reason.remove_prefix(kPrefix.size());
  }
  fuzz::write_crash_trace(replay::Outcome::crashed, reason);
}
