// A crash in a machine leaves the trace of the run.
#include "replay/crash_guard.hpp"

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <unistd.h>

#include <gtest/gtest.h>

#include "replay/recording.hpp"
#include "replay/trace_reader.hpp"
#include "sim/assert.hpp"
#include "sim/machine.hpp"
#include "sim/sanitizer.hpp"

namespace replay {
namespace {

// Frames that the compiler can neither merge nor turn into a loop.
[[gnu::noinline]] int endless(int depth) {
  volatile char frame[512];
  frame[0] = static_cast<char>(depth);
  return depth < 0 ? 0 : endless(depth + 1) + frame[0];
}

class CrashGuardDeathTest : public testing::Test {
 protected:
  CrashGuardDeathTest() : path_(testing::TempDir() + "/crash_guard_" + std::to_string(::getpid()) + ".trace") {}
  ~CrashGuardDeathTest() override { std::filesystem::remove(path_); }

  // On a fiber of a machine that is being recorded.
  void crash_in_a_machine(sim::FiberEntry crash) const {
    sim::MachineConfig config;
    config.arena.heap_bytes = std::size_t{1} << 20;
    config.arena.stacks = 4;
    const auto machine = sim::Machine::create(config);
    const auto recording = Recording::begin(**machine, path_, {.build = "b", .producer = "test", .scenario = "s"});
    if (!machine || !recording || (*machine)->spawn("crasher", crash, nullptr) == nullptr) {
      std::_Exit(99);
    }
    (*machine)->run();
    std::_Exit(98);
  }

  void expect_trace(std::string_view reason) const {
    const auto trace = read_trace(path_);
    ASSERT_TRUE(trace.has_value()) << to_string(trace.error());
    ASSERT_TRUE(trace->end.has_value());
    EXPECT_EQ(trace->end->outcome, Outcome::crashed);
    EXPECT_TRUE(trace->end->reason.contains(reason)) << trace->end->reason;
    EXPECT_GT(trace->end->steps, 0u);
  }

  std::string path_;
};

const char* const kSays = "the trace is .*crash_guard_.*replay it with: simkern replay ";

TEST_F(CrashGuardDeathTest, ABadAddressLeavesTheTrace) {
  EXPECT_DEATH(crash_in_a_machine([](void*) { *reinterpret_cast<volatile int*>(8) = 1; }), kSays);
  expect_trace("SIGSEGV");
}

TEST_F(CrashGuardDeathTest, AnOverflowOfAFiberStackLeavesTheTrace) {
  EXPECT_DEATH(crash_in_a_machine([](void*) { std::_Exit(endless(0)); }), kSays);
  expect_trace("SIG");
}

TEST_F(CrashGuardDeathTest, AFailedAssertionLeavesTheTrace) {
  EXPECT_DEATH(crash_in_a_machine([](void*) { SIM_ASSERT(1 + 1 == 3); }), kSays);
  expect_trace("SIGABRT");
}

TEST_F(CrashGuardDeathTest, ASignalFromOutsideLeavesTheTraceAndStillEndsTheProcess) {
  EXPECT_EXIT(
      crash_in_a_machine([](void*) { ::raise(SIGBUS); }),
      // A sanitizer's own handler comes after ours and ends the process in its own way.
      [](int status) {
        return sim::sanitizer::kAddress || sim::sanitizer::kThread ||
               (WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS);
      },
      kSays);
  expect_trace("SIGBUS");
}

TEST_F(CrashGuardDeathTest, ASanitizerReportLeavesTheTrace) {
  if (!sim::sanitizer::kAddress) {
    GTEST_SKIP() << "this build has no sanitizer";
  }
  EXPECT_DEATH(crash_in_a_machine([](void*) {
                 auto* volatile freed = new int(1);
                 delete freed;
                 *freed = 2;
               }),
               kSays);
  expect_trace("sanitizer");
}

TEST_F(CrashGuardDeathTest, PathsAreQuotedInTheCommandToPaste) {
  EXPECT_EQ(replay_command("a/b-c.trace"), "simkern replay a/b-c.trace");
  EXPECT_EQ(replay_command("it's here"), "simkern replay -- 'it'\\''s here'");
  EXPECT_EQ(replay_command("-o"), "simkern replay -- '-o'");
}

}  // namespace
}  // namespace replay
