// The table of descriptors itself, on an lwp of a booted kernel.

#include "kern/fd/file_table.hpp"

#include <vector>

#include <gtest/gtest.h>

#include "kern/abi/errno.hpp"
#include "kern/abi/fcntl.hpp"
#include "kern/abi/syscall_numbers.hpp"
#include "kern/fd/pipe.hpp"
#include "tests/support/kernel_fixture.hpp"

namespace {

using namespace kern;  // NetBSD's names are the subject here
using test::BootedKernel;
using test::fails;
using test::gives;
using test::Program;

// Runs `body` inside the kernel, as a call of a program would. `file` is one to put into tables.
template <class Body>
void with_table(BootedKernel& booted, Body body) {
  EXPECT_TRUE(booted.run([&](Program& program) {
    EXPECT_TRUE(program.kernel().scheduler().schedule());
    {
      FileReference file;
      FileReference other;
      EXPECT_EQ(make_pipe(*program.kernel().curlwp(), 0, file, other), 0);
      body(*program.proc().files, *file);
    }
    program.kernel().scheduler().unschedule();
  }));
}

int put(FileTable& table, File& file, int least, bool close_on_exec = false) {
  int fd = -1;
  file.hold();
  const int error = table.allocate(&file, least, close_on_exec, fd);
  if (error != 0) {
    file.release();
    return -error;
  }
  return fd;
}

TEST(FileTable, GivesTheLowestFreeNumberNotBelowTheLeast) {
  BootedKernel booted;
  with_table(booted, [](FileTable& table, File& file) {
    for (int fd = 0; fd < 50; ++fd) {
      EXPECT_EQ(put(table, file, 0), fd);
    }
    EXPECT_EQ(put(table, file, 60), 60);
    EXPECT_EQ(put(table, file, 0), 50);
    EXPECT_EQ(table.close(7), 0);
    EXPECT_EQ(table.close(3), 0);
    EXPECT_EQ(put(table, file, 5), 7);
    EXPECT_EQ(put(table, file, 0), 3);
    EXPECT_EQ(put(table, file, 0), 51);
    EXPECT_EQ(put(table, file, 60), 61);
    EXPECT_EQ(table.open_count(), 54U);
    EXPECT_EQ(table.last_open(), 61);
  });
}

TEST(FileTable, KnowsItsLimit) {
  BootedKernel booted({.kernel = {.max_descriptors = 30}});
  with_table(booted, [](FileTable& table, File& file) {
    EXPECT_EQ(put(table, file, 29), 29);
    EXPECT_EQ(put(table, file, 29), -EMFILE);
    EXPECT_EQ(put(table, file, 30), -EMFILE);
    for (int fd = 0; fd < 29; ++fd) {
      EXPECT_EQ(put(table, file, 0), fd);
    }
    EXPECT_EQ(put(table, file, 0), -EMFILE);
    EXPECT_EQ(table.replace(&file, 30, false), EBADF);
    EXPECT_EQ(table.replace(&file, -1, false), EBADF);
    EXPECT_EQ(table.close(29), 0);
    EXPECT_EQ(put(table, file, 0), 29);
  });
}

TEST(FileTable, FindsNothingThatIsNotOpen) {
  BootedKernel booted;
  with_table(booted, [](FileTable& table, File& file) {
    EXPECT_EQ(table.last_open(), -1);
    EXPECT_EQ(put(table, file, 4), 4);
    bool mark = false;
    for (const int fd : {-1, 0, 3, 5, 1'000'000, 0x7fffffff}) {
      EXPECT_FALSE(table.get(fd)) << fd;
      EXPECT_EQ(table.close(fd), EBADF) << fd;
      EXPECT_EQ(table.get_close_on_exec(fd, mark), EBADF) << fd;
      EXPECT_EQ(table.set_close_on_exec(fd, true), EBADF) << fd;
    }
    EXPECT_TRUE(table.get(4));
    EXPECT_EQ(table.open_count(), 1U);
  });
}

TEST(FileTable, ReplaceClosesWhatWasThere) {
  BootedKernel booted;
  EXPECT_TRUE(booted.run([](Program& program) {
    EXPECT_EQ(program.call(SYS_pipe), gives(0));
    EXPECT_EQ(program.call(SYS_pipe), gives(2));
    EXPECT_EQ(program.call(SYS_dup2, 0, 3), gives(3)) << "the second pipe's only write end";
    EXPECT_EQ(program.call(SYS_read, 2, program.allocate(1), 1), gives(0));
  }));
}

TEST(FileTable, RemoveSparesTheNextOwnerOfTheNumber) {
  BootedKernel booted;
  with_table(booted, [&booted](FileTable& table, File& file) {
    EXPECT_EQ(put(table, file, 0), 0);
    FileReference mine;
    FileReference other;
    EXPECT_EQ(make_pipe(*booted.kernel().curlwp(), 0, mine, other), 0);
    table.remove(0, *mine);
    EXPECT_TRUE(table.get(0));
    table.remove(0, file);
    EXPECT_FALSE(table.get(0));
    table.remove(-1, file);
    table.remove(1'000, file);
  });
}

TEST(FileTable, ACopyHasTheSameFilesAndMarksAndGoesItsOwnWay) {
  BootedKernel booted;
  with_table(booted, [](FileTable& table, File& file) {
    EXPECT_EQ(put(table, file, 0), 0);
    EXPECT_EQ(put(table, file, 25, true), 25);
    FileTable* copy = table.copy();
    ASSERT_NE(copy, nullptr);
    EXPECT_EQ(copy->open_count(), 2U);
    EXPECT_EQ(copy->get(25).get(), &file);
    bool mark = false;
    EXPECT_EQ(copy->get_close_on_exec(25, mark), 0);
    EXPECT_TRUE(mark);
    EXPECT_EQ(copy->get_close_on_exec(0, mark), 0);
    EXPECT_FALSE(mark);
    EXPECT_EQ(table.close(0), 0);
    EXPECT_TRUE(copy->get(0));
    EXPECT_EQ(put(*copy, file, 0), 1);
    EXPECT_FALSE(table.get(1));
    copy->release();
    EXPECT_TRUE(table.get(25)) << "the files outlive the copy";
  });
}

TEST(FileTable, CloseOnExecClosesTheMarkedOnes) {
  BootedKernel booted;
  EXPECT_TRUE(booted.run([](Program& program) {
    EXPECT_EQ(program.call(SYS_pipe), gives(0));
    EXPECT_EQ(program.call(SYS_dup3, 0, 30, O_CLOEXEC), gives(30));
    EXPECT_EQ(program.call(SYS_fcntl, 1, F_DUPFD_CLOEXEC, 40), gives(40));
    EXPECT_EQ(program.call(SYS_fcntl, 40, F_SETFD, 0), gives(0));
    EXPECT_EQ(program.call(SYS_fcntl, 1, F_SETFD, FD_CLOEXEC), gives(0));
    program.exec("next");
    EXPECT_EQ(program.call(SYS_fcntl, 0, F_GETFD, 0), gives(0));
    EXPECT_EQ(program.call(SYS_fcntl, 1, F_GETFD, 0), fails(EBADF));
    EXPECT_EQ(program.call(SYS_fcntl, 30, F_GETFD, 0), fails(EBADF));
    EXPECT_EQ(program.call(SYS_fcntl, 40, F_GETFD, 0), gives(0));
  }));
}

TEST(FileTable, ANumberUsedAnewIsAnotherDescriptor) {
  BootedKernel booted;
  with_table(booted, [](FileTable& table, File& file) {
    EXPECT_EQ(put(table, file, 0), 0);
    const FileReference first = table.get(0);
    EXPECT_FALSE(first.descriptor_is_closed());
    EXPECT_EQ(table.close(0), 0);
    EXPECT_TRUE(first.descriptor_is_closed());
    EXPECT_EQ(put(table, file, 0), 0);
    EXPECT_TRUE(first.descriptor_is_closed());
    EXPECT_FALSE(table.get(0).descriptor_is_closed());
  });
}

TEST(FileTable, SharedIsOneAndCopiedIsTwo) {
  BootedKernel booted;
  EXPECT_TRUE(booted.run([](Program& program) {
    EXPECT_EQ(program.call(SYS_pipe), gives(0));
    program.fork("shares", DescriptorInheritance::share,
                 [](Program& child) { EXPECT_EQ(child.call(SYS_dup2, 0, 10), gives(10)); });
    program.fork("copies", DescriptorInheritance::copy,
                 [](Program& child) { EXPECT_EQ(child.call(SYS_dup2, 0, 11), gives(11)); });
    program.fork("clears", DescriptorInheritance::clear,
                 [](Program& child) { EXPECT_EQ(child.call(SYS_dup, 0), fails(EBADF)); });
    program.wait_idle();
    EXPECT_EQ(program.call(SYS_fcntl, 10, F_GETFD, 0), gives(0));
    EXPECT_EQ(program.call(SYS_fcntl, 11, F_GETFD, 0), fails(EBADF));
  }));
}

TEST(FileTable, ExhaustedMemoryIsAnErrorAndTheReferenceStaysTheCallers) {
  BootedKernel booted({.program_memory = 4'096, .kernel = {.max_descriptors = 1U << 20U}, .heap_bytes = 512U << 10U});
  const test::MemoryUse before = booted.memory_use();
  EXPECT_TRUE(booted.run([](Program& program) {
    EXPECT_EQ(program.call(SYS_pipe), gives(0));
    EXPECT_EQ(program.call(SYS_dup2, 0, 500'000), fails(ENOMEM));
    EXPECT_EQ(program.call(SYS_fcntl, 0, F_DUPFD, 500'000), fails(ENOMEM));
    EXPECT_EQ(program.call(SYS_dup, 0), gives(2));
  }));
  EXPECT_EQ(booted.memory_use(), before);
}

// --- under many schedules

class FileTableSchedules : public testing::TestWithParam<std::uint64_t> {
 protected:
  test::BootOptions options() const {
    return {.cpus = 2, .strategy = "random(preempt=40)", .seed = GetParam(), .program_memory = 4'096};
  }
};

// Whatever the order: each dup2 succeeds, each close finds the number open or not, and afterwards nothing is lost.
TEST_P(FileTableSchedules, Dup2AgainstClose) {
  BootedKernel booted(options());
  const test::MemoryUse before = booted.memory_use();
  EXPECT_TRUE(booted.run([](Program& program) {
    EXPECT_EQ(program.call(SYS_pipe), gives(0));
    for (int i = 0; i < 2; ++i) {
      program.thread("dup2", [](Program& self) {
        for (int round = 0; round < 10; ++round) {
          EXPECT_EQ(self.call(SYS_dup2, 0, 25 + round % 2), gives(25 + round % 2));
        }
      });
      program.thread("close", [](Program& self) {
        for (int round = 0; round < 10; ++round) {
          const test::CallResult result = self.call(SYS_close, 25 + round % 2);
          EXPECT_TRUE(result.error == 0 || result.error == EBADF) << result;
        }
      });
    }
    program.wait_idle();
    program.call(SYS_close, 25);
    program.call(SYS_close, 26);
    EXPECT_EQ(program.call(SYS_fcntl, 0, F_MAXFD, 0), gives(1));
    EXPECT_EQ(program.proc().files->open_count(), 2U);
  }));
  EXPECT_EQ(booted.memory_use(), before);
}

// Numbers that several lwps get at a time are different, and each is closed exactly once.
TEST_P(FileTableSchedules, NobodyGetsANumberTwice) {
  BootedKernel booted(options());
  const test::MemoryUse before = booted.memory_use();
  std::vector<int> owners(200, 0);
  EXPECT_TRUE(booted.run([&owners](Program& program) {
    EXPECT_EQ(program.call(SYS_pipe), gives(0));
    for (int i = 0; i < 3; ++i) {
      program.fork("dup", DescriptorInheritance::share, [&owners](Program& self) {
        for (int round = 0; round < 30; ++round) {
          const test::CallResult made = self.call(SYS_dup, 0);
          EXPECT_EQ(made.error, 0);
          EXPECT_EQ(++owners[static_cast<std::size_t>(made.value)], 1);
          self.preempt();
          --owners[static_cast<std::size_t>(made.value)];
          EXPECT_EQ(self.call(SYS_close, made.value), gives(0));
        }
      });
    }
  }));
  EXPECT_EQ(booted.memory_use(), before);
}

// A copy taken while others open and close is whole: every file in it is held.
TEST_P(FileTableSchedules, ForkAgainstOpenAndClose) {
  BootedKernel booted(options());
  const test::MemoryUse before = booted.memory_use();
  EXPECT_TRUE(booted.run([](Program& program) {
    EXPECT_EQ(program.call(SYS_pipe), gives(0));
    program.thread("opener", [](Program& self) {
      for (int round = 0; round < 20; ++round) {
        const test::CallResult made = self.call(SYS_pipe);
        EXPECT_EQ(made.error, 0);
        EXPECT_EQ(self.call(SYS_close, made.value), gives(0));
        EXPECT_EQ(self.call(SYS_close, made.second), gives(0));
      }
    });
    for (int round = 0; round < 5; ++round) {
      program.fork("child", DescriptorInheritance::copy, [](Program& child) {
        const test::CallResult last = child.call(SYS_fcntl, 0, F_MAXFD, 0);
        for (std::int64_t fd = 0; fd <= last.value; ++fd) {
          const test::CallResult flags = child.call(SYS_fcntl, fd, F_GETFL, 0);
          EXPECT_TRUE(flags.error == 0 || flags.error == EBADF) << flags;
        }
      });
      program.preempt();
    }
  }));
  EXPECT_EQ(booted.memory_use(), before);
}

INSTANTIATE_TEST_SUITE_P(Seeds, FileTableSchedules, testing::Range<std::uint64_t>(0, 40));

}  // namespace
