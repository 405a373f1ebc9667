// A booted kernel with a sysproxy server, and clients of it that stand outside of the machine and send what they like.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "kern/abi/errno.hpp"
#include "kern/abi/syscall_numbers.hpp"
#include "kern/kernel.hpp"
#include "kern/sysproxy/client.hpp"
#include "kern/sysproxy/frame_text.hpp"
#include "kern/sysproxy/server.hpp"
#include "tests/support/heap_memory.hpp"

namespace kern::sysproxy {

using Bytes = std::vector<std::byte>;

/// A frame with a body of its own.
struct Frame {
  FrameHeader header;
  Bytes body;

  [[nodiscard]] std::string text() const { return describe(header, body); }
};

inline Bytes bytes_of(std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

template <std::size_t N>
Bytes bytes_of(const std::array<std::byte, N>& bytes) {
  return {bytes.begin(), bytes.end()};
}

inline Bytes registers(std::initializer_list<std::uint64_t> values) {
  const auto bytes = std::as_bytes(std::span(values.begin(), values.size()));
  return {bytes.begin(), bytes.end()};
}

/// The bytes of a frame; the header's length is made right unless it is not the default.
inline Bytes make_frame(FrameHeader header, const Bytes& body = {}) {
  if (header.length == kHeaderSize) {
    header.length += body.size();
  }
  Bytes frame = bytes_of(encode(header));
  frame.insert(frame.end(), body.begin(), body.end());
  return frame;
}

inline Bytes make_handshake(std::uint64_t number, Handshake kind, const Bytes& body) {
  return make_frame({.request_number = number, .field = static_cast<std::uint32_t>(kind)}, body);
}

inline Bytes make_guest(std::string_view name = "test", std::uint64_t number = 1) {
  Bytes body = bytes_of(name);
  body.push_back(std::byte{0});
  return make_handshake(number, Handshake::GUEST, body);
}

inline Bytes make_call(std::uint64_t number, std::uint32_t sysnum, std::initializer_list<std::uint64_t> values = {}) {
  return make_frame({.request_number = number, .type = FrameType::SYSCALL, .field = sysnum}, registers(values));
}

/// Takes whole frames from the front of `bytes`; what remains is part of one.
inline std::vector<Frame> split_frames(std::span<const std::byte> bytes) {
  test::HeapMemory memory;
  std::vector<Frame> frames;
  FrameParser parser(memory, std::uint64_t{1} << 30);
  while (!bytes.empty()) {
    bytes = bytes.subspan(parser.feed(bytes));
    if (parser.status() != FrameParser::Status::frame) {
      break;
    }
    frames.push_back({parser.header(), {parser.body().begin(), parser.body().end()}});
    parser.next();
  }
  return frames;
}

/// What the server sent on one connection.
class Connection final : public sim::OutputSink {
 public:
  explicit Connection(sim::Machine& machine) : machine_(machine) { port_ = machine.open_port(*this); }
  ~Connection() { close(); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void on_output(sim::PortId, std::span<const std::byte> bytes) override {
    EXPECT_FALSE(hung_up_) << "bytes after the end";
    received_.insert(received_.end(), bytes.begin(), bytes.end());
  }
  void on_hang_up(sim::PortId) override { hung_up_ = true; }

  void send(const Bytes& bytes) { machine_.deliver(port_, bytes); }
  void close() {
    if (!port_.is_none()) {
      machine_.close_port(port_);
      port_ = sim::PortId::none();
    }
  }

  [[nodiscard]] bool hung_up() const { return hung_up_; }
  [[nodiscard]] sim::PortId port() const { return port_; }
  [[nodiscard]] const Bytes& received() const { return received_; }
  [[nodiscard]] bool greeted() const {
    return received_.size() >= banner().size() &&
           std::ranges::equal(std::span(received_).first(banner().size()), std::as_bytes(std::span(banner())));
  }
  /// All frames so far, the banner apart.
  [[nodiscard]] std::vector<Frame> frames() const {
    return greeted() ? split_frames(std::span(received_).subspan(banner().size())) : std::vector<Frame>{};
  }
  /// The frames that came since the last call.
  std::vector<Frame> take() {
    std::vector<Frame> all = frames();
    std::vector<Frame> fresh(all.begin() + static_cast<std::ptrdiff_t>(std::min(taken_, all.size())), all.end());
    taken_ = all.size();
    return fresh;
  }
  /// The same as text, one line a frame.
  std::string take_text() {
    std::string text;
    for (const Frame& frame : take()) {
      text += frame.text() + "\n";
    }
    return text;
  }

 private:
  sim::Machine& machine_;
  sim::PortId port_;
  bool hung_up_ = false;
  Bytes received_;
  std::size_t taken_ = 0;
};

/// What must be the same before the first client and after the last.
struct Census {
  std::size_t processes = 0;
  std::size_t lwps = 0;
  std::size_t bytes = 0;
  std::size_t objects = 0;
  bool operator==(const Census&) const = default;
};

inline std::ostream& operator<<(std::ostream& out, const Census& census) {
  return out << census.processes << " processes, " << census.lwps << " lwps, " << census.bytes << " bytes in "
             << census.objects << " objects";
}

class ProxyWorld {
 public:
  struct Options {
    std::uint64_t seed = 0;
    std::uint32_t cpus = 1;
    sim::StrategySpec strategy{};
    ServerLimits limits{};
    std::size_t heap_bytes = std::size_t{64} << 20;
  };

  ProxyWorld() : ProxyWorld(Options{}) {}
  explicit ProxyWorld(const Options& options) {
    sim::MachineConfig config;
    config.seed = options.seed;
    config.cpus = options.cpus;
    config.arena.heap_bytes = options.heap_bytes;
    config.arena.fill = 0xa5;
    auto machine = sim::Machine::create(config);
    EXPECT_TRUE(machine) << machine.error();
    machine_ = std::move(*machine);
    auto kernel = Kernel::boot(*machine_);
    EXPECT_TRUE(kernel) << kernel.error();
    kernel_ = *kernel;
    EXPECT_TRUE(machine_->set_strategy(options.strategy));
    EXPECT_EQ(Server::start(*kernel_, options.limits, server_), 0);
    run();
  }

  [[nodiscard]] sim::Machine& machine() { return *machine_; }
  [[nodiscard]] Kernel& kernel() { return *kernel_; }
  [[nodiscard]] Server& server() { return *server_; }

  /// Until nothing can run at the present time: timers that wait for a later one do not fire.
  void run() {
    machine_->run({.advance_time = false});
    EXPECT_NE(machine_->outcome(), sim::Outcome::panicked) << machine_->outcome_text();
  }
  /// Until nothing will ever run.
  void run_to_end() {
    machine_->run();
    EXPECT_NE(machine_->outcome(), sim::Outcome::panicked) << machine_->outcome_text();
  }

  [[nodiscard]] std::unique_ptr<Connection> open() {
    auto connection = std::make_unique<Connection>(*machine_);
    run();
    return connection;
  }
  /// A connection with its handshake done.
  [[nodiscard]] std::unique_ptr<Connection> guest(std::string_view name = "test") {
    auto connection = open();
    connection->send(make_guest(name));
    run();
    EXPECT_EQ(connection->take_text(), "RESP HANDSHAKE #1 error 0\n");
    return connection;
  }
  /// Sends, runs, and gives what came in answer.
  std::string exchange(Connection& connection, const Bytes& bytes) {
    connection.send(bytes);
    run();
    return connection.take_text();
  }
  /// The same for one system call with an answer at once: its values, or the test fails.
  std::array<std::int64_t, 2> call(Connection& connection, std::uint32_t sysnum,
                                   std::initializer_list<std::uint64_t> values = {}) {
    connection.send(make_call(77, sysnum, values));
    run();
    const std::vector<Frame> frames = connection.take();
    if (frames.size() != 1) {
      ADD_FAILURE() << frames.size() << " answers to one call";
      return {-1, -1};
    }
    const auto answer = parse_system_call_answer(frames[0].body);
    EXPECT_TRUE(answer && answer->error == 0) << frames[0].text();
    return answer ? answer->retval : std::array<std::int64_t, 2>{-1, -1};
  }
  [[nodiscard]] Proc* process(Connection& connection) {
    return kernel_->processes().find(Pid{static_cast<std::uint32_t>(call(connection, SYS_getpid)[0])});
  }

  [[nodiscard]] Census census() {
    Census census{.bytes = kernel_->kmem().live_bytes(), .objects = kernel_->kmem().live_objects()};
    for (const Proc& proc : kernel_->processes().all()) {
      ++census.processes;
      census.lwps += proc.lwps.size();
    }
    return census;
  }

  /// Runs `body` on a fiber of the machine, as an actor.
  void spawn(std::function<void()> body) {
    auto& kept = actors_.emplace_back(std::make_unique<std::function<void()>>(std::move(body)));
    EXPECT_NE(machine_->spawn(
                  "actor", [](void* argument) { (*static_cast<std::function<void()>*>(argument))(); }, kept.get()),
              nullptr);
  }

 private:
  sim::MachineOwner machine_;
  Kernel* kernel_ = nullptr;
  Server* server_ = nullptr;
  std::vector<std::unique_ptr<std::function<void()>>> actors_;
};

}  // namespace kern::sysproxy
