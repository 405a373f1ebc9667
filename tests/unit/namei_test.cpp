// Path lookup, seen through the calls that take paths. Errors are those that a real kernel gave.
#include <string>

#include <gtest/gtest.h>

#include "tests/support/file_calls.hpp"

namespace {

using namespace kern;
using test::fails;
using test::FileCalls;
using test::gives;
using test::Program;

void in_kernel(const std::function<void(Program&, FileCalls&)>& body) {
  test::BootedKernel booted;
  EXPECT_TRUE(booted.run([&](Program& program) {
    FileCalls files(program);
    body(program, files);
  }));
}

TEST(Namei, AnEmptyPathNamesNothing) {
  in_kernel([](Program& program, FileCalls& files) {
    EXPECT_EQ(files.stat(""), fails(ENOENT));
    EXPECT_EQ(files.open("", O_RDONLY), fails(ENOENT));
    EXPECT_EQ(files.mkdir(""), fails(ENOENT));
    EXPECT_EQ(files.chdir(""), fails(ENOENT));
    EXPECT_EQ(program.call(SYS_unlink, 0), fails(EFAULT));
    EXPECT_EQ(program.call(SYS_open, program.memory_end(), 0, 0), fails(EFAULT));
  });
}

TEST(Namei, RepeatedSlashesAndDotsDoNotMatter) {
  in_kernel([](Program&, FileCalls& files) {
    EXPECT_EQ(files.mkdir("/d"), gives(0));
    files.touch("/d/f");
    Stat straight;
    EXPECT_EQ(files.stat("/d/f", straight), gives(0));
    for (const char* path : {"//d/f", "/d//f", "/d/./f", "/./d/f", "/d/../d/f", "/../d/f", "d/f", "./d/f", "../d/f"}) {
      Stat stat;
      EXPECT_EQ(files.stat(path, stat), gives(0)) << path;
      EXPECT_EQ(stat.st_ino, straight.st_ino) << path;
    }
    for (const char* path : {"/", "//", "/.", "/..", "/./", ".", "./", "..", "/d/.."}) {
      Stat stat;
      EXPECT_EQ(files.stat(path, stat), gives(0)) << path;
      EXPECT_EQ(stat.st_ino, 3U) << path;
    }
  });
}

TEST(Namei, ATrailingSlashWantsADirectory) {
  in_kernel([](Program&, FileCalls& files) {
    files.touch("/f");
    EXPECT_EQ(files.stat("/tmp/"), gives(0));
    EXPECT_EQ(files.stat("/f/"), fails(ENOTDIR));
    EXPECT_EQ(files.open("/f/", O_RDONLY), fails(ENOTDIR));
    EXPECT_EQ(files.unlink("/f/"), fails(ENOTDIR));
    EXPECT_EQ(files.open("/new/", O_RDWR | O_CREAT), fails(ENOENT));
    EXPECT_EQ(files.symlink("f", "/new/"), fails(ENOENT));
    EXPECT_EQ(files.mkdir("/new/"), gives(0));
    EXPECT_EQ(files.rmdir("/new//"), gives(0));
  });
}

TEST(Namei, AFileHasNothingBelowIt) {
  in_kernel([](Program&, FileCalls& files) {
    files.touch("/f");
    EXPECT_EQ(files.stat("/f/x"), fails(ENOTDIR));
    EXPECT_EQ(files.stat("/f/.."), fails(ENOTDIR));
    EXPECT_EQ(files.open("/f/x", O_RDWR | O_CREAT), fails(ENOTDIR));
    EXPECT_EQ(files.mkdir("/f/x"), fails(ENOTDIR));
    EXPECT_EQ(files.stat("/nope/x"), fails(ENOENT));
    EXPECT_EQ(files.mkdir("/nope/x"), fails(ENOENT));
    EXPECT_EQ(files.chdir("/f"), fails(ENOTDIR));
  });
}

TEST(Namei, NamesAndPathsHaveLimits) {
  in_kernel([](Program&, FileCalls& files) {
    const std::string longest = "/" + std::string(255, 'b');
    EXPECT_EQ(files.mkdir(longest), gives(0));
    EXPECT_EQ(files.rmdir(longest), gives(0));
    EXPECT_EQ(files.mkdir(longest + "b"), fails(ENAMETOOLONG));
    EXPECT_EQ(files.stat(longest + "b/x"), fails(ENAMETOOLONG));
    std::string path;
    while (path.size() < 1022) {
      path += "/.";
    }
    EXPECT_EQ(files.stat(path + "/"), gives(0)) << "1023 bytes and a NUL";
    EXPECT_EQ(files.stat(path + "/."), fails(ENAMETOOLONG));
  });
}

TEST(Namei, TheRootCanBeNeitherMadeNorRemoved) {
  in_kernel([](Program&, FileCalls& files) {
    EXPECT_EQ(files.mkdir("/"), fails(EEXIST));
    EXPECT_EQ(files.open("/", O_RDWR | O_CREAT), fails(EEXIST));
    EXPECT_EQ(files.symlink("x", "/"), fails(EEXIST));
    EXPECT_EQ(files.rmdir("/"), fails(EBUSY));
    EXPECT_EQ(files.unlink("/"), fails(EBUSY));
    EXPECT_EQ(files.unlink("."), fails(EBUSY));
    EXPECT_EQ(files.rmdir("/tmp/.."), fails(EBUSY));
  });
}

TEST(Namei, DotAndDotDotAreNotForMakingOrRemoving) {
  in_kernel([](Program&, FileCalls& files) {
    EXPECT_EQ(files.mkdir("/d"), gives(0));
    EXPECT_EQ(files.mkdir("/d/s"), gives(0));
    EXPECT_EQ(files.mkdir("."), fails(EEXIST));
    EXPECT_EQ(files.mkdir("/d/.."), fails(EEXIST));
    EXPECT_EQ(files.rmdir("/d/."), fails(EINVAL));
    EXPECT_EQ(files.rmdir("/d/s/.."), fails(ENOTEMPTY));
    EXPECT_EQ(files.unlink("/d/."), fails(EPERM));
    EXPECT_EQ(files.unlink("/d/s/.."), fails(EPERM));
    EXPECT_EQ(files.rmdir(""), fails(ENOENT));
  });
}

TEST(Namei, LinksAreFollowed) {
  in_kernel([](Program&, FileCalls& files) {
    EXPECT_EQ(files.mkdir("/d"), gives(0));
    files.touch("/d/f");
    EXPECT_EQ(files.symlink("/d", "/absolute"), gives(0));
    EXPECT_EQ(files.symlink("d", "/relative"), gives(0));
    EXPECT_EQ(files.symlink("../d/f", "/d/file"), gives(0));
    EXPECT_EQ(files.symlink("/", "/top"), gives(0));
    EXPECT_EQ(files.symlink("d//", "/slashes"), gives(0));
    EXPECT_EQ(files.symlink("nowhere", "/dangling"), gives(0));
    EXPECT_EQ(files.symlink("", "/empty"), gives(0));
    Stat file;
    EXPECT_EQ(files.stat("/d/f", file), gives(0));
    for (const char* path : {"/absolute/f", "/relative/f", "/relative//f", "/d/file", "/top/d/f",
                             "/top/top/relative/file", "/slashes/f"}) {
      Stat stat;
      EXPECT_EQ(files.stat(path, stat), gives(0)) << path;
      EXPECT_EQ(stat.st_ino, file.st_ino) << path;
    }
    Stat link;
    EXPECT_EQ(files.lstat("/relative", link), gives(0));
    EXPECT_EQ(link.st_mode, S_IFLNK | 0755);
    EXPECT_EQ(files.lstat("/relative/", link), gives(0));
    EXPECT_EQ(link.st_mode, S_IFDIR | 0755) << "a slash behind a link follows it";
    EXPECT_EQ(files.lstat("/dangling", link), gives(0));
    EXPECT_EQ(files.stat("/dangling"), fails(ENOENT));
    EXPECT_EQ(files.stat("/empty"), fails(ENOENT));
    EXPECT_EQ(files.stat("/d/file/"), fails(ENOTDIR));
    EXPECT_EQ(files.mkdir("/dangling"), fails(EEXIST));
    EXPECT_EQ(files.open("/top", O_RDWR | O_CREAT), fails(EEXIST));
  });
}

TEST(Namei, CreatingThroughALinkMakesItsTarget) {
  in_kernel([](Program&, FileCalls& files) {
    EXPECT_EQ(files.symlink("tmp/made", "/l"), gives(0));
    EXPECT_EQ(files.open("/l", O_RDWR | O_CREAT | O_EXCL), fails(EEXIST));
    EXPECT_EQ(files.open("/l", O_RDWR | O_CREAT | O_NOFOLLOW), fails(EFTYPE));
    EXPECT_EQ(files.stat("/tmp/made"), fails(ENOENT));
    files.touch("/l");
    EXPECT_EQ(files.stat("/tmp/made"), gives(0));
    EXPECT_EQ(files.open("/l", O_NOFOLLOW), fails(EFTYPE));
    EXPECT_EQ(files.unlink("/l"), gives(0)) << "the link goes,";
    EXPECT_EQ(files.stat("/tmp/made"), gives(0)) << "its target stays";
  });
}

TEST(Namei, FollowsThirtyTwoLinksAndNoMore) {
  in_kernel([](Program&, FileCalls& files) {
    files.touch("/l0");
    for (int link = 1; link <= 33; ++link) {
      EXPECT_EQ(files.symlink("l" + std::to_string(link - 1), "/l" + std::to_string(link)), gives(0));
    }
    EXPECT_EQ(files.stat("/l32"), gives(0));
    EXPECT_EQ(files.stat("/l33"), fails(ELOOP));
    EXPECT_EQ(files.symlink("loop", "/loop"), gives(0));
    EXPECT_EQ(files.stat("/loop"), fails(ELOOP));
    EXPECT_EQ(files.open("/loop", O_RDONLY), fails(ELOOP));
  });
}

TEST(Namei, APathMayNotGrowTooLongByLinks) {
  in_kernel([](Program&, FileCalls& files) {
    std::string target = "tmp";
    while (target.size() < 519) {
      target += "/.";
    }
    EXPECT_EQ(files.symlink(target, "/l"), gives(0));
    std::string rest;
    while (target.size() + rest.size() + 1 < 1022) {
      rest += "/.";
    }
    EXPECT_EQ(files.stat("/l" + rest + "/"), gives(0)) << "1022 bytes and a NUL";
    EXPECT_EQ(files.stat("/l" + rest + "/."), fails(ENAMETOOLONG));
  });
}

TEST(Namei, EveryDirectoryOnTheWayMustBeSearchable) {
  in_kernel([](Program& program, FileCalls& files) {
    EXPECT_EQ(files.mkdir("/closed", 0700), gives(0));
    EXPECT_EQ(files.mkdir("/open", 0755), gives(0));
    EXPECT_EQ(files.mkdir("/writable", 0777), gives(0));
    EXPECT_EQ(files.chmod("/writable", 0777), gives(0));
    files.touch("/closed/f");
    files.touch("/open/f");
    program.proc().credentials.euid = 1000;
    program.proc().credentials.egid = 1000;
    EXPECT_EQ(files.stat("/closed/f"), fails(EACCES));
    EXPECT_EQ(files.stat("/closed/nope"), fails(EACCES));
    EXPECT_EQ(files.chdir("/closed"), fails(EACCES));
    EXPECT_EQ(files.stat("/open/f"), gives(0));
    EXPECT_EQ(files.unlink("/open/f"), fails(EACCES));
    EXPECT_EQ(files.unlink("/open/nope"), fails(ENOENT));
    EXPECT_EQ(files.mkdir("/open/d"), fails(EACCES));
    EXPECT_EQ(files.mkdir("/open/f"), fails(EEXIST)) << "what exists needs no permission to be refused";
    EXPECT_EQ(files.mkdir("/writable/d"), gives(0));
    EXPECT_EQ(files.rmdir("/writable/d"), gives(0));
  });
}

TEST(Namei, ARemovedDirectoryHasNoParent) {
  in_kernel([](Program&, FileCalls& files) {
    EXPECT_EQ(files.mkdir("/gone"), gives(0));
    EXPECT_EQ(files.chdir("/gone"), gives(0));
    EXPECT_EQ(files.rmdir("/gone"), gives(0));
    std::string path;
    EXPECT_EQ(files.getcwd(64, path), fails(ENOENT));
    EXPECT_EQ(files.stat("."), gives(0));
    EXPECT_EQ(files.stat(".."), fails(ENOENT));
    files.touch("still");  // as on a real rump kernel
    EXPECT_EQ(files.stat("still"), gives(0));
    EXPECT_EQ(files.stat("/gone"), fails(ENOENT));
  });
}

}  // namespace
