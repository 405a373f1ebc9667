// Pipes as a program meets them. Figures and errors: what a real rump kernel gave, and sys_pipe.c where that is silent.

#include "kern/fd/pipe.hpp"

#include <array>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "kern/abi/limits.hpp"
#include "kern/abi/signal.hpp"
#include "kern/abi/stat.hpp"
#include "kern/abi/uio.hpp"
#include "tests/support/kernel_fixture.hpp"

namespace {

using namespace kern;  // NetBSD's names are the subject here
using test::BootedKernel;
using test::fails;
using test::gives;
using test::Program;

struct Ends {
  int read = -1;
  int write = -1;
};

Ends open_pipe(Program& program) {
  const test::CallResult result = program.call(SYS_pipe);
  EXPECT_EQ(result.error, 0);
  return {.read = static_cast<int>(result.value), .write = static_cast<int>(result.second)};
}

Ends open_nonblocking_pipe(Program& program) {
  const UserAddress fds = program.allocate(8);
  EXPECT_EQ(program.call(SYS_pipe2, fds, O_NONBLOCK), gives(0));
  return {.read = program.get_object<int>(fds), .write = program.get_object<int>(fds + 4)};
}

std::string pattern(std::size_t bytes, std::size_t from = 0) {
  std::string text(bytes, '\0');
  for (std::size_t i = 0; i < bytes; ++i) {
    const std::size_t position = from + i;
    text[i] = static_cast<char>(position ^ (position >> 8U) ^ (position >> 16U));
  }
  return text;
}

Stat stat_of(Program& program, int fd) {
  const UserAddress address = program.allocate(sizeof(Stat));
  EXPECT_EQ(program.call(SYS___fstat50, fd, address), gives(0));
  return program.get_object<Stat>(address);
}

TEST(Pipe, ReturnsBothDescriptorsTheLowestFree) {
  BootedKernel booted;
  EXPECT_TRUE(booted.run([](Program& program) {
    const test::CallResult result = program.call(SYS_pipe);
    EXPECT_EQ(result, gives(0));
    EXPECT_EQ(result.second, 1);
  }));
}

TEST(Pipe, GivesBytesInTheOrderOfWriting) {
  BootedKernel booted;
  EXPECT_TRUE(booted.run([](Program& program) {
    const Ends pipe = open_pipe(program);
    EXPECT_EQ(program.call(SYS_write, pipe.write, program.put("hel"), 3), gives(3));
    EXPECT_EQ(program.call(SYS_write, pipe.write, program.put("lo"), 2), gives(2));
    const UserAddress buffer = program.allocate(16);
    EXPECT_EQ(program.call(SYS_read, pipe.read, buffer, 4), gives(4));
    EXPECT_EQ(program.get(buffer, 4), "hell");
    EXPECT_EQ(program.call(SYS_read, pipe.read, buffer, 16), gives(1));
    EXPECT_EQ(program.get(buffer, 1), "o");
  }));
}

TEST(Pipe, EndsGoOneWay) {
  BootedKernel booted;
  EXPECT_TRUE(booted.run([](Program& program) {
    const Ends pipe = open_pipe(program);
    const UserAddress byte = program.put("x");
    EXPECT_EQ(program.call(SYS_write, pipe.read, byte, 1), fails(EBADF));
    EXPECT_EQ(program.call(SYS_read, pipe.write, byte, 1), fails(EBADF));
  }));
}

TEST(Pipe, HoldsSixteenKilobytesUntilABigWriteMeetsItEmpty) {
  BootedKernel booted;
  EXPECT_TRUE(booted.run([](Program& program) {
    const Ends pipe = open_nonblocking_pipe(program);
    const UserAddress data = program.allocate(70'000);
    EXPECT_EQ(stat_of(program, pipe.read).st_blksize, 16'384);
    EXPECT_EQ(program.call(SYS_write, pipe.write, data, 16'384), gives(16'384));
    EXPECT_EQ(program.call(SYS_write, pipe.write, data, 20'000), fails(EAGAIN)) << "not empty: it does not grow";
    EXPECT_EQ(program.call(SYS_read, pipe.read, data, 16'384), gives(16'384));
    EXPECT_EQ(program.call(SYS_write, pipe.write, data, 70'000), gives(65'536));
    EXPECT_EQ(stat_of(program, pipe.read).st_blksize, 65'536);
  }));
}

TEST(Pipe, OnlyThirtyTwoPipesAreBigAtATime) {
  BootedKernel booted;
  EXPECT_TRUE(booted.run([](Program& program) {
    const UserAddress data = program.allocate(16'385);
    std::vector<Ends> pipes;
    for (std::uint32_t i = 0; i < kMaximumBigPipes; ++i) {
      pipes.push_back(open_nonblocking_pipe(program));
      EXPECT_EQ(program.call(SYS_write, pipes.back().write, data, 16'385), gives(16'385));
    }
    const Ends small = open_nonblocking_pipe(program);
    EXPECT_EQ(program.call(SYS_write, small.write, data, 16'385), gives(16'384));
    EXPECT_EQ(program.call(SYS_close, pipes[0].read), gives(0));
    EXPECT_EQ(program.call(SYS_close, pipes[0].write), gives(0));
    const Ends big = open_nonblocking_pipe(program);
    EXPECT_EQ(program.call(SYS_write, big.write, data, 16'385), gives(16'385));
  }));
}

// The rows of the captured table from "write nonblock 70000" on.
TEST(Pipe, NonblockingWritesFillTheRestUnlessTheyAreSmall) {
  BootedKernel booted;
  EXPECT_TRUE(booted.run([](Program& program) {
    const Ends pipe = open_nonblocking_pipe(program);
    const UserAddress data = program.allocate(70'000);
    EXPECT_EQ(program.call(SYS_write, pipe.write, data, 70'000), gives(65'536));
    EXPECT_EQ(program.call(SYS_write, pipe.write, data, 1), fails(EAGAIN));
    EXPECT_EQ(program.call(SYS_write, pipe.write, data, 4'096), fails(EAGAIN));
    EXPECT_EQ(program.call(SYS_read, pipe.read, data, 1'000), gives(1'000));
    EXPECT_EQ(program.call(SYS_write, pipe.write, data, 1), gives(1));
    EXPECT_EQ(program.call(SYS_write, pipe.write, data, 4'096), gives(999));
    EXPECT_EQ(program.call(SYS_read, pipe.read, data, PIPE_BUF - 1), gives(PIPE_BUF - 1));
    EXPECT_EQ(program.call(SYS_write, pipe.write, data, PIPE_BUF), fails(EAGAIN)) << "PIPE_BUF bytes are atomic";
    EXPECT_EQ(program.call(SYS_write, pipe.write, data, PIPE_BUF + 1), gives(PIPE_BUF - 1)) << "one more is not";
  }));
}

TEST(Pipe, KeepsBytesOverTheWrapAroundItsEnd) {
  BootedKernel booted;
  EXPECT_TRUE(booted.run([](Program& program) {
    const Ends pipe = open_nonblocking_pipe(program);
    std::size_t written = 0;
    std::size_t read = 0;
    for (int round = 0; round < 40; ++round) {
      program.forget_memory();
      const std::string bytes = pattern(7'000, written);
      EXPECT_EQ(program.call(SYS_write, pipe.write, program.put(bytes), 7'000), gives(7'000));
      written += 7'000;
      const std::size_t wanted = round == 0 ? 1'000 : 7'000;  // never empty: the ring goes round
      const UserAddress buffer = program.allocate(7'000);
      EXPECT_EQ(program.call(SYS_read, pipe.read, buffer, wanted), gives(static_cast<std::int64_t>(wanted)));
      EXPECT_EQ(program.get(buffer, wanted), pattern(wanted, read)) << "round " << round;
      read += wanted;
    }
  }));
}

TEST(Pipe, ReadOfAnEmptyOneIsEndOfFileWithoutWriter) {
  BootedKernel booted;
  EXPECT_TRUE(booted.run([](Program& program) {
    const Ends pipe = open_pipe(program);
    EXPECT_EQ(program.call(SYS_write, pipe.write, program.put("ab"), 2), gives(2));
    EXPECT_EQ(program.call(SYS_close, pipe.write), gives(0));
    const UserAddress buffer = program.allocate(8);
    EXPECT_EQ(program.call(SYS_read, pipe.read, buffer, 8), gives(2));
    EXPECT_EQ(program.call(SYS_read, pipe.read, buffer, 8), gives(0));
  }));
}

TEST(Pipe, WriteWithoutReaderIsEpipeAndASignal) {
  BootedKernel booted;
  EXPECT_TRUE(booted.run([&](Program& program) {
    const Ends pipe = open_pipe(program);
    const UserAddress byte = program.put("x");
    EXPECT_EQ(program.call(SYS_close, pipe.read), gives(0));
    EXPECT_EQ(program.call(SYS_fcntl, pipe.write, F_SETNOSIGPIPE, 1), gives(0));
    EXPECT_EQ(program.call(SYS_write, pipe.write, byte, 1), fails(EPIPE));
    EXPECT_EQ(booted.signals().size(), 0U);
    EXPECT_EQ(program.call(SYS_fcntl, pipe.write, F_SETNOSIGPIPE, 0), gives(0));
    EXPECT_EQ(program.call(SYS_write, pipe.write, byte, 1), fails(EPIPE));
    EXPECT_EQ(program.call(SYS_write, pipe.write, byte, 0), fails(EPIPE)) << "zero bytes too";
    EXPECT_EQ(booted.signals(), (std::deque<int>{SIGPIPE, SIGPIPE}));
  }));
}

TEST(Pipe, AFaultLeavesTheBytesInside) {
  BootedKernel booted;
  EXPECT_TRUE(booted.run([](Program& program) {
    const Ends pipe = open_pipe(program);
    EXPECT_EQ(program.call(SYS_write, pipe.write, program.put("abc"), 3), gives(3));
    EXPECT_EQ(program.call(SYS_read, pipe.read, 0, 3), fails(EFAULT));
    EXPECT_EQ(program.call(SYS_read, pipe.read, program.memory_end() - 2, 3), fails(EFAULT));
    EXPECT_EQ(program.call(SYS_write, pipe.write, 0, 3), fails(EFAULT));
    EXPECT_EQ(program.call(SYS_write, pipe.write, program.memory_end() - 2, 3), fails(EFAULT));
    const UserAddress buffer = program.allocate(8);
    EXPECT_EQ(program.call(SYS_read, pipe.read, buffer, 8), gives(3));
    EXPECT_EQ(program.get(buffer, 3), "abc");
  }));
}

TEST(Pipe, TellsItsStateByFstat) {
  BootedKernel booted;
  EXPECT_TRUE(booted.run([](Program& program) {
    const Ends pipe = open_pipe(program);
    EXPECT_EQ(program.call(SYS_write, pipe.write, program.put("abc"), 3), gives(3));
    const Stat reader = stat_of(program, pipe.read);
    EXPECT_EQ(reader.st_mode, 010600U);
    EXPECT_EQ(reader.st_size, 3);
    EXPECT_EQ(reader.st_blocks, 1);
    EXPECT_EQ(reader.st_blksize, 16'384);
    EXPECT_GT(reader.st_mtim.tv_nsec, reader.st_birthtim.tv_nsec);
    const Stat writer = stat_of(program, pipe.write);
    EXPECT_EQ(writer.st_size, 0);
    EXPECT_EQ(writer.st_blksize, 16'384);
    EXPECT_EQ(writer.st_mtim, writer.st_birthtim);
    EXPECT_EQ(program.call(SYS_close, pipe.read), gives(0));
    EXPECT_EQ(stat_of(program, pipe.write).st_blksize, 0) << "the buffer was the reader's";
  }));
}

TEST(Pipe, HasNoOffset) {
  BootedKernel booted;
  EXPECT_TRUE(booted.run([](Program& program) {
    const Ends pipe = open_pipe(program);
    const UserAddress buffer = program.allocate(8);
    EXPECT_EQ(program.call(SYS_lseek, pipe.read, 0, 0, SEEK_SET), fails(ESPIPE));
    EXPECT_EQ(program.call(SYS_pread, pipe.read, buffer, 1, 0, 0), fails(ESPIPE));
    EXPECT_EQ(program.call(SYS_pwrite, pipe.write, buffer, 1, 0, 0), fails(ESPIPE));
    EXPECT_EQ(program.call(SYS_preadv, pipe.read, 0, 1, 0, 0), fails(ESPIPE));
    EXPECT_EQ(program.call(SYS_pwritev, pipe.write, 0, 1, 0, 0), fails(ESPIPE));
  }));
}

TEST(Pipe2, TakesFlagsAndWritesBothNumbers) {
  BootedKernel booted;
  EXPECT_TRUE(booted.run([](Program& program) {
    const UserAddress fds = program.allocate(8);
    const test::CallResult result = program.call(SYS_pipe2, fds, O_CLOEXEC | O_NONBLOCK);
    EXPECT_EQ(result, gives(0));
    EXPECT_EQ(result.second, 1) << "the write end's number stays in the second register";
    EXPECT_EQ(program.get_object<int>(fds), 0);
    EXPECT_EQ(program.get_object<int>(fds + 4), 1);
    EXPECT_EQ(program.call(SYS_fcntl, 0, F_GETFD, 0), gives(FD_CLOEXEC));
    EXPECT_EQ(program.call(SYS_fcntl, 1, F_GETFD, 0), gives(FD_CLOEXEC));
    EXPECT_EQ(program.call(SYS_fcntl, 0, F_GETFL, 0), gives(4'194'308));
    EXPECT_EQ(program.call(SYS_read, 0, fds, 1), fails(EAGAIN));
    EXPECT_EQ(program.call(SYS_pipe2, fds, 3), fails(EINVAL));
    EXPECT_EQ(program.call(SYS_pipe2, fds, O_NOSIGPIPE), gives(0));
    EXPECT_EQ(program.call(SYS_fcntl, 3, F_GETNOSIGPIPE, 0), gives(1));
  }));
}

// known bug `pipe2-null`.
TEST(Pipe2, ClosesBothAgainWhenTheirNumbersCannotBeWritten) {
  BootedKernel booted;
  EXPECT_TRUE(booted.run([](Program& program) {
    EXPECT_EQ(program.call(SYS_pipe2, 0, 0), fails(EFAULT));
    EXPECT_EQ(program.call(SYS_pipe2, program.memory_end() - 4, 0), fails(EFAULT));
    EXPECT_EQ(program.call(SYS_fcntl, 0, F_MAXFD, 0), gives(-1));
    EXPECT_EQ(program.call(SYS_pipe), gives(0));
  }));
}

TEST(Pipe, LeavesNothingOpenWhenDescriptorsRunOut) {
  BootedKernel booted({.kernel = {.max_descriptors = 5}});
  EXPECT_TRUE(booted.run([](Program& program) {
    open_pipe(program);
    open_pipe(program);
    EXPECT_EQ(program.call(SYS_pipe), fails(EMFILE)) << "one is left, two are needed";
    EXPECT_EQ(program.call(SYS_fcntl, 0, F_MAXFD, 0), gives(3));
    EXPECT_EQ(program.call(SYS_dup, 0), gives(4));
    EXPECT_EQ(program.call(SYS_pipe), fails(EMFILE));
  }));
}

TEST(Pipe, CostsLittleUntilItIsUsed) {
  BootedKernel booted;
  EXPECT_TRUE(booted.run([&](Program& program) {
    open_pipe(program);  // the table of descriptors is there
    const std::size_t before = booted.memory_use().bytes;
    open_pipe(program);
    EXPECT_LT(booted.memory_use().bytes - before, 2'048U);
    EXPECT_EQ(program.call(SYS_write, 3, program.put("x"), 1), gives(1));
    EXPECT_LT(booted.memory_use().bytes - before, 3'072U);
  }));
}

TEST(Pipe, RunsOutOfMemoryWithAnErrorAndNoLeak) {
  BootedKernel booted({.program_memory = 128U << 10U, .heap_bytes = 2U << 20U});
  const test::MemoryUse before = booted.memory_use();
  EXPECT_TRUE(booted.run([](Program& program) {
    const UserAddress data = program.allocate(65'536);
    int error = 0;
    while (error == 0) {
      const test::CallResult made = program.call(SYS_pipe);
      error = made.error;
      if (error == 0) {
        EXPECT_EQ(program.call(SYS_fcntl, made.second, F_SETFL, O_NONBLOCK), gives(0));
        error = program.call(SYS_write, made.second, data, 65'536).error;
      }
    }
    EXPECT_EQ(error, ENOMEM);
    while (program.call(SYS_pipe).error == 0) {
    }
    EXPECT_EQ(program.call(SYS_pipe), fails(ENOMEM));
    EXPECT_EQ(program.call(SYS_fcntl, 3, F_CLOSEM, 0), gives(0));
    EXPECT_EQ(program.call(SYS_pipe), gives(3));
  }));
  EXPECT_EQ(booted.memory_use(), before);
}

TEST(Pipe, SleepingReaderWakesForBytesAndForTheEnd) {
  BootedKernel booted;
  EXPECT_TRUE(booted.run([](Program& program) {
    const Ends pipe = open_pipe(program);
    program.fork("writer", DescriptorInheritance::copy, [pipe](Program& writer) {
      writer.wait_idle();
      EXPECT_EQ(writer.call(SYS_write, pipe.write, writer.put("late"), 4), gives(4));
      writer.wait_idle();
    });
    EXPECT_EQ(program.call(SYS_close, pipe.write), gives(0));
    const UserAddress buffer = program.allocate(8);
    EXPECT_EQ(program.call(SYS_read, pipe.read, buffer, 8), gives(4));
    EXPECT_EQ(program.get(buffer, 4), "late");
    EXPECT_EQ(program.call(SYS_read, pipe.read, buffer, 8), gives(0));
  }));
}

TEST(Pipe, SleepingWriterMeetsEpipeWhenTheReaderGoes) {
  BootedKernel booted;
  EXPECT_TRUE(booted.run([&](Program& program) {
    const Ends pipe = open_pipe(program);
    program.fork("reader", DescriptorInheritance::copy, [pipe](Program& reader) {
      EXPECT_EQ(reader.call(SYS_close, pipe.write), gives(0));
      reader.wait_idle();
      EXPECT_EQ(reader.call(SYS_read, pipe.read, reader.allocate(10), 10), gives(10));
      reader.wait_idle();
    });
    EXPECT_EQ(program.call(SYS_close, pipe.read), gives(0));
    EXPECT_EQ(program.call(SYS_write, pipe.write, program.allocate(70'000), 70'000), fails(EPIPE));
    EXPECT_EQ(booted.signals(), std::deque<int>{SIGPIPE});
  }));
}

// MINPIPESIZE: a writer is not disturbed for a few bytes of room.
TEST(Pipe, SleepingWriterWakesWhenAThirdIsLeft) {
  BootedKernel booted;
  EXPECT_TRUE(booted.run([](Program& program) {
    const Ends pipe = open_pipe(program);
    bool is_done = false;
    program.fork("writer", DescriptorInheritance::copy, [pipe, &is_done](Program& writer) {
      const UserAddress data = writer.allocate(16'384);
      EXPECT_EQ(writer.call(SYS_write, pipe.write, data, 16'384), gives(16'384));
      EXPECT_EQ(writer.call(SYS_write, pipe.write, data, 1), gives(1));
      is_done = true;
    });
    const UserAddress buffer = program.allocate(16'384);
    program.wait_idle();
    EXPECT_EQ(program.call(SYS_read, pipe.read, buffer, 16'384 - 5'461), gives(16'384 - 5'461));
    program.wait_idle();
    EXPECT_FALSE(is_done);
    EXPECT_EQ(program.call(SYS_read, pipe.read, buffer, 1), gives(1));
    program.wait_idle();
    EXPECT_TRUE(is_done);
  }));
}

TEST(Pipe, ExitOfTheProcessInterruptsSleepersButKeepsWhatWasWritten) {
  BootedKernel booted;
  EXPECT_TRUE(booted.run([](Program& program) {
    const Ends empty = open_pipe(program);
    const Ends full = open_pipe(program);
    program.thread("reader", [empty](Program& reader) {
      EXPECT_EQ(reader.call(SYS_read, empty.read, reader.memory_end() - 8, 8), fails(EINTR));
    });
    program.thread("writer", [full](Program& writer) {
      EXPECT_EQ(writer.call(SYS_write, full.write, writer.memory_end() - 70'000, 70'000), gives(65'536));
      EXPECT_EQ(writer.call(SYS_write, full.write, writer.memory_end() - 1, 1), fails(EINTR));
    });
    program.wait_idle();
    program.exit_others();
  }));
}

// fo_restart. Both ends stay open elsewhere, so that nothing but the close itself can wake the reader.
TEST(Pipe, CloseOfADescriptorEndsTheReadThatCameByIt) {
  BootedKernel booted;
  EXPECT_TRUE(booted.run([](Program& program) {
    const Ends pipe = open_pipe(program);
    EXPECT_EQ(program.call(SYS_dup, pipe.read), gives(2));
    program.thread("by 0", [pipe](Program& reader) {
      EXPECT_EQ(reader.call(SYS_read, pipe.read, reader.memory_end() - 8, 8), fails(EBADF));
    });
    program.thread("by 2", [](Program& reader) {
      EXPECT_EQ(reader.call(SYS_read, 2, reader.memory_end() - 16, 8), gives(1)) << "it sleeps on";
    });
    program.wait_idle();
    EXPECT_EQ(program.call(SYS_close, pipe.read), gives(0));
    program.wait_idle();
    EXPECT_EQ(program.call(SYS_write, pipe.write, program.put("x"), 1), gives(1));
  }));
}

// A copied table has descriptors of its own: theirs are not ours.
TEST(Pipe, CloseInAnotherProcessDoesNotDisturbASleeper) {
  BootedKernel booted;
  EXPECT_TRUE(booted.run([](Program& program) {
    const Ends pipe = open_pipe(program);
    program.fork("other", DescriptorInheritance::copy, [pipe](Program& other) {
      other.wait_idle();
      EXPECT_EQ(other.call(SYS_close, pipe.write), gives(0));
      other.wait_idle();
      const UserAddress buffer = other.allocate(70'000);
      EXPECT_EQ(other.call(SYS_read, pipe.read, buffer, 70'000), gives(65'536));
    });
    const UserAddress data = program.allocate(70'000);
    EXPECT_EQ(program.call(SYS_write, pipe.write, data, 70'000), gives(70'000));
  }));
}

// --- under many schedules

class PipeSchedules : public testing::TestWithParam<std::uint64_t> {
 protected:
  test::BootOptions options() const {
    return {.cpus = 2, .strategy = "random(preempt=30)", .seed = GetParam(), .program_memory = 96U << 10U};
  }
};

// Writes and reads of odd sizes, around PIPE_BUF and the pipe's own sizes.
std::size_t odd_size(std::uint64_t seed, std::size_t round) {
  constexpr std::array<std::size_t, 8> kSizes{1, 511, 512, 513, 5'461, 16'383, 16'385, 40'000};
  return kSizes[(seed + round * 5 + round * round) % kSizes.size()];
}

constexpr std::size_t kTotal = 150'000;

TEST_P(PipeSchedules, BytesComeOutInOrderAndComplete) {
  BootedKernel booted(options());
  const test::MemoryUse before = booted.memory_use();
  EXPECT_TRUE(booted.run([](Program& program) {
    const Ends pipe = open_pipe(program);
    program.fork("writer", DescriptorInheritance::copy, [pipe](Program& writer) {
      EXPECT_EQ(writer.call(SYS_close, pipe.read), gives(0));
      for (std::size_t done = 0, round = 0; done < kTotal; ++round) {
        writer.forget_memory();
        const std::size_t size = std::min(odd_size(GetParam(), round), kTotal - done);
        const UserAddress data = writer.put(pattern(size, done));
        EXPECT_EQ(writer.call(SYS_write, pipe.write, data, size), gives(static_cast<std::int64_t>(size)));
        done += size;
      }
    });
    EXPECT_EQ(program.call(SYS_close, pipe.write), gives(0));
    std::size_t done = 0;
    for (std::size_t round = 0;; ++round) {
      program.forget_memory();
      const std::size_t size = odd_size(GetParam() + 3, round);
      const UserAddress buffer = program.allocate(size);
      const test::CallResult got = program.call(SYS_read, pipe.read, buffer, size);
      EXPECT_EQ(got.error, 0);
      if (got.error != 0 || got.value == 0) {
        break;
      }
      const auto bytes = static_cast<std::size_t>(got.value);
      EXPECT_TRUE(program.get(buffer, bytes) == pattern(bytes, done)) << "from byte " << done;
      done += bytes;
    }
    EXPECT_EQ(done, kTotal);
  }));
  EXPECT_EQ(booted.memory_use(), before);
}

constexpr std::size_t kRecord = 500;
constexpr int kRecords = 60;

// Two writers of records no longer than PIPE_BUF, two readers that share a descriptor: no record is torn or lost.
TEST_P(PipeSchedules, SmallWritesAreAtomic) {
  BootedKernel booted(options());
  const test::MemoryUse before = booted.memory_use();
  std::array<int, 2> seen{};
  EXPECT_TRUE(booted.run([&seen](Program& program) {
    const Ends pipe = open_pipe(program);
    for (const char letter : {'a', 'b'}) {
      program.fork("writer", DescriptorInheritance::copy, [pipe, letter](Program& writer) {
        const UserAddress record = writer.put(std::string(kRecord, letter));
        for (int i = 0; i < kRecords; ++i) {
          EXPECT_EQ(writer.call(SYS_write, pipe.write, record, kRecord), gives(kRecord));
        }
      });
    }
    for (int i = 0; i < 2; ++i) {
      program.fork("reader", DescriptorInheritance::copy, [pipe, &seen](Program& reader) {
        EXPECT_EQ(reader.call(SYS_close, pipe.write), gives(0));
        const UserAddress buffer = reader.allocate(kRecord);
        while (reader.call(SYS_read, pipe.read, buffer, kRecord) == gives(kRecord)) {
          const std::string record = reader.get(buffer, kRecord);
          EXPECT_EQ(record, std::string(kRecord, record[0]));
          ++seen[record[0] == 'a' ? 0 : 1];
        }
      });
    }
  }));
  EXPECT_EQ(seen, (std::array<int, 2>{kRecords, kRecords}));
  EXPECT_EQ(booted.memory_use(), before);
}

// A read that another lwp's close overtakes: data, or EBADF, but never a sleep that nobody ends.
TEST_P(PipeSchedules, CloseAgainstRead) {
  BootedKernel booted(options());
  const test::MemoryUse before = booted.memory_use();
  EXPECT_TRUE(booted.run([](Program& program) {
    const Ends pipe = open_pipe(program);
    EXPECT_EQ(program.call(SYS_dup, pipe.read), gives(2)) << "the pipe itself stays";
    for (int i = 0; i < 2; ++i) {
      program.thread("reader", [pipe](Program& reader) {
        EXPECT_EQ(reader.call(SYS_read, pipe.read, reader.memory_end() - 8, 8), fails(EBADF));
      });
    }
    program.thread("closer", [pipe](Program& closer) { EXPECT_EQ(closer.call(SYS_close, pipe.read), gives(0)); });
  }));
  EXPECT_EQ(booted.memory_use(), before);
}

TEST_P(PipeSchedules, ReaderGoesWhileAWriterFillsThePipe) {
  BootedKernel booted(options());
  const test::MemoryUse before = booted.memory_use();
  EXPECT_TRUE(booted.run([](Program& program) {
    const Ends pipe = open_pipe(program);
    program.fork("reader", DescriptorInheritance::copy, [pipe](Program& reader) {
      EXPECT_EQ(reader.call(SYS_close, pipe.write), gives(0));
      EXPECT_EQ(reader.call(SYS_read, pipe.read, reader.allocate(600), 600).error, 0);
    });
    EXPECT_EQ(program.call(SYS_close, pipe.read), gives(0));
    const UserAddress data = program.allocate(4'000);
    int error = 0;
    while (error == 0) {
      error = program.call(SYS_write, pipe.write, data, 4'000).error;
    }
    EXPECT_EQ(error, EPIPE);
  }));
  EXPECT_EQ(booted.signals(), std::deque<int>{SIGPIPE});
  EXPECT_EQ(booted.memory_use(), before);
}

INSTANTIATE_TEST_SUITE_P(Seeds, PipeSchedules, testing::Range<std::uint64_t>(0, 40));

}  // namespace
