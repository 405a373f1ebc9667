// A raw byte stream at work: a client that follows its steps whatever the server says, and may be as wrong as they are.
#pragma once

#include <array>
#include <cstdint>

#include "kern/sysproxy/frame_parser.hpp"
#include "replay/scenario.hpp"
#include "replay/world.hpp"

namespace replay {

/// Driven by one fiber, whose stack it may live on.
class RawStream final : public sim::OutputSink {
 public:
  explicit RawStream(kern::Kernel& kernel);
  ~RawStream() { shut(); }
  RawStream(const RawStream&) = delete;
  RawStream& operator=(const RawStream&) = delete;

  /// Does one step on the current fiber; may block. What does not apply does nothing.
  void perform(const RawStep& step);
  /// Ends the connection, if there is one.
  void shut();
  /// What the server did that no server may, a literal; null: nothing.
  [[nodiscard]] const char* violation() const { return violation_; }

  void on_output(sim::PortId port, std::span<const std::byte> bytes) override;
  void on_hang_up(sim::PortId port) override;

 private:
  /// A copy request of the server that is not answered.
  struct Asked {
    std::uint64_t request_number;
    std::uint64_t length;
  };
  // More than this many unanswered copy requests are forgotten, the newest first: a server has at most as many workers.
  static constexpr std::size_t kMaximumAsked = 128;

  void connect();
  void send_frame(const kern::sysproxy::FrameHeader& header, std::span<const std::byte> body);
  void answer(std::span<const std::byte> bytes);
  void answer_zeros(std::uint64_t size);
  void await_frame();
  void frame_came();

  kern::Kernel& kernel_;
  sim::PortId port_ = sim::PortId::none();
  bool hung_up_ = false;
  std::size_t banner_left_ = 0;
  kern::sysproxy::FrameParser parser_;
  std::uint64_t frames_ = 0;
  std::uint64_t awaited_ = 0;
  sim::Fiber* waiting_ = nullptr;
  std::size_t asked_count_ = 0;
  std::array<Asked, kMaximumAsked> asked_{};
  const char* violation_ = nullptr;
};

}  // namespace replay
