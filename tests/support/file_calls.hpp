// System calls on files in the words of C, for programs of a BootedKernel. Each call uses the program's memory from its
// start, so addresses that a test keeps do not live over one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "kern/abi/dirent.hpp"
#include "kern/abi/fcntl.hpp"
#include "kern/abi/stat.hpp"
#include "kern/abi/syscall_numbers.hpp"
#include "tests/support/kernel_fixture.hpp"

namespace test {

class FileCalls {
 public:
  explicit FileCalls(Program& program) : program_(program) {}

  CallResult open(std::string_view path, int flags, std::uint32_t mode = 0644) {
    return program_.call(kern::SYS_open, text(path), flags, mode);
  }
  CallResult close(std::int64_t fd) { return program_.call(kern::SYS_close, fd); }
  CallResult mkdir(std::string_view path, std::uint32_t mode = 0755) {
    return program_.call(kern::SYS_mkdir, text(path), mode);
  }
  CallResult rmdir(std::string_view path) { return program_.call(kern::SYS_rmdir, text(path)); }
  CallResult unlink(std::string_view path) { return program_.call(kern::SYS_unlink, text(path)); }
  CallResult chdir(std::string_view path) { return program_.call(kern::SYS_chdir, text(path)); }
  CallResult access(std::string_view path, int mode) { return program_.call(kern::SYS_access, text(path), mode); }
  CallResult chmod(std::string_view path, std::uint32_t mode) {
    return program_.call(kern::SYS_chmod, text(path), mode);
  }
  CallResult truncate(std::string_view path, std::int64_t length) {
    return program_.call(kern::SYS_truncate, text(path), 0, length);
  }
  CallResult ftruncate(std::int64_t fd, std::int64_t length) {
    return program_.call(kern::SYS_ftruncate, fd, 0, length);
  }
  CallResult symlink(std::string_view target, std::string_view path) {
    const kern::UserAddress first = text(target);
    return program_.call(kern::SYS_symlink, first, program_.put_string(path));
  }
  CallResult lseek(std::int64_t fd, std::int64_t to, int whence) {
    return program_.call(kern::SYS_lseek, fd, 0, to, whence);
  }
  CallResult write(std::int64_t fd, std::string_view bytes) {
    program_.forget_memory();
    return program_.call(kern::SYS_write, fd, program_.put(bytes), bytes.size());
  }
  CallResult pwrite(std::int64_t fd, std::string_view bytes, std::int64_t offset) {
    program_.forget_memory();
    return program_.call(kern::SYS_pwrite, fd, program_.put(bytes), bytes.size(), 0, offset);
  }
  CallResult read(std::int64_t fd, std::size_t bytes, std::string& into) {
    program_.forget_memory();
    const kern::UserAddress buffer = program_.allocate(bytes);
    return keep(program_.call(kern::SYS_read, fd, buffer, bytes), buffer, into);
  }
  CallResult pread(std::int64_t fd, std::size_t bytes, std::int64_t offset, std::string& into) {
    program_.forget_memory();
    const kern::UserAddress buffer = program_.allocate(bytes);
    return keep(program_.call(kern::SYS_pread, fd, buffer, bytes, 0, offset), buffer, into);
  }
  CallResult readlink(std::string_view path, std::size_t bytes, std::string& into) {
    const kern::UserAddress name = text(path);
    const kern::UserAddress buffer = program_.allocate(bytes + 1);
    return keep(program_.call(kern::SYS_readlink, name, buffer, bytes), buffer, into);
  }
  CallResult getcwd(std::size_t bytes, std::string& into) {
    program_.forget_memory();
    const kern::UserAddress buffer = program_.allocate(bytes);
    return keep(program_.call(kern::SYS___getcwd, buffer, bytes), buffer, into);
  }
  CallResult stat(std::string_view path, kern::Stat& into) { return stat_by(kern::SYS___stat50, path, into); }
  CallResult lstat(std::string_view path, kern::Stat& into) { return stat_by(kern::SYS___lstat50, path, into); }
  CallResult stat(std::string_view path) {
    kern::Stat ignored;
    return stat(path, ignored);
  }
  CallResult fstat(std::int64_t fd, kern::Stat& into) {
    program_.forget_memory();
    const kern::UserAddress buffer = program_.allocate(sizeof into);
    const CallResult result = program_.call(kern::SYS___fstat50, fd, buffer);
    into = program_.get_object<kern::Stat>(buffer);
    return result;
  }
  /// The names that one getdents with a buffer of `bytes` gives.
  CallResult getdents(std::int64_t fd, std::size_t bytes, std::vector<std::string>& names) {
    program_.forget_memory();
    const kern::UserAddress buffer = program_.allocate(bytes);
    const CallResult result = program_.call(kern::SYS___getdents30, fd, buffer, bytes);
    names.clear();
    for (std::int64_t at = 0; at < result.value;) {
      const auto here = buffer + static_cast<kern::UserAddress>(at);
      const auto record = program_.get_object<std::uint16_t>(here + 8);
      const auto length = program_.get_object<std::uint16_t>(here + 10);
      names.push_back(program_.get(here + 13, length));
      at += record;
    }
    return result;
  }
  /// A file with these contents. The descriptor, or -1 and a failed test.
  std::int64_t make(std::string_view path, std::string_view contents = {}) {
    const CallResult opened = open(path, kern::O_RDWR | kern::O_CREAT | kern::O_TRUNC);
    EXPECT_EQ(opened.error, 0) << path;
    if (!contents.empty()) {
      EXPECT_EQ(write(opened.value, contents), gives(static_cast<std::int64_t>(contents.size())));
    }
    return opened.error == 0 ? opened.value : -1;
  }
  void touch(std::string_view path, std::string_view contents = {}) {
    EXPECT_EQ(close(make(path, contents)), gives(0));
  }

 private:
  kern::UserAddress text(std::string_view path) {
    program_.forget_memory();
    return program_.put_string(path);
  }
  CallResult keep(const CallResult& result, kern::UserAddress buffer, std::string& into) {
    into = result.error == 0 ? program_.get(buffer, static_cast<std::size_t>(result.value)) : std::string();
    return result;
  }
  CallResult stat_by(std::uint32_t number, std::string_view path, kern::Stat& into) {
    const kern::UserAddress name = text(path);
    const kern::UserAddress buffer = program_.allocate(sizeof into);
    const CallResult result = program_.call(number, name, buffer);
    into = program_.get_object<kern::Stat>(buffer);
    return result;
  }

  Program& program_;
};

}  // namespace test
