// The frame parser: the same frames however the stream is cut, no trust in a length, no memory before its bytes came.
#include "kern/sysproxy/frame_parser.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "tests/support/heap_memory.hpp"

namespace kern::sysproxy {
namespace {

using Bytes = std::vector<std::byte>;
using Status = FrameParser::Status;

constexpr std::uint64_t kMaxFrame = 4096;

/// One frame as it came out.
struct Frame {
  FrameHeader header;
  Bytes body;
  bool operator==(const Frame&) const = default;
};

/// What a stream gave: frames, then how it ended.
struct Outcome {
  std::vector<Frame> frames;
  Status status = Status::need_more;
  bool in_frame = false;
  bool operator==(const Outcome&) const = default;
};

void append(Bytes& stream, std::span<const std::byte> bytes) {
  stream.insert(stream.end(), bytes.begin(), bytes.end());
}

Bytes frame_bytes(std::uint64_t request_number, std::span<const std::byte> body) {
  Bytes stream;
  append(stream, encode(FrameHeader{.length = kHeaderSize + body.size(),
                                    .request_number = request_number,
                                    .frame_class = FrameClass::REQ,
                                    .type = FrameType::SYSCALL,
                                    .field = 4}));
  append(stream, body);
  return stream;
}

Bytes header_of_length(std::uint64_t length) {
  Bytes stream;
  append(stream, encode(FrameHeader{.length = length}));
  return stream;
}

/// A body whose bytes all differ from those of its neighbours.
Bytes body_of(std::size_t size, unsigned seed) {
  Bytes body(size);
  for (std::size_t i = 0; i < size; ++i) {
    body[i] = static_cast<std::byte>(seed + 7 * i);
  }
  return body;
}

/// Feeds one piece of the stream and collects what comes out. Stops at a failure.
void feed_all(FrameParser& parser, std::span<const std::byte> input, Outcome& outcome) {
  while (true) {
    input = input.subspan(parser.feed(input));
    if (parser.status() != Status::frame) {
      break;
    }
    const auto body = parser.body();
    outcome.frames.push_back({parser.header(), {body.begin(), body.end()}});
    parser.next();
  }
  outcome.status = parser.status();
  outcome.in_frame = parser.in_frame();
}

Outcome parse_in_pieces(std::span<const std::byte> stream, const std::vector<std::size_t>& cuts) {
  test::HeapMemory memory;
  Outcome outcome;
  {
    FrameParser parser(memory, kMaxFrame);
    std::size_t begin = 0;
    for (const std::size_t cut : cuts) {
      feed_all(parser, stream.subspan(begin, cut - begin), outcome);
      begin = cut;
    }
    feed_all(parser, stream.subspan(begin), outcome);
  }
  EXPECT_EQ(memory.bytes_out, 0U);
  return outcome;
}

TEST(FrameParser, EveryCutOfAStreamGivesTheSameFrames) {
  Bytes stream;
  std::vector<Frame> expected;
  for (const std::size_t size : {0U, 24U, 1U, 0U, 40U, 3U}) {
    const auto body = body_of(size, static_cast<unsigned>(size));
    const auto bytes = frame_bytes(size, body);
    append(stream, bytes);
    expected.push_back({parse_header(std::span(bytes).first<kHeaderSize>()), body});
  }
  const Outcome whole = parse_in_pieces(stream, {});
  EXPECT_EQ(whole.frames, expected);
  EXPECT_FALSE(whole.in_frame);
  for (std::size_t first = 0; first <= stream.size(); ++first) {
    for (std::size_t second = first; second <= stream.size(); ++second) {
      ASSERT_EQ(parse_in_pieces(stream, {first, second}), whole) << first << ' ' << second;
    }
  }
  std::vector<std::size_t> everywhere;
  for (std::size_t i = 0; i <= stream.size(); ++i) {
    everywhere.push_back(i);
  }
  EXPECT_EQ(parse_in_pieces(stream, everywhere), whole);
}

RC_GTEST_PROP(FrameParser, AnyStreamInAnyPiecesGivesWhatItGivesWhole, ()) {
  Bytes stream;
  const auto sizes = *rc::gen::container<std::vector<std::uint16_t>>(rc::gen::inRange<std::uint16_t>(0, 600));
  for (const auto size : sizes) {
    append(stream, frame_bytes(size, body_of(size, size)));
  }
  // Garbage behind the last frame, and now and then in the middle of one.
  const auto garbage = *rc::gen::arbitrary<std::vector<std::uint8_t>>();
  append(stream, std::as_bytes(std::span(garbage)));
  if (!stream.empty() && *rc::gen::arbitrary<bool>()) {
    stream[*rc::gen::inRange<std::size_t>(0, stream.size())] ^= static_cast<std::byte>(*rc::gen::inRange(1, 256));
  }
  auto cuts = *rc::gen::container<std::vector<std::size_t>>(rc::gen::inRange<std::size_t>(0, stream.size() + 1));
  std::ranges::sort(cuts);
  RC_ASSERT(parse_in_pieces(stream, cuts) == parse_in_pieces(stream, {}));
}

TEST(FrameParser, ALengthOutsideItsBoundsFailsForGoodAndTakesNoMemory) {
  for (const std::uint64_t length : {std::uint64_t{0}, std::uint64_t{23}, kMaxFrame + 1, std::uint64_t{1} << 31U,
                                     std::uint64_t{1} << 63U, ~std::uint64_t{0}}) {
    test::HeapMemory memory;
    FrameParser parser(memory, kMaxFrame);
    auto stream = header_of_length(length);
    append(stream, frame_bytes(1, body_of(8, 1)));
    EXPECT_EQ(parser.feed(stream), kHeaderSize) << length;
    EXPECT_EQ(parser.status(), Status::bad_length) << length;
    EXPECT_EQ(parser.header().length, length);
    parser.next();
    EXPECT_EQ(parser.feed(frame_bytes(1, {})), 0U) << "a failed stream stays failed";
    EXPECT_EQ(parser.status(), Status::bad_length);
    EXPECT_EQ(memory.allocations, 0U);
  }
}

TEST(FrameParser, TheBoundsThemselvesAreGood) {
  test::HeapMemory memory;
  FrameParser parser(memory, kMaxFrame);
  EXPECT_EQ(parser.feed(frame_bytes(1, {})), kHeaderSize);
  EXPECT_EQ(parser.status(), Status::frame);
  EXPECT_TRUE(parser.body().empty());
  EXPECT_EQ(memory.allocations, 0U) << "a frame without a body needs no memory";
  parser.next();
  const auto body = body_of(kMaxFrame - kHeaderSize, 5);
  EXPECT_EQ(parser.feed(frame_bytes(2, body)), kMaxFrame);
  EXPECT_EQ(parser.status(), Status::frame);
  EXPECT_TRUE(std::ranges::equal(parser.body(), body));
}

TEST(FrameParser, ALimitBelowAHeaderStillLetsBareHeadersThrough) {
  test::HeapMemory memory;
  FrameParser parser(memory, 0);
  EXPECT_EQ(parser.feed(frame_bytes(1, {})), kHeaderSize);
  EXPECT_EQ(parser.status(), Status::frame);
  parser.next();
  EXPECT_EQ(parser.feed(header_of_length(25)), kHeaderSize);
  EXPECT_EQ(parser.status(), Status::bad_length);
}

TEST(FrameParser, NothingIsTakenFromBehindACompleteFrame) {
  test::HeapMemory memory;
  FrameParser parser(memory, kMaxFrame);
  auto stream = frame_bytes(1, body_of(8, 1));
  const std::size_t first = stream.size();
  append(stream, frame_bytes(2, {}));
  EXPECT_EQ(parser.feed(stream), first);
  EXPECT_EQ(parser.feed(std::span(stream).subspan(first)), 0U);
  EXPECT_EQ(parser.header().request_number, 1U);
}

TEST(FrameParser, MemoryFollowsTheBytesThatCameNotTheLengthAnnounced) {
  test::HeapMemory memory;
  constexpr std::uint64_t kMegabyte = 1U << 20U;
  FrameParser parser(memory, 2 * kMegabyte);
  auto stream = header_of_length(kMegabyte);
  EXPECT_EQ(parser.feed(stream), kHeaderSize);
  EXPECT_EQ(memory.bytes_out, 0U) << "a header alone costs nothing";
  EXPECT_EQ(parser.feed(body_of(3, 1)), 3U);
  EXPECT_LE(memory.bytes_out, 256U);
  std::size_t received = 3;
  while (parser.status() == Status::need_more) {
    received += parser.feed(body_of(1000, 1));
    ASSERT_LE(memory.bytes_out, 2 * received + 256);
  }
  EXPECT_EQ(received, kMegabyte - kHeaderSize);
  EXPECT_EQ(memory.bytes_out, received) << "the last step takes what is announced, not twice that";
  EXPECT_LE(memory.allocations, 16U);
}

TEST(FrameParser, ExhaustionAtAnyAllocationLosesNothing) {
  const auto body = body_of(3000, 9);
  const auto stream = frame_bytes(7, body);
  constexpr std::size_t kPiece = 100;
  std::size_t failures = 0;
  for (std::size_t budget = 0;; ++budget) {
    test::HeapMemory memory;
    memory.allocations_left = budget;
    FrameParser parser(memory, kMaxFrame);
    std::span<const std::byte> input(stream);
    bool failed = false;
    while (parser.status() != Status::frame) {
      const std::size_t offered = std::min(kPiece, input.size());
      const std::size_t taken = parser.feed(input.first(offered));
      input = input.subspan(taken);
      if (parser.status() == Status::no_memory) {
        ASSERT_FALSE(failed);
        ASSERT_LT(taken, offered);
        ASSERT_EQ(parser.header().request_number, 7U);
        failed = true;
        EXPECT_EQ(parser.feed(input.first(offered - taken)), 0U) << "still none";
        EXPECT_EQ(parser.status(), Status::no_memory);
        memory.allocations_left = test::HeapMemory::kNoLimit;
      }
    }
    EXPECT_TRUE(std::ranges::equal(parser.body(), body));
    if (!failed) {
      break;
    }
    ++failures;
  }
  EXPECT_GE(failures, 4U) << "the first allocation and each doubling";
}

TEST(FrameParser, ATakenBodyOutlivesItsPlaceInTheStream) {
  test::HeapMemory memory;
  FrameBody kept;
  {
    FrameParser parser(memory, kMaxFrame);
    EXPECT_EQ(parser.feed(frame_bytes(1, body_of(10, 1))), kHeaderSize + 10);
    kept = parser.take_body();
    EXPECT_TRUE(parser.body().empty());
    parser.next();
    EXPECT_EQ(parser.feed(frame_bytes(2, body_of(20, 2))), kHeaderSize + 20);
    EXPECT_TRUE(std::ranges::equal(parser.body(), body_of(20, 2)));
  }
  EXPECT_TRUE(std::ranges::equal(kept.bytes(), body_of(10, 1)));
  FrameBody moved = std::move(kept);
  EXPECT_EQ(moved.size(), 10U);
  moved.reset();
  EXPECT_EQ(memory.bytes_out, 0U);
}

TEST(FrameParser, KnowsThatAStreamWasCutOff) {
  test::HeapMemory memory;
  FrameParser parser(memory, kMaxFrame);
  EXPECT_FALSE(parser.in_frame());
  const auto stream = frame_bytes(1, body_of(2, 1));
  for (std::size_t i = 0; i + 1 < stream.size(); ++i) {
    EXPECT_EQ(parser.feed(std::span(stream).subspan(i, 1)), 1U);
    EXPECT_TRUE(parser.in_frame()) << i;
  }
  EXPECT_EQ(parser.feed(std::span(stream).last(1)), 1U);
  EXPECT_FALSE(parser.in_frame());
  parser.next();
  EXPECT_FALSE(parser.in_frame());
}

}  // namespace
}  // namespace kern::sysproxy
