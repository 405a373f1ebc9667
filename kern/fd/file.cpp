#include "kern/fd/file.hpp"

#include <utility>

#include "kern/fd/file_table.hpp"
#include "sim/assert.hpp"

namespace kern {

int File::seek(Lwp& lwp, std::int64_t to, int whence, std::int64_t& result) {
  static_cast<void>(lwp);
  static_cast<void>(to);
  static_cast<void>(whence);
  static_cast<void>(result);
  return ESPIPE;
}

int File::check_position(Lwp& lwp, std::int64_t position) {
  static_cast<void>(lwp);
  static_cast<void>(position);
  return ESPIPE;
}

int File::ioctl(Lwp& lwp, std::uint64_t command, UserAddress data) {
  static_cast<void>(lwp);
  static_cast<void>(command);
  static_cast<void>(data);
  return ENOTTY;
}

int File::check_flags(Lwp& lwp, int new_flags) {
  static_cast<void>(lwp);
  static_cast<void>(new_flags);
  return 0;
}

void File::release() {
  SIM_ASSERT(references_ > 0);
  if (--references_ == 0) {
    close();
  }
}

FileReference& FileReference::operator=(FileReference&& other) noexcept {
  File* old = std::exchange(file_, std::exchange(other.file_, nullptr));
  table_ = other.table_;
  fd_ = other.fd_;
  closes_ = other.closes_;
  if (old != nullptr && old != file_) {
    old->release();
  }
  return *this;
}

FileReference::~FileReference() {
  if (file_ != nullptr) {
    file_->release();
  }
}

File* FileReference::take() {
  return std::exchange(file_, nullptr);
}

bool FileReference::descriptor_is_closed() const {
  return table_ != nullptr && table_->count_closes(fd_) != closes_;
}

}  // namespace kern
