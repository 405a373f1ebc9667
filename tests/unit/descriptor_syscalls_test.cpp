// read, write, their vectors, dup, fcntl, fstat, lseek: arguments, their checks and the order of these. Results are
// those that a real rump kernel gave, where its table has them.

#include <array>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "kern/abi/errno.hpp"
#include "kern/abi/fcntl.hpp"
#include "kern/abi/stat.hpp"
#include "kern/abi/syscall_numbers.hpp"
#include "kern/abi/uio.hpp"
#include "tests/support/kernel_fixture.hpp"

namespace {

using namespace kern;  // NetBSD's names are the subject here
using test::BootedKernel;
using test::fails;
using test::gives;
using test::Program;

constexpr int kRead = 0;  // of the pipe that each test begins with
constexpr int kWrite = 1;

void with_pipe(const Program::Body& body, const test::BootOptions& options = {}) {
  BootedKernel booted(options);
  const test::MemoryUse before = booted.memory_use();
  EXPECT_TRUE(booted.run([&body](Program& program) {
    EXPECT_EQ(program.call(SYS_pipe), gives(kRead));
    body(program);
  }));
  EXPECT_EQ(booted.memory_use(), before);
}

TEST(Read, ChecksDescriptorThenLengthThenAddress) {
  with_pipe([](Program& program) {
    constexpr std::uint64_t kTooLong = 0x8000000000000000;
    const UserAddress buffer = program.allocate(8);
    for (const int fd : {-1, 2, 9'999}) {
      EXPECT_EQ(program.call(SYS_read, fd, buffer, kTooLong), fails(EBADF));
      EXPECT_EQ(program.call(SYS_write, fd, buffer, kTooLong), fails(EBADF));
    }
    EXPECT_EQ(program.call(SYS_read, kWrite, buffer, 1), fails(EBADF));
    EXPECT_EQ(program.call(SYS_write, kRead, buffer, 1), fails(EBADF));
    EXPECT_EQ(program.call(SYS_read, kRead, 0, kTooLong), fails(EINVAL));
    EXPECT_EQ(program.call(SYS_write, kWrite, 0, ~std::uint64_t{0}), fails(EINVAL));
    EXPECT_EQ(program.call(SYS_write, kWrite, 0, 3), fails(EFAULT));
    EXPECT_EQ(program.call(SYS_write, kWrite, 0, 0), gives(0)) << "no byte, no address";
    EXPECT_EQ(program.call(SYS_read, kRead, 0, 0), gives(0));
    EXPECT_EQ(program.call(SYS_pread, -1, buffer, 1, 0, 0), fails(EBADF));
    EXPECT_EQ(program.call(SYS_pread, kRead, buffer, kTooLong, 0, 0), fails(ESPIPE));
  });
}

TEST(Readv, ScattersAndGathersInOrder) {
  with_pipe([](Program& program) {
    const std::array<Iovec, 4> out{Iovec{program.put("ab"), 2}, Iovec{0, 0}, Iovec{program.put("cde"), 3},
                                   Iovec{program.put("f"), 1}};
    EXPECT_EQ(program.call(SYS_writev, kWrite, program.put_object(out), 4), gives(6));
    const UserAddress first = program.allocate(4);
    const UserAddress second = program.allocate(4);
    const std::array<Iovec, 2> in{Iovec{first, 4}, Iovec{second, 4}};
    EXPECT_EQ(program.call(SYS_readv, kRead, program.put_object(in), 2), gives(6));
    EXPECT_EQ(program.get(first, 4), "abcd");
    EXPECT_EQ(program.get(second, 2), "ef");
  });
}

TEST(Readv, ChecksCountThenDescriptorThenTheVector) {
  with_pipe([](Program& program) {
    const UserAddress vector = program.put_object(Iovec{program.allocate(4), 4});
    EXPECT_EQ(program.call(SYS_readv, -1, vector, 0), fails(EINVAL)) << "a count of 0 comes before the descriptor";
    EXPECT_EQ(program.call(SYS_readv, -1, vector, -1), fails(EBADF));
    EXPECT_EQ(program.call(SYS_readv, kRead, vector, -1), fails(EINVAL));
    EXPECT_EQ(program.call(SYS_readv, kRead, vector, 1'025), fails(EINVAL));
    EXPECT_EQ(program.call(SYS_readv, kRead, 0, 1), fails(EFAULT));
    EXPECT_EQ(program.call(SYS_readv, kRead, program.memory_end() - 16, 2), fails(EFAULT));
    EXPECT_EQ(program.call(SYS_readv, kRead, 0, 1'024), fails(EFAULT));
    EXPECT_EQ(program.call(SYS_readv, kWrite, vector, 1), fails(EBADF));
    EXPECT_EQ(program.call(SYS_writev, kRead, vector, 1), fails(EBADF));
    EXPECT_EQ(program.call(SYS_writev, kWrite, program.put_object(Iovec{program.allocate(1), 0}), 1), gives(0));
  });
}

TEST(Readv, RefusesLengthsThatAddUpToTooMuch) {
  with_pipe([](Program& program) {
    constexpr std::uint64_t kLongest = 0x7fffffffffffffff;
    const UserAddress buffer = program.memory_end() - 8;
    const auto writev = [&](std::vector<std::uint64_t> lengths) {
      std::string vector;
      for (const std::uint64_t length : lengths) {
        const Iovec piece{buffer, length};
        vector.append(reinterpret_cast<const char*>(&piece), sizeof piece);
      }
      return program.call(SYS_writev, kWrite, program.put(vector), static_cast<int>(lengths.size()));
    };
    EXPECT_EQ(writev({kLongest, kLongest}), fails(EINVAL));
    EXPECT_EQ(writev({kLongest + 1}), fails(EINVAL));
    EXPECT_EQ(writev({kLongest, 1}), fails(EINVAL));
    EXPECT_EQ(writev({~std::uint64_t{0}, 1}), fails(EINVAL)) << "the sum wraps around to 0";
    EXPECT_EQ(writev({kLongest}), fails(EFAULT));
  });
}

TEST(Readv, TakesAsManyPiecesAsAreAllowed) {
  with_pipe([](Program& program) {
    std::string vector;
    const UserAddress byte = program.put("x");
    for (int i = 0; i < IOV_MAX; ++i) {
      const Iovec piece{byte, 1};
      vector.append(reinterpret_cast<const char*>(&piece), sizeof piece);
    }
    EXPECT_EQ(program.call(SYS_writev, kWrite, program.put(vector), IOV_MAX), gives(IOV_MAX));
    const UserAddress buffer = program.allocate(2'000);
    EXPECT_EQ(program.call(SYS_read, kRead, buffer, 2'000), gives(IOV_MAX));
    EXPECT_EQ(program.get(buffer, IOV_MAX), std::string(IOV_MAX, 'x'));
  });
}

// What a remote client would see: one copy per piece, and none before the descriptor is known to be good.
TEST(Write, CopiesEachPieceOnce) {
  struct Copies final : sim::Observer {
    void on_event(const sim::Event& event) override {
      if (event.kind == kern::event(KernelEvent::copyin) || event.kind == kern::event(KernelEvent::copyout)) {
        sizes.push_back(static_cast<std::size_t>(event.b));
      }
    }
    std::vector<std::size_t> sizes;
  };
  Copies copies;
  BootedKernel booted;
  booted.machine().attach(copies);
  EXPECT_TRUE(booted.run([&copies](Program& program) {
    EXPECT_EQ(program.call(SYS_pipe), gives(kRead));
    const UserAddress data = program.allocate(20'000);
    EXPECT_EQ(program.call(SYS_write, 9, data, 6), fails(EBADF));
    EXPECT_TRUE(copies.sizes.empty());
    EXPECT_EQ(program.call(SYS_write, kWrite, data, 4'096), gives(4'096));
    EXPECT_EQ(program.call(SYS_read, kRead, data, 4'096), gives(4'096));
    EXPECT_EQ(copies.sizes, (std::vector<std::size_t>{4'096, 4'096}));
    copies.sizes.clear();
    const std::array<Iovec, 2> pieces{Iovec{data, 2}, Iovec{data, 3}};
    EXPECT_EQ(program.call(SYS_writev, kWrite, program.put_object(pieces), 2), gives(5));
    EXPECT_EQ(copies.sizes, (std::vector<std::size_t>{32, 2, 3}));
    copies.sizes.clear();
    // Around the end of the ring: 5 bytes inside, 16384 in all.
    EXPECT_EQ(program.call(SYS_write, kWrite, data, 16'000), gives(16'000));
    EXPECT_EQ(program.call(SYS_read, kRead, data, 1'000), gives(1'000));
    copies.sizes.clear();
    EXPECT_EQ(program.call(SYS_write, kWrite, data, 1'000), gives(1'000));
    EXPECT_EQ(copies.sizes, (std::vector<std::size_t>{379, 621}));
  }));
  booted.machine().detach(copies);
}

TEST(Dup, GivesTheLowestFreeOne) {
  with_pipe([](Program& program) {
    EXPECT_EQ(program.call(SYS_dup, kRead), gives(2));
    EXPECT_EQ(program.call(SYS_close, kRead), gives(0));
    EXPECT_EQ(program.call(SYS_dup, kWrite), gives(0));
    EXPECT_EQ(program.call(SYS_dup, -1), fails(EBADF));
    EXPECT_EQ(program.call(SYS_dup, 9'999), fails(EBADF));
  });
}

TEST(Dup2, ToItselfAndOutOfRange) {
  with_pipe([](Program& program) {
    EXPECT_EQ(program.call(SYS_dup2, kRead, kRead), gives(kRead));
    EXPECT_EQ(program.call(SYS_dup2, kRead, 50), gives(50));
    EXPECT_EQ(program.call(SYS_close, 50), gives(0));
    EXPECT_EQ(program.call(SYS_close, 50), fails(EBADF));
    EXPECT_EQ(program.call(SYS_dup2, kRead, -1), fails(EBADF));
    EXPECT_EQ(program.call(SYS_dup2, kRead, 1'000'000), fails(EBADF));
    EXPECT_EQ(program.call(SYS_dup2, -1, 51), fails(EBADF));
    EXPECT_EQ(program.call(SYS_dup2, 51, 51), fails(EBADF));
    EXPECT_EQ(program.call(SYS_dup2, kRead, 1'024), fails(EBADF));
    EXPECT_EQ(program.call(SYS_dup2, kRead, 1'023), gives(1'023));
  });
}

TEST(Dup3, FlagsCountForAnotherNumberOnly) {
  with_pipe([](Program& program) {
    EXPECT_EQ(program.call(SYS_dup3, kRead, 52, O_CLOEXEC), gives(52));
    EXPECT_EQ(program.call(SYS_fcntl, 52, F_GETFD, 0), gives(FD_CLOEXEC));
    EXPECT_EQ(program.call(SYS_dup3, kRead, kRead, O_CLOEXEC), gives(kRead));
    EXPECT_EQ(program.call(SYS_fcntl, kRead, F_GETFD, 0), gives(0));
    EXPECT_EQ(program.call(SYS_dup3, kRead, kRead, 0x123), gives(kRead));
    EXPECT_EQ(program.call(SYS_dup3, kRead, 53, 0x123), fails(EINVAL));
    EXPECT_EQ(program.call(SYS_dup3, kRead, -1, 0x123), fails(EBADF));
    EXPECT_EQ(program.call(SYS_dup3, kRead, 53, O_NONBLOCK), gives(53));
    EXPECT_EQ(program.call(SYS_fcntl, kRead, F_GETFL, 0), gives(O_NONBLOCK)) << "it is the file's, not the number's";
  });
}

TEST(Fcntl, DuplicatesFromANumberUp) {
  with_pipe([](Program& program) {
    EXPECT_EQ(program.call(SYS_fcntl, kRead, F_DUPFD, 20), gives(20));
    EXPECT_EQ(program.call(SYS_fcntl, kRead, F_DUPFD, 20), gives(21));
    EXPECT_EQ(program.call(SYS_fcntl, kRead, F_DUPFD, -1), fails(EINVAL));
    EXPECT_EQ(program.call(SYS_fcntl, kRead, F_DUPFD, 100'000), fails(EINVAL));
    EXPECT_EQ(program.call(SYS_fcntl, kRead, F_DUPFD, 1'024), fails(EINVAL));
    EXPECT_EQ(program.call(SYS_fcntl, kRead, F_DUPFD, 1'023), gives(1'023));
    EXPECT_EQ(program.call(SYS_fcntl, kRead, F_DUPFD, 1'023), fails(EMFILE));
    EXPECT_EQ(program.call(SYS_fcntl, kRead, F_DUPFD_CLOEXEC, 30), gives(30));
    EXPECT_EQ(program.call(SYS_fcntl, 30, F_GETFD, 0), gives(1));
    EXPECT_EQ(program.call(SYS_fcntl, 20, F_GETFD, 0), gives(0));
    EXPECT_EQ(program.call(SYS_fcntl, -1, F_DUPFD, -1), fails(EBADF));
  });
}

TEST(Fcntl, MarksAndFlags) {
  with_pipe([](Program& program) {
    EXPECT_EQ(program.call(SYS_fcntl, kRead, F_SETFD, 1), gives(0));
    EXPECT_EQ(program.call(SYS_fcntl, kRead, F_GETFD, 0), gives(1));
    EXPECT_EQ(program.call(SYS_fcntl, kRead, F_SETFD, 2), gives(0));
    EXPECT_EQ(program.call(SYS_fcntl, kRead, F_GETFD, 0), gives(0));
    EXPECT_EQ(program.call(SYS_fcntl, kRead, F_GETFL, 0), gives(O_RDONLY));
    EXPECT_EQ(program.call(SYS_fcntl, kWrite, F_GETFL, 0), gives(O_WRONLY));
    EXPECT_EQ(program.call(SYS_fcntl, kRead, F_SETFL, O_NONBLOCK | O_RDWR | O_CREAT), gives(0));
    EXPECT_EQ(program.call(SYS_fcntl, kRead, F_GETFL, 0), gives(O_NONBLOCK)) << "the mode of access stays";
    EXPECT_EQ(program.call(SYS_read, kRead, program.allocate(1), 1), fails(EAGAIN));
    EXPECT_EQ(program.call(SYS_fcntl, kRead, F_SETFL, 0), gives(0));
    EXPECT_EQ(program.call(SYS_fcntl, kRead, F_GETFL, 0), gives(0));
    EXPECT_EQ(program.call(SYS_fcntl, kRead, F_SETFL, O_ACCMODE), gives(0));
    EXPECT_EQ(program.call(SYS_fcntl, kRead, F_GETFL, 0), gives(O_NONBLOCK)) << "FFLAGS carries";
    EXPECT_EQ(program.call(SYS_fcntl, -1, F_GETFD, 0), fails(EBADF));
    EXPECT_EQ(program.call(SYS_fcntl, kRead, 999, 0), fails(EINVAL));
    EXPECT_EQ(program.call(SYS_fcntl, -1, 999, 0), fails(EBADF));
  });
}

TEST(Fcntl, ClosesFromANumberUp) {
  with_pipe([](Program& program) {
    EXPECT_EQ(program.call(SYS_dup2, kRead, 30), gives(30));
    EXPECT_EQ(program.call(SYS_fcntl, 0, F_MAXFD, 0), gives(30));
    EXPECT_EQ(program.call(SYS_fcntl, 1, F_CLOSEM, 0), gives(0));
    EXPECT_EQ(program.call(SYS_fcntl, 0, F_MAXFD, 0), gives(0));
    EXPECT_EQ(program.call(SYS_fcntl, -1, F_CLOSEM, 0), fails(EBADF));
    EXPECT_EQ(program.call(SYS_fcntl, 0, F_CLOSEM, 0), gives(0));
    EXPECT_EQ(program.call(SYS_fcntl, 77, F_MAXFD, 0), gives(-1));
  });
}

TEST(Fcntl, LocksNeedAStructureThenAFileThatCanBeLocked) {
  with_pipe([](Program& program) {
    const UserAddress flock = program.allocate(32);
    EXPECT_EQ(program.call(SYS_fcntl, -1, F_SETLK, 0), fails(EFAULT));
    EXPECT_EQ(program.call(SYS_fcntl, -1, F_SETLK, flock), fails(EBADF));
    EXPECT_EQ(program.call(SYS_fcntl, kRead, F_SETLK, flock), fails(EINVAL));
  });
}

TEST(Fstat, ChecksDescriptorThenAddress) {
  with_pipe([](Program& program) {
    EXPECT_EQ(program.call(SYS___fstat50, -1, 0), fails(EBADF));
    EXPECT_EQ(program.call(SYS___fstat50, kRead, 0), fails(EFAULT));
    EXPECT_EQ(program.call(SYS___fstat50, kRead, program.memory_end() - 151), fails(EFAULT));
    EXPECT_EQ(program.call(SYS___fstat50, kRead, program.memory_end() - 152), gives(0));
  });
}

TEST(Lseek, NeedsADescriptorThatHasAnOffset) {
  with_pipe([](Program& program) {
    EXPECT_EQ(program.call(SYS_lseek, -1, 0, 0, 99), fails(EBADF));
    EXPECT_EQ(program.call(SYS_lseek, kRead, 0, 0, 99), fails(ESPIPE));
  });
}

TEST(Close, OnceIsEnough) {
  with_pipe([](Program& program) {
    EXPECT_EQ(program.call(SYS_close, kWrite), gives(0));
    EXPECT_EQ(program.call(SYS_close, kWrite), fails(EBADF));
    EXPECT_EQ(program.call(SYS_close, -1), fails(EBADF));
    EXPECT_EQ(program.call(SYS_close, 2'147'483'647), fails(EBADF));
  });
}

TEST(Descriptors, RunOutAtTheLimit) {
  with_pipe(
      [](Program& program) {
        for (int fd = 2; fd < 128; ++fd) {
          EXPECT_EQ(program.call(SYS_dup, kRead), gives(fd));
        }
        EXPECT_EQ(program.call(SYS_dup, kRead), fails(EMFILE));
        EXPECT_EQ(program.call(SYS_close, 77), gives(0));
        EXPECT_EQ(program.call(SYS_dup, kRead), gives(77));
      },
      {.kernel = {.max_descriptors = 128}});
}

TEST(Descriptors, AShortArgumentBlockTouchesNothing) {
  with_pipe([](Program& program) {
    const std::array<std::uint64_t, 2> block{kWrite, 0};
    for (const std::uint32_t number : {SYS_read, SYS_write, SYS_readv, SYS_pread, SYS_fcntl, SYS_lseek, SYS_dup3}) {
      EXPECT_EQ(program.call_with(number, std::as_bytes(std::span(block))), fails(EINVAL)) << number;
    }
    EXPECT_EQ(program.call_with(SYS_close, {}), fails(EINVAL));
    EXPECT_EQ(program.call(SYS_fcntl, 0, F_MAXFD, 0), gives(1));
  });
}

}  // namespace
