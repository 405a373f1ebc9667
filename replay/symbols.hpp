// Names for numbers in the text form of scenarios: NetBSD's constants and those of the sysproxy protocol.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace replay {

enum class SymbolGroup : std::uint8_t {
  open_flags,        ///< O_*
  whence,            ///< SEEK_*
  fcntl_command,     ///< F_*
  descriptor_flags,  ///< FD_CLOEXEC
  clock,             ///< CLOCK_*
  mode,              ///< S_*
  error,             ///< E*
  frame_class,       ///< REQ, RESP, ERROR
  frame_type,        ///< HANDSHAKE, SYSCALL, ...
  handshake,         ///< GUEST, AUTH, FORK, EXEC
};

struct Symbol {
  std::string_view name;
  std::uint64_t value = 0;
  SymbolGroup group{};
};

/// All names; each is unique and begins with an upper-case letter. Of two names for one value in one group the first
/// is the one that is printed.
[[nodiscard]] std::span<const Symbol> symbols();

/// Null if there is no such name.
[[nodiscard]] const Symbol* find_symbol(std::string_view name);

/// The name for exactly this value in the group.
[[nodiscard]] std::optional<std::string_view> symbol_for(SymbolGroup group, std::uint64_t value);

/// As an expression: `O_RDWR | O_CREAT`; bits that have no name are added in hexadecimal.
[[nodiscard]] std::string spell_open_flags(std::uint64_t value);

}  // namespace replay
