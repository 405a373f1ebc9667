// An open file (struct file with its fileops): what a descriptor stands for. Counted: descriptors and calls in progress
// each hold a reference, and the last one to go closes it.
#pragma once

#include <cstdint>
#include <utility>

#include "kern/abi/errno.hpp"
#include "kern/abi/fcntl.hpp"
#include "kern/abi/stat.hpp"
#include "kern/core/uio.hpp"

namespace kern {

class FileTable;
class Kernel;

/// F_OFFSET: the file's own offset is used and moved (read, write), or only the uio's (pread, pwrite).
enum class OffsetUse : std::uint8_t { file, explicit_offset };

class File {
 public:
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  /// Moves bytes into or out of the process. `uio.residual` tells how many were left. errno, or ERESTART: the system
  /// call begins again if nothing was moved.
  [[nodiscard]] virtual int read(Uio& uio, OffsetUse use) = 0;
  [[nodiscard]] virtual int write(Uio& uio, OffsetUse use) = 0;
  [[nodiscard]] virtual int stat(Lwp& lwp, Stat& stat) = 0;
  /// lseek: gives the new offset. ESPIPE for what has none.
  [[nodiscard]] virtual int seek(Lwp& lwp, std::int64_t to, int whence, std::int64_t& result);
  /// Whether pread, pwrite and their vectors may go to `position` (VOP_SEEK). ESPIPE for what has no offset.
  [[nodiscard]] virtual int check_position(Lwp& lwp, std::int64_t position);
  /// ENOTTY unless the file knows the command.
  [[nodiscard]] virtual int ioctl(Lwp& lwp, std::uint64_t command, UserAddress data);
  /// F_SETFL with these flags is about to be done; errno refuses it.
  [[nodiscard]] virtual int check_flags(Lwp& lwp, int new_flags);
  /// fo_restart: a descriptor of this file was closed while others hold the file. Wakes the calls that sleep in it:
  /// each asks `descriptor_is_closed(uio)` before it sleeps again. Nothing for files that never sleep.
  virtual void restart() {}

  void hold() { ++references_; }
  /// Whether others than the caller hold a reference.
  [[nodiscard]] bool is_shared() const { return references_ > 1; }
  /// Gives a reference up; with the last one the file is closed and freed. May sleep.
  void release();

  [[nodiscard]] bool is_readable() const { return (flags & FREAD) != 0; }
  [[nodiscard]] bool is_writable() const { return (flags & FWRITE) != 0; }
  [[nodiscard]] bool is_nonblocking() const { return (flags & FNONBLOCK) != 0; }

  int flags = 0;  ///< FREAD, FWRITE, FNONBLOCK, FAPPEND ...: the kernel's form, see FFLAGS in kern/abi/fcntl.hpp.
  std::int64_t offset = 0;

 protected:
  explicit File(Kernel& kernel) : kernel_(kernel) {}
  ~File() = default;
  /// The last reference is gone: let go of what is behind and free this object with `kernel.kmem().destroy(this)`.
  virtual void close() = 0;

  Kernel& kernel_;

 private:
  std::uint32_t references_ = 1;
};

/// Holds a reference for a scope. One that FileTable::get gave knows by which descriptor it came.
class FileReference {
 public:
  FileReference() = default;
  /// Takes over a reference that is already counted.
  explicit FileReference(File* counted) : file_(counted) {}
  /// The same, found in `table` as `fd`, whose descriptors had been closed `closes` times. The table outlives it.
  FileReference(File* counted, FileTable& table, int fd, std::uint32_t closes)
      : file_(counted), table_(&table), fd_(fd), closes_(closes) {}
  FileReference(FileReference&& other) noexcept { *this = std::move(other); }
  FileReference& operator=(FileReference&& other) noexcept;
  ~FileReference();

  explicit operator bool() const { return file_ != nullptr; }
  [[nodiscard]] File* get() const { return file_; }
  File* operator->() const { return file_; }
  File& operator*() const { return *file_; }
  /// Gives the reference to the caller.
  [[nodiscard]] File* take();
  /// Whether the descriptor that it came by has been closed since. False when it came by none.
  [[nodiscard]] bool descriptor_is_closed() const;

 private:
  File* file_ = nullptr;
  FileTable* table_ = nullptr;
  int fd_ = -1;
  std::uint32_t closes_ = 0;
};

/// Whether the call that moves this uio came by a descriptor that is closed by now. Such a call does not sleep: it
/// gives ERESTART, and the system call looks its descriptor up again.
[[nodiscard]] inline bool descriptor_is_closed(const Uio& uio) {
  return uio.file != nullptr && uio.file->descriptor_is_closed();
}

}  // namespace kern
