// The typed table of system calls: what each argument is, in which direction it goes and what it relates to. Dispatch,
// argument checks, the log, the scenario text, the fuzz mutator and the documentation are derived from it. Names,
// numbers and argument order as NetBSD 7.99.34's syscalls.master.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace kern {

/// What an argument is to the kernel.
enum class ArgumentKind : std::uint8_t {
  none,
  integer,     ///< a number without further meaning
  fd,          ///< a file descriptor
  size,        ///< bytes of the buffer named by `relation`
  count,       ///< elements of the array named by `relation`
  offset,      ///< a signed 64-bit file offset
  pad,         ///< filler before a 64-bit argument; value ignored
  flags,       ///< bits of the set named by `set`
  mode,        ///< permission bits
  command,     ///< a value of the set named by `set`
  path,        ///< address of a string that is read
  in_buffer,   ///< address of bytes that are read; their number is the argument `relation`
  out_buffer,  ///< address of bytes that are written; their number is the argument `relation`
  in_struct,   ///< address of a structure that is read; `structure` says which
  out_struct,  ///< address of a structure that is written
  in_iovecs,   ///< address of iovecs naming bytes that are read; their number is the argument `relation`
  out_iovecs,  ///< address of iovecs naming bytes that are written
  address,     ///< an address, or a value, that depends on the command
};

/// Named sets of constants, for printing, parsing and mutation.
enum class ConstantSet : std::uint8_t {
  none,
  open_flags,
  pipe2_flags,
  dup3_flags,
  fcntl_command,
  seek_whence,
  clock_id
};

/// Structures that arguments point to.
enum class StructureKind : std::uint8_t { none, timespec, timeval, timezone, stat, two_fds };

struct Argument {
  std::string_view name;
  ArgumentKind kind = ArgumentKind::none;
  std::int8_t relation = -1;  ///< Index of the argument that this one is measured by or measures; -1: none.
  ConstantSet set = ConstantSet::none;
  StructureKind structure = StructureKind::none;
};

/// What the first return value is.
enum class ResultKind : std::uint8_t { zero, integer, fd, size, offset, two_fds, pid };

struct SyscallEntry {
  std::uint16_t number = 0;
  std::string_view name;       ///< Without the version: `fstat` for __fstat50.
  std::string_view full_name;  ///< `__fstat50`.
  ResultKind result = ResultKind::zero;
  std::uint8_t argument_count = 0;
  std::array<Argument, 6> arguments{};

  /// Bytes of the argument block.
  [[nodiscard]] constexpr std::size_t block_size() const { return std::size_t{8} * argument_count; }
};

/// All known calls, by ascending number.
[[nodiscard]] std::span<const SyscallEntry> syscall_table();
/// The entry of a number or a name (either form); null: not known.
[[nodiscard]] const SyscallEntry* find_syscall(std::uint32_t number);
[[nodiscard]] const SyscallEntry* find_syscall(std::string_view name);
/// Bytes of a structure.
[[nodiscard]] std::size_t structure_size(StructureKind kind);

}  // namespace kern
