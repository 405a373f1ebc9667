// The wire format: what is encoded parses back, is laid out as the captures show, and a body of a wrong size is
// refused.
#include "kern/sysproxy/frame.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "kern/abi/param.hpp"
#include "kern/sysproxy/frame_text.hpp"

namespace kern::sysproxy {
namespace {

std::vector<std::byte> bytes_of(std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

std::string hex(std::span<const std::byte> bytes) {
  std::string text;
  for (const std::byte byte : bytes) {
    text += fmt::format("{:02x}", static_cast<unsigned>(byte));
  }
  return text;
}

TEST(Frame, BannerNamesProtocolKernelAndMachine) {
  EXPECT_EQ(banner(), fmt::format("RUMPSP-0.4-{}-{}/{}\n", kOsType, kOsRelease, kMachine));
  EXPECT_LT(banner().size(), kMaxBanner);
}

TEST(Frame, HeaderIsLaidOutAsInTheCaptures) {
  const FrameHeader header{
      .length = 48, .request_number = 3, .frame_class = FrameClass::REQ, .type = FrameType::SYSCALL, .field = 4};
  EXPECT_EQ(hex(encode(header)), "300000000000000003000000000000000000010004000000");
  EXPECT_EQ(header.sysnum(), 4U);
}

TEST(Frame, EveryFieldOfAHeaderSurvives) {
  const FrameHeader header{.length = 0xfedcba9876543210U,
                           .request_number = 0x0123456789abcdefU,
                           .frame_class = static_cast<FrameClass>(0xfffe),
                           .type = static_cast<FrameType>(0x8001),
                           .field = 0xdeadbeefU};
  EXPECT_EQ(parse_header(encode(header)), header);
}

TEST(Frame, PaddingInASystemCallAnswerIsZeroAndIgnored) {
  const SystemCallAnswer answer{.error = 0, .retval = {3, 4}};
  EXPECT_EQ(hex(encode(answer)), "000000000000000003000000000000000400000000000000");
  auto captured = encode(answer);
  captured[4] = std::byte{0x01};
  captured[5] = std::byte{0x7f};
  EXPECT_EQ(parse_system_call_answer(captured), answer);
}

TEST(Frame, EveryBodySurvives) {
  constexpr auto kMin = std::numeric_limits<std::int64_t>::min();
  const CopyData copy{.length = 0xffffffffffffffffU, .address = 0x556cb2573984U};
  EXPECT_EQ(parse_copy_data(encode(copy)), copy);
  const SystemCallAnswer answer{.error = -3, .retval = {kMin, -1}};
  EXPECT_EQ(parse_system_call_answer(encode(answer)), answer);
  const PreforkCookie cookie{.words = {1, 2, 3, 0xffffffffU}};
  EXPECT_EQ(parse_prefork_cookie(encode(cookie)), cookie);
  const HandshakeFork fork{.cookie = cookie, .cancel = -1};
  EXPECT_EQ(parse_handshake_fork(encode(fork)), fork);
  EXPECT_EQ(hex(encode(fork)), "010000000200000003000000ffffffffffffffff");
  EXPECT_EQ(parse_handshake_answer(encode(HandshakeAnswer{.error = 7})), HandshakeAnswer{.error = 7});
  EXPECT_EQ(parse_anonmmap_request(encode(AnonmmapRequest{.length = 4096})), AnonmmapRequest{.length = 4096});
  EXPECT_EQ(parse_anonmmap_answer(encode(AnonmmapAnswer{.address = 9})), AnonmmapAnswer{.address = 9});
}

TEST(Frame, ABodyOfAWrongSizeIsRefused) {
  const std::array<std::byte, 64> zeros{};
  for (std::size_t size = 0; size <= zeros.size(); ++size) {
    const auto body = std::span(zeros).first(size);
    EXPECT_EQ(parse_copy_data(body).has_value(), size == 16) << size;
    EXPECT_EQ(parse_copy_out(body).has_value(), size == 16) << size << ": announces no bytes";
    EXPECT_EQ(parse_system_call_answer(body).has_value(), size == 24) << size;
    EXPECT_EQ(parse_prefork_cookie(body).has_value(), size == 16) << size;
    EXPECT_EQ(parse_handshake_fork(body).has_value(), size == 20) << size;
    EXPECT_EQ(parse_handshake_answer(body).has_value(), size == 4) << size;
    EXPECT_EQ(parse_anonmmap_request(body).has_value(), size == 8) << size;
    EXPECT_EQ(parse_anonmmap_answer(body).has_value(), size == 8) << size;
  }
  EXPECT_EQ(parse_copy_data({}).error(), ProtocolError::MALFORMED_REQUEST);
}

TEST(Frame, ACopyOutMustBringWhatItAnnounces) {
  const auto head = encode(CopyData{.length = 3, .address = 0x1000});
  std::vector<std::byte> body(head.begin(), head.end());
  body.push_back(std::byte{'a'});
  body.push_back(std::byte{'b'});
  EXPECT_FALSE(parse_copy_out(body));
  body.push_back(std::byte{'c'});
  const auto copy = parse_copy_out(body);
  ASSERT_TRUE(copy);
  EXPECT_EQ(copy->target.address, 0x1000U);
  EXPECT_EQ(copy->data.data(), body.data() + 16);
  EXPECT_EQ(copy->data.size(), 3U);
  body.push_back(std::byte{'d'});
  EXPECT_FALSE(parse_copy_out(body));
  // A length that would wrap when 16 is added to it.
  const auto huge = encode(CopyData{.length = 0xfffffffffffffff0U, .address = 0});
  EXPECT_FALSE(parse_copy_out(huge));
}

TEST(Frame, AProgramNameEndsAtItsNulOrWithTheBody) {
  EXPECT_EQ(parse_program_name(bytes_of(std::string_view("cat\0rest", 8))), "cat");
  EXPECT_EQ(parse_program_name(bytes_of("cat")), "cat");
  EXPECT_EQ(parse_program_name({}), "");
}

TEST(FrameText, SaysWhatAPersonAsks) {
  const auto line = [](FrameClass frame_class, FrameType type, std::uint32_t field, std::span<const std::byte> body) {
    return describe({.length = kHeaderSize + body.size(),
                     .request_number = 3,
                     .frame_class = frame_class,
                     .type = type,
                     .field = field},
                    body);
  };
  using enum FrameClass;
  using enum FrameType;
  const std::array<std::byte, 24> arguments{};
  EXPECT_EQ(line(REQ, SYSCALL, 4, arguments), "REQ SYSCALL #3 write(4) 24 bytes");
  EXPECT_EQ(line(REQ, SYSCALL, 100000, {}), "REQ SYSCALL #3 ?(100000) 0 bytes");
  EXPECT_EQ(line(RESP, SYSCALL, 0, encode(SystemCallAnswer{.error = 9})), "RESP SYSCALL #3 EBADF(9)");
  EXPECT_EQ(line(RESP, SYSCALL, 0, encode(SystemCallAnswer{.retval = {3, 4}})), "RESP SYSCALL #3 = 3, 4");
  EXPECT_EQ(line(REQ, HANDSHAKE, 0, bytes_of("a\n\"b")), "REQ HANDSHAKE #3 GUEST \"a\\x0a\\x22b\"");
  EXPECT_EQ(line(REQ, HANDSHAKE, 77, {}), "REQ HANDSHAKE #3 HANDSHAKE(77) 0 bytes");
  EXPECT_EQ(line(REQ, HANDSHAKE, 2, encode(HandshakeFork{.cookie = {.words = {1, 2, 3, 4}}, .cancel = 1})),
            "REQ HANDSHAKE #3 FORK cookie 00000001000000020000000300000004 cancel");
  EXPECT_EQ(line(REQ, HANDSHAKE, 2, arguments), "REQ HANDSHAKE #3 FORK malformed, 24 bytes");
  EXPECT_EQ(line(REQ, COPYIN, 0, encode(CopyData{.length = 3, .address = 0xff})), "REQ COPYIN #3 3 bytes at 0xff");
  EXPECT_EQ(line(REQ, PREFORK, 0, {}), "REQ PREFORK #3");
  EXPECT_EQ(line(REQ, RAISE, 12, {}), "REQ RAISE #3 signal 12");
  EXPECT_EQ(line(ERROR, HANDSHAKE, 7, {}), "ERROR #3 MALFORMED_REQUEST(7)");
  EXPECT_EQ(line(ERROR, HANDSHAKE, 20, {}), "ERROR #3 ?(20)");
  EXPECT_EQ(line(static_cast<FrameClass>(7), static_cast<FrameType>(99), 20, {}),
            "CLASS(7) TYPE(99) #3 field 0x14 0 bytes");
}

}  // namespace
}  // namespace kern::sysproxy
