// Frames in words, for logs and test failures. For the host's side: it makes std::strings, which kernel code may not.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "kern/sysproxy/frame.hpp"

namespace kern::sysproxy {

// The names of the protocol without their prefix ("REQ", "COPYIN", "GUEST", "INVALID_PREFORK"); empty for a number that
// has none.
[[nodiscard]] std::string_view name(FrameClass frame_class) noexcept;
[[nodiscard]] std::string_view name(FrameType type) noexcept;
[[nodiscard]] std::string_view name(Handshake handshake) noexcept;
[[nodiscard]] std::string_view name(ProtocolError error) noexcept;

/// One line, without newline, of printable ASCII whatever the frame holds: class, type, request number, and what the
/// kind of frame tells, as `REQ SYSCALL #3 write(4) 24 bytes` or `RESP SYSCALL #3 EBADF(9)`. Sizes are those of the
/// body. Numbers without a name stand for themselves, a body of a wrong size is called malformed.
[[nodiscard]] std::string describe(const FrameHeader& header, std::span<const std::byte> body);

}  // namespace kern::sysproxy
