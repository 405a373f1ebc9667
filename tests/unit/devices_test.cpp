// The character devices, by path and by the console's descriptors.

#include "kern/dev/devices.hpp"

#include <string>

#include <gtest/gtest.h>

#include "kern/abi/errno.hpp"
#include "kern/abi/fcntl.hpp"
#include "kern/abi/stat.hpp"
#include "kern/abi/syscall_numbers.hpp"
#include "kern/fd/file_table.hpp"
#include "tests/support/kernel_fixture.hpp"

namespace {

using namespace kern;  // NetBSD's names are the subject here
using test::BootedKernel;
using test::fails;
using test::gives;
using test::Program;

int open(Program& program, std::string_view path, int flags = O_RDWR) {
  const test::CallResult result = program.call(SYS_open, program.put_string(path), flags, 0);
  EXPECT_EQ(result.error, 0) << path;
  return static_cast<int>(result.value);
}

std::string read(Program& program, int fd, std::size_t bytes) {
  const UserAddress buffer = program.allocate(bytes);
  const test::CallResult result = program.call(SYS_read, fd, buffer, bytes);
  EXPECT_EQ(result.error, 0);
  return program.get(buffer, static_cast<std::size_t>(result.value));
}

Stat stat_of(Program& program, int fd) {
  const UserAddress address = program.allocate(sizeof(Stat));
  EXPECT_EQ(program.call(SYS___fstat50, fd, address), gives(0));
  return program.get_object<Stat>(address);
}

TEST(Devices, LeaveNothingBehind) {
  BootedKernel booted;
  const auto visit = [](Program& program) {
    for (const char* path : {"/dev/null", "/dev/zero", "/dev/random", "/dev/urandom", "/dev/console"}) {
      const int fd = open(program, path);
      EXPECT_EQ(program.call(SYS_read, fd, program.allocate(8), 8).error, 0) << path;
      EXPECT_EQ(program.call(SYS_write, fd, program.put("12345678"), 8), gives(8)) << path;
      program.forget_memory();
    }
  };
  EXPECT_TRUE(booted.run(visit));  // vnodes made on the way may stay
  const test::MemoryUse before = booted.memory_use();
  EXPECT_TRUE(booted.run(visit));
  EXPECT_EQ(booted.memory_use(), before);
}

TEST(Null, TakesAllAndGivesNothing) {
  BootedKernel booted;
  EXPECT_TRUE(booted.run([](Program& program) {
    const int fd = open(program, "/dev/null");
    EXPECT_EQ(program.call(SYS_write, fd, program.put("abc"), 3), gives(3));
    EXPECT_EQ(program.call(SYS_write, fd, 0, 0x7fffffffffffffff), gives(0x7fffffffffffffff)) << "it does not look";
    EXPECT_EQ(read(program, fd, 3), "");
    EXPECT_EQ(program.call(SYS_pread, fd, program.allocate(1), 1, 0, -1), gives(0));
    EXPECT_EQ(program.call(SYS_lseek, fd, 0, 10, SEEK_SET), gives(10));
    const Stat stat = stat_of(program, fd);
    EXPECT_EQ(stat.st_mode & S_IFMT, S_IFCHR);
    EXPECT_EQ(stat.st_rdev, make_dev(2, 2));
  }));
}

TEST(Zero, GivesZerosInPiecesOf512) {
  BootedKernel booted;
  EXPECT_TRUE(booted.run([](Program& program) {
    const int fd = open(program, "/dev/zero");
    EXPECT_EQ(read(program, fd, 1'300), std::string(1'300, '\0'));
    EXPECT_EQ(program.call(SYS_write, fd, 0, 9), gives(9));
    // Past the memory's end: the pieces before the bad one have been written.
    const UserAddress near_end = program.memory_end() - 1'000;
    program.allocate(program.memory_end() - program.allocate(1) - 32);
    EXPECT_EQ(program.call(SYS_read, fd, near_end, std::uint64_t{1} << 62U), fails(EFAULT));
  }));
}

TEST(Random, TheSeedDecidesTheBytes) {
  const auto bytes_of = [](std::uint64_t seed, std::string_view path) {
    std::string bytes;
    BootedKernel booted({.seed = seed});
    EXPECT_TRUE(booted.run([&](Program& program) { bytes = read(program, open(program, path), 16); }));
    return bytes;
  };
  EXPECT_EQ(bytes_of(1, "/dev/random"), bytes_of(1, "/dev/random"));
  EXPECT_NE(bytes_of(1, "/dev/random"), bytes_of(2, "/dev/random"));
  EXPECT_NE(bytes_of(1, "/dev/urandom"), std::string(16, '\0'));
}

TEST(Random, GivesAtMostItsStrengthAtATime) {
  BootedKernel booted;
  EXPECT_TRUE(booted.run([](Program& program) {
    const int hard = open(program, "/dev/random");
    EXPECT_EQ(read(program, hard, 100).size(), 16U);
    EXPECT_EQ(read(program, hard, 10).size(), 10U);
    EXPECT_EQ(read(program, hard, 10).size(), 6U) << "what is left until the next seed";
    EXPECT_EQ(read(program, hard, 10).size(), 10U);
    EXPECT_EQ(program.call(SYS_read, hard, 0, 0), gives(0));
    const int soft = open(program, "/dev/urandom");
    EXPECT_EQ(read(program, soft, 2'000).size(), 2'000U);
  }));
}

TEST(Random, TakesAtMostAFullPoolAndOnlyFromRoot) {
  BootedKernel booted;
  EXPECT_TRUE(booted.run([](Program& program) {
    const int fd = open(program, "/dev/urandom");
    EXPECT_EQ(program.call(SYS_write, fd, program.allocate(5'000), 5'000), gives(1'024));
    EXPECT_EQ(program.call(SYS_write, fd, 0, 1), fails(EFAULT));
    program.proc().credentials.euid = 1'000;
    EXPECT_EQ(program.call(SYS_write, fd, program.put("x"), 1), fails(EPERM));
  }));
}

TEST(Console, IsDescriptors0To2OfTheFirstProcess) {
  BootedKernel booted;
  const std::string boot = booted.console();
  EXPECT_TRUE(booted.run([&booted](Program&) {
    FileTable& files = *booted.kernel().processes().init_process()->files;
    EXPECT_EQ(files.open_count(), 3U);
    EXPECT_TRUE(booted.kernel().scheduler().schedule());
    EXPECT_EQ(files.last_open(), 2);
    const File* console = files.get(0).get();
    EXPECT_EQ(files.get(1).get(), console);
    EXPECT_EQ(files.get(2).get(), console);
    EXPECT_EQ(console->flags, FWRITE);
    booted.kernel().scheduler().unschedule();
  }));
}

TEST(Console, WritesGoOutAndReadsFindNothing) {
  BootedKernel booted;
  const std::string boot = booted.console();
  EXPECT_TRUE(booted.run([](Program& program) {
    EXPECT_TRUE(program.kernel().scheduler().schedule());
    EXPECT_EQ(dev::open_console(*program.kernel().curlwp()), 0);
    program.kernel().scheduler().unschedule();
    EXPECT_EQ(program.call(SYS_read, 0, program.allocate(1), 1), fails(EBADF)) << "it is open for writing only";
    EXPECT_EQ(program.call(SYS_write, 1, program.put("hello\n"), 6), gives(6));
    EXPECT_EQ(program.call(SYS_write, 2, 0, 1), fails(EFAULT));
    EXPECT_EQ(program.call(SYS_write, 2, program.put(std::string(10'000, 'x')), 10'000), gives(10'000));
    EXPECT_EQ(program.call(SYS_lseek, 1, 0, 0, SEEK_SET), fails(ESPIPE));
    EXPECT_EQ(program.call(SYS_fcntl, 1, F_GETFL, 0), gives(O_WRONLY));
    EXPECT_EQ(program.call(SYS_fcntl, 1, F_SETFL, O_NONBLOCK), fails(ENOTTY));
    EXPECT_EQ(stat_of(program, 1).st_mode, S_IFCHR | 0600U);
    EXPECT_EQ(read(program, open(program, "/dev/console"), 8), "");
  }));
  EXPECT_EQ(booted.console(), boot + "hello\n" + std::string(10'000, 'x'));
}

}  // namespace
