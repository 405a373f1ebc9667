#include "kern/sysproxy/frame.hpp"

#include <algorithm>
#include <bit>
#include <concepts>
#include <cstring>

namespace kern::sysproxy {
namespace {

static_assert(std::endian::native == std::endian::little, "the protocol has the byte order of the host");

/// The number at `offset`; the caller has checked that the bytes are there.
template <std::integral T>
T load(std::span<const std::byte> bytes, std::size_t offset) noexcept {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

template <std::integral T>
void store(std::span<std::byte> bytes, std::size_t offset, T value) noexcept {
  std::memcpy(bytes.data() + offset, &value, sizeof value);
}

constexpr auto kMalformed = std::unexpected(ProtocolError::MALFORMED_REQUEST);

}  // namespace

std::string_view banner() noexcept {
  // Written out, for it is a constant of the wire; a test compares it with kern/abi/param.hpp.
  return "RUMPSP-0.4-NetBSD-7.99.34/amd64\n";
}

FrameHeader parse_header(std::span<const std::byte, kHeaderSize> bytes) noexcept {
  return {
      .length = load<std::uint64_t>(bytes, 0),
      .request_number = load<std::uint64_t>(bytes, 8),
      .frame_class = static_cast<FrameClass>(load<std::uint16_t>(bytes, 16)),
      .type = static_cast<FrameType>(load<std::uint16_t>(bytes, 18)),
      .field = load<std::uint32_t>(bytes, 20),
  };
}

std::array<std::byte, kHeaderSize> encode(const FrameHeader& header) noexcept {
  std::array<std::byte, kHeaderSize> bytes{};
  store(bytes, 0, header.length);
  store(bytes, 8, header.request_number);
  store(bytes, 16, static_cast<std::uint16_t>(header.frame_class));
  store(bytes, 18, static_cast<std::uint16_t>(header.type));
  store(bytes, 20, header.field);
  return bytes;
}

std::expected<CopyData, ProtocolError> parse_copy_data(std::span<const std::byte> body) noexcept {
  if (body.size() != CopyData::kSize) {
    return kMalformed;
  }
  return CopyData{.length = load<std::uint64_t>(body, 0), .address = load<std::uint64_t>(body, 8)};
}

std::expected<CopyOut, ProtocolError> parse_copy_out(std::span<const std::byte> body) noexcept {
  if (body.size() < CopyData::kSize) {
    return kMalformed;
  }
  const auto target = parse_copy_data(body.first(CopyData::kSize));
  const auto data = body.subspan(CopyData::kSize);
  if (!target || target->length != data.size()) {
    return kMalformed;
  }
  return CopyOut{.target = *target, .data = data};
}

std::array<std::byte, CopyData::kSize> encode(const CopyData& body) noexcept {
  std::array<std::byte, CopyData::kSize> bytes{};
  store(bytes, 0, body.length);
  store(bytes, 8, body.address);
  return bytes;
}

std::expected<SystemCallAnswer, ProtocolError> parse_system_call_answer(std::span<const std::byte> body) noexcept {
  if (body.size() != SystemCallAnswer::kSize) {
    return kMalformed;
  }
  return SystemCallAnswer{.error = load<std::int32_t>(body, 0),
                          .retval = {load<std::int64_t>(body, 8), load<std::int64_t>(body, 16)}};
}

std::array<std::byte, SystemCallAnswer::kSize> encode(const SystemCallAnswer& body) noexcept {
  std::array<std::byte, SystemCallAnswer::kSize> bytes{};
  store(bytes, 0, body.error);
  store(bytes, 8, body.retval[0]);
  store(bytes, 16, body.retval[1]);
  return bytes;
}

std::expected<PreforkCookie, ProtocolError> parse_prefork_cookie(std::span<const std::byte> body) noexcept {
  if (body.size() != PreforkCookie::kSize) {
    return kMalformed;
  }
  return PreforkCookie{.words = {load<std::uint32_t>(body, 0), load<std::uint32_t>(body, 4),
                                 load<std::uint32_t>(body, 8), load<std::uint32_t>(body, 12)}};
}

std::array<std::byte, PreforkCookie::kSize> encode(const PreforkCookie& body) noexcept {
  std::array<std::byte, PreforkCookie::kSize> bytes{};
  for (std::size_t i = 0; i < body.words.size(); ++i) {
    store(bytes, i * sizeof(std::uint32_t), body.words[i]);
  }
  return bytes;
}

std::expected<HandshakeFork, ProtocolError> parse_handshake_fork(std::span<const std::byte> body) noexcept {
  if (body.size() != HandshakeFork::kSize) {
    return kMalformed;
  }
  const auto cookie = parse_prefork_cookie(body.first(PreforkCookie::kSize));
  if (!cookie) {
    return kMalformed;
  }
  return HandshakeFork{.cookie = *cookie, .cancel = load<std::int32_t>(body, PreforkCookie::kSize)};
}

std::array<std::byte, HandshakeFork::kSize> encode(const HandshakeFork& body) noexcept {
  std::array<std::byte, HandshakeFork::kSize> bytes{};
  std::ranges::copy(encode(body.cookie), bytes.begin());
  store(bytes, PreforkCookie::kSize, body.cancel);
  return bytes;
}

std::expected<HandshakeAnswer, ProtocolError> parse_handshake_answer(std::span<const std::byte> body) noexcept {
  if (body.size() != HandshakeAnswer::kSize) {
    return kMalformed;
  }
  return HandshakeAnswer{.error = load<std::int32_t>(body, 0)};
}

std::array<std::byte, HandshakeAnswer::kSize> encode(const HandshakeAnswer& body) noexcept {
  std::array<std::byte, HandshakeAnswer::kSize> bytes{};
  store(bytes, 0, body.error);
  return bytes;
}

std::expected<AnonmmapRequest, ProtocolError> parse_anonmmap_request(std::span<const std::byte> body) noexcept {
  if (body.size() != AnonmmapRequest::kSize) {
    return kMalformed;
  }
  return AnonmmapRequest{.length = load<std::uint64_t>(body, 0)};
}

std::array<std::byte, AnonmmapRequest::kSize> encode(const AnonmmapRequest& body) noexcept {
  std::array<std::byte, AnonmmapRequest::kSize> bytes{};
  store(bytes, 0, body.length);
  return bytes;
}

std::expected<AnonmmapAnswer, ProtocolError> parse_anonmmap_answer(std::span<const std::byte> body) noexcept {
  if (body.size() != AnonmmapAnswer::kSize) {
    return kMalformed;
  }
  return AnonmmapAnswer{.address = load<std::uint64_t>(body, 0)};
}

std::array<std::byte, AnonmmapAnswer::kSize> encode(const AnonmmapAnswer& body) noexcept {
  std::array<std::byte, AnonmmapAnswer::kSize> bytes{};
  store(bytes, 0, body.address);
  return bytes;
}

std::string_view parse_program_name(std::span<const std::byte> body) noexcept {
  const auto end = std::ranges::find(body, std::byte{0});
  return {reinterpret_cast<const char*>(body.data()), static_cast<std::size_t>(end - body.begin())};
}

}  // namespace kern::sysproxy
