// Ports: byte streams over the machine's border, in every order of open, deliver, transmit, hang up and close.
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "sim/machine.hpp"
#include "tests/support/fibers.hpp"

namespace sim {
namespace {

std::span<const std::byte> bytes(std::string_view text) {
  return std::as_bytes(std::span(text));
}

std::string text(std::span<const std::byte> data) {
  return {reinterpret_cast<const char*>(data.data()), data.size()};
}

// Both sides write into one list, so that their order is seen.
struct Both final : OutputSink, InputHandler {
  void on_output(PortId port, std::span<const std::byte> data) override { add("output", port, text(data)); }
  void on_hang_up(PortId port) override { add("hung up", port); }
  void on_open(PortId port) override { add("open", port); }
  void on_data(PortId port, std::span<const std::byte> data) override { add("data", port, text(data)); }
  void on_close(PortId port) override { add("close", port); }
  void add(const std::string& what, PortId port, const std::string& data = {}) {
    heard.push_back(what + " " + std::to_string(port.value) + (data.empty() ? "" : " " + data));
  }

  std::vector<std::string> heard;
};

using Heard = std::vector<std::string>;

class Ports : public ::testing::Test {
 protected:
  Ports() { machine_.set_input_handler(&both_); }

  MachineOwner owner_ = testing::make_machine();
  Machine& machine_ = *owner_;
  Both both_;
};

TEST_F(Ports, CarryBytesBothWays) {
  const PortId port = machine_.open_port(both_);
  EXPECT_EQ(port, PortId{0});
  machine_.deliver(port, bytes("ping"));
  machine_.transmit(port, bytes("pong"));
  machine_.hang_up(port);
  machine_.close_port(port);
  EXPECT_EQ(both_.heard, (Heard{"open 0", "data 0 ping", "output 0 pong", "hung up 0", "close 0"}));
}

TEST_F(Ports, EachOperationIsOneEventWithItsBytes) {
  testing::Log log;
  machine_.attach(log);
  const PortId port = machine_.open_port(both_);
  machine_.deliver(port, bytes("ab"));
  machine_.transmit(port, bytes("c"));
  machine_.hang_up(port);
  machine_.close_port(port);
  EXPECT_EQ(log.kinds, (std::vector{EventKind::input_open, EventKind::input_data, EventKind::output_data,
                                    EventKind::output_close, EventKind::input_close}));
  EXPECT_EQ(log.lines[1], "step 2 at 200 ns: kind 9 cpu -1 fiber -1 a 0 b 2 c 0 data 61 62");
}

TEST_F(Ports, OpenGivesNoneWhenNobodyListens) {
  machine_.set_input_handler(nullptr);
  EXPECT_TRUE(machine_.open_port(both_).is_none());
  EXPECT_EQ(machine_.step(), 0u);
}

TEST_F(Ports, OpenGivesNoneWhenTheHeapIsUsedUp) {
  while (machine_.arena().allocate(1000) != nullptr || machine_.arena().allocate(16) != nullptr) {
  }
  EXPECT_TRUE(machine_.open_port(both_).is_none());
  EXPECT_TRUE(both_.heard.empty());
}

TEST_F(Ports, NumbersAreNotUsedAgain) {
  const PortId first = machine_.open_port(both_);
  machine_.close_port(first);
  EXPECT_EQ(machine_.open_port(both_), PortId{1});
  machine_.deliver(first, bytes("stale"));
  EXPECT_EQ(both_.heard, (Heard{"open 0", "close 0", "open 1"}));
}

TEST_F(Ports, OnesThatAreNotOpenAreIgnored) {
  machine_.deliver(PortId{7}, bytes("x"));
  machine_.transmit(PortId{7}, bytes("x"));
  machine_.hang_up(PortId{7});
  machine_.close_port(PortId{7});
  machine_.deliver(PortId::none(), bytes("x"));
  EXPECT_TRUE(both_.heard.empty());
  EXPECT_EQ(machine_.step(), 0u);
}

TEST_F(Ports, AfterHangUpTheOutsideMayStillDeliverButHearsNothing) {
  const PortId port = machine_.open_port(both_);
  machine_.hang_up(port);
  machine_.hang_up(port);
  machine_.transmit(port, bytes("dropped"));
  machine_.deliver(port, bytes("late"));
  machine_.close_port(port);
  machine_.close_port(port);
  EXPECT_EQ(both_.heard, (Heard{"open 0", "hung up 0", "data 0 late", "close 0"}));
}

TEST_F(Ports, AfterCloseNothingIsTransmitted) {
  const PortId port = machine_.open_port(both_);
  machine_.close_port(port);
  machine_.transmit(port, bytes("dropped"));
  machine_.hang_up(port);
  EXPECT_EQ(both_.heard, (Heard{"open 0", "close 0"}));
}

TEST_F(Ports, AreIndependentInAnyOrderOfClosing) {
  std::array<PortId, 3> ports;
  for (PortId& port : ports) {
    port = machine_.open_port(both_);
  }
  const std::size_t live = machine_.arena().live_blocks();
  machine_.close_port(ports[1]);
  machine_.deliver(ports[0], bytes("a"));
  machine_.deliver(ports[2], bytes("c"));
  machine_.close_port(ports[2]);
  machine_.transmit(ports[0], bytes("A"));
  machine_.close_port(ports[0]);
  EXPECT_EQ(both_.heard, (Heard{"open 0", "open 1", "open 2", "close 1", "data 0 a", "data 2 c", "close 2",
                                "output 0 A", "close 0"}));
  EXPECT_EQ(machine_.arena().live_blocks(), live - 3);
}

// An empty delivery is an event like any other: the outside said so.
TEST_F(Ports, EmptyDeliveriesAreHeard) {
  const PortId port = machine_.open_port(both_);
  machine_.deliver(port, {});
  EXPECT_EQ(both_.heard, (Heard{"open 0", "data 0"}));
}

TEST_F(Ports, AKernelThatNoLongerListensIsNotCalled) {
  const PortId port = machine_.open_port(both_);
  machine_.set_input_handler(nullptr);
  machine_.deliver(port, bytes("x"));
  machine_.close_port(port);
  EXPECT_EQ(both_.heard, (Heard{"open 0"}));
}

// The digest of an ended machine is the digest of its run, whatever the outside still tries.
TEST_F(Ports, AMachineThatHasEndedHearsNothingAndItsDigestStays) {
  const PortId port = machine_.open_port(both_);
  machine_.end(Outcome::halted, "halt");
  const DigestValue digest = machine_.digest();
  const std::size_t live = machine_.arena().live_blocks();
  machine_.deliver(port, bytes("x"));
  EXPECT_TRUE(machine_.open_port(both_).is_none());
  machine_.close_port(port);
  EXPECT_EQ(both_.heard, (Heard{"open 0"}));
  EXPECT_EQ(machine_.digest(), digest);
  EXPECT_EQ(machine_.arena().live_blocks(), live - 1);  // the port is forgotten all the same
}

TEST_F(Ports, InputReachesAFiberThatWaitsForIt) {
  struct Server final : InputHandler {
    void on_open(PortId port) override { open = port; }
    void on_data(PortId, std::span<const std::byte> data) override {
      received += text(data);
      machine->wake(*fiber);
    }
    void on_close(PortId) override {}
    Machine* machine = nullptr;
    Fiber* fiber = nullptr;
    PortId open;
    std::string received;
  } server;
  server.machine = &machine_;
  auto body = [&] {
    while (server.received.size() < 4) {
      machine_.block("input");
    }
    machine_.transmit(server.open, bytes("got it"));
  };
  server.fiber = testing::spawn(machine_, "server", body);
  machine_.set_input_handler(&server);
  const PortId port = machine_.open_port(both_);
  machine_.run();
  machine_.deliver(port, bytes("12"));
  machine_.run();
  machine_.deliver(port, bytes("34"));
  machine_.run();
  EXPECT_EQ(both_.heard, (Heard{"output 0 got it"}));
}

}  // namespace
}  // namespace sim
