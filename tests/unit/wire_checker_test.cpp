// The laws of the protocol that WireChecker knows, each broken once by hand.
#include "replay/wire_checker.hpp"

#include <string_view>
#include <utility>

#include <gtest/gtest.h>

#include "kern/core/events.hpp"
#include "kern/sysproxy/frame.hpp"
#include "kern/sysproxy/session.hpp"

namespace replay {
namespace {

using kern::KernelEvent;
using kern::sysproxy::FrameClass;
using kern::sysproxy::FrameHeader;
using kern::sysproxy::FrameType;

/// Tells the checker the events of one client.
class WireCheckerTest : public testing::Test {
 protected:
  static constexpr std::uint64_t kClient = 7;
  static constexpr std::uint64_t kPort = 3;

  void tell(sim::EventKind kind, std::uint64_t a, std::uint64_t b, std::span<const std::byte> data = {}) {
    checker_.on_event({.kind = kind, .step = ++step_, .a = a, .b = b, .data = data});
  }
  void connect(std::string_view banner = kern::sysproxy::banner()) {
    tell(kern::event(KernelEvent::client_new), kClient, kPort);
    tell(sim::EventKind::output_data, kPort, banner.size(), std::as_bytes(std::span(banner)));
  }
  void run() {
    tell(kern::event(KernelEvent::client_state), kClient, std::to_underlying(kern::sysproxy::SessionState::RUNNING));
  }
  void frame(KernelEvent direction, FrameHeader header) {
    tell(kern::event(direction), kClient, header.request_number, encode(header));
  }
  void request(std::uint64_t number) {
    frame(KernelEvent::frame_in, {.request_number = number, .type = FrameType::SYSCALL});
  }
  void answer(std::uint64_t number, FrameClass frame_class = FrameClass::RESP) {
    frame(KernelEvent::frame_out, {.request_number = number, .frame_class = frame_class, .type = FrameType::SYSCALL});
  }
  [[nodiscard]] bool says(std::string_view what) const { return checker_.violation().ends_with(what); }

  WireChecker checker_;
  sim::Step step_ = 0;
};

TEST_F(WireCheckerTest, HasNothingAgainstAGoodServer) {
  connect();
  request(1);
  answer(1, FrameClass::ERROR);
  run();
  request(2);
  request(2);
  frame(KernelEvent::frame_out, {.request_number = 0, .type = FrameType::COPYIN});
  frame(KernelEvent::frame_in, {.request_number = 0, .frame_class = FrameClass::RESP, .type = FrameType::COPYIN});
  answer(2);
  answer(2);
  answer(9, FrameClass::ERROR);  // what was no whole frame
  tell(sim::EventKind::output_close, kPort, 0);
  tell(kern::event(KernelEvent::client_gone), kClient, 0);
  EXPECT_EQ(checker_.violation(), "");
}

TEST_F(WireCheckerTest, SeesAWrongBanner) {
  connect("RUMPSP-9.9\n");
  EXPECT_TRUE(says("the banner is not what comes first")) << checker_.violation();
}

TEST_F(WireCheckerTest, SeesAnAnswerThatNobodyAskedFor) {
  connect();
  run();
  request(1);
  answer(2);
  EXPECT_TRUE(says("an answer to no request, or a second one")) << checker_.violation();
}

TEST_F(WireCheckerTest, SeesASecondAnswer) {
  connect();
  run();
  request(1);
  answer(1);
  EXPECT_EQ(checker_.violation(), "");
  answer(1);
  EXPECT_EQ(checker_.violation(),
            "the server broke the protocol with client 7 at step 6: an answer to no request, or a second one");
}

TEST_F(WireCheckerTest, TakesAnAnswerOfAClientForNoRequest) {
  connect();
  run();
  frame(KernelEvent::frame_in, {.request_number = 4, .frame_class = FrameClass::RESP, .type = FrameType::COPYIN});
  answer(4);
  EXPECT_TRUE(says("an answer to no request, or a second one")) << checker_.violation();
}

TEST_F(WireCheckerTest, SeesAnswersBeforeTheHandshake) {
  connect();
  request(1);
  answer(1);
  EXPECT_TRUE(says("something else than a refusal before the handshake")) << checker_.violation();
}

TEST_F(WireCheckerTest, SeesFramesAfterTheEnd) {
  connect();
  run();
  request(1);
  tell(sim::EventKind::output_close, kPort, 0);
  answer(1);
  EXPECT_TRUE(says("a frame after the end")) << checker_.violation();
}

TEST_F(WireCheckerTest, SeesFramesAfterARefusalOfTheStream) {
  connect();
  run();
  request(1);
  answer(5, FrameClass::ERROR);
  answer(1);
  EXPECT_TRUE(says("a frame after the end")) << checker_.violation();
}

TEST_F(WireCheckerTest, SeesALengthThatLies) {
  connect();
  run();
  frame(KernelEvent::frame_out, {.length = 25, .type = FrameType::RAISE});
  EXPECT_TRUE(says("a frame of another length than its header says")) << checker_.violation();
}

TEST_F(WireCheckerTest, ForgetsWhenReset) {
  connect("x");
  checker_.reset();
  EXPECT_EQ(checker_.violation(), "");
  answer(1);
  EXPECT_EQ(checker_.violation(), "");
}

}  // namespace
}  // namespace replay
