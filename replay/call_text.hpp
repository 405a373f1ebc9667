// One system call in words, as strace writes it. Everything is derived from the kernel's table of calls; the contents
// of strings, buffers and structures are what the kernel copied in and out while the call lasted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "kern/syscall/dispatch.hpp"

namespace replay {

/// What a call did, as far as it has come. Collected by who watches; holds no more than `kMaxCopies` copies of at most
/// `kMaxCopyBytes` each, whatever the call moves.
struct CallRecord {
  static constexpr std::size_t kMaxCopies = 64;
  static constexpr std::size_t kMaxCopyBytes = 256;

  enum class Direction : std::uint8_t { in, out };
  struct Copy {
    Direction direction{};
    kern::UserAddress address = 0;
    std::uint64_t size = 0;  ///< Of the copy; `bytes` may hold less.
    std::vector<std::byte> bytes;
  };
  struct End {
    int error = 0;  ///< NetBSD's errno.
    kern::SyscallResult result;
  };

  std::uint32_t number = 0;
  std::vector<std::uint64_t> arguments;  ///< The registers of the block that were there.
  std::vector<Copy> copies;              ///< Those that did not fail, in order.
  std::optional<End> end;

  void add_copy(Direction direction, kern::UserAddress address, std::span<const std::byte> bytes);
};

/// The name without its version; `syscall_500` for a number that has none.
[[nodiscard]] std::string call_name(std::uint32_t number);

/// The arguments, one text each. Of a call that has not ended, only those before the first whose content is still to
/// come: what the kernel fills, or has not read yet. `complete` says whether these are all.
struct ArgumentTexts {
  std::vector<std::string> texts;
  bool complete = true;
};
[[nodiscard]] ArgumentTexts argument_texts(const CallRecord& call);

/// `3`, `[3, 4]`, `-1 ENOENT`; `?` of a call that has not ended.
[[nodiscard]] std::string result_text(const CallRecord& call);

}  // namespace replay
