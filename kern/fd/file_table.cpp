#include "kern/fd/file_table.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include "kern/abi/errno.hpp"
#include "kern/kernel.hpp"

namespace kern {
namespace {

// A table begins with this many slots (NDFILE of sys/filedesc.h) and doubles.
constexpr std::uint32_t kFirstSlots = 20;

}  // namespace

FileTable::FileTable(Kernel& kernel) : kernel_(kernel), lock_(kernel, "fdlock") {}

FileTable* FileTable::create(Kernel& kernel) {
  return kernel.kmem().create<FileTable>(kernel);
}

FileTable* FileTable::copy() {
  FileTable* made = create(kernel_);
  if (made == nullptr) {
    return nullptr;
  }
  bool has_room = true;
  {
    const MutexGuard guard(lock_);
    std::size_t used = slots_.size();
    while (used > 0 && slots_[used - 1].file == nullptr) {
      --used;
    }
    has_room = used == 0 || made->grow(static_cast<std::uint32_t>(used)) == 0;
    for (std::uint32_t number = 0; has_room && number < used; ++number) {
      if (File* file = slots_[number].file) {
        file->hold();
        made->put(number, file, slots_[number].close_on_exec);
      }
    }
    made->first_free_ = has_room ? first_free_ : 0;
    made->close_on_exec_ = close_on_exec_;
  }
  if (!has_room) {
    made->release();
    return nullptr;
  }
  return made;
}

void FileTable::release() {
  if (--references_ > 0) {
    return;
  }
  // Nobody else can reach the table any more: the slots need no lock.
  for (Slot& slot : slots_) {
    if (slot.file != nullptr) {
      drop(*std::exchange(slot.file, nullptr));
    }
  }
  if (!slots_.empty()) {
    kernel_.kmem().deallocate(slots_.data(), slots_.size_bytes());
  }
  kernel_.kmem().destroy(this);
}

FileReference FileTable::get(int fd) {
  const MutexGuard guard(lock_);
  const Slot* slot = find(fd);
  if (slot == nullptr) {
    return {};
  }
  slot->file->hold();
  return {slot->file, *this, fd, slot->closes};
}

int FileTable::allocate(File* file, int least, bool close_on_exec, int& fd) {
  const MutexGuard guard(lock_);
  auto number = static_cast<std::uint32_t>(std::max(least, 0));
  const bool from_first_free = number <= first_free_;
  number = std::max(number, first_free_);
  while (number < slots_.size() && slots_[number].file != nullptr) {
    ++number;
  }
  if (from_first_free) {
    first_free_ = number;
  }
  if (number >= kernel_.config().max_descriptors) {
    return EMFILE;
  }
  if (const int error = grow(number + 1); error != 0) {
    return error;
  }
  put(number, file, close_on_exec);
  close_on_exec_ |= close_on_exec;
  fd = static_cast<int>(number);
  return 0;
}

int FileTable::replace(File* file, int fd, bool close_on_exec) {
  const auto number = static_cast<std::uint32_t>(fd);
  if (number >= kernel_.config().max_descriptors) {
    return EBADF;
  }
  File* old = nullptr;
  {
    const MutexGuard guard(lock_);
    if (const int error = grow(number + 1); error != 0) {
      return error;
    }
    old = slots_[number].file == nullptr ? nullptr : take(number);
    put(number, file, close_on_exec);
  }
  if (old != nullptr) {
    drop(*old);
  }
  return 0;
}

int FileTable::close(int fd) {
  File* file = nullptr;
  {
    const MutexGuard guard(lock_);
    if (find(fd) == nullptr) {
      return EBADF;
    }
    file = take(static_cast<std::uint32_t>(fd));
  }
  drop(*file);
  return 0;
}

void FileTable::remove(int fd, File& file) {
  {
    const MutexGuard guard(lock_);
    const Slot* slot = find(fd);
    if (slot == nullptr || slot->file != &file) {
      return;
    }
    static_cast<void>(take(static_cast<std::uint32_t>(fd)));
  }
  drop(file);
}

void FileTable::close_on_exec() {
  if (!std::exchange(close_on_exec_, false)) {
    return;
  }
  for (std::uint32_t number = 0;; ++number) {
    File* file = nullptr;
    {
      const MutexGuard guard(lock_);
      while (number < slots_.size() && (slots_[number].file == nullptr || !slots_[number].close_on_exec)) {
        ++number;
      }
      if (number >= slots_.size()) {
        return;
      }
      file = take(number);
    }
    drop(*file);
  }
}

int FileTable::get_close_on_exec(int fd, bool& mark) {
  const MutexGuard guard(lock_);
  const Slot* slot = find(fd);
  if (slot == nullptr) {
    return EBADF;
  }
  mark = slot->close_on_exec;
  return 0;
}

int FileTable::set_close_on_exec(int fd, bool mark) {
  const MutexGuard guard(lock_);
  Slot* slot = find(fd);
  if (slot == nullptr) {
    return EBADF;
  }
  slot->close_on_exec = mark;
  close_on_exec_ |= mark;
  return 0;
}

int FileTable::last_open() {
  const MutexGuard guard(lock_);
  auto number = static_cast<int>(slots_.size()) - 1;
  while (number >= 0 && slots_[static_cast<std::size_t>(number)].file == nullptr) {
    --number;
  }
  return number;
}

std::uint32_t FileTable::count_closes(int fd) {
  const MutexGuard guard(lock_);
  return slots_[static_cast<std::size_t>(fd)].closes;
}

FileTable::Slot* FileTable::find(int fd) {
  const auto number = static_cast<std::uint32_t>(fd);
  return number < slots_.size() && slots_[number].file != nullptr ? &slots_[number] : nullptr;
}

int FileTable::grow(std::uint32_t at_least) {
  if (at_least <= slots_.size()) {
    return 0;
  }
  const auto doubled = std::max(kFirstSlots, static_cast<std::uint32_t>(slots_.size()) * 2);
  const std::size_t size = std::max(at_least, std::min(doubled, kernel_.config().max_descriptors));
  auto* memory = static_cast<Slot*>(kernel_.kmem().allocate(size * sizeof(Slot)));
  if (memory == nullptr) {
    return ENOMEM;
  }
  std::uninitialized_copy(slots_.begin(), slots_.end(), memory);
  std::uninitialized_value_construct(memory + slots_.size(), memory + size);
  if (!slots_.empty()) {
    kernel_.kmem().deallocate(slots_.data(), slots_.size_bytes());
  }
  slots_ = {memory, size};
  return 0;
}

void FileTable::put(std::uint32_t number, File* file, bool close_on_exec) {
  slots_[number].file = file;
  slots_[number].close_on_exec = close_on_exec;
  ++open_count_;
}

File* FileTable::take(std::uint32_t number) {
  first_free_ = std::min(first_free_, number);
  --open_count_;
  ++slots_[number].closes;
  return std::exchange(slots_[number].file, nullptr);
}

void FileTable::drop(File& file) {
  if (file.is_shared()) {
    file.restart();
  }
  file.release();
}

}  // namespace kern
