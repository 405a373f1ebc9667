// The wire format of sysproxy, RUMPSP 0.4: frames of a 24-byte header and a body, in either direction, after one line
// of banner from the server. Bytes in, frames out; nothing here knows a socket.
//
// Numbers are in the byte order of the host, which is little-endian on every machine this protocol was ever spoken on
// (sp_common.c 1.38 converts nothing). A frame's header says its length, class and type; what the body holds follows
// from class and type:
//
//   client to server                          answer
//     REQ HANDSHAKE GUEST   program name        RESP HANDSHAKE  HandshakeAnswer
//     REQ HANDSHAKE FORK    HandshakeFork       RESP HANDSHAKE  HandshakeAnswer
//     REQ HANDSHAKE EXEC    program name        RESP HANDSHAKE  HandshakeAnswer
//     REQ SYSCALL           argument block      RESP SYSCALL    SystemCallAnswer
//     REQ PREFORK           -                   RESP PREFORK    PreforkCookie
//   server to client
//     REQ COPYIN            CopyData            RESP COPYIN     the bytes
//     REQ COPYINSTR         CopyData            RESP COPYIN     the bytes, up to and with a NUL (type is COPYIN indeed)
//     REQ COPYOUT           CopyData + bytes    none
//     REQ ANONMMAP          AnonmmapRequest     RESP ANONMMAP   AnonmmapAnswer
//     REQ RAISE             -                   none
//
// Any REQ of a client may be answered by an ERROR instead: a bare header of type 0 whose field is a ProtocolError.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string_view>

#include "kern/core/memory.hpp"

namespace kern::sysproxy {

/// rsp_class. A header from the wire may hold any other number too.
enum class FrameClass : std::uint16_t { REQ = 0, RESP = 1, ERROR = 2 };

/// rsp_type. A header from the wire may hold any other number too.
enum class FrameType : std::uint16_t {
  HANDSHAKE = 0,
  SYSCALL = 1,
  COPYIN = 2,
  COPYINSTR = 3,
  COPYOUT = 4,
  COPYOUTSTR = 5,
  ANONMMAP = 6,
  PREFORK = 7,
  RAISE = 8,
};

/// rsp_handshake, in a HANDSHAKE request. AUTH was reserved and never written; a server refuses it.
enum class Handshake : std::uint32_t { GUEST = 0, AUTH = 1, FORK = 2, EXEC = 3 };

/// RUMPSP_ERR_*: why a request was refused, as rsp_error of an ERROR frame.
enum class ProtocolError : std::uint32_t {
  NONE = 0,
  TRYAGAIN = 1,
  AUTH = 2,
  INVALID_PREFORK = 3,
  RFORK_FAILED = 4,
  INEXEC = 5,
  NOMEM = 6,
  MALFORMED_REQUEST = 7,
};

/// Bytes of a header, and so the shortest frame (HDRSZ of sp_common.c).
inline constexpr std::size_t kHeaderSize = 24;
/// Bytes a client sets aside for the banner, its final NUL included (MAXBANNER of rumpclient.c): it reads one less.
inline constexpr std::size_t kMaxBanner = 96;

/// What a server says first: protocol, kernel, machine, and a newline at which the client stops to read.
[[nodiscard]] std::string_view banner() noexcept;

/// struct rsp_hdr.
struct FrameHeader {
  /// Bytes of the whole frame, this header included.
  std::uint64_t length = kHeaderSize;
  /// Ties an answer to its request. Each side numbers its own requests.
  std::uint64_t request_number = 0;
  FrameClass frame_class = FrameClass::REQ;
  FrameType type = FrameType::HANDSHAKE;
  /// One of the four below, by class and type; 0 in all other frames.
  std::uint32_t field = 0;

  bool operator==(const FrameHeader&) const = default;

  /// REQ SYSCALL: which system call.
  [[nodiscard]] constexpr std::uint32_t sysnum() const noexcept { return field; }
  /// ERROR: why.
  [[nodiscard]] constexpr ProtocolError error() const noexcept { return static_cast<ProtocolError>(field); }
  /// REQ HANDSHAKE: which.
  [[nodiscard]] constexpr Handshake handshake() const noexcept { return static_cast<Handshake>(field); }
  /// REQ RAISE: the signal's number, NetBSD's.
  [[nodiscard]] constexpr std::uint32_t signo() const noexcept { return field; }
};

/// struct rsp_copydata: a piece of the client's memory. The whole body of COPYIN and COPYINSTR.
struct CopyData {
  static constexpr std::size_t kSize = 16;
  std::uint64_t length = 0;
  std::uint64_t address = 0;
  bool operator==(const CopyData&) const = default;
};

/// The body of COPYOUT: where to, and the bytes, which point into the body that was parsed.
struct CopyOut {
  CopyData target;
  std::span<const std::byte> data;
};

/// struct rsp_sysresp. Four bytes of padding lie between `error` and `retval`; the original sent what its stack held
/// there (known from captures: 017f0000), this one sends zeros and ignores what it gets.
struct SystemCallAnswer {
  static constexpr std::size_t kSize = 24;
  /// NetBSD's errno, 0 for success.
  std::int32_t error = 0;
  std::array<std::int64_t, 2> retval = {};
  bool operator==(const SystemCallAnswer&) const = default;
};

/// What a PREFORK gives and a FORK handshake must show: 128 random bits (AUTHLEN words).
struct PreforkCookie {
  static constexpr std::size_t kSize = 16;
  std::array<std::uint32_t, 4> words = {};
  auto operator<=>(const PreforkCookie&) const = default;
};

/// struct handshake_fork: begin the life of a forked process, or, with `cancel` not 0, forget that it was prepared.
struct HandshakeFork {
  static constexpr std::size_t kSize = 20;
  PreforkCookie cookie;
  std::int32_t cancel = 0;
  bool operator==(const HandshakeFork&) const = default;
};

/// What a server answers to a handshake; the error is always 0, for a refusal is an ERROR frame.
struct HandshakeAnswer {
  static constexpr std::size_t kSize = 4;
  std::int32_t error = 0;
  bool operator==(const HandshakeAnswer&) const = default;
};

/// Asks the client for this many bytes of fresh memory of its own.
struct AnonmmapRequest {
  static constexpr std::size_t kSize = 8;
  std::uint64_t length = 0;
  bool operator==(const AnonmmapRequest&) const = default;
};

/// The address of that memory in the client; 0 when it had none.
struct AnonmmapAnswer {
  static constexpr std::size_t kSize = 8;
  std::uint64_t address = 0;
  bool operator==(const AnonmmapAnswer&) const = default;
};

/// Any 24 bytes are a header. Whether its numbers make sense is for FrameParser (the length) and the session to say.
[[nodiscard]] FrameHeader parse_header(std::span<const std::byte, kHeaderSize> bytes) noexcept;

// The bodies. Each must have exactly the size of its kind, or it is MALFORMED_REQUEST. rumpuser_sp.c 1.70 checks only
// the size of a fork handshake; we check all, on purpose.

/// The body of COPYIN and COPYINSTR.
[[nodiscard]] std::expected<CopyData, ProtocolError> parse_copy_data(std::span<const std::byte> body) noexcept;
/// The body of COPYOUT: as many bytes must follow as it announces.
[[nodiscard]] std::expected<CopyOut, ProtocolError> parse_copy_out(std::span<const std::byte> body) noexcept;
[[nodiscard]] std::expected<SystemCallAnswer, ProtocolError> parse_system_call_answer(
    std::span<const std::byte> body) noexcept;
[[nodiscard]] std::expected<PreforkCookie, ProtocolError> parse_prefork_cookie(
    std::span<const std::byte> body) noexcept;
[[nodiscard]] std::expected<HandshakeFork, ProtocolError> parse_handshake_fork(
    std::span<const std::byte> body) noexcept;
[[nodiscard]] std::expected<HandshakeAnswer, ProtocolError> parse_handshake_answer(
    std::span<const std::byte> body) noexcept;
[[nodiscard]] std::expected<AnonmmapRequest, ProtocolError> parse_anonmmap_request(
    std::span<const std::byte> body) noexcept;
[[nodiscard]] std::expected<AnonmmapAnswer, ProtocolError> parse_anonmmap_answer(
    std::span<const std::byte> body) noexcept;

/// The program name in a GUEST or EXEC handshake: what stands before the first NUL, or the whole body when it has none
/// (the original puts one behind it). Empty for an empty body, at which the original crashed. Points into the body.
[[nodiscard]] std::string_view parse_program_name(std::span<const std::byte> body) noexcept;

// The reverse, byte for byte what goes over the wire; padding is zero.
[[nodiscard]] std::array<std::byte, kHeaderSize> encode(const FrameHeader& header) noexcept;
[[nodiscard]] std::array<std::byte, CopyData::kSize> encode(const CopyData& body) noexcept;
[[nodiscard]] std::array<std::byte, SystemCallAnswer::kSize> encode(const SystemCallAnswer& body) noexcept;
[[nodiscard]] std::array<std::byte, PreforkCookie::kSize> encode(const PreforkCookie& body) noexcept;
[[nodiscard]] std::array<std::byte, HandshakeFork::kSize> encode(const HandshakeFork& body) noexcept;
[[nodiscard]] std::array<std::byte, HandshakeAnswer::kSize> encode(const HandshakeAnswer& body) noexcept;
[[nodiscard]] std::array<std::byte, AnonmmapRequest::kSize> encode(const AnonmmapRequest& body) noexcept;
[[nodiscard]] std::array<std::byte, AnonmmapAnswer::kSize> encode(const AnonmmapAnswer& body) noexcept;

}  // namespace kern::sysproxy
