// The log, fed with events by hand.
#include "replay/log.hpp"

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "kern/abi/errno.hpp"
#include "kern/abi/fcntl.hpp"
#include "kern/abi/stat.hpp"
#include "kern/abi/syscall_numbers.hpp"
#include "kern/core/events.hpp"
#include "kern/sysproxy/frame.hpp"
#include "replay/escape.hpp"

namespace replay {
namespace {

using kern::KernelEvent;
using Registers = std::vector<std::uint64_t>;

constexpr std::uint64_t kAddress = 0x10000;

/// A kernel that is a script.
class LogTest : public testing::Test {
 protected:
  void emit(sim::EventKind kind, std::uint32_t fiber, std::uint64_t a, std::uint64_t b, std::uint64_t c,
            std::span<const std::byte> data) {
    for (SyscallLog* log : {&text_, &json_}) {
      log->on_event({.kind = kind,
                     .cpu = sim::CpuId{0},
                     .fiber = sim::FiberId{fiber},
                     .step = step_,
                     .now = step_ * 100,
                     .a = a,
                     .b = b,
                     .c = c,
                     .data = data});
    }
    ++step_;
  }
  void enter(std::uint32_t fiber, std::uint32_t number, const Registers& arguments) {
    emit(kern::event(KernelEvent::syscall_enter), fiber, number, 2, fiber, std::as_bytes(std::span(arguments)));
  }
  void copyin(std::uint32_t fiber, std::uint64_t address, std::string_view bytes, int error = 0) {
    emit(kern::event(KernelEvent::copyin), fiber, address, bytes.size(), static_cast<std::uint64_t>(error),
         std::as_bytes(std::span(bytes)));
  }
  void copyout(std::uint32_t fiber, std::uint64_t address, std::span<const std::byte> bytes) {
    emit(kern::event(KernelEvent::copyout), fiber, address, bytes.size(), 0, bytes);
  }
  void copyout(std::uint32_t fiber, std::uint64_t address, std::string_view bytes) {
    copyout(fiber, address, std::as_bytes(std::span(bytes)));
  }
  void leave(std::uint32_t fiber, std::uint32_t number, int error, std::int64_t value = 0, std::int64_t second = 0) {
    const std::array<std::int64_t, 2> values{value, second};
    emit(kern::event(KernelEvent::syscall_exit), fiber, number, static_cast<std::uint64_t>(error), fiber,
         std::as_bytes(std::span(values)));
  }
  void message(std::string_view text) {
    emit(kern::event(KernelEvent::message), 9, 0, 0, 0, std::as_bytes(std::span(text)));
  }
  /// The event column of each line.
  std::vector<std::string> events() const {
    std::vector<std::string> events;
    for (const std::string& line : lines_) {
      events.push_back(line.substr(41));
    }
    return events;
  }
  std::string only_event() const {
    EXPECT_EQ(lines_.size(), 1u);
    return events().back();
  }

  std::vector<std::string> lines_;
  std::vector<std::string> objects_;
  sim::Step step_ = 1;
  SyscallLog text_{LogFormat::text, [this](std::string_view line) { lines_.emplace_back(line); }};
  SyscallLog json_{LogFormat::json, [this](std::string_view line) { objects_.emplace_back(line); }};
};

TEST_F(LogTest, ACallIsOneLineWithItsColumns) {
  enter(7, kern::SYS_open, {kAddress, kern::O_RDWR | kern::O_CREAT, 0644});
  copyin(7, kAddress, std::string_view("/x\0", 3));
  leave(7, kern::SYS_open, 0, 3);
  ASSERT_EQ(lines_.size(), 1u);
  EXPECT_EQ(lines_[0], "         1   0.000000100    0  2.7       open(\"/x\", O_RDWR|O_CREAT, 0644) = 3");
}

TEST_F(LogTest, AnErrorIsNamed) {
  enter(7, kern::SYS_close, {99});
  leave(7, kern::SYS_close, kern::EBADF);
  EXPECT_EQ(only_event(), "close(99) = -1 EBADF");
}

TEST_F(LogTest, AnAddressStandsForWhatCouldNotBeRead) {
  enter(7, kern::SYS_open, {0xdead0000, kern::O_RDONLY, 0});
  copyin(7, 0xdead0000, "", kern::EFAULT);
  leave(7, kern::SYS_open, kern::EFAULT);
  enter(7, kern::SYS_unlink, {0});
  leave(7, kern::SYS_unlink, kern::EFAULT);
  EXPECT_EQ(events(),
            (std::vector<std::string>{"open(0xdead0000, O_RDONLY, 0) = -1 EFAULT", "unlink(NULL) = -1 EFAULT"}));
}

TEST_F(LogTest, BuffersAreCutAndEscaped) {
  enter(7, kern::SYS_write, {1, kAddress, 40});
  copyin(7, kAddress, "\033[31m\"quoted\\\n" + std::string(26, 'z'));
  leave(7, kern::SYS_write, 0, 40);
  EXPECT_EQ(only_event(), "write(1, \"\\x1b[31m\\\"quoted\\\\\\nzzzzzzzzzzzzzzzzzz\"..., 40) = 40");
}

TEST_F(LogTest, WhatIsReadIsShownAsFarAsItCame) {
  enter(7, kern::SYS_read, {0, kAddress, 4096});
  copyout(7, kAddress, "hello ");
  copyout(7, kAddress + 6, "world\n");
  leave(7, kern::SYS_read, 0, 12);
  enter(7, kern::SYS_read, {0, kAddress, 4096});
  leave(7, kern::SYS_read, 0, 0);
  EXPECT_EQ(events(), (std::vector<std::string>{"read(0, \"hello world\\n\", 4096) = 12", "read(0, \"\", 4096) = 0"}));
}

TEST_F(LogTest, StructuresArePrintedByTheirFields) {
  const std::array<std::int64_t, 2> time{1, 500};
  enter(7, kern::SYS___nanosleep50, {kAddress, 0});
  emit(kern::event(KernelEvent::copyin), 7, kAddress, sizeof time, 0, std::as_bytes(std::span(time)));
  leave(7, kern::SYS___nanosleep50, 0);
  kern::Stat stat;
  stat.st_mode = kern::S_IFREG | 0644;
  stat.st_size = 6;
  stat.st_ino = 4;
  stat.st_nlink = 1;
  enter(7, kern::SYS___fstat50, {3, kAddress});
  copyout(7, kAddress, std::as_bytes(std::span(&stat, 1)));
  leave(7, kern::SYS___fstat50, 0);
  const std::array<std::int32_t, 2> fds{3, 4};
  enter(7, kern::SYS_pipe2, {kAddress, kern::O_NONBLOCK});
  copyout(7, kAddress, std::as_bytes(std::span(fds)));
  leave(7, kern::SYS_pipe2, 0);
  enter(7, kern::SYS_pipe, {});
  leave(7, kern::SYS_pipe, 0, 3, 4);
  EXPECT_EQ(events(), (std::vector<std::string>{"nanosleep({1, 500}, NULL) = 0",
                                                "fstat(3, {mode=0100644, ino=4, nlink=1, size=6}) = 0",
                                                "pipe2([3, 4], O_NONBLOCK) = 0", "pipe() = [3, 4]"}));
}

TEST_F(LogTest, VectorsShowEachPiece) {
  const std::array<std::uint64_t, 4> vectors{0x20000, 2, 0x30000, 3};
  enter(7, kern::SYS_writev, {1, kAddress, 2});
  emit(kern::event(KernelEvent::copyin), 7, kAddress, sizeof vectors, 0, std::as_bytes(std::span(vectors)));
  copyin(7, 0x20000, "ab");
  copyin(7, 0x30000, "cde");
  leave(7, kern::SYS_writev, 0, 5);
  EXPECT_EQ(only_event(), "writev(1, [{\"ab\", 2}, {\"cde\", 3}], 2) = 5");
}

TEST_F(LogTest, PaddingIsNoArgumentAndCommandsHaveNames) {
  enter(7, kern::SYS_lseek, {3, 0, static_cast<std::uint64_t>(-5), 2});
  leave(7, kern::SYS_lseek, kern::EINVAL);
  enter(7, kern::SYS_fcntl, {3, static_cast<std::uint64_t>(kern::F_SETFL), kern::O_NONBLOCK});
  leave(7, kern::SYS_fcntl, 0);
  enter(7, kern::SYS_fcntl, {3, 77, 5});
  leave(7, kern::SYS_fcntl, kern::EINVAL);
  EXPECT_EQ(events(), (std::vector<std::string>{"lseek(3, -5, SEEK_END) = -1 EINVAL",
                                                "fcntl(3, F_SETFL, O_NONBLOCK) = 0", "fcntl(3, 77, 5) = -1 EINVAL"}));
}

TEST_F(LogTest, ACallThatIsNotInTheTableShowsItsRegisters) {
  enter(7, 9999, {1, 255});
  leave(7, 9999, kern::ENOSYS);
  enter(7, kern::SYS_read, {3});  // a block that is too short
  leave(7, kern::SYS_read, kern::EINVAL);
  EXPECT_EQ(events(), (std::vector<std::string>{"syscall_9999(0x1, 0xff) = -1 ENOSYS", "read(0x3) = -1 EINVAL"}));
}

TEST_F(LogTest, ABlockedCallIsCutOnlyWhenAnotherLineComes) {
  enter(7, kern::SYS_read, {3, kAddress, 16});
  emit(sim::EventKind::block, 7, 0, 0, 0, {});  // no line
  enter(8, kern::SYS_write, {4, kAddress, 2});
  copyin(8, kAddress, "ab");
  leave(8, kern::SYS_write, 0, 2);
  copyout(7, kAddress, "ab");
  leave(7, kern::SYS_read, 0, 2);
  EXPECT_EQ(events(), (std::vector<std::string>{"read(3, <unfinished ...>", "write(4, \"ab\", 2) = 2",
                                                "<... read resumed>\"ab\", 16) = 2"}));
}

TEST_F(LogTest, ACutCallShowsWhatIsKnownOfItsArguments) {
  enter(7, kern::SYS_open, {kAddress, kern::O_RDONLY, 0});
  message("in between");
  copyin(7, kAddress, std::string_view("/x\0", 3));
  leave(7, kern::SYS_open, 0, 3);
  enter(7, kern::SYS_close, {3});
  message("in between");
  leave(7, kern::SYS_close, 0);
  EXPECT_EQ(events(), (std::vector<std::string>{
                          "open(<unfinished ...>", "message in between", "<... open resumed>\"/x\", O_RDONLY, 0) = 3",
                          "close(3) <unfinished ...>", "message in between", "<... close resumed> = 0"}));
}

TEST_F(LogTest, ACallThatNeverEndsStaysUnfinished) {
  enter(7, kern::SYS_read, {3, kAddress, 16});
  text_.finish();
  json_.finish();
  EXPECT_EQ(only_event(), "read(3, <unfinished ...>");
  ASSERT_EQ(objects_.size(), 1u);
  EXPECT_FALSE(nlohmann::json::parse(objects_[0]).contains("error"));
}

TEST_F(LogTest, WhatTheKernelSaysIsEscaped) {
  message("a\nb\033[2J");
  const std::string_view console = "login: \033c";
  emit(kern::event(KernelEvent::console_output), 7, 0, 0, 0, std::as_bytes(std::span(console)));
  emit(kern::event(KernelEvent::signal), 7, 4, 13, 0, {});
  const std::string_view reason = "kernel diagnostic assertion \"x\"";
  emit(sim::EventKind::halt, 7, 2, 0, 0, std::as_bytes(std::span(reason)));
  EXPECT_EQ(events(), (std::vector<std::string>{"message a\\nb\\x1b[2J", "console \"login: \\x1bc\"", "--- SIGPIPE ---",
                                                "+++ halt: kernel diagnostic assertion \"x\" +++"}));
}

TEST_F(LogTest, FramesHaveTheirDirectionAndClient) {
  const auto header = kern::sysproxy::encode(kern::sysproxy::FrameHeader{
      .length = 24, .request_number = 3, .type = kern::sysproxy::FrameType::SYSCALL, .field = 20});
  emit(kern::event(KernelEvent::client_new), 1, 5, 0, 0, {});
  emit(kern::event(KernelEvent::frame_in), 1, 5, 3, 24, header);
  emit(kern::event(KernelEvent::frame_out), 1, 5, 3, 7, std::as_bytes(std::span("garbage", 7)));
  emit(kern::event(KernelEvent::client_gone), 1, 5, 0, 0, {});
  EXPECT_EQ(events(), (std::vector<std::string>{"+++ connected, port 0 +++", "--> REQ SYSCALL #3 getpid(20) 0 bytes",
                                                "<-- 7 bytes", "+++ gone +++"}));
  EXPECT_EQ(lines_[1].substr(31, 10), "c5        ");
}

TEST_F(LogTest, JsonHasTheFieldsOfACall) {
  enter(7, kern::SYS_close, {99});
  message("\xff\xfe");
  leave(7, kern::SYS_close, kern::EBADF);
  ASSERT_EQ(objects_.size(), 2u);
  EXPECT_EQ(objects_[0], R"({"step":2,"time_ns":200,"cpu":0,"kind":"message","who":"-","text":"message \\xff\\xfe"})");
  EXPECT_EQ(
      objects_[1],
      R"({"step":1,"time_ns":100,"cpu":0,"kind":"syscall","pid":2,"lid":7,"number":6,"name":"close",)"
      R"("arguments":["99"],"exit_step":3,"exit_time_ns":300,"error":9,"result":[0,0],"result_text":"-1 EBADF"})");
}

TEST_F(LogTest, MemoryOfACallIsBounded) {
  enter(7, kern::SYS_write, {1, kAddress, 1 << 20});
  const std::string large(1 << 20, 'x');
  copyin(7, kAddress, large);
  for (int count = 0; count < 1000; ++count) {
    copyin(7, kAddress, large);
  }
  leave(7, kern::SYS_write, 0, 1 << 20);
  EXPECT_EQ(only_event(), "write(1, \"" + std::string(32, 'x') + "\"..., 1048576) = 1048576");
}

TEST(Escape, LeavesOnlyPrintableAscii) {
  for (int c = 0; c < 256; ++c) {
    const std::string text(1, static_cast<char>(c));
    for (const char out : escape(text) + printable(text)) {
      EXPECT_TRUE(out >= 0x20 && out < 0x7f) << c;
    }
  }
}

}  // namespace
}  // namespace replay
