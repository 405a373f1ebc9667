// Makes frames of a stream of bytes, however it is cut into pieces.
//
// A length from the wire is checked before anything is done with it, and memory grows with the bytes that arrived, not
// with those that were announced (sp_common.c 1.38 allocates what the header says, up to 2^64 - 24 bytes).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "kern/core/memory.hpp"
#include "kern/sysproxy/frame.hpp"

namespace kern::sysproxy {

/// Owns the bytes of one body, and gives them back to the Memory they came from. That must outlive it.
class FrameBody {
 public:
  /// No bytes, no memory.
  FrameBody() noexcept = default;
  FrameBody(FrameBody&& other) noexcept;
  FrameBody& operator=(FrameBody&& other) noexcept;
  FrameBody(const FrameBody&) = delete;
  FrameBody& operator=(const FrameBody&) = delete;
  ~FrameBody() { reset(); }

  [[nodiscard]] std::span<const std::byte> bytes() const noexcept { return {data_, size_}; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  /// Bytes taken from the Memory, at least size().
  [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }

  /// Gives the memory back.
  void reset() noexcept;

 private:
  friend class FrameParser;

  /// Makes room for `capacity` bytes in all. False when there is no memory; then nothing has changed.
  [[nodiscard]] bool reserve(Memory& memory, std::size_t capacity) noexcept;
  /// Room must have been made.
  void append(std::span<const std::byte> bytes) noexcept;

  Memory* memory_ = nullptr;
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

/// One direction of one connection. Use:
///
///   while (!input.empty()) {
///     input = input.subspan(parser.feed(input));
///     switch (parser.status()) { ... frame: handle parser.header(), parser.body(); parser.next(); ... }
///   }
///
/// The frames that come out depend on the bytes alone, not on how they were cut. Not for the banner: strip it first.
class FrameParser {
 public:
  enum class Status : std::uint8_t {
    /// All bytes so far are taken; the frame goes on.
    need_more,
    /// A frame is complete: header(), body(), take_body(), then next().
    frame,
    /// header().length is below 24 or above the limit. Where the next frame begins cannot be known: drop the
    /// connection.
    /// The parser takes no more bytes.
    bad_length,
    /// No memory for the body. Nothing is lost: drop the connection, or feed the bytes that were not taken again when
    /// there
    /// may be memory.
    no_memory,
  };

  /// `memory` holds bodies and must outlive the parser and each body taken from it. `max_frame` is the longest frame
  /// accepted, in bytes, header included; a frame without body (24) is always accepted.
  FrameParser(Memory& memory, std::uint64_t max_frame) noexcept;
  FrameParser(const FrameParser&) = delete;
  FrameParser& operator=(const FrameParser&) = delete;

  /// Takes bytes up to the end of one frame and returns how many it took. Takes none once a frame is complete (call
  /// next()) or the stream has failed.
  [[nodiscard]] std::size_t feed(std::span<const std::byte> input) noexcept;

  [[nodiscard]] Status status() const noexcept { return status_; }

  /// Valid with `frame`, `bad_length` and `no_memory`.
  [[nodiscard]] const FrameHeader& header() const noexcept { return header_; }

  /// Valid with `frame`, until next() or take_body().
  [[nodiscard]] std::span<const std::byte> body() const noexcept { return body_.bytes(); }

  /// The body, now the caller's, for a request that outlives its place in the stream. Valid with `frame`; body() is
  /// empty afterwards.
  [[nodiscard]] FrameBody take_body() noexcept;

  /// Forgets the complete frame and begins the next. Does nothing with any other status.
  void next() noexcept;

  /// True while a frame has begun and is not complete: a stream that ends here was cut off.
  [[nodiscard]] bool in_frame() const noexcept { return status_ != Status::frame && header_received_ != 0; }

 private:
  [[nodiscard]] std::size_t feed_header(std::span<const std::byte> input) noexcept;
  [[nodiscard]] std::size_t feed_body(std::span<const std::byte> input) noexcept;

  Memory& memory_;
  std::uint64_t max_frame_;
  Status status_ = Status::need_more;
  std::size_t header_received_ = 0;
  std::array<std::byte, kHeaderSize> header_bytes_ = {};
  FrameHeader header_;
  FrameBody body_;
};

}  // namespace kern::sysproxy
