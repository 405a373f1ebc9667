// The root file system: its quirks, its data, and what it does when memory runs out.
#include <array>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "kern/abi/signal.hpp"
#include "kern/vfs/faction.hpp"
#include "kern/vfs/file_data.hpp"
#include "tests/support/file_calls.hpp"
#include "tests/support/heap_memory.hpp"

namespace {

using namespace kern;
using test::BootedKernel;
using test::fails;
using test::FileCalls;
using test::gives;
using test::Program;
using vfs::DataSpace;
using vfs::FileData;

void in_kernel(const std::function<void(Program&, FileCalls&)>& body) {
  BootedKernel booted;
  EXPECT_TRUE(booted.run([&](Program& program) {
    FileCalls files(program);
    body(program, files);
  }));
}

TEST(Rumpfs, StatTellsWhatARealRumpKernelTells) {
  in_kernel([](Program& program, FileCalls& files) {
    const std::int64_t fd = files.make("/f", "hello, wire");
    Stat stat;
    EXPECT_EQ(files.fstat(fd, stat), gives(0));
    EXPECT_EQ(stat.st_mode, S_IFREG | 0644);
    EXPECT_EQ(stat.st_dev, stat.st_ino);
    EXPECT_EQ(stat.st_nlink, 1U);
    EXPECT_EQ(stat.st_rdev, ~std::uint64_t{0});
    EXPECT_EQ(stat.st_size, 11);
    EXPECT_EQ(stat.st_blocks, 1);
    EXPECT_EQ(stat.st_blksize, 512);
    EXPECT_EQ(stat.st_flags, 0U);
    EXPECT_EQ(stat.st_gen, 0U);
    EXPECT_EQ(stat.st_atim, stat.st_birthtim);
    EXPECT_EQ(stat.st_mtim, stat.st_birthtim) << "writing moves no times";
    EXPECT_GE(stat.st_birthtim.tv_sec, 1'500'000'000);
    EXPECT_LT(stat.st_birthtim.tv_nsec, 1'000'000'000);
    const std::uint64_t number = stat.st_ino;
    EXPECT_EQ(files.mkdir("/d"), gives(0));
    EXPECT_EQ(files.mkdir("/d/s"), gives(0));
    EXPECT_EQ(files.stat("/d", stat), gives(0));
    EXPECT_EQ(stat.st_mode, S_IFDIR | 0755);
    EXPECT_EQ(stat.st_nlink, 2U) << "whatever is in it";
    EXPECT_EQ(stat.st_size, 512);
    EXPECT_EQ(stat.st_ino, number + 1) << "numbers go by creation";
    program.proc().credentials.euid = 1000;
    EXPECT_EQ(files.chmod("/d", 0777), fails(EPERM));
  });
}

TEST(Rumpfs, TheRootHasDevAndTmp) {
  in_kernel([](Program&, FileCalls& files) {
    Stat stat;
    EXPECT_EQ(files.stat("/", stat), gives(0));
    EXPECT_EQ(stat.st_ino, 3U);
    EXPECT_EQ(stat.st_mode, S_IFDIR | 0755);
    EXPECT_EQ(files.stat("/dev", stat), gives(0));
    EXPECT_EQ(stat.st_ino, 4U);
    EXPECT_EQ(stat.st_mode, S_IFDIR | 0755);
    EXPECT_EQ(files.stat("/tmp", stat), gives(0));
    EXPECT_EQ(stat.st_ino, 5U);
    EXPECT_EQ(stat.st_mode, S_IFDIR | 01777);
    EXPECT_EQ(files.stat("/dev/null", stat), gives(0));
    EXPECT_EQ(stat.st_mode, S_IFCHR | 0666);
    EXPECT_EQ(stat.st_rdev, make_dev(2, 2));
  });
}

TEST(Rumpfs, DirectoriesListTheNewestFirstAndNoDots) {
  in_kernel([](Program&, FileCalls& files) {
    EXPECT_EQ(files.mkdir("/d"), gives(0));
    files.touch("/d/a");
    files.touch("/d/bcd");
    EXPECT_EQ(files.mkdir("/d/e"), gives(0));
    const std::int64_t fd = files.open("/d", O_RDONLY).value;
    std::vector<std::string> names;
    EXPECT_EQ(files.getdents(fd, 512, names), gives(16 + 24 + 16));
    EXPECT_EQ(names, (std::vector<std::string>{"e", "bcd", "a"}));
    EXPECT_EQ(files.getdents(fd, 512, names), gives(0));
    EXPECT_EQ(files.lseek(fd, 0, SEEK_SET), gives(0));
    EXPECT_EQ(files.getdents(fd, 512, names), gives(56));
  });
}

// rumpfs.c counts its position back by one when an entry does not fit.
TEST(Rumpfs, AnEntryThatDoesNotFitBringsTheOneBeforeItAgain) {
  in_kernel([](Program&, FileCalls& files) {
    EXPECT_EQ(files.mkdir("/d"), gives(0));
    files.touch("/d/a");
    files.touch("/d/b");
    files.touch("/d/c");
    const std::int64_t fd = files.open("/d", O_RDONLY).value;
    std::vector<std::string> names;
    EXPECT_EQ(files.getdents(fd, 40, names), gives(32));
    EXPECT_EQ(names, (std::vector<std::string>{"c", "b"}));
    EXPECT_EQ(files.getdents(fd, 40, names), gives(32));
    EXPECT_EQ(names, (std::vector<std::string>{"b", "a"}));
    EXPECT_EQ(files.lseek(fd, 0, SEEK_SET), gives(0));
    EXPECT_EQ(files.getdents(fd, 8, names), gives(0)) << "too small for any";
    EXPECT_EQ(files.lseek(fd, 0, SEEK_CUR), gives(0xffffffff)) << "and that was the end of the directory";
  });
}

TEST(Rumpfs, FaultyBuffersForDirectoriesAreRefused) {
  in_kernel([](Program& program, FileCalls& files) {
    const std::int64_t fd = files.open("/", O_RDONLY).value;
    EXPECT_EQ(program.call(SYS___getdents30, fd, 0, 512), fails(EFAULT));
    const std::int64_t file = files.make("/f");
    EXPECT_EQ(program.call(SYS___getdents30, file, program.allocate(64), 64), fails(EINVAL));
    EXPECT_EQ(program.call(SYS___getdents30, 99, program.allocate(64), 64), fails(EBADF));
  });
}

TEST(Rumpfs, ReadsEndAtTheEndOfTheFileAndShowNothingBehindIt) {
  in_kernel([](Program&, FileCalls& files) {
    const std::int64_t fd = files.make("/f", "0123456789");
    std::string got;
    EXPECT_EQ(files.pread(fd, 3, 5, got), gives(3));
    EXPECT_EQ(got, "567");
    EXPECT_EQ(files.pread(fd, 64, 8, got), gives(2));
    EXPECT_EQ(files.pread(fd, 3, 10, got), gives(0));
    EXPECT_EQ(files.pread(fd, 3, 100, got), gives(0));
    EXPECT_EQ(files.pread(fd, 3, 4096, got), fails(EINVAL)) << "on a page that is not the file's";
    EXPECT_EQ(files.pread(fd, 3, 4094, got), fails(EINVAL)) << "partly on such a page";
    EXPECT_EQ(files.pread(fd, 0, 1 << 20, got), gives(0));
    EXPECT_EQ(files.pread(fd, 3, std::int64_t{1} << 62, got), fails(EINVAL));
    const std::int64_t empty = files.make("/e");
    EXPECT_EQ(files.pread(empty, 3, 0, got), gives(0));
    EXPECT_EQ(files.pread(empty, 3, 1, got), fails(EINVAL));
  });
}

TEST(Rumpfs, WhatWasCutOffDoesNotComeBack) {
  in_kernel([](Program&, FileCalls& files) {
    const std::int64_t fd = files.make("/f", "0123456789");
    EXPECT_EQ(files.ftruncate(fd, 5), gives(0));
    EXPECT_EQ(files.ftruncate(fd, 20), gives(0));
    std::string got;
    EXPECT_EQ(files.pread(fd, 64, 0, got), gives(20));
    EXPECT_EQ(got, "01234" + std::string(15, '\0'));
    EXPECT_EQ(files.truncate("/f", 3), gives(0));
    EXPECT_EQ(files.pwrite(fd, "z", 6), gives(1));
    EXPECT_EQ(files.pread(fd, 64, 0, got), gives(7));
    EXPECT_EQ(got, std::string("012\0\0\0z", 7));
  });
}

TEST(Rumpfs, HolesAreZerosAndTakeNoMemory) {
  BootedKernel booted;
  EXPECT_TRUE(booted.run([&](Program& program) {
    FileCalls files(program);
    const std::int64_t fd = files.make("/f");
    const test::MemoryUse before = booted.memory_use();
    EXPECT_EQ(files.ftruncate(fd, vfs::Rumpfs::kMaximumFileBytes), gives(0));
    EXPECT_EQ(booted.memory_use(), before);
    EXPECT_EQ(files.pwrite(fd, "x", 500'000'000), gives(1));
    EXPECT_LT(booted.memory_use().bytes, before.bytes + 2 * FileData::kBlockBytes);
    std::string got;
    EXPECT_EQ(files.pread(fd, 9000, 499'995'000, got), gives(9000));
    std::string expected(9000, '\0');
    expected[5000] = 'x';
    EXPECT_EQ(got, expected);
    EXPECT_EQ(files.ftruncate(fd, 0), gives(0));
    EXPECT_EQ(booted.memory_use(), before);
  }));
}

TEST(Rumpfs, WhatIsTooLargeIsRefusedAndChangesNothing) {
  BootedKernel booted;
  EXPECT_TRUE(booted.run([&](Program& program) {
    FileCalls files(program);
    const std::int64_t fd = files.make("/f", "abc");
    const test::MemoryUse before = booted.memory_use();
    EXPECT_EQ(files.ftruncate(fd, vfs::Rumpfs::kMaximumFileBytes + 1), fails(ENOSPC));
    EXPECT_EQ(files.pwrite(fd, "x", vfs::Rumpfs::kMaximumFileBytes), fails(ENOSPC));
    EXPECT_EQ(files.pwrite(fd, "x", std::int64_t{1} << 40), fails(ENOSPC));
    EXPECT_EQ(files.pwrite(fd, "x", INT64_MAX), fails(EFBIG));
    EXPECT_EQ(program.call(SYS_write, fd, program.allocate(16), std::int64_t{1} << 29), fails(ENOSPC));
    EXPECT_EQ(program.call(SYS_write, fd, program.allocate(16), INT64_MAX), fails(EFBIG));
    Stat stat;
    EXPECT_EQ(files.fstat(fd, stat), gives(0));
    EXPECT_EQ(stat.st_size, 3);
    EXPECT_EQ(booted.memory_use(), before);
  }));
  EXPECT_EQ(booted.signals(), (std::deque<int>{SIGXFSZ, SIGXFSZ}));
}

TEST(Rumpfs, AWriteThatFaultsLeavesTheFileAsLongAsItWas) {
  in_kernel([](Program& program, FileCalls& files) {
    const std::int64_t fd = files.make("/f", "abc");
    const std::int64_t letters = files.make("/letters", std::string(4096, 'x'));
    EXPECT_EQ(program.call(SYS_pread, letters, program.memory_end() - 4093, 4093, 0, 0), gives(4093));
    // The first page goes through, the second is not the program's.
    EXPECT_EQ(program.call(SYS_write, fd, program.memory_end() - 4093, 8192), fails(EFAULT));
    std::string got;
    EXPECT_EQ(files.pread(fd, 64, 0, got), gives(3));
    EXPECT_EQ(got, "abc");
    EXPECT_EQ(files.pwrite(fd, "z", 7), gives(1));
    EXPECT_EQ(files.pread(fd, 64, 0, got), gives(8));
    EXPECT_EQ(got, std::string("abc\0\0\0\0z", 8)) << "nothing of the failed write is left";
  });
}

TEST(Rumpfs, ZeroBytesPastTheEndMakeTheFileLonger) {
  in_kernel([](Program&, FileCalls& files) {
    const std::int64_t fd = files.make("/f", "abc");
    EXPECT_EQ(files.lseek(fd, 100, SEEK_SET), gives(100));
    EXPECT_EQ(files.write(fd, ""), gives(0));
    EXPECT_EQ(files.lseek(fd, 0, SEEK_END), gives(100));
  });
}

TEST(Rumpfs, AnUnlinkedFileLivesUntilItsLastDescriptorGoes) {
  BootedKernel booted;
  EXPECT_TRUE(booted.run([&](Program& program) {
    FileCalls files(program);
    files.touch("/warm");
    EXPECT_EQ(files.unlink("/warm"), gives(0));
    const test::MemoryUse before = booted.memory_use();
    const std::int64_t fd = files.make("/f", std::string(10'000, 'x'));
    EXPECT_EQ(files.unlink("/f"), gives(0));
    EXPECT_EQ(files.stat("/f"), fails(ENOENT));
    Stat stat;
    EXPECT_EQ(files.fstat(fd, stat), gives(0));
    EXPECT_EQ(stat.st_nlink, 1U) << "rumpfs does not count";
    std::string got;
    EXPECT_EQ(files.pread(fd, 4, 9'998, got), gives(2));
    EXPECT_EQ(files.write(fd, "more"), gives(4));
    EXPECT_EQ(files.close(fd), gives(0));
    EXPECT_EQ(booted.memory_use(), before);
  }));
}

TEST(Rumpfs, WhatIsMadeInARemovedDirectoryGoesWithIt) {
  BootedKernel booted;
  const test::MemoryUse before = booted.memory_use();
  EXPECT_TRUE(booted.run([&](Program& program) {
    FileCalls files(program);
    EXPECT_EQ(files.mkdir("/d"), gives(0));
    EXPECT_EQ(files.chdir("/d"), gives(0));
    EXPECT_EQ(files.rmdir("/d"), gives(0));
    const std::int64_t top = files.open(".", O_RDONLY).value;
    // Deeper than a recursion on a fiber's stack could go.
    for (int depth = 0; depth < 3000; ++depth) {
      EXPECT_EQ(files.mkdir("d"), gives(0));
      files.touch("d/f", "data");
      EXPECT_EQ(files.chdir("d"), gives(0));
    }
    EXPECT_EQ(files.stat(".."), gives(0));
    EXPECT_EQ(files.close(top), gives(0));
    EXPECT_EQ(files.stat(".."), fails(ENOENT)) << "nobody refers to the ones above any more";
  }));
  EXPECT_EQ(booted.memory_use(), before);
}

TEST(Rumpfs, FlagsOfAnOpenFileCannotBeChanged) {
  in_kernel([](Program& program, FileCalls& files) {
    const std::int64_t fd = files.make("/f");
    EXPECT_EQ(program.call(SYS_fcntl, fd, F_SETFL, O_APPEND), fails(EINVAL));
    EXPECT_EQ(program.call(SYS_fcntl, fd, F_GETFL, 0), gives(O_RDWR));
    EXPECT_EQ(program.call(SYS_lseek, fd, 0, 0, 9), fails(EINVAL));
  });
}

/// Object sizes that fall into one size class of the arena each, all classes up to 16 KiB.
constexpr std::array<std::size_t, 19> kSizeOfClass{1,   32,   48,   64,   96,   128,  192,  256,  384,  512,
                                                   768, 1024, 1536, 2048, 3072, 4096, 6144, 8192, 12288};

/// Takes all memory of the arena, but for some blocks of every size class except one.
class Famine {
 public:
  Famine(sim::Arena& arena, std::size_t starved_class) : arena_(arena) {
    std::vector<std::pair<void*, std::size_t>> relief;
    for (const std::size_t bytes : kSizeOfClass) {
      for (int copies = 0; copies < 24; ++copies) {
        relief.emplace_back(arena_.allocate(bytes), bytes);
      }
    }
    for (std::size_t bytes = std::size_t{1} << 23; bytes > 0; bytes /= 2) {
      while (void* memory = arena_.allocate(bytes)) {
        taken_.emplace_back(memory, bytes);
      }
    }
    for (const std::size_t bytes : kSizeOfClass) {
      while (void* memory = arena_.allocate(bytes)) {
        taken_.emplace_back(memory, bytes);
      }
    }
    for (const auto& [memory, bytes] : relief) {
      if (bytes == kSizeOfClass[starved_class]) {
        taken_.emplace_back(memory, bytes);
      } else {
        arena_.deallocate(memory, bytes);
      }
    }
  }
  ~Famine() {
    for (const auto& [memory, bytes] : taken_) {
      arena_.deallocate(memory, bytes);
    }
  }
  Famine(const Famine&) = delete;
  Famine& operator=(const Famine&) = delete;

 private:
  sim::Arena& arena_;
  std::vector<std::pair<void*, std::size_t>> taken_;
};

TEST(Rumpfs, WithoutMemoryOfAnySizeCallsGiveAnErrorAndLeakNothing) {
  int refusals = 0;
  for (std::size_t starved = 0; starved < kSizeOfClass.size(); ++starved) {
    BootedKernel booted({.program_memory = std::size_t{64} << 10, .heap_bytes = std::size_t{4} << 20});
    EXPECT_TRUE(booted.run([&](Program& program) {
      FileCalls files(program);
      // Descriptors and the like grow before; this is about files.
      files.touch("/warm", "up");
      EXPECT_EQ(files.unlink("/warm"), gives(0));
      const std::int64_t held = files.make("/held");
      const test::MemoryUse before = booted.memory_use();
      {
        const Famine famine(program.machine().arena(), starved);
        const test::MemoryUse at_famine = booted.memory_use();
        const auto refused_by = [&](const test::CallResult& result, int error) {
          EXPECT_TRUE(result.error == 0 || result.error == error) << result << " without " << kSizeOfClass[starved];
          refusals += result.error != 0 ? 1 : 0;
          return result.error != 0;
        };
        if (!refused_by(files.mkdir("/d"), ENOSPC)) {
          EXPECT_EQ(files.rmdir("/d"), gives(0));
        }
        if (!refused_by(files.symlink(std::string(200, 't'), "/l"), ENOSPC)) {
          EXPECT_EQ(files.unlink("/l"), gives(0));
        }
        const test::CallResult opened = files.open("/f", O_RDWR | O_CREAT);
        EXPECT_TRUE(opened.error == 0 || opened.error == ENOSPC || opened.error == ENOMEM) << opened;
        if (opened.error == 0) {
          refused_by(files.write(opened.value, std::string(100, 'x')), ENOSPC);
          refused_by(files.write(opened.value, std::string(9000, 'x')), ENOSPC);
          EXPECT_EQ(files.close(opened.value), gives(0));
          EXPECT_EQ(files.unlink("/f"), gives(0));
        }
        refused_by(files.pwrite(held, "x", 5000), ENOSPC);
        std::string got;
        EXPECT_EQ(files.ftruncate(held, 4), gives(0));
        EXPECT_EQ(files.pread(held, 8, 0, got), gives(4));
        EXPECT_EQ(files.ftruncate(held, 0), gives(0));
        refused_by(files.getcwd(300, got), ENOMEM);
        EXPECT_EQ(booted.memory_use(), at_famine) << "without " << kSizeOfClass[starved];
      }
      EXPECT_EQ(booted.memory_use(), before);
    }));
  }
  EXPECT_GE(refusals, 8);
}

TEST(FileData, GrowsByDoublingAndKeepsWhatItHolds) {
  test::HeapMemory memory;
  {
    DataSpace space(memory, std::size_t{1} << 20);
    FileData data(space);
    for (std::uint64_t offset = 0; offset < 10'000; ++offset) {
      ASSERT_TRUE(data.reserve(offset, 1));
      data.piece(offset).front() = static_cast<std::byte>(offset * 7);
      data.extend(offset + 1);
    }
    EXPECT_LT(memory.allocations, 40U);
    std::vector<std::byte> page(FileData::kBlockBytes);
    for (std::uint64_t block = 0; block < 3; ++block) {
      data.copy_out(block * page.size(), page);
      for (std::uint64_t at = 0; at < page.size(); ++at) {
        const std::uint64_t offset = block * page.size() + at;
        EXPECT_EQ(page[at], static_cast<std::byte>(offset < 10'000 ? offset * 7 : 0));
      }
    }
  }
  EXPECT_EQ(memory.bytes_out, 0U);
}

TEST(FileData, ExhaustionAtEachAllocationIsMetAndUndone) {
  for (std::size_t allowed = 0;; ++allowed) {
    test::HeapMemory memory;
    {
      DataSpace space(memory, std::size_t{1} << 20);
      FileData data(space);
      memory.allocations_left = allowed;
      if (data.reserve(100, 20'000)) {
        EXPECT_GT(allowed, 5U);
        return;
      }
      EXPECT_EQ(data.size(), 0U);
      data.truncate(0);
      EXPECT_EQ(memory.bytes_out, 0U);
      EXPECT_EQ(space.left(), std::size_t{1} << 20);
    }
  }
}

TEST(FileData, TheSpaceOfAllFilesHasABound) {
  test::HeapMemory memory;
  DataSpace space(memory, 10'000);
  FileData one(space);
  FileData two(space);
  EXPECT_TRUE(one.reserve(0, 4096));
  EXPECT_FALSE(two.reserve(0, 8192));
  two.truncate(0);
  EXPECT_TRUE(two.reserve(0, 4096));
  EXPECT_FALSE(one.reserve(4096, std::uint64_t{1} << 60));
  one.truncate(0);
  two.truncate(0);
  EXPECT_EQ(space.left(), 10'000U);
}

}  // namespace
