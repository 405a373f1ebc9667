#include "kern/sysproxy/frame_text.hpp"

#include <array>
#include <iterator>
#include <type_traits>

#include <fmt/format.h>

#include "kern/abi/errno.hpp"
#include "kern/abi/syscall_numbers.hpp"

namespace kern::sysproxy {
namespace {

template <std::size_t N, class Enum>
std::string_view name_in(const std::array<std::string_view, N>& names, Enum value) noexcept {
  const auto index = static_cast<std::size_t>(value);
  return index < N ? names[index] : std::string_view{};
}

/// The name alone, or `WHAT(number)` when there is none: for the fixed columns of a line.
template <class Enum>
std::string column(Enum value, std::string_view what) {
  const std::string_view known = name(value);
  return known.empty() ? fmt::format("{}({})", what, static_cast<std::underlying_type_t<Enum>>(value))
                       : std::string(known);
}

/// `name(number)`, or `?(number)`.
std::string numbered(std::string_view known, std::int64_t number) {
  return fmt::format("{}({})", known.empty() ? "?" : known, number);
}

/// In double quotes, with everything that is not printable ASCII as \xNN.
std::string quoted(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    if (code < 0x20 || code > 0x7e || c == '"' || c == '\\') {
      fmt::format_to(std::back_inserter(result), "\\x{:02x}", code);
    } else {
      result += c;
    }
  }
  return result + '"';
}

std::string cookie_text(const PreforkCookie& cookie) {
  return fmt::format("cookie {:08x}{:08x}{:08x}{:08x}", cookie.words[0], cookie.words[1], cookie.words[2],
                     cookie.words[3]);
}

std::string malformed(std::span<const std::byte> body) {
  return fmt::format("malformed, {} bytes", body.size());
}

std::string handshake_text(const FrameHeader& header, std::span<const std::byte> body) {
  const std::string kind = column(header.handshake(), "HANDSHAKE");
  switch (header.handshake()) {
    case Handshake::GUEST:
    case Handshake::EXEC:
      return fmt::format("{} {}", kind, quoted(parse_program_name(body)));
    case Handshake::FORK:
      if (const auto fork = parse_handshake_fork(body)) {
        return fmt::format("{} {}{}", kind, cookie_text(fork->cookie), fork->cancel != 0 ? " cancel" : "");
      }
      return fmt::format("{} {}", kind, malformed(body));
    case Handshake::AUTH:
      break;
  }
  return fmt::format("{} {} bytes", kind, body.size());
}

std::string request_text(const FrameHeader& header, std::span<const std::byte> body) {
  switch (header.type) {
    case FrameType::HANDSHAKE:
      return handshake_text(header, body);
    case FrameType::SYSCALL:
      return fmt::format("{} {} bytes", numbered(syscall_name(header.sysnum()), header.sysnum()), body.size());
    case FrameType::COPYIN:
    case FrameType::COPYINSTR:
      if (const auto copy = parse_copy_data(body)) {
        return fmt::format("{} bytes at {:#x}", copy->length, copy->address);
      }
      return malformed(body);
    case FrameType::COPYOUT:
    case FrameType::COPYOUTSTR:
      if (const auto copy = parse_copy_out(body)) {
        return fmt::format("{} bytes at {:#x}", copy->target.length, copy->target.address);
      }
      return malformed(body);
    case FrameType::ANONMMAP:
      if (const auto request = parse_anonmmap_request(body)) {
        return fmt::format("{} bytes", request->length);
      }
      return malformed(body);
    case FrameType::PREFORK:
      return body.empty() ? std::string{} : malformed(body);
    case FrameType::RAISE:
      return fmt::format("signal {}", header.signo());
  }
  return fmt::format("field {:#x} {} bytes", header.field, body.size());
}

std::string response_text(const FrameHeader& header, std::span<const std::byte> body) {
  switch (header.type) {
    case FrameType::HANDSHAKE:
      if (const auto answer = parse_handshake_answer(body)) {
        return fmt::format("error {}", answer->error);
      }
      return malformed(body);
    case FrameType::SYSCALL:
      if (const auto answer = parse_system_call_answer(body)) {
        return answer->error == 0 ? fmt::format("= {}, {}", answer->retval[0], answer->retval[1])
                                  : numbered(errno_name(answer->error), answer->error);
      }
      return malformed(body);
    case FrameType::ANONMMAP:
      if (const auto answer = parse_anonmmap_answer(body)) {
        return fmt::format("at {:#x}", answer->address);
      }
      return malformed(body);
    case FrameType::PREFORK:
      if (const auto cookie = parse_prefork_cookie(body)) {
        return cookie_text(*cookie);
      }
      return malformed(body);
    case FrameType::COPYIN:
    case FrameType::COPYINSTR:
    case FrameType::COPYOUT:
    case FrameType::COPYOUTSTR:
    case FrameType::RAISE:
      break;
  }
  return fmt::format("{} bytes", body.size());
}

std::string kind_text(const FrameHeader& header, std::span<const std::byte> body) {
  switch (header.frame_class) {
    case FrameClass::REQ:
      return request_text(header, body);
    case FrameClass::RESP:
      return response_text(header, body);
    case FrameClass::ERROR:
      return numbered(name(header.error()), header.field);
  }
  return fmt::format("field {:#x} {} bytes", header.field, body.size());
}

}  // namespace

std::string_view name(FrameClass frame_class) noexcept {
  static constexpr std::array<std::string_view, 3> kNames = {"REQ", "RESP", "ERROR"};
  return name_in(kNames, frame_class);
}

std::string_view name(FrameType type) noexcept {
  static constexpr std::array<std::string_view, 9> kNames = {
      "HANDSHAKE", "SYSCALL", "COPYIN", "COPYINSTR", "COPYOUT", "COPYOUTSTR", "ANONMMAP", "PREFORK", "RAISE"};
  return name_in(kNames, type);
}

std::string_view name(Handshake handshake) noexcept {
  static constexpr std::array<std::string_view, 4> kNames = {"GUEST", "AUTH", "FORK", "EXEC"};
  return name_in(kNames, handshake);
}

std::string_view name(ProtocolError error) noexcept {
  static constexpr std::array<std::string_view, 8> kNames = {"NONE",         "TRYAGAIN", "AUTH",  "INVALID_PREFORK",
                                                             "RFORK_FAILED", "INEXEC",   "NOMEM", "MALFORMED_REQUEST"};
  return name_in(kNames, error);
}

std::string describe(const FrameHeader& header, std::span<const std::byte> body) {
  std::string line = column(header.frame_class, "CLASS");
  // An ERROR has type 0, which would read as a handshake.
  if (header.frame_class != FrameClass::ERROR) {
    line += ' ' + column(header.type, "TYPE");
  }
  fmt::format_to(std::back_inserter(line), " #{}", header.request_number);
  if (const std::string text = kind_text(header, body); !text.empty()) {
    line += ' ' + text;
  }
  return line;
}

}  // namespace kern::sysproxy
