// The sysproxy server against clients of every kind. What it must answer comes from the captured sessions and from
// docs/wire-protocol.md.
#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "kern/abi/fcntl.hpp"
#include "kern/abi/signal.hpp"
#include "kern/core/uio.hpp"
#include "tests/support/proxy_world.hpp"

namespace kern::sysproxy {
namespace {

constexpr std::uint64_t kAddress = 0x10000;  // any address of a client that stands outside: the test answers for it

Bytes make_answer(std::uint64_t number, const Bytes& body, FrameType type = FrameType::COPYIN) {
  return make_frame({.request_number = number, .frame_class = FrameClass::RESP, .type = type}, body);
}

Bytes make_error(std::uint64_t number, ProtocolError error = ProtocolError::NONE) {
  return make_frame(
      {.request_number = number, .frame_class = FrameClass::ERROR, .field = static_cast<std::uint32_t>(error)});
}

Bytes operator+(Bytes a, const Bytes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

sim::StrategySpec random_walk(std::uint32_t preempt_percent) {
  sim::StrategySpec spec;
  spec.kind = sim::StrategySpec::Kind::random;
  spec.preempt_percent = preempt_percent;
  return spec;
}

// --- handshakes and refusals

TEST(Sysproxy, SpeaksFirst) {
  ProxyWorld world;
  const auto connection = world.open();
  EXPECT_EQ(connection->received(), bytes_of("RUMPSP-0.4-NetBSD-7.99.34/amd64\n"));
  EXPECT_FALSE(connection->hung_up());
}

TEST(Sysproxy, AGuestIsAProcessOfItsOwnWithTheConsoleOpen) {
  ProxyWorld world;
  const auto connection = world.guest("shell");
  Proc* proc = world.process(*connection);
  ASSERT_NE(proc, nullptr);
  EXPECT_STREQ(proc->comm.data(), "shell");
  EXPECT_EQ(proc->parent->pid, Pid{1});
  EXPECT_EQ(proc->lwps.size(), 1U);
  for (const std::uint64_t fd : {0, 1, 2}) {
    EXPECT_EQ(world.call(*connection, SYS_fcntl, {fd, F_GETFD, 0})[0], 0);
  }
  EXPECT_EQ(world.exchange(*connection, make_call(9, SYS_fcntl, {3, F_GETFD, 0})), "RESP SYSCALL #9 EBADF(9)\n");
}

struct Refusal {
  const char* name;
  bool as_guest;  ///< After a guest handshake.
  Bytes sent;
  const char* answer;
  bool hangs_up;
};

class Refusals : public testing::TestWithParam<Refusal> {};

TEST_P(Refusals, AreAnsweredAsTheOriginalDoes) {
  const Refusal& refusal = GetParam();
  ProxyWorld world({.limits = {.idle_workers = 0}});
  const Census before = world.census();
  const auto other = world.guest("other");
  {
    const auto connection = refusal.as_guest ? world.guest() : world.open();
    EXPECT_EQ(world.exchange(*connection, refusal.sent), refusal.answer);
    EXPECT_EQ(connection->hung_up(), refusal.hangs_up);
    if (!refusal.hangs_up && refusal.as_guest) {
      EXPECT_GT(world.call(*connection, SYS_getpid)[0], 1);
    }
    EXPECT_EQ(world.call(*other, SYS_getppid)[0], 1) << "another client is disturbed";
  }
  other->close();
  world.run();
  EXPECT_EQ(world.census(), before);
}

std::vector<Refusal> refusals() {
  const Bytes cookie(HandshakeFork::kSize, std::byte{1});
  const auto request = [](FrameType type, const Bytes& body = {}, std::uint32_t field = 0) {
    return make_frame({.request_number = 5, .type = type, .field = field}, body);
  };
  const auto handshake = [](std::uint32_t kind, const Bytes& body) {
    return make_frame({.request_number = 5, .field = kind}, body);
  };
  const auto of_class = [](std::uint16_t frame_class) {
    return make_frame({.request_number = 5, .frame_class = FrameClass{frame_class}, .type = FrameType::SYSCALL});
  };
  const auto of_length = [](std::uint64_t length) {
    return make_frame({.length = length, .request_number = 5, .type = FrameType::SYSCALL, .field = SYS_getpid});
  };
  const Bytes name = bytes_of("x\0");
  return {
      {"SystemCallFirst", false, make_call(5, SYS_getpid), "ERROR #5 AUTH(2)\n", true},
      {"PreforkFirst", false, request(FrameType::PREFORK), "ERROR #5 AUTH(2)\n", true},
      {"UnknownTypeFirst", false, request(FrameType{99}), "ERROR #5 AUTH(2)\n", true},
      {"AuthHandshake", false, handshake(1, name), "ERROR #5 AUTH(2)\n", true},
      {"ExecFirst", false, handshake(3, name), "ERROR #5 AUTH(2)\n", true},
      {"UnknownHandshake", false, handshake(77, name), "ERROR #5 AUTH(2)\n", true},
      {"ForkWithoutPrefork", false, handshake(2, cookie), "ERROR #5 INVALID_PREFORK(3)\n", true},
      {"ForkTooShort", false, handshake(2, Bytes(8)), "ERROR #5 MALFORMED_REQUEST(7)\n", true},
      {"ForkTooLong", false, handshake(2, Bytes(21)), "ERROR #5 MALFORMED_REQUEST(7)\n", true},
      {"ForkWithoutBody", false, handshake(2, {}), "ERROR #5 MALFORMED_REQUEST(7)\n", true},
      {"UnknownClassFirst", false, of_class(7), "ERROR #5 MALFORMED_REQUEST(7)\n", false},
      {"AnswerFirst", false, of_class(1), "", false},
      {"LengthZeroFirst", false, of_length(0), "", true},
      {"SecondGuest", true, make_guest("again", 5), "ERROR #5 MALFORMED_REQUEST(7)\n", true},
      {"ForkWhenRunning", true, handshake(2, cookie), "ERROR #5 MALFORMED_REQUEST(7)\n", true},
      {"AuthWhenRunning", true, handshake(1, name), "ERROR #5 MALFORMED_REQUEST(7)\n", true},
      {"UnknownClass", true, of_class(7), "ERROR #5 MALFORMED_REQUEST(7)\n", false},
      {"ErrorToNothingAsked", true, of_class(2), "ERROR #5 MALFORMED_REQUEST(7)\n", false},
      {"AnswerToNothingAsked", true, of_class(1), "", false},
      {"UnknownType", true, request(FrameType{99}), "ERROR #5 MALFORMED_REQUEST(7)\n", false},
      {"CopyinOfTheServer", true, request(FrameType::COPYIN, Bytes(16)), "ERROR #5 MALFORMED_REQUEST(7)\n", false},
      {"CopyinstrOfTheServer", true, request(FrameType::COPYINSTR, Bytes(16)), "ERROR #5 MALFORMED_REQUEST(7)\n",
       false},
      {"CopyoutOfTheServer", true, request(FrameType::COPYOUT, Bytes(16)), "ERROR #5 MALFORMED_REQUEST(7)\n", false},
      {"AnonmmapOfTheServer", true, request(FrameType::ANONMMAP, Bytes(8)), "ERROR #5 MALFORMED_REQUEST(7)\n", false},
      {"RaiseOfTheServer", true, request(FrameType::RAISE, {}, SIGTERM), "ERROR #5 MALFORMED_REQUEST(7)\n", false},
      {"LengthOfLessThanAHeader", true, of_length(23), "", true},
      {"LengthOverTheLimit", true, of_length(ServerLimits{}.max_frame + 1), "ERROR #5 MALFORMED_REQUEST(7)\n", true},
      {"GreatestLength", true, of_length(~std::uint64_t{0}), "ERROR #5 MALFORMED_REQUEST(7)\n", true},
      {"UnknownNumber", true, make_call(5, 500), "RESP SYSCALL #5 ENOSYS(78)\n", false},
      {"NumberBehindTheTable", true, make_call(5, 512), "RESP SYSCALL #5 ENOSYS(78)\n", false},
  };
}

INSTANTIATE_TEST_SUITE_P(Sysproxy, Refusals, testing::ValuesIn(refusals()),
                         [](const auto& refusal) { return std::string(refusal.param.name); });

// --- one test per historic bug of the original, under the bug's name

TEST(SysproxyRegression, PreforkDoubleLock) {
  ProxyWorld world;
  const auto parent = world.guest();
  world.exchange(*parent, {});
  parent->send(make_frame({.request_number = 2, .type = FrameType::PREFORK}));
  world.run();
  const std::vector<Frame> answer = parent->take();
  ASSERT_EQ(answer.size(), 1U);
  const auto child = world.open();
  EXPECT_EQ(world.exchange(*child, make_handshake(1, Handshake::FORK, answer[0].body + Bytes(4))),
            "RESP HANDSHAKE #1 error 0\n");
  const auto next = world.guest();  // the main loop goes on
  EXPECT_EQ(world.call(*next, SYS_getppid)[0], 1);
}

TEST(SysproxyRegression, HandshakeFallthrough) {
  ProxyWorld world;
  const auto connection = world.open();
  world.exchange(*connection, make_handshake(1, Handshake::AUTH, bytes_of("x")) + make_call(2, SYS_getpid));
  EXPECT_TRUE(connection->hung_up());
  EXPECT_EQ(connection->frames().size(), 1U);
}

TEST(SysproxyRegression, GuestEmptyBody) {
  ProxyWorld world;
  const auto connection = world.open();
  EXPECT_EQ(world.exchange(*connection, make_handshake(1, Handshake::GUEST, {})), "RESP HANDSHAKE #1 error 0\n");
  EXPECT_STREQ(world.process(*connection)->comm.data(), "");
}

TEST(SysproxyRegression, ExecEmptyBody) {
  ProxyWorld world;
  const auto connection = world.guest();
  EXPECT_EQ(world.exchange(*connection, make_handshake(0, Handshake::EXEC, {})), "RESP HANDSHAKE #0 error 0\n");
  EXPECT_STREQ(world.process(*connection)->comm.data(), "");
}

TEST(SysproxyRegression, CommOffByOne) {
  ProxyWorld world;
  for (const std::string_view name : {"0123456789abcdef", "0123456789abcdefg"}) {
    const auto connection = world.open();
    EXPECT_EQ(world.exchange(*connection, make_handshake(1, Handshake::GUEST, bytes_of(name))),
              "RESP HANDSHAKE #1 error 0\n");
    EXPECT_STREQ(world.process(*connection)->comm.data(), "0123456789abcdef");
  }
  const auto connection = world.open();
  world.exchange(*connection, make_handshake(1, Handshake::GUEST, bytes_of("a\x1b[2J\nb\x7f")));
  EXPECT_STREQ(world.process(*connection)->comm.data(), "a?[2J?b?");
}

TEST(SysproxyRegression, SysnumNegative) {
  ProxyWorld world;
  const auto connection = world.guest();
  for (const std::uint32_t number : {0xffffffffU, 0x80000000U, 0x7fffffffU, 512U, 100000U}) {
    EXPECT_EQ(world.exchange(*connection, make_call(5, number, {0, 0, 0})), "RESP SYSCALL #5 ENOSYS(78)\n") << number;
  }
}

TEST(SysproxyRegression, ShortArguments) {
  ProxyWorld world;
  const auto connection = world.guest();
  const Bytes whole = registers({1, kAddress, 5});
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const Bytes block(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    const Bytes frame = make_frame({.request_number = 5, .type = FrameType::SYSCALL, .field = SYS_write}, block);
    EXPECT_EQ(world.exchange(*connection, frame), "RESP SYSCALL #5 EINVAL(22)\n") << size << " bytes";
  }
  EXPECT_EQ(world.exchange(*connection, make_call(6, SYS_write, {1, kAddress, 5})),
            "REQ COPYIN #0 5 bytes at 0x10000\n");
}

// A write that has asked for its five bytes; each test answers in its own wrong way.
class CopyAnswers : public testing::Test {
 protected:
  void SetUp() override {
    connection_ = world_.guest();
    EXPECT_EQ(world_.exchange(*connection_, make_call(6, SYS_write, {1, kAddress, 5})),
              "REQ COPYIN #0 5 bytes at 0x10000\n");
  }
  void expect_fault(const Bytes& answer) {
    EXPECT_EQ(world_.exchange(*connection_, answer), "RESP SYSCALL #6 EFAULT(14)\n");
    EXPECT_EQ(world_.call(*connection_, SYS_getppid)[0], 1);
  }

  ProxyWorld world_;
  std::unique_ptr<Connection> connection_;
};

TEST_F(CopyAnswers, Right) {
  EXPECT_EQ(world_.exchange(*connection_, make_answer(0, Bytes(5))), "RESP SYSCALL #6 = 5, 0\n");
}

TEST_F(CopyAnswers, CopyinShortAnswer) {
  expect_fault(make_answer(0, Bytes(4)));
}

TEST_F(CopyAnswers, CopyinEmptyAnswer) {
  expect_fault(make_answer(0, {}));
}

TEST_F(CopyAnswers, CopyinLongAnswer) {
  expect_fault(make_answer(0, Bytes(6)));
}

TEST_F(CopyAnswers, AnswerOfWrongType) {
  expect_fault(make_answer(0, Bytes(5), FrameType::ANONMMAP));
}

TEST_F(CopyAnswers, AnswerOfTheTypeOfAnotherCopy) {
  expect_fault(make_answer(0, Bytes(5), FrameType::COPYINSTR));
}

TEST_F(CopyAnswers, ErrorAnswerStarves) {
  expect_fault(make_error(0, ProtocolError::NOMEM));
}

TEST_F(CopyAnswers, ErrorAnswerWithABody) {
  expect_fault(make_frame({.request_number = 0, .frame_class = FrameClass::ERROR}, Bytes(100)));
}

TEST_F(CopyAnswers, SecondAnswer) {
  // Both arrive before the lwp runs: the first counts, whatever the second says.
  EXPECT_EQ(world_.exchange(*connection_, make_answer(0, Bytes(5)) + make_answer(0, Bytes(4000))),
            "RESP SYSCALL #6 = 5, 0\n");
}

TEST_F(CopyAnswers, OfAnotherNumberAreIgnored) {
  EXPECT_EQ(world_.exchange(*connection_, make_answer(1, Bytes(5)) + make_answer(~std::uint64_t{0}, Bytes(5))), "");
  EXPECT_EQ(world_.exchange(*connection_, make_answer(0, Bytes(5))), "RESP SYSCALL #6 = 5, 0\n");
}

TEST_F(CopyAnswers, OfAnotherClientAreIgnored) {
  const auto other = world_.guest();
  EXPECT_EQ(world_.exchange(*other, make_answer(0, Bytes(5))), "");
  EXPECT_EQ(connection_->take_text(), "");
}

TEST_F(CopyAnswers, InBytes) {
  for (const std::byte byte : make_answer(0, Bytes(5))) {
    EXPECT_EQ(connection_->take_text(), "");
    connection_->send({byte});
    world_.run();
  }
  EXPECT_EQ(connection_->take_text(), "RESP SYSCALL #6 = 5, 0\n");
}

TEST(SysproxyRegression, ErrorAnswersHoldNoWorkers) {
  ProxyWorld world({.limits = {.max_workers = 2}});
  const auto hostile = world.guest();
  for (std::uint64_t round = 0; round < 10; ++round) {
    EXPECT_EQ(world.exchange(*hostile, make_call(6, SYS_write, {1, kAddress, 5})),
              fmt::format("REQ COPYIN #{} 5 bytes at 0x10000\n", round));
    EXPECT_EQ(world.exchange(*hostile, make_error(round)), "RESP SYSCALL #6 EFAULT(14)\n");
  }
  const auto other = world.guest();
  EXPECT_EQ(world.call(*other, SYS_getppid)[0], 1);
}

TEST(SysproxyRegression, CopyinstrLongAnswer) {
  ProxyWorld world;
  const auto connection = world.guest();
  std::uint64_t number = 0;
  const auto open_with = [&](const Bytes& answer) {
    EXPECT_EQ(world.exchange(*connection, make_call(6, SYS_open, {kAddress, 0, 0})),
              fmt::format("REQ COPYINSTR #{} 1024 bytes at 0x10000\n", number));
    return world.exchange(*connection, make_answer(number++, answer));
  };
  EXPECT_EQ(open_with(Bytes(1025)), "RESP SYSCALL #6 EFAULT(14)\n");
  EXPECT_EQ(open_with(Bytes(100'000, std::byte{'x'})), "RESP SYSCALL #6 EFAULT(14)\n");
  EXPECT_EQ(open_with({}), "RESP SYSCALL #6 EFAULT(14)\n");
  EXPECT_EQ(open_with(bytes_of("/no/end")), "RESP SYSCALL #6 EFAULT(14)\n");
  EXPECT_EQ(open_with(Bytes(1024, std::byte{'x'})), "RESP SYSCALL #6 ENAMETOOLONG(63)\n");
  EXPECT_EQ(open_with(bytes_of("/missing") + Bytes(1)), "RESP SYSCALL #6 ENOENT(2)\n");
}

TEST(SysproxyRegression, PreforkStaleLink) {
  ProxyWorld world({.limits = {.idle_workers = 0}});
  const Census before = world.census();
  for (int round = 0; round < 3; ++round) {
    const auto parent = world.guest();
    world.exchange(*parent, make_frame({.request_number = 2, .type = FrameType::PREFORK}));
    world.exchange(*parent, make_frame({.request_number = 3, .type = FrameType::PREFORK}));
  }
  world.run();
  EXPECT_EQ(world.server().clients(), 0U);
  EXPECT_EQ(world.server().preforks().count(), 6U);
  world.run_to_end();  // time passes
  EXPECT_EQ(world.server().preforks().count(), 0U);
  EXPECT_EQ(world.census(), before);
}

TEST(SysproxyRegression, UnboundedFrame) {
  ProxyWorld world;
  const auto connection = world.guest();
  const std::size_t before = world.kernel().kmem().live_bytes();
  world.exchange(*connection, make_frame({.length = ServerLimits{}.max_frame, .type = FrameType::SYSCALL}));
  EXPECT_LT(world.kernel().kmem().live_bytes(), before + 1024) << "memory was taken for bytes that did not come";
  EXPECT_FALSE(connection->hung_up());
}

TEST(SysproxyRegression, RaiseUninitialised) {
  ProxyWorld world;
  const auto connection = world.guest();
  for (std::uint64_t round = 0; round < 2; ++round) {
    connection->send(make_call(5, 8, {0}));
    world.run();
    const std::vector<Frame> frames = connection->take();
    ASSERT_EQ(frames.size(), 2U);
    EXPECT_EQ(frames[0].text(), "REQ RAISE #0 signal 12");
    EXPECT_EQ(frames[1].text(), "RESP SYSCALL #5 ENOSYS(78)");
  }
  // A raise counts for nothing in the numbers of the requests that are answered.
  EXPECT_EQ(world.exchange(*connection, make_call(6, SYS_write, {1, kAddress, 5})),
            "REQ COPYIN #0 5 bytes at 0x10000\n");
}

TEST(SysproxyRegression, PaddingLeak) {
  ProxyWorld world;
  const auto connection = world.guest();
  connection->send(make_call(5, SYS_getppid));
  world.run();
  const std::vector<Frame> frames = connection->take();
  ASSERT_EQ(frames.size(), 1U);
  EXPECT_EQ(frames[0].body, registers({0, 1, 0}));
}

TEST(SysproxyRegression, NewlwpUnchecked) {
  // The process is being ended when the request comes to a worker: the call is not made.
  ProxyWorld world({.limits = {.max_workers = 1}});
  const auto connection = world.guest();
  const auto fds = world.call(*connection, SYS_pipe);
  connection->send(make_call(5, SYS_read, {static_cast<std::uint64_t>(fds[0]), kAddress, 1}) +
                   make_call(6, SYS_read, {static_cast<std::uint64_t>(fds[0]), kAddress, 1}));
  world.run();
  EXPECT_EQ(connection->take_text(), "");
  connection->close();
  world.run();
  EXPECT_EQ(world.server().clients(), 0U);
}

TEST(SysproxyRegression, PartialHeaderDisconnects) {
  ProxyWorld world;
  const auto connection = world.guest();
  const Bytes frame = make_call(5, SYS_getppid);
  for (std::size_t cut = 0; cut <= frame.size(); ++cut) {
    const auto middle = frame.begin() + static_cast<std::ptrdiff_t>(cut);
    EXPECT_EQ(world.exchange(*connection, Bytes(frame.begin(), middle)),
              cut == frame.size() ? "RESP SYSCALL #5 = 1, 0\n" : "");
    EXPECT_EQ(world.exchange(*connection, Bytes(middle, frame.end())),
              cut == frame.size() ? "" : "RESP SYSCALL #5 = 1, 0\n");
  }
}

TEST(SysproxyRegression, DisconnectInExec) {
  ProxyWorld world({.limits = {.idle_workers = 0}});
  const Census before = world.census();
  const auto connection = world.guest();
  // A call that waits for the client's memory keeps the exec waiting, and the client goes.
  world.exchange(*connection, make_call(5, SYS_write, {1, kAddress, 5}));
  EXPECT_EQ(world.exchange(*connection, make_handshake(0, Handshake::EXEC, bytes_of("new"))), "");
  connection->close();
  world.run();
  EXPECT_EQ(world.server().clients(), 0U);
  EXPECT_EQ(world.census(), before);
}

TEST(SysproxyRegression, WorkerCountRace) {
  // Each of many requests that come at once finds a worker, whatever the schedule.
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    ProxyWorld world({.seed = seed,
                      .cpus = 1 + static_cast<std::uint32_t>(seed % 4),
                      .strategy = random_walk(50),
                      .limits = {.max_workers = 3, .idle_workers = 1}});
    const auto connection = world.guest();
    for (std::uint64_t round = 0; round < 5; ++round) {
      Bytes burst;
      for (std::uint64_t number = 0; number < 8; ++number) {
        burst = burst + make_call(number, SYS_getppid);
      }
      connection->send(burst);
      world.run();
      EXPECT_EQ(connection->take().size(), 8U) << "seed " << seed;
      EXPECT_LE(world.server().workers().workers(), 1U);
    }
  }
}

TEST(SysproxyRegression, SlowReaderBlocksAll) {
  // The server never waits for a client to read: what it sends is the business of who stands behind the port.
  ProxyWorld world;
  const auto slow = world.guest();
  const auto fds = world.call(*slow, SYS_pipe);
  for (int round = 0; round < 50; ++round) {
    world.exchange(*slow, make_call(5, SYS_getpid));
  }
  EXPECT_GT(fds[0], 2);
  const auto other = world.guest();
  EXPECT_EQ(world.call(*other, SYS_getppid)[0], 1);
}

// --- calls

TEST(Sysproxy, ABlockedCallHoldsNobodyUp) {
  ProxyWorld world;
  const auto reader = world.guest();
  const auto fds = world.call(*reader, SYS_pipe);
  const auto read_end = static_cast<std::uint64_t>(fds[0]);
  const auto write_end = static_cast<std::uint64_t>(fds[1]);
  EXPECT_EQ(world.exchange(*reader, make_call(5, SYS_read, {read_end, kAddress, 4})), "");
  const auto other = world.guest();
  EXPECT_EQ(world.call(*other, SYS_getppid)[0], 1);
  EXPECT_EQ(world.exchange(*reader, make_call(6, SYS_write, {write_end, kAddress, 2})),
            "REQ COPYIN #0 2 bytes at 0x10000\n");
  std::string answers = world.exchange(*reader, make_answer(0, bytes_of("hi")));
  EXPECT_NE(answers.find("REQ COPYOUT #1 2 bytes at 0x10000\nRESP SYSCALL #5 = 2, 0\n"), std::string::npos) << answers;
  EXPECT_NE(answers.find("RESP SYSCALL #6 = 2, 0\n"), std::string::npos) << answers;
}

TEST(Sysproxy, TheSameRequestNumberTwiceIsTwoRequests) {
  ProxyWorld world;
  const auto connection = world.guest();
  EXPECT_EQ(world.exchange(*connection, make_call(8, SYS_getppid) + make_call(8, SYS_getppid)),
            "RESP SYSCALL #8 = 1, 0\nRESP SYSCALL #8 = 1, 0\n");
}

TEST(Sysproxy, ALongArgumentBlockIsNoError) {
  ProxyWorld world;
  const auto connection = world.guest();
  const Bytes frame =
      make_frame({.request_number = 5, .type = FrameType::SYSCALL, .field = SYS_getppid}, Bytes(1000, std::byte{0xff}));
  EXPECT_EQ(world.exchange(*connection, frame), "RESP SYSCALL #5 = 1, 0\n");
}

TEST(Sysproxy, ASignalIsRaisedBeforeTheAnswer) {
  ProxyWorld world;
  const auto connection = world.guest();
  const auto fds = world.call(*connection, SYS_pipe);
  world.call(*connection, SYS_close, {static_cast<std::uint64_t>(fds[0])});
  EXPECT_EQ(world.exchange(*connection, make_call(5, SYS_write, {static_cast<std::uint64_t>(fds[1]), kAddress, 1})),
            "REQ RAISE #0 signal 13\nRESP SYSCALL #5 EPIPE(32)\n");
}

TEST(Sysproxy, CopiesLargerThanAFrameAreMadeInPieces) {
  ProxyWorld world({.limits = {.max_frame = 100}});
  const auto connection = world.guest();
  EXPECT_EQ(world.exchange(*connection, make_call(5, SYS_write, {1, kAddress, 100})),
            "REQ COPYIN #0 76 bytes at 0x10000\n");
  EXPECT_EQ(world.exchange(*connection, make_answer(0, Bytes(76))), "REQ COPYIN #1 24 bytes at 0x1004c\n");
  EXPECT_EQ(world.exchange(*connection, make_answer(1, Bytes(24))), "RESP SYSCALL #5 = 100, 0\n");
}

// --- limits

TEST(SysproxyLimits, Clients) {
  ProxyWorld world({.limits = {.max_clients = 2}});
  auto first = world.guest();
  const auto second = world.guest();
  const auto third = world.open();
  EXPECT_TRUE(third->hung_up());
  EXPECT_TRUE(third->received().empty()) << "a banner for a client that is not taken";
  first->close();
  world.run();
  const auto fourth = world.guest();
  EXPECT_EQ(world.call(*fourth, SYS_getppid)[0], 1);
}

TEST(SysproxyLimits, ConnectionsThatWaitToBeAccepted) {
  ProxyWorld world({.limits = {.max_clients = 2}});
  std::vector<std::unique_ptr<Connection>> flood;
  for (int i = 0; i < 100; ++i) {
    flood.push_back(std::make_unique<Connection>(world.machine()));
  }
  world.run();
  EXPECT_EQ(std::ranges::count_if(flood, [](const auto& one) { return one->greeted(); }), 2);
  EXPECT_EQ(std::ranges::count_if(flood, [](const auto& one) { return one->hung_up(); }), 98);
}

TEST(SysproxyLimits, PendingRequests) {
  ProxyWorld world({.limits = {.max_pending = 3}});
  const auto connection = world.guest();
  const auto fds = world.call(*connection, SYS_pipe);
  Bytes reads;
  for (std::uint64_t number = 0; number < 5; ++number) {
    reads = reads + make_call(number, SYS_read, {static_cast<std::uint64_t>(fds[0]), kAddress, 1});
  }
  EXPECT_EQ(world.exchange(*connection, reads), "ERROR #3 TRYAGAIN(1)\nERROR #4 TRYAGAIN(1)\n");
  EXPECT_FALSE(connection->hung_up());
}

TEST(SysproxyLimits, Workers) {
  ProxyWorld world({.limits = {.max_workers = 2, .idle_workers = 1}});
  const auto connection = world.guest();
  const auto fds = world.call(*connection, SYS_pipe);
  const auto read_end = static_cast<std::uint64_t>(fds[0]);
  EXPECT_EQ(
      world.exchange(*connection, make_call(1, SYS_read, {read_end, kAddress, 1}) +
                                      make_call(2, SYS_read, {read_end, kAddress, 1}) + make_call(3, SYS_getppid)),
      "");
  EXPECT_EQ(world.server().workers().workers(), 2U);
  connection->close();  // the reads are interrupted; what waits for a worker is refused with the process
  world.run();
  EXPECT_EQ(world.server().workers().workers(), 1U);
  EXPECT_EQ(world.server().clients(), 0U);
}

TEST(SysproxyLimits, UnreadBytes) {
  ProxyWorld world({.limits = {.max_unread = 1000}});
  const auto connection = world.guest();
  const Bytes frame = make_frame({.type = FrameType::SYSCALL, .field = SYS_getpid}, Bytes(1200));
  connection->send(Bytes(frame.begin(), frame.begin() + 600));
  world.run();
  connection->send(Bytes(frame.begin() + 600, frame.end()));
  world.run();
  EXPECT_FALSE(connection->hung_up()) << "what the main loop has read counts no more";
  static_cast<void>(connection->take());
  connection->send(Bytes(frame.begin(), frame.begin() + 600));
  connection->send(Bytes(frame.begin() + 600, frame.end()));
  world.run();
  EXPECT_EQ(connection->take_text(), "");
  EXPECT_TRUE(connection->hung_up());
  EXPECT_EQ(world.server().clients(), 0U);
}

TEST(SysproxyLimits, Preforks) {
  ProxyWorld world({.limits = {.max_preforks = 2}});
  const auto connection = world.guest();
  Bytes requests;
  for (std::uint64_t number = 0; number < 3; ++number) {
    requests = requests + make_frame({.request_number = number, .type = FrameType::PREFORK});
  }
  connection->send(requests);
  world.run();
  const std::vector<Frame> frames = connection->take();
  ASSERT_EQ(frames.size(), 3U);
  EXPECT_NE(frames[0].body, frames[1].body);
  EXPECT_EQ(frames[2].text(), "ERROR #2 TRYAGAIN(1)");
}

TEST(SysproxyLimits, ThatLeaveNothingAreRefused) {
  ProxyWorld world;
  Server* server = nullptr;
  EXPECT_EQ(Server::start(world.kernel(), {.max_clients = 0}, server), EINVAL);
  EXPECT_EQ(Server::start(world.kernel(), {.max_workers = 0}, server), EINVAL);
  EXPECT_EQ(server, nullptr);
}

// --- fork and exec

Bytes prefork(ProxyWorld& world, Connection& connection) {
  connection.send(make_frame({.request_number = 9, .type = FrameType::PREFORK}));
  world.run();
  const std::vector<Frame> frames = connection.take();
  EXPECT_EQ(frames.size(), 1U);
  return frames.empty() ? Bytes(16) : frames[0].body;
}

TEST(SysproxyFork, TheChildHasTheParentsDescriptors) {
  ProxyWorld world;
  const auto parent = world.guest("parent");
  const auto fds = world.call(*parent, SYS_pipe);
  const std::int64_t parent_pid = world.call(*parent, SYS_getpid)[0];
  const Bytes cookie = prefork(world, *parent);
  world.call(*parent, SYS_close, {static_cast<std::uint64_t>(fds[0])});  // after the prefork: the child still has it
  const auto child = world.open();
  EXPECT_EQ(world.exchange(*child, make_handshake(1, Handshake::FORK, cookie + Bytes(4))),
            "RESP HANDSHAKE #1 error 0\n");
  EXPECT_EQ(world.call(*child, SYS_fcntl, {static_cast<std::uint64_t>(fds[0]), F_GETFD, 0})[0], 0);
  EXPECT_EQ(world.call(*child, SYS_getpid)[0], parent_pid + 2);
  EXPECT_EQ(world.call(*child, SYS_getppid)[0], 1);
  EXPECT_STREQ(world.process(*child)->comm.data(), "parent");
}

TEST(SysproxyFork, ACookieOutlivesItsParentAndWorksOnce) {
  ProxyWorld world;
  auto parent = world.guest();
  const Bytes fork = make_handshake(1, Handshake::FORK, prefork(world, *parent) + Bytes(4));
  parent->close();
  world.run();
  const auto child = world.open();
  EXPECT_EQ(world.exchange(*child, fork), "RESP HANDSHAKE #1 error 0\n");
  const auto second = world.open();
  EXPECT_EQ(world.exchange(*second, fork), "ERROR #1 INVALID_PREFORK(3)\n");
  EXPECT_TRUE(second->hung_up());
}

TEST(SysproxyFork, ACancelledCookieIsForgottenWithoutAnAnswer) {
  ProxyWorld world;
  const auto parent = world.guest();
  const Bytes cookie = prefork(world, *parent);
  const std::size_t processes = world.census().processes;
  const Bytes cancel = cookie + Bytes{std::byte{1}, std::byte{0}, std::byte{0}, std::byte{0}};
  const auto again = world.open();
  EXPECT_EQ(world.exchange(*again, make_handshake(1, Handshake::FORK, cancel)), "");
  EXPECT_TRUE(again->hung_up());
  EXPECT_EQ(world.census().processes, processes - 1);
  const auto late = world.open();
  EXPECT_EQ(world.exchange(*late, make_handshake(1, Handshake::FORK, cookie + Bytes(4))),
            "ERROR #1 INVALID_PREFORK(3)\n");
}

TEST(SysproxyFork, CookiesAreOfTheMachinesEntropy) {
  ProxyWorld one({.seed = 1});
  ProxyWorld same({.seed = 1});
  ProxyWorld other({.seed = 2});
  const Bytes cookie = prefork(one, *one.guest());
  EXPECT_EQ(cookie, prefork(same, *same.guest()));
  EXPECT_NE(cookie, prefork(other, *other.guest()));
}

TEST(SysproxyExec, KeepsTheProcessAndClosesWhatIsMarked) {
  ProxyWorld world;
  const auto connection = world.guest("old");
  const auto fds = world.call(*connection, SYS_pipe);
  const auto marked = static_cast<std::uint64_t>(fds[0]);
  const auto kept = static_cast<std::uint64_t>(fds[1]);
  world.call(*connection, SYS_fcntl, {marked, F_SETFD, FD_CLOEXEC});
  const std::int64_t pid = world.call(*connection, SYS_getpid)[0];
  EXPECT_EQ(world.exchange(*connection, make_handshake(0, Handshake::EXEC, bytes_of("new"))),
            "RESP HANDSHAKE #0 error 0\n");
  EXPECT_EQ(world.call(*connection, SYS_getpid)[0], pid);
  EXPECT_EQ(world.call(*connection, SYS_fcntl, {kept, F_GETFD, 0})[0], 0);
  EXPECT_EQ(world.exchange(*connection, make_call(1, SYS_fcntl, {marked, F_GETFD, 0})), "RESP SYSCALL #1 EBADF(9)\n");
  EXPECT_STREQ(world.process(*connection)->comm.data(), "new");
}

TEST(SysproxyExec, InterruptsCallsAndRefusesNewOnesMeanwhile) {
  ProxyWorld world;
  const auto connection = world.guest();
  const auto fds = world.call(*connection, SYS_pipe);
  world.exchange(*connection, make_call(1, SYS_read, {static_cast<std::uint64_t>(fds[0]), kAddress, 1}));
  world.exchange(*connection, make_call(2, SYS_write, {1, kAddress, 5}));
  EXPECT_EQ(world.exchange(*connection, make_handshake(0, Handshake::EXEC, bytes_of("new"))),
            "RESP SYSCALL #1 EINTR(4)\n");
  EXPECT_EQ(world.exchange(*connection, make_call(3, SYS_getpid)), "ERROR #3 INEXEC(5)\n");
  EXPECT_EQ(world.exchange(*connection, make_frame({.request_number = 4, .type = FrameType::PREFORK})),
            "ERROR #4 INEXEC(5)\n");
  EXPECT_EQ(world.exchange(*connection, make_answer(0, Bytes(5))),
            "RESP SYSCALL #2 = 5, 0\nRESP HANDSHAKE #0 error 0\n");
  EXPECT_EQ(world.call(*connection, SYS_getppid)[0], 1);
}

TEST(SysproxyExec, ASecondOneMeanwhileEndsTheConnection) {
  ProxyWorld world;
  const auto connection = world.guest();
  world.exchange(*connection, make_call(2, SYS_write, {1, kAddress, 5}));
  world.exchange(*connection, make_handshake(0, Handshake::EXEC, bytes_of("new")));
  EXPECT_EQ(world.exchange(*connection, make_handshake(1, Handshake::EXEC, bytes_of("newer"))), "ERROR #1 INEXEC(5)\n");
  EXPECT_TRUE(connection->hung_up());
  EXPECT_EQ(world.server().clients(), 0U);
}

// --- disconnects, cuts, schedules, memory

/// A session whose requests need no answers to copy requests and do not depend on one another.
Bytes session_bytes() {
  return make_guest() + make_call(2, SYS_pipe) + make_call(3, SYS_getppid) +
         make_frame({.request_number = 4, .type = FrameType::PREFORK}) + make_call(5, SYS_fcntl, {1, F_GETFD, 0}) +
         make_frame({.request_number = 6, .type = FrameType{50}}) + make_call(7, SYS_close, {99});
}

Bytes exec_bytes() {
  return make_handshake(0, Handshake::EXEC, bytes_of("new"));
}

/// The answers in an order that does not depend on which worker was faster, without the cookie.
std::vector<std::string> sorted_answers(const Connection& connection) {
  std::vector<std::string> lines;
  for (const Frame& frame : connection.frames()) {
    const bool has_cookie = frame.header.type == FrameType::PREFORK;
    lines.push_back(has_cookie ? "RESP PREFORK" : frame.text());
  }
  std::ranges::sort(lines);
  return lines;
}

TEST(Sysproxy, AnswersDoNotDependOnHowTheStreamIsCut) {
  const Bytes bytes = session_bytes();
  std::vector<std::string> expected;
  for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
    ProxyWorld world;
    const auto connection = world.open();
    const auto middle = bytes.begin() + static_cast<std::ptrdiff_t>(cut);
    connection->send(Bytes(bytes.begin(), middle));
    if (cut % 2 == 0) {
      world.run();
    }
    connection->send(Bytes(middle, bytes.end()));
    world.run();
    if (cut == 0) {
      expected = sorted_answers(*connection);
      EXPECT_EQ(expected.size(), 7U);
    }
    EXPECT_EQ(sorted_answers(*connection), expected) << "cut at " << cut;
  }
}

TEST(Sysproxy, ADisconnectAtAnyByteLeavesNothing) {
  ProxyWorld world({.limits = {.idle_workers = 0, .prefork_grace_ns = 1}});
  const Census before = world.census();
  const Bytes bytes = session_bytes() + exec_bytes() + make_call(9, SYS_write, {1, kAddress, 5}) +
                      make_call(10, SYS_nanosleep, {kAddress, 0}) + make_answer(0, Bytes(5));
  for (std::size_t length = 0; length <= bytes.size(); ++length) {
    auto connection = world.open();
    connection->send(Bytes(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(length)));
    if (length % 2 == 0) {
      world.run();
    }
    connection->close();
    world.run_to_end();
    ASSERT_EQ(world.census(), before) << "after " << length << " bytes";
    ASSERT_EQ(world.server().clients(), 0U);
  }
}

/// Two clients of their own memory that talk over a pipe each, on actors.
struct Talk {
  static constexpr std::uint64_t kBase = 0x100000;

  explicit Talk(ProxyWorld& world) : world_(world), memory_(kBase, pages_) {}

  void run() {
    SimulatedClient client(world_.machine(), world_.kernel().kmem(), memory_);
    connected_ = client.connect();
    static_cast<void>(client.handshake_guest("talk"));
    const auto pipe = client.syscall(SYS_pipe, {});
    for (std::uint64_t round = 0; round < 3 && client.is_connected(); ++round) {
      const std::array<std::uint64_t, 3> write{static_cast<std::uint64_t>(pipe.value[1]), kBase, 16};
      const std::array<std::uint64_t, 3> read{static_cast<std::uint64_t>(pipe.value[0]), kBase + 64, 16};
      std::ranges::fill(std::span(pages_).first(16), static_cast<std::byte>(round + 1));
      const auto written = client.syscall(SYS_write, write);
      const auto got = client.syscall(SYS_read, read);
      rounds_ += written.value[0] == 16 && got.value[0] == 16 && pages_[64 + 15] == static_cast<std::byte>(round + 1);
    }
    if (leaves_in_call_) {
      const std::array<std::uint64_t, 3> read{static_cast<std::uint64_t>(pipe.value[0]), kBase + 64, 16};
      client.send_request(FrameType::SYSCALL, SYS_read, std::as_bytes(std::span(read)));
    }
    violation_ = client.violation();
    client.disconnect();
    finished_ = true;
  }

  ProxyWorld& world_;
  std::array<std::byte, 128> pages_{};
  SimulatedMemory memory_;
  bool connected_ = false;
  bool leaves_in_call_ = false;
  bool finished_ = false;
  int rounds_ = 0;
  std::string_view violation_;
};

TEST(Sysproxy, ClientsGetTheirAnswersUnderAnySchedule) {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    ProxyWorld world({.seed = seed,
                      .cpus = 1 + static_cast<std::uint32_t>(seed % 4),
                      .strategy = random_walk(30),
                      .limits = {.idle_workers = 0}});
    const Census before = world.census();
    std::vector<std::unique_ptr<Talk>> talks;
    for (int i = 0; i < 4; ++i) {
      talks.push_back(std::make_unique<Talk>(world));
      talks.back()->leaves_in_call_ = i % 2 == 0;
      world.spawn([talk = talks.back().get()] { talk->run(); });
    }
    world.run_to_end();
    for (const auto& talk : talks) {
      EXPECT_TRUE(talk->finished_) << "seed " << seed;
      EXPECT_EQ(talk->violation_, "") << "seed " << seed;
      EXPECT_EQ(talk->rounds_, 3) << "seed " << seed;
    }
    ASSERT_EQ(world.census(), before) << "seed " << seed;
  }
}

TEST(Sysproxy, ADisconnectAtAnyStepLeavesNothing) {
  const auto run_until = [](sim::Step steps, bool& reached_end) {
    ProxyWorld world({.seed = 7, .cpus = 2, .limits = {.idle_workers = 0, .prefork_grace_ns = 1}});
    const Census before = world.census();
    Connection connection(world.machine());
    connection.send(session_bytes());
    connection.send(exec_bytes());
    connection.send(make_call(9, SYS_write, {1, kAddress, 5}) + make_answer(0, Bytes(5)));
    const sim::Step start = world.machine().step();
    const auto reason = world.machine().run({.until_step = start + steps, .advance_time = false});
    reached_end = reason == sim::StopReason::quiescent;
    connection.close();
    world.run_to_end();
    EXPECT_EQ(world.census(), before) << "after " << steps << " steps";
    EXPECT_EQ(world.server().clients(), 0U);
  };
  bool reached_end = false;
  sim::Step steps = 0;
  for (; !reached_end && !testing::Test::HasFailure(); steps += 3) {
    run_until(steps, reached_end);
  }
  EXPECT_GT(steps, 100U);
}

TEST(Sysproxy, LackOfMemoryEndsInAnswersOrHangUps) {
  // The heap is filled; then there is memory again for all sizes but one, and of that for a few requests. Whatever
  // fails, nothing aborts, and all comes back.
  constexpr std::array<std::size_t, 12> kClasses{16, 32, 64, 96, 160, 224, 352, 480, 736, 992, 1504, 2016};
  constexpr std::size_t kStock = 40;
  std::set<std::uint32_t> refusals;
  for (const std::size_t starved : kClasses) {
    for (std::size_t blocks = 0; blocks < 8; ++blocks) {
      ProxyWorld world({.limits = {.idle_workers = 0, .prefork_grace_ns = 1}, .heap_bytes = std::size_t{4} << 20});
      sim::Arena& arena = world.machine().arena();
      const Census before = world.census();
      std::vector<std::pair<void*, std::size_t>> filler;
      std::vector<std::pair<void*, std::size_t>> stock;
      for (const std::size_t size : kClasses) {
        for (std::size_t count = 0; count < (size == starved ? blocks : kStock); ++count) {
          stock.emplace_back(arena.allocate(size), size);
          ASSERT_NE(stock.back().first, nullptr);
        }
      }
      for (std::size_t size = std::size_t{1} << 20; size >= 16; size = size > 4096 ? size / 2 : size - 16) {
        while (void* memory = arena.allocate(size)) {
          filler.emplace_back(memory, size);
        }
      }
      for (const auto& [memory, size] : stock) {
        arena.deallocate(memory, size);
      }
      {
        Connection connection(world.machine());
        connection.send(session_bytes() + exec_bytes());
        world.run();
        connection.send(make_call(9, SYS_write, {1, kAddress, 600}));
        world.run();
        connection.send(make_answer(0, Bytes(600)));
        world.run();
        for (const Frame& frame : connection.frames()) {
          if (frame.header.frame_class == FrameClass::ERROR) {
            refusals.insert(frame.header.field);
          }
        }
      }
      world.run_to_end();
      for (const auto& [memory, size] : filler) {
        arena.deallocate(memory, size);
      }
      ASSERT_EQ(world.census(), before) << "blocks of " << starved << " bytes: " << blocks;
    }
  }
  for (const ProtocolError error : {ProtocolError::TRYAGAIN, ProtocolError::NOMEM, ProtocolError::RFORK_FAILED}) {
    EXPECT_TRUE(refusals.contains(static_cast<std::uint32_t>(error))) << name(error) << " was never met";
  }
}

TEST(Sysproxy, ForkAndExecOfASimulatedClient) {
  ProxyWorld world({.limits = {.idle_workers = 0}});
  const Census before = world.census();
  std::array<std::byte, 64> pages{};
  std::string violations;
  std::int64_t child_pid = 0;
  std::int64_t parent_pid = 0;
  bool exec_answered = false;
  world.spawn([&] {
    SimulatedMemory memory(0x1000, pages);
    SimulatedClient parent(world.machine(), world.kernel().kmem(), memory);
    SimulatedClient child(world.machine(), world.kernel().kmem(), memory);
    if (!parent.connect() || !child.connect()) {
      return;
    }
    static_cast<void>(parent.handshake_guest("parent"));
    const auto forked = parent.prefork();
    static_cast<void>(child.handshake_fork(forked.cookie));
    parent_pid = parent.syscall(SYS_getpid, {}).value[0];
    child_pid = child.syscall(SYS_getpid, {}).value[0];
    const std::array<std::uint64_t, 1> arguments{0};
    static_cast<void>(child.syscall(8, arguments));
    exec_answered = child.handshake_exec("child").outcome == SimulatedClient::Outcome::answered &&
                    child.syscall(SYS_getpid, {}).value[0] == child_pid && child.signals() == 1 &&
                    child.last_signal() == SIGSYS;
    violations = std::string(parent.violation()) + std::string(child.violation());
  });
  world.run_to_end();
  EXPECT_EQ(violations, "");
  EXPECT_EQ(child_pid, parent_pid + 2);
  EXPECT_TRUE(exec_answered);
  EXPECT_EQ(world.census(), before);
}

}  // namespace
}  // namespace kern::sysproxy
