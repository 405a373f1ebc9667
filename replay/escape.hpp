// Foreign bytes as text that a terminal shows and does nothing else with.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace replay {

/// Bytes of a string or buffer that a log shows.
inline constexpr std::size_t kShownBytes = 32;

/// C escapes (`\n`, `\t`, `\r`, `\\`, `\"`, `\x1b`) for all that is not printable ASCII; the result is printable ASCII.
[[nodiscard]] std::string escape(std::string_view text);

/// The same in quotation marks, at most `kShownBytes` of it, with `...` behind when the whole has more. `total` is the
/// size of the whole when `bytes` is already a part of it; 0: `bytes` is all.
[[nodiscard]] std::string quote(std::span<const std::byte> bytes, std::size_t total = 0);

/// One line of foreign text for an error message: escapes as above, but quotation marks and backslashes stay.
[[nodiscard]] std::string printable(std::string_view text);

}  // namespace replay
