#include "replay/serve.hpp"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "sim/assert.hpp"

namespace replay {
namespace {

using sim::host::ConnectionId;
using sim::host::SocketEvent;
using std::chrono::milliseconds;

// Steps between two looks at the sockets: short enough that a busy machine keeps no client waiting for long.
constexpr sim::Step kSlice = 10'000;
// After hanging up on all clients the machine gets this many steps to come to rest.
constexpr sim::Step kDrainSteps = 1'000'000;
// Answers that are under way when the server stops get this long, in rounds.
constexpr int kDrainRounds = 20;
constexpr milliseconds kDrainWait{50};
// What was recorded goes to disk when no client has sent anything for so long.
constexpr milliseconds kFlushDelay{200};
constexpr milliseconds kForever{-1};

/// The loop between sockets and machine.
class ServeLoop final : public sim::OutputSink {
 public:
  explicit ServeLoop(const ServeParts& parts) : parts_(parts), machine_(*parts.world.machine) {}

  std::expected<ServeResult, std::string> run() {
    sim::StopReason reason = run_slice(kSlice);
    while (!is_over() && !parts_.termination.requested()) {
      if (auto met = meet_clients(reason == sim::StopReason::quiescent); !met) {
        return std::unexpected(met.error());
      }
      reason = run_slice(kSlice);
    }
    if (auto drained = drain(reason); !drained) {
      return std::unexpected(drained.error());
    }
    return ServeResult{.run = judge(parts_.world, parts_.workload, reason), .connections = connections_};
  }

  // sim::OutputSink. The machine runs while these are called: what is to be done is only noted.
  void on_output(sim::PortId port, std::span<const std::byte> bytes) override {
    outputs_.push_back({port, {bytes.begin(), bytes.end()}});
  }
  void on_hang_up(sim::PortId port) override { hang_ups_.push_back(port); }

 private:
  struct Output {
    sim::PortId port;
    std::vector<std::byte> bytes;
  };

  [[nodiscard]] bool is_over() const {
    return machine_.outcome() != sim::Outcome::running || machine_.step() >= parts_.until_step;
  }

  sim::StopReason run_slice(sim::Step steps) {
    const sim::Step now = machine_.step();
    const sim::Step room = parts_.until_step - std::min(parts_.until_step, now);
    const sim::StopReason reason = machine_.run({.until_step = now + std::min(steps, room)});
    send_outputs();
    return reason;
  }

  void send_outputs() {
    for (const Output& output : std::exchange(outputs_, {})) {
      if (const auto found = connections_of_.find(output.port); found != connections_of_.end()) {
        parts_.sockets.send(found->second, output.bytes);
      }
    }
    for (const sim::PortId port : std::exchange(hang_ups_, {})) {
      if (const auto found = connections_of_.find(port); found != connections_of_.end()) {
        const ConnectionId connection = found->second;
        close_port(port, connection);
        parts_.sockets.close(connection);
      }
    }
  }

  // Waits for clients, unless the machine still has something to do, and delivers what came.
  std::expected<void, std::string> meet_clients(bool is_quiescent) {
    const milliseconds timeout = !is_quiescent ? milliseconds(0) : is_flushed_ ? kForever : kFlushDelay;
    const auto events = parts_.sockets.poll(timeout, parts_.termination.descriptor());
    if (!events) {
      return std::unexpected(events.error());
    }
    for (const SocketEvent& event : *events) {
      deliver(event);
    }
    if (events->empty() && is_quiescent && !is_flushed_ && parts_.recorder != nullptr) {
      is_flushed_ = true;
      return parts_.recorder->flush();
    }
    return {};
  }

  void deliver(const SocketEvent& event) {
    switch (event.kind) {
      case SocketEvent::Kind::connected:
        ++connections_;
        open_port(event.connection);
        return;
      case SocketEvent::Kind::bytes:
        if (const auto found = ports_.find(event.connection); found != ports_.end()) {
          record(found->second, InputKind::data, event.bytes);
          machine_.deliver(found->second, event.bytes);
        }
        return;
      case SocketEvent::Kind::closed:
        if (const auto found = ports_.find(event.connection); found != ports_.end()) {
          close_port(found->second, event.connection);
        }
        return;
    }
  }

  void open_port(ConnectionId connection) {
    // Ports are numbered in order of their opening, and nobody else opens any: the number is known before.
    record(sim::PortId{next_port_}, InputKind::open, {});
    const sim::PortId port = machine_.open_port(*this);
    if (port.is_none()) {
      parts_.sockets.close(connection);  // the machine's memory is used up
      return;
    }
    SIM_ASSERT(port.value == next_port_);
    ++next_port_;
    ports_[connection] = port;
    connections_of_[port] = connection;
  }

  void close_port(sim::PortId port, ConnectionId connection) {
    record(port, InputKind::close, {});
    ports_.erase(connection);
    connections_of_.erase(port);
    machine_.close_port(port);
  }

  void record(sim::PortId port, InputKind kind, std::span<const std::byte> bytes) {
    is_flushed_ = false;
    if (parts_.recorder != nullptr) {
      parts_.recorder->input(port, kind, bytes);
    }
  }

  std::expected<void, std::string> drain(sim::StopReason& reason) {
    parts_.sockets.stop_listening();
    for (const auto& [connection, port] : std::map(ports_)) {
      if (!is_over()) {
        close_port(port, connection);
      }
      parts_.sockets.close(connection);
    }
    if (!is_over()) {
      reason = run_slice(kDrainSteps);
    }
    for (int round = 0; round < kDrainRounds && parts_.sockets.has_output(); ++round) {
      if (auto events = parts_.sockets.poll(kDrainWait); !events) {
        return std::unexpected(events.error());
      }
    }
    return {};
  }

  const ServeParts& parts_;
  sim::Machine& machine_;
  std::map<ConnectionId, sim::PortId> ports_;
  std::map<sim::PortId, ConnectionId> connections_of_;
  std::uint32_t next_port_ = 0;
  std::uint64_t connections_ = 0;
  std::vector<Output> outputs_;
  std::vector<sim::PortId> hang_ups_;
  bool is_flushed_ = true;  ///< All that was recorded is on disk.
};

}  // namespace

std::expected<ServeResult, std::string> serve(const ServeParts& parts) {
  return ServeLoop(parts).run();
}

}  // namespace replay
