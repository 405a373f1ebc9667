// What the text form needs to know about system calls: names, numbers and kinds of arguments. The kernel's table is
// turned into this form by whoever reads or prints scenarios, so that scenarios know nothing of the kernel.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace replay {

/// Decides how a number is printed and whether a list makes sense; any argument may also be a plain number, since a
/// wrong address or a wrong flag is worth trying.
enum class ArgumentKind : std::uint8_t {
  number,         ///< lists are an error
  descriptor,     ///< lists are an error
  open_flags,     ///< O_*; lists are an error
  mode,           ///< printed in octal; lists are an error
  fcntl_command,  ///< F_*; lists are an error
  whence,         ///< SEEK_*; lists are an error
  clock,          ///< CLOCK_*; lists are an error
  address,        ///< of anything: a list is an array of words
  timespec,       ///< a list is {seconds, nanoseconds} (a timeval: microseconds)
  iovec,          ///< a list is an array of {address, length}
};

struct CallSignature {
  std::string_view name;
  std::uint32_t number = 0;
  std::vector<ArgumentKind> arguments;
  /// Arguments beyond these may be left out (the mode of open).
  std::size_t required = 0;
};

/// Empty: names are taken as they are, without numbers or checks. Names are unique. The table outlives its use.
using CallTable = std::span<const CallSignature>;

/// Null if there is no such call.
[[nodiscard]] inline const CallSignature* find_call(CallTable calls, std::string_view name) {
  const auto found = std::ranges::find(calls, name, &CallSignature::name);
  return found == calls.end() ? nullptr : &*found;
}

}  // namespace replay
