// A file of rumpfs behaves as a string that is as long as the file, whatever is done to it in whatever order.
#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "tests/support/file_calls.hpp"

namespace {

using namespace kern;
using test::fails;
using test::FileCalls;
using test::gives;

enum class Action : std::uint8_t {
  write,
  pwrite,
  read,
  pread,
  seek_set,
  seek_cur,
  seek_end,
  ftruncate,
  append,
  reopen
};

struct Step {
  Action action;
  std::int64_t offset;
  std::size_t length;
};

[[maybe_unused]] std::ostream& operator<<(std::ostream& out, const Step& step) {
  return out << "action " << static_cast<int>(step.action) << " at " << step.offset << " of " << step.length;
}

/// What the file must be: the field's own rules, in a dozen lines.
struct Model {
  std::string bytes;
  std::int64_t offset = 0;

  void write(std::int64_t at, const std::string& data) {
    bytes.resize(std::max(bytes.size(), static_cast<std::size_t>(at) + data.size()), '\0');
    bytes.replace(static_cast<std::size_t>(at), data.size(), data);
  }
  /// None: the page cache refuses.
  [[nodiscard]] test::CallResult read(std::int64_t at, std::size_t length, std::string& got) const {
    got.clear();
    const auto start = static_cast<std::size_t>(at);
    if (length == 0 || start <= bytes.size()) {
      got = length == 0 ? "" : bytes.substr(start, length);
      return gives(static_cast<std::int64_t>(got.size()));
    }
    const std::size_t last_page = (start + length - 1) / 4096 * 4096;
    return last_page >= (bytes.size() + 511) / 512 * 512 ? fails(EINVAL) : gives(0);
  }
};

rc::Gen<Step> a_step() {
  // Around the edges of pages and the small first sizes, where the mistakes are.
  const auto offset = rc::gen::oneOf(rc::gen::inRange<std::int64_t>(0, 200), rc::gen::inRange<std::int64_t>(4000, 4200),
                                     rc::gen::inRange<std::int64_t>(0, 40'000));
  const auto length = rc::gen::oneOf(rc::gen::inRange<std::size_t>(0, 100), rc::gen::inRange<std::size_t>(4000, 4200),
                                     rc::gen::inRange<std::size_t>(0, 10'000));
  return rc::gen::construct<Step>(
      rc::gen::element(Action::write, Action::pwrite, Action::read, Action::pread, Action::seek_set, Action::seek_cur,
                       Action::seek_end, Action::ftruncate, Action::append, Action::reopen),
      offset, length);
}

void check_step(FileCalls& files, std::int64_t& fd, Model& model, const Step& step, char letter) {
  const std::string data(step.length, letter);
  const auto length = static_cast<std::int64_t>(step.length);
  std::string got;
  std::string expected;
  switch (step.action) {
    case Action::write:
      RC_ASSERT(files.write(fd, data) == gives(length));
      model.write(model.offset, data);
      model.offset += length;
      break;
    case Action::pwrite:
      RC_ASSERT(files.pwrite(fd, data, step.offset) == gives(length));
      model.write(step.offset, data);
      break;
    case Action::read: {
      const test::CallResult result = model.read(model.offset, step.length, expected);
      RC_ASSERT(files.read(fd, step.length, got) == result);
      RC_ASSERT(got == expected);
      model.offset += result.value;
      break;
    }
    case Action::pread:
      RC_ASSERT(files.pread(fd, step.length, step.offset, got) == model.read(step.offset, step.length, expected));
      RC_ASSERT(got == expected);
      break;
    case Action::seek_set:
      RC_ASSERT(files.lseek(fd, step.offset, SEEK_SET) == gives(step.offset));
      model.offset = step.offset;
      break;
    case Action::seek_cur: {
      const std::int64_t target = model.offset - length;
      RC_ASSERT(files.lseek(fd, -length, SEEK_CUR) == (target < 0 ? fails(EINVAL) : gives(target)));
      model.offset = target < 0 ? model.offset : target;
      break;
    }
    case Action::seek_end:
      model.offset = static_cast<std::int64_t>(model.bytes.size()) + step.offset;
      RC_ASSERT(files.lseek(fd, step.offset, SEEK_END) == gives(model.offset));
      break;
    case Action::ftruncate:
      RC_ASSERT(files.ftruncate(fd, step.offset) == gives(0));
      model.bytes.resize(static_cast<std::size_t>(step.offset), '\0');
      break;
    case Action::append: {
      const test::CallResult opened = files.open("/f", O_WRONLY | O_APPEND);
      RC_ASSERT(opened.error == 0);
      RC_ASSERT(files.write(opened.value, data) == gives(length));
      RC_ASSERT(files.close(opened.value) == gives(0));
      model.write(static_cast<std::int64_t>(model.bytes.size()), data);
      break;
    }
    case Action::reopen:
      RC_ASSERT(files.close(fd) == gives(0));
      fd = files.open("/f", O_RDWR).value;
      model.offset = 0;
      break;
  }
}

RC_GTEST_PROP(RumpfsProperty, AFileIsAStringOfBytes, ()) {
  const auto steps = *rc::gen::container<std::vector<Step>>(a_step());
  test::BootedKernel booted;
  std::string failure;
  const auto outcome = booted.run([&](test::Program& program) {
    try {  // a failure of rapidcheck is an exception, which must not leave the fiber
      FileCalls files(program);
      std::int64_t fd = files.make("/f");
      Model model;
      char letter = 'a';
      for (const Step& step : steps) {
        check_step(files, fd, model, step, letter);
        letter = letter == 'z' ? 'a' : static_cast<char>(letter + 1);
      }
      std::string got;
      RC_ASSERT(files.pread(fd, model.bytes.size(), 0, got).error == 0);
      RC_ASSERT(got == model.bytes);
      Stat stat;
      RC_ASSERT(files.fstat(fd, stat) == gives(0));
      RC_ASSERT(stat.st_size == static_cast<std::int64_t>(model.bytes.size()));
    } catch (const rc::detail::CaseResult& result) {
      failure = result.description;
    }
  });
  RC_ASSERT(outcome);
  if (!failure.empty()) {
    RC_FAIL(failure);
  }
}

RC_GTEST_PROP(RumpfsProperty, ADirectoryIsAListOfNamesNewestFirst, ()) {
  const auto choices = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 24));
  test::BootedKernel booted;
  const test::MemoryUse before = booted.memory_use();
  std::vector<std::string> listed;
  std::vector<std::string> model;
  const auto outcome = booted.run([&](test::Program& program) {
    FileCalls files(program);
    EXPECT_EQ(files.chdir("/tmp"), gives(0));
    for (const int choice : choices) {
      const std::string name = std::string(static_cast<std::size_t>(1 + choice % 6), 'n');
      const auto known = std::ranges::find(model, name);
      const bool is_there = known != model.end();
      if (choice < 12) {
        const test::CallResult opened = files.open(name, O_RDWR | O_CREAT | O_EXCL);
        EXPECT_EQ(opened.error, is_there ? EEXIST : 0);
        if (!is_there) {
          EXPECT_EQ(files.close(opened.value), gives(0));
          model.insert(model.begin(), name);
        }
      } else {
        EXPECT_EQ(files.unlink(name), is_there ? gives(0) : fails(ENOENT));
        if (is_there) {
          model.erase(known);
        }
      }
    }
    const std::int64_t fd = files.open(".", O_RDONLY).value;
    EXPECT_EQ(files.getdents(fd, 1024, listed).error, 0);
    for (const std::string& name : listed) {
      EXPECT_EQ(files.unlink(name), gives(0));
    }
  });
  RC_ASSERT(outcome);
  RC_ASSERT(listed == model);
  RC_ASSERT(booted.memory_use() == before);
}

}  // namespace
