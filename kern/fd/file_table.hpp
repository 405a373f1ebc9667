// The descriptors of a process (filedesc): a growing array of slots. Shared between processes after an rfork that
// shares it. A call that uses a descriptor holds the file meanwhile, so that a close at the same time cannot take it
// away.
#pragma once

#include <cstdint>
#include <span>

#include "kern/core/mutex.hpp"
#include "kern/fd/file.hpp"

namespace kern {

class FileTable {
 public:
  /// An empty table with one reference. Null: no memory.
  [[nodiscard]] static FileTable* create(Kernel& kernel);
  /// fd_copy: the same files under the same numbers, close-on-exec marks included. Null: no memory.
  [[nodiscard]] FileTable* copy();
  void hold() { ++references_; }
  /// fd_free: gives a reference up; with the last one all descriptors are closed. May sleep.
  void release();

  /// fd_getfile: the file at `fd`, held; empty when there is none (EBADF).
  [[nodiscard]] FileReference get(int fd);
  /// Puts a counted reference of `file` at the lowest free number not below `least`. EMFILE at the limit, ENOMEM; the
  /// reference stays the caller's then.
  [[nodiscard]] int allocate(File* file, int least, bool close_on_exec, int& fd);
  /// dup2's half: puts a counted reference at exactly `fd`, closing what was there. EBADF when out of range, ENOMEM.
  [[nodiscard]] int replace(File* file, int fd, bool close_on_exec);
  /// fd_close: EBADF when not open. Calls that sleep in the file by way of this descriptor begin again (and meet
  /// EBADF). The file's own close may sleep.
  [[nodiscard]] int close(int fd);
  /// Takes back what `allocate` gave, if `fd` still stands for `file`: another lwp may have closed it since and got the
  /// number for a file of its own. The caller holds `file`.
  void remove(int fd, File& file);
  /// Closes all that are marked close-on-exec (fd_closeexec), but as in NetBSD only if there is one that was marked by
  /// another way than `replace`: a table whose only marks come from dup3 keeps them open.
  void close_on_exec();

  [[nodiscard]] int get_close_on_exec(int fd, bool& mark);
  [[nodiscard]] int set_close_on_exec(int fd, bool mark);
  /// Open descriptors.
  [[nodiscard]] std::uint32_t open_count() const { return open_count_; }
  /// The highest open descriptor; -1: none (F_MAXFD).
  [[nodiscard]] int last_open();
  /// How often what stood at `fd`, a number that was open once, has been closed.
  [[nodiscard]] std::uint32_t count_closes(int fd);

 private:
  friend class sim::Arena;
  struct Slot {
    File* file = nullptr;
    bool close_on_exec = false;
    std::uint32_t closes = 0;
  };
  explicit FileTable(Kernel& kernel);
  // The caller of each holds lock_.
  [[nodiscard]] Slot* find(int fd);
  [[nodiscard]] int grow(std::uint32_t at_least);
  void put(std::uint32_t number, File* file, bool close_on_exec);
  [[nodiscard]] File* take(std::uint32_t number);
  /// Gives a reference up that a descriptor had. lock_ is not held: this may sleep.
  static void drop(File& file);

  Kernel& kernel_;
  Mutex lock_;
  std::uint32_t references_ = 1;
  std::uint32_t open_count_ = 0;
  bool close_on_exec_ = false;    ///< There may be something to close (fd_exclose).
  std::uint32_t first_free_ = 0;  ///< No descriptor below is free.
  std::span<Slot> slots_;
};

}  // namespace kern
