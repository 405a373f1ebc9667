// The calls on files and directories, with the results of a real rump kernel, and what happens when several processes
// use the same ones at once.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "kern/fd/file.hpp"
#include "kern/vfs/vfs.hpp"
#include "tests/support/file_calls.hpp"

namespace {

using namespace kern;
using test::BootedKernel;
using test::fails;
using test::FileCalls;
using test::gives;
using test::Program;

void in_kernel(const std::function<void(Program&, FileCalls&)>& body) {
  BootedKernel booted;
  EXPECT_TRUE(booted.run([&](Program& program) {
    FileCalls files(program);
    body(program, files);
  }));
}

TEST(Open, GivesTheErrorsOfARealRumpKernel) {
  in_kernel([](Program& program, FileCalls& files) {
    EXPECT_EQ(files.open("/nope", O_RDONLY), fails(ENOENT));
    const test::CallResult made = files.open("/f", O_RDWR | O_CREAT);
    EXPECT_EQ(made, gives(0));
    EXPECT_EQ(files.open("/f", O_RDWR | O_CREAT | O_EXCL), fails(EEXIST));
    EXPECT_EQ(files.open("/f", O_RDWR | O_CREAT), gives(1));
    EXPECT_EQ(program.call(SYS_open, 0, 0, 0), fails(EFAULT));
    EXPECT_EQ(files.open("/f", O_ACCMODE), fails(EINVAL));
    EXPECT_EQ(files.open("/nope", O_ACCMODE), fails(EINVAL)) << "before the name is looked up";
    EXPECT_EQ(files.open("/f", O_DIRECTORY), fails(ENOTDIR));
    EXPECT_EQ(files.open("/", O_DIRECTORY), gives(2));
    EXPECT_EQ(files.open("/", O_RDWR), fails(EISDIR));
    EXPECT_EQ(files.open("/", O_WRONLY), fails(EISDIR));
    EXPECT_EQ(files.open("/tmp", O_RDONLY | O_TRUNC), fails(EISDIR));
    EXPECT_EQ(files.open("/tmp", O_RDWR | O_CREAT), fails(EISDIR));
    EXPECT_EQ(files.open("/tmp", O_RDONLY | O_CREAT), gives(3));
    EXPECT_EQ(files.open("/tmp/.", O_RDONLY | O_CREAT), gives(4));
    EXPECT_EQ(files.open("/tmp", O_RDONLY | O_CREAT | O_DIRECTORY), fails(EINVAL));
    EXPECT_EQ(files.open("/nodir/x", O_RDWR | O_CREAT), fails(ENOENT));
    EXPECT_EQ(files.open("/dev/nonexist", O_RDONLY), fails(ENOENT));
  });
}

TEST(Open, ADescriptorIsWantedBeforeAnythingIsDone) {
  BootedKernel booted({.kernel = {.components = {}, .max_descriptors = 4}});
  EXPECT_TRUE(booted.run([](Program& program) {
    FileCalls files(program);
    const std::int64_t fd = files.make("/f", "data");
    for (int more = 0; more < 3; ++more) {
      EXPECT_EQ(files.open("/f", O_RDONLY), gives(more + 1));
    }
    EXPECT_EQ(files.open("/f", O_RDWR | O_TRUNC), fails(EMFILE));
    EXPECT_EQ(files.open("/new", O_RDWR | O_CREAT), fails(EMFILE));
    EXPECT_EQ(files.stat("/new"), fails(ENOENT));
    Stat stat;
    EXPECT_EQ(files.fstat(fd, stat), gives(0));
    EXPECT_EQ(stat.st_size, 4);
  }));
}

TEST(Open, FlagsSayWhatTheDescriptorMayDo) {
  in_kernel([](Program& program, FileCalls& files) {
    files.touch("/f", "0123");
    std::string got;
    const std::int64_t writer = files.open("/f", O_WRONLY | O_APPEND).value;
    EXPECT_EQ(program.call(SYS_fcntl, writer, F_GETFL, 0), gives(O_WRONLY | O_APPEND));
    EXPECT_EQ(files.read(writer, 1, got), fails(EBADF));
    EXPECT_EQ(files.write(writer, "45"), gives(2));
    EXPECT_EQ(files.lseek(writer, 0, SEEK_CUR), gives(6));
    const std::int64_t reader = files.open("/f", O_RDONLY | O_CLOEXEC).value;
    EXPECT_EQ(program.call(SYS_fcntl, reader, F_GETFD, 0), gives(FD_CLOEXEC));
    EXPECT_EQ(files.write(reader, "x"), fails(EBADF));
    EXPECT_EQ(files.ftruncate(reader, 0), fails(EINVAL));
    EXPECT_EQ(program.call(SYS_fchmod, reader, 0600), gives(0));
    EXPECT_EQ(files.read(reader, 64, got), gives(6));
    EXPECT_EQ(got, "012345");
    EXPECT_EQ(files.open("/f", O_RDWR | O_TRUNC).error, 0);
    EXPECT_EQ(files.lseek(reader, 0, SEEK_END), gives(0));
    EXPECT_EQ(files.open("/f", O_RDONLY | O_TRUNC).error, 0);
    EXPECT_EQ(program.call(SYS_fcntl, files.open("/f", O_NONBLOCK).value, F_GETFL, 0), gives(O_NONBLOCK));
  });
}

TEST(Open, PermissionsAreThoseOfOwnerGroupAndOthers) {
  in_kernel([](Program& program, FileCalls& files) {
    files.touch("/f");
    EXPECT_EQ(files.chmod("/f", 0604), gives(0));
    EXPECT_EQ(files.access("/f", R_OK | W_OK), gives(0));
    EXPECT_EQ(files.access("/f", X_OK), fails(EACCES)) << "the superuser executes only what somebody may execute";
    EXPECT_EQ(files.access("/tmp", X_OK), gives(0));
    EXPECT_EQ(files.access("/f", 8), fails(EINVAL));
    EXPECT_EQ(files.access("/nope", F_OK), fails(ENOENT));
    Credentials& credentials = program.proc().credentials;
    credentials.euid = 1000;
    EXPECT_EQ(files.access("/f", W_OK), gives(0)) << "access asks for the real user";
    EXPECT_EQ(files.open("/f", O_RDONLY), fails(EACCES)) << "the group is 0 and may not";
    credentials.egid = 1000;
    EXPECT_EQ(files.open("/f", O_RDONLY), gives(0));
    EXPECT_EQ(files.open("/f", O_RDWR), fails(EACCES));
    EXPECT_EQ(files.truncate("/f", 0), fails(EACCES));
    EXPECT_EQ(files.chmod("/f", 0666), fails(EPERM));
    EXPECT_EQ(files.open("/new", O_RDWR | O_CREAT), fails(EACCES));
    credentials.groups[0] = 0;
    credentials.group_count = 1;
    EXPECT_EQ(files.open("/f", O_RDONLY), fails(EACCES));
  });
}

TEST(Open, DeviceNodesLeadToTheirDevices) {
  in_kernel([](Program& program, FileCalls& files) {
    const test::CallResult null = files.open("/dev/null", O_RDWR);
    EXPECT_EQ(null, gives(0));
    EXPECT_EQ(files.write(null.value, "abc"), gives(3));
    std::string got;
    EXPECT_EQ(files.read(null.value, 3, got), gives(0));
    Stat by_name;
    Stat by_descriptor;
    EXPECT_EQ(files.stat("/dev/null", by_name), gives(0));
    EXPECT_EQ(files.fstat(null.value, by_descriptor), gives(0));
    EXPECT_EQ(by_name, by_descriptor);
    EXPECT_EQ(files.lseek(null.value, -5, SEEK_SET), gives(-5)) << "devices do not care";
    EXPECT_EQ(program.call(SYS_ftruncate, null.value, 0, 9), gives(0));
    const std::int64_t zero = files.open("/dev/zero", O_RDONLY).value;
    EXPECT_EQ(files.read(zero, 8, got), gives(8));
    EXPECT_EQ(got, std::string(8, '\0'));
    EXPECT_EQ(files.close(zero), gives(0));
    EXPECT_EQ(files.close(null.value), gives(0));
  });
}

TEST(Seek, GoesAnywhereButBeforeTheStart) {
  in_kernel([](Program&, FileCalls& files) {
    const std::int64_t fd = files.make("/f", "0123456789");
    EXPECT_EQ(files.lseek(fd, 4, SEEK_SET), gives(4));
    EXPECT_EQ(files.lseek(fd, 2, SEEK_CUR), gives(6));
    EXPECT_EQ(files.lseek(fd, 0, SEEK_END), gives(10));
    EXPECT_EQ(files.lseek(fd, -3, SEEK_END), gives(7));
    EXPECT_EQ(files.lseek(fd, -100, SEEK_SET), fails(EINVAL));
    EXPECT_EQ(files.lseek(fd, -100, SEEK_CUR), fails(EINVAL));
    EXPECT_EQ(files.lseek(fd, INT64_MAX, SEEK_END), fails(EINVAL)) << "the sum wraps";
    EXPECT_EQ(files.lseek(99, 0, SEEK_SET), fails(EBADF));
    EXPECT_EQ(files.lseek(fd, std::int64_t{1} << 40, SEEK_SET), gives(std::int64_t{1} << 40));
    std::string got;
    EXPECT_EQ(files.read(fd, 4, got), fails(EINVAL)) << "as a real one; not its stale bytes";
    EXPECT_EQ(files.pread(fd, 3, -1, got), fails(EINVAL));
    EXPECT_EQ(files.pwrite(fd, "x", -1), fails(EINVAL));
    EXPECT_EQ(files.pwrite(fd, "XY", 2), gives(2));
    EXPECT_EQ(files.pread(fd, 31, 0, got), gives(10));
    EXPECT_EQ(got, "01XY456789");
    EXPECT_EQ(files.lseek(fd, 0, SEEK_CUR), gives(std::int64_t{1} << 40));
  });
}

TEST(Truncate, GivesTheErrorsOfARealRumpKernel) {
  in_kernel([](Program& program, FileCalls& files) {
    const std::int64_t fd = files.make("/f", "0123");
    EXPECT_EQ(files.ftruncate(fd, -1), fails(EINVAL));
    EXPECT_EQ(files.ftruncate(99, 0), fails(EBADF));
    EXPECT_EQ(files.ftruncate(99, -1), fails(EINVAL));
    EXPECT_EQ(files.truncate("/f", -1), fails(EINVAL));
    EXPECT_EQ(files.truncate("/nope", 0), fails(ENOENT));
    EXPECT_EQ(files.truncate("/tmp", 0), fails(EISDIR));
    EXPECT_EQ(files.truncate("/f", 3), gives(0));
    EXPECT_EQ(program.call(SYS_fsync, fd), gives(0));
    EXPECT_EQ(program.call(SYS_fsync, 99), fails(EBADF));
    const std::int64_t read_end = program.call(SYS_pipe).value;
    for (const std::uint32_t number : {SYS_fsync, SYS_fchdir}) {
      EXPECT_EQ(program.call(number, read_end), fails(EINVAL)) << number;
    }
    EXPECT_EQ(files.ftruncate(read_end + 1, 0), fails(EINVAL));
    EXPECT_EQ(program.call(SYS_fchmod, read_end, 0600), fails(EINVAL));
  });
}

TEST(Directories, GiveTheErrorsOfARealRumpKernel) {
  in_kernel([](Program& program, FileCalls& files) {
    EXPECT_EQ(files.mkdir("/d1"), gives(0));
    EXPECT_EQ(files.mkdir("/d1"), fails(EEXIST));
    files.touch("/rf");
    EXPECT_EQ(files.mkdir("/rf"), fails(EEXIST));
    EXPECT_EQ(files.mkdir("/d1/s"), gives(0));
    EXPECT_EQ(files.rmdir("/d1"), fails(ENOTEMPTY));
    EXPECT_EQ(files.rmdir("/d1/s"), gives(0));
    EXPECT_EQ(files.rmdir("/rf"), fails(ENOTDIR));
    EXPECT_EQ(files.rmdir("/nope"), fails(ENOENT));
    EXPECT_EQ(files.unlink("/d1"), fails(EPERM));
    EXPECT_EQ(files.unlink("/nope"), fails(ENOENT));
    const std::int64_t fd = files.open("/d1", O_RDONLY).value;
    std::string got;
    EXPECT_EQ(files.read(fd, 512, got), fails(EISDIR));
    EXPECT_EQ(files.write(fd, "x"), fails(EBADF));
    EXPECT_EQ(program.call(SYS_fchdir, fd), gives(0));
    EXPECT_EQ(files.getcwd(64, got), gives(4));
    EXPECT_EQ(got, std::string("/d1\0", 4));
    EXPECT_EQ(program.call(SYS_fchdir, -1), fails(EBADF));
    const std::int64_t file = files.make("a");
    EXPECT_EQ(program.call(SYS_fchdir, file), fails(ENOTDIR));
    EXPECT_EQ(files.chdir("a"), fails(ENOTDIR));
    EXPECT_EQ(files.chdir("nope"), fails(ENOENT));
    EXPECT_EQ(files.chdir(".."), gives(0));
    EXPECT_EQ(files.stat("d1/a"), gives(0));
  });
}

TEST(Getcwd, WritesTheWayFromTheRoot) {
  in_kernel([](Program& program, FileCalls& files) {
    std::string got;
    EXPECT_EQ(files.getcwd(64, got), gives(2));
    EXPECT_EQ(got, std::string("/\0", 2));
    EXPECT_EQ(files.getcwd(1, got), fails(ERANGE));
    EXPECT_EQ(files.getcwd(2, got), gives(2));
    EXPECT_EQ(files.mkdir("/one"), gives(0));
    EXPECT_EQ(files.mkdir("/one/two"), gives(0));
    EXPECT_EQ(files.chdir("/one/two"), gives(0));
    EXPECT_EQ(files.getcwd(9, got), gives(9));
    EXPECT_EQ(got, std::string("/one/two\0", 9));
    EXPECT_EQ(files.getcwd(8, got), fails(ERANGE));
    EXPECT_EQ(program.call(SYS___getcwd, 0, 64), fails(EFAULT));
    EXPECT_EQ(program.call(SYS___getcwd, program.allocate(64), std::int64_t{1} << 60).value, 9);
    EXPECT_EQ(files.chmod("/one", 0711), gives(0));
    program.proc().credentials.euid = 1000;
    program.proc().credentials.egid = 1000;
    EXPECT_EQ(files.getcwd(64, got), fails(EACCES)) << "it searches the parents for the names";
  });
}

TEST(Links, GiveTheErrorsOfARealRumpKernel) {
  in_kernel([](Program& program, FileCalls& files) {
    files.touch("/rf");
    EXPECT_EQ(files.symlink("rf", "/sl"), gives(0));
    EXPECT_EQ(files.symlink("rf", "/sl"), fails(EEXIST));
    std::string got;
    EXPECT_EQ(files.readlink("/sl", 64, got), gives(2));
    EXPECT_EQ(got, "rf");
    EXPECT_EQ(files.readlink("/sl", 1, got), gives(1));
    EXPECT_EQ(got, "r");
    EXPECT_EQ(files.readlink("/sl", 0, got), gives(0));
    EXPECT_EQ(files.readlink("/rf", 64, got), fails(EINVAL));
    EXPECT_EQ(files.readlink("/nope", 64, got), fails(ENOENT));
    EXPECT_EQ(program.call(SYS_readlink, program.put_string("/sl"), 0, 64), fails(EFAULT));
    EXPECT_EQ(program.call(SYS_symlink, 0, program.put_string("/x")), fails(EFAULT));
    EXPECT_EQ(files.symlink(std::string(1024, 'x'), "/x"), fails(ENAMETOOLONG));
    Stat stat;
    EXPECT_EQ(files.lstat("/sl", stat), gives(0));
    EXPECT_EQ(stat.st_size, 2);
    EXPECT_EQ(files.unlink("/sl"), gives(0));
    EXPECT_EQ(files.stat("/rf"), gives(0));
  });
}

TEST(Stat, GivesTheErrorsOfARealRumpKernel) {
  in_kernel([](Program& program, FileCalls& files) {
    const kern::UserAddress buffer = program.allocate(sizeof(Stat));
    EXPECT_EQ(program.call(SYS___stat50, 0, buffer), fails(EFAULT));
    EXPECT_EQ(program.call(SYS___stat50, program.put_string("/"), 0), fails(EFAULT));
    EXPECT_EQ(program.call(SYS___stat50, program.put_string("/"), program.memory_end() - 8), fails(EFAULT));
    Stat ignored;
    EXPECT_EQ(files.lstat("/nope", ignored), fails(ENOENT));
  });
}

TEST(Modes, OfNewFilesAreMaskedAndLaterChanged) {
  in_kernel([](Program& program, FileCalls& files) {
    EXPECT_EQ(program.call(SYS_umask, 077), gives(022));
    EXPECT_EQ(program.call(SYS_umask, 027), gives(077));
    Stat stat;
    EXPECT_EQ(files.open("/f", O_RDWR | O_CREAT, 07777), gives(0));
    EXPECT_EQ(files.stat("/f", stat), gives(0));
    EXPECT_EQ(stat.st_mode, S_IFREG | 06750) << "open does not make sticky files";
    EXPECT_EQ(files.mkdir("/d", 07777), gives(0));
    EXPECT_EQ(files.stat("/d", stat), gives(0));
    EXPECT_EQ(stat.st_mode, S_IFDIR | 0750);
    EXPECT_EQ(program.call(SYS_umask, 0177777), gives(027));
    EXPECT_EQ(program.call(SYS_umask, 022), gives(07777));
    EXPECT_EQ(files.chmod("/f", 0177777), gives(0));
    EXPECT_EQ(files.stat("/f", stat), gives(0));
    EXPECT_EQ(stat.st_mode, S_IFREG | 07777);
    EXPECT_EQ(files.chmod("/nope", 0), fails(ENOENT));
    EXPECT_EQ(program.call(SYS_fchmod, -1, 0), fails(EBADF));
  });
}

TEST(CurrentDirectory, IsAProcessesOwnAndCopiedByFork) {
  BootedKernel booted;
  const test::MemoryUse before = booted.memory_use();
  EXPECT_TRUE(booted.run([](Program& program) {
    FileCalls files(program);
    EXPECT_EQ(files.chdir("/tmp"), gives(0));
    EXPECT_EQ(program.call(SYS_umask, 077), gives(022));
    program.fork("child", DescriptorInheritance::copy, [](Program& child) {
      FileCalls own(child);
      std::string got;
      EXPECT_EQ(own.getcwd(64, got), gives(5));
      EXPECT_EQ(child.call(SYS_umask, 0), gives(077));
      EXPECT_EQ(own.chdir("/"), gives(0));
    });
    program.wait_idle();
    std::string got;
    EXPECT_EQ(files.getcwd(64, got), gives(5));
    EXPECT_EQ(got, std::string("/tmp\0", 5));
    EXPECT_EQ(program.call(SYS_umask, 0), gives(077));
  }));
  EXPECT_EQ(booted.memory_use(), before);
}

TEST(VfsOpen, OpensForTheKernel) {
  in_kernel([](Program& program, FileCalls& files) {
    files.touch("/f", "data");
    ASSERT_TRUE(program.kernel().scheduler().schedule());
    Lwp& lwp = *program.kernel().curlwp();
    File* file = nullptr;
    EXPECT_EQ(program.kernel().vfs()->open(lwp, "/nope", FREAD, 0, file), ENOENT);
    EXPECT_EQ(program.kernel().vfs()->open(lwp, "/f", FREAD, 0, file), 0);
    Stat stat;
    EXPECT_EQ(file->stat(lwp, stat), 0);
    EXPECT_EQ(stat.st_size, 4);
    file->release();
    program.kernel().scheduler().unschedule();
  });
}

/// The same programs under many schedules. `check` sees the kernel when all have ended.
void under_many_schedules(const std::vector<Program::Body>& programs,
                          const std::function<void(BootedKernel&, std::uint64_t seed)>& check) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    BootedKernel booted({.cpus = 2, .strategy = "random", .seed = seed, .program_memory = std::size_t{64} << 10});
    for (const Program::Body& body : programs) {
      booted.spawn("program", body);
    }
    ASSERT_TRUE(booted.run()) << "seed " << seed;
    check(booted, seed);
    if (testing::Test::HasFailure()) {
      FAIL() << "seed " << seed;
    }
  }
}

TEST(VfsRaces, OnlyOneCreatesExclusivelyAndOnlyOneUnlinks) {
  int created = 0;
  int unlinked = 0;
  int orders = 0;
  const auto body = [&](Program& program) {
    FileCalls files(program);
    for (int round = 0; round < 4; ++round) {
      const test::CallResult made = files.open("/f", O_RDWR | O_CREAT | O_EXCL);
      EXPECT_TRUE(made.error == 0 || made == fails(EEXIST)) << made;
      created += made.error == 0 ? 1 : 0;
      const test::CallResult gone = files.unlink("/f");
      EXPECT_TRUE(gone == gives(0) || gone == fails(ENOENT)) << gone;
      unlinked += gone.error == 0 ? 1 : 0;
      orders += made.error != 0 ? 1 : 0;
      if (made.error == 0) {
        EXPECT_EQ(files.write(made.value, "mine"), gives(4));
        std::string got;
        EXPECT_EQ(files.pread(made.value, 8, 0, got), gives(4)) << "unlinked or not, it is there";
        EXPECT_EQ(files.close(made.value), gives(0));
      }
    }
  };
  test::MemoryUse first;
  under_many_schedules({body, body}, [&](BootedKernel& booted, std::uint64_t seed) {
    EXPECT_EQ(created, unlinked);
    first = seed == 0 ? booted.memory_use() : first;
    EXPECT_EQ(booted.memory_use(), first);
  });
  EXPECT_GT(orders, 50) << "the schedules never let one see the other's file";
}

/// The memory of a process whose every copy lets others run, as that of a remote client does.
class DistantMemory final : public UserMemory {
 public:
  explicit DistantMemory(Program& program) : program_(program), near_(program.proc().memory) {
    program.proc().memory = this;
  }
  ~DistantMemory() { program_.proc().memory = near_; }
  DistantMemory(const DistantMemory&) = delete;
  DistantMemory& operator=(const DistantMemory&) = delete;
  [[nodiscard]] int copyin(UserAddress from, std::span<std::byte> to) override {
    program_.preempt();
    return near_->copyin(from, to);
  }
  [[nodiscard]] int copyinstr(UserAddress from, std::span<char> to, std::size_t& done) override {
    program_.preempt();
    return near_->copyinstr(from, to, done);
  }
  [[nodiscard]] int copyout(std::span<const std::byte> from, UserAddress to) override {
    program_.preempt();
    return near_->copyout(from, to);
  }

 private:
  Program& program_;
  UserMemory* near_;
};

TEST(VfsRaces, RemovingUpwardsAndDownwardsDoesNotDeadlock) {
  const auto upwards = [](Program& program) {
    FileCalls files(program);
    for (int round = 0; round < 4; ++round) {
      static_cast<void>(files.mkdir("/d"));
      static_cast<void>(files.mkdir("/d/s"));
      const test::CallResult refused = files.rmdir("/d/s/..");
      EXPECT_TRUE(refused == fails(ENOTEMPTY) || refused == fails(ENOENT)) << refused;
    }
  };
  const auto downwards = [](Program& program) {
    FileCalls files(program);
    for (int round = 0; round < 6; ++round) {
      const test::CallResult gone = files.rmdir("/d/s");
      EXPECT_TRUE(gone == gives(0) || gone == fails(ENOENT)) << gone;
    }
  };
  under_many_schedules({upwards, downwards}, [](BootedKernel&, std::uint64_t) {});
}

TEST(VfsRaces, AppendsNeverOverwriteEachOther) {
  const auto body = [](char letter) {
    return [letter](Program& program) {
      const DistantMemory distant(program);
      FileCalls files(program);
      const std::int64_t fd = files.open("/log", O_WRONLY | O_CREAT | O_APPEND).value;
      for (int round = 0; round < 5; ++round) {
        EXPECT_EQ(files.write(fd, std::string(100, letter)), gives(100));
      }
    };
  };
  bool mixed = false;
  under_many_schedules({body('a'), body('b')}, [&](BootedKernel& booted, std::uint64_t) {
    EXPECT_TRUE(booted.run([&](Program& program) {
      FileCalls files(program);
      const std::int64_t fd = files.open("/log", O_RDONLY).value;
      std::string got;
      EXPECT_EQ(files.read(fd, 4096, got), gives(1000));
      int pieces_of_a = 0;
      for (std::size_t at = 0; at < got.size(); at += 100) {
        EXPECT_EQ(got.substr(at, 100), std::string(100, got[at]));
        pieces_of_a += got[at] == 'a' ? 1 : 0;
      }
      EXPECT_EQ(pieces_of_a, 5);
      mixed = mixed || (got[0] == got[900] && got.find(got[0] == 'a' ? 'b' : 'a') != std::string::npos);
    }));
  });
  EXPECT_TRUE(mixed);
}

TEST(VfsRaces, DirectoriesComeAndGoUnderWhoWalksThroughThem) {
  const auto maker = [](Program& program) {
    FileCalls files(program);
    for (int round = 0; round < 4; ++round) {
      static_cast<void>(files.mkdir("/d"));
      static_cast<void>(files.mkdir("/d/e"));
      static_cast<void>(files.open("/d/e/f", O_RDWR | O_CREAT));
      const test::CallResult file = files.unlink("/d/e/f");
      EXPECT_TRUE(file == gives(0) || file == fails(ENOENT)) << file;
      for (const char* path : {"/d/e/../e", "/d"}) {
        const test::CallResult gone = files.rmdir(path);
        EXPECT_TRUE(gone == gives(0) || gone == fails(ENOENT) || gone == fails(ENOTEMPTY)) << gone;
      }
    }
  };
  const auto walker = [](Program& program) {
    FileCalls files(program);
    for (int round = 0; round < 6; ++round) {
      const test::CallResult entered = files.chdir("/d/e");
      EXPECT_TRUE(entered == gives(0) || entered == fails(ENOENT)) << entered;
      std::string path;
      const test::CallResult cwd = files.getcwd(64, path);
      EXPECT_TRUE(cwd.error == 0 || cwd == fails(ENOENT)) << cwd;
      const test::CallResult up = files.stat("../e/f");
      EXPECT_TRUE(up.error == 0 || up == fails(ENOENT)) << up;
      static_cast<void>(files.rmdir("../../d/e"));
      EXPECT_EQ(files.chdir("/"), gives(0));
    }
  };
  under_many_schedules({maker, maker, walker}, [](BootedKernel& booted, std::uint64_t) {
    const test::MemoryUse before = booted.memory_use();
    EXPECT_TRUE(booted.run([](Program& program) {
      FileCalls files(program);
      static_cast<void>(files.unlink("/d/e/f"));
      static_cast<void>(files.rmdir("/d/e"));
      static_cast<void>(files.rmdir("/d"));
      std::vector<std::string> names;
      EXPECT_EQ(files.getdents(files.open("/", O_RDONLY).value, 512, names).error, 0);
      EXPECT_EQ(names, (std::vector<std::string>{"tmp", "dev"}));
    }));
    EXPECT_LE(booted.memory_use().bytes, before.bytes);
  });
}

TEST(VfsRaces, TheSameSeedGivesTheSameRun) {
  const auto digest_of = [](std::uint64_t seed) {
    BootedKernel booted({.cpus = 2, .strategy = "random", .seed = seed});
    for (int copies = 0; copies < 2; ++copies) {
      booted.spawn("program", [](Program& program) {
        FileCalls files(program);
        const std::int64_t fd = files.open("/f", O_RDWR | O_CREAT).value;
        static_cast<void>(files.write(fd, "hello"));
        static_cast<void>(files.mkdir("/d"));
        static_cast<void>(files.unlink("/f"));
      });
    }
    EXPECT_TRUE(booted.run());
    return booted.machine().digest();
  };
  EXPECT_EQ(digest_of(7), digest_of(7));
  EXPECT_NE(digest_of(7), digest_of(8));
}

}  // namespace
