// A correct client of a sysproxy server, inside the machine: an actor fiber calls it as a program calls librumpclient,
// and while it waits for an answer, it answers the server's requests from its own memory. It also watches the server:
// whatever a correct server never sends is a violation, and the first one is kept.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "kern/core/user_memory.hpp"
#include "kern/sysproxy/byte_queue.hpp"
#include "kern/sysproxy/frame.hpp"
#include "kern/sysproxy/frame_parser.hpp"
#include "sim/machine.hpp"

namespace kern::sysproxy {

class SimulatedClient final : public sim::OutputSink {
 public:
  /// What became of a request.
  enum class Outcome : std::uint8_t {
    answered,  ///< A RESP.
    refused,   ///< An ERROR; `refusal` says which.
    hung_up,   ///< The server ended the connection first, or there is none.
    violated,  ///< The server broke the protocol; see violation().
  };
  struct Answer {
    Outcome outcome = Outcome::hung_up;
    ProtocolError refusal = ProtocolError::NONE;
    int error = 0;  ///< Of a system call: NetBSD's errno.
    std::array<std::int64_t, 2> value{};
    PreforkCookie cookie{};  ///< Of a prefork.
  };

  /// `memory` and `pages` outlive it; `pages` is what the server may copy from and to.
  SimulatedClient(sim::Machine& machine, Memory& memory, SimulatedMemory& pages);
  SimulatedClient(const SimulatedClient&) = delete;
  SimulatedClient& operator=(const SimulatedClient&) = delete;
  ~SimulatedClient() { disconnect(); }

  // Each of these is called by the actor's fiber, which blocks in it until the answer is there.

  /// Opens a connection and waits for the banner. False: the server would not have it.
  [[nodiscard]] bool connect();
  Answer handshake_guest(std::string_view name);
  Answer handshake_fork(const PreforkCookie& cookie);
  /// Asks the server to forget a prefork. The server hangs up without an answer.
  void cancel_fork(const PreforkCookie& cookie);
  /// The program `name` takes the process over. As rumpclient does, requests are numbered from 0 again.
  Answer handshake_exec(std::string_view name);
  Answer prefork();
  Answer syscall(std::uint32_t number, std::span<const std::uint64_t> arguments);
  /// Ends the connection.
  void disconnect();

  /// Sends a request without waiting for its answer, for who wants to leave at a bad moment. Gives its number.
  std::uint64_t send_request(FrameType type, std::uint32_t field, std::span<const std::byte> body);

  [[nodiscard]] bool is_connected() const { return !port_.is_none() && !hung_up_; }
  [[nodiscard]] sim::PortId port() const { return port_; }
  /// What the server did wrong, as text; empty while it did nothing wrong.
  [[nodiscard]] std::string_view violation() const { return violation_; }
  /// RAISE requests so far, and the signal of the last one.
  [[nodiscard]] std::uint32_t signals() const { return signals_; }
  [[nodiscard]] std::uint32_t last_signal() const { return last_signal_; }
  /// COPYIN, COPYINSTR and COPYOUT requests so far.
  [[nodiscard]] std::uint32_t copies() const { return copies_; }

  // sim::OutputSink
  void on_output(sim::PortId port, std::span<const std::byte> bytes) override;
  void on_hang_up(sim::PortId port) override;

 private:
  void violate(const char* what);
  void wait();
  [[nodiscard]] Answer request(FrameType type, std::uint32_t field, std::span<const std::byte> body);
  /// Handles what came until the answer to `number`, or the end.
  [[nodiscard]] Answer await(std::uint64_t number, FrameType type);
  [[nodiscard]] Answer read_answer(FrameType type);
  void serve_request();
  void serve_copy_in(const FrameHeader& header);
  void send(const FrameHeader& header, std::span<const std::byte> body);

  sim::Machine& machine_;
  Memory& memory_;
  SimulatedMemory& pages_;
  sim::Fiber* fiber_ = nullptr;  ///< Blocked in wait().
  sim::PortId port_ = sim::PortId::none();
  bool hung_up_ = false;
  bool greeted_ = false;  ///< The banner is complete.
  ByteQueue input_;
  FrameParser parser_;
  std::uint64_t next_request_ = 1;
  std::uint64_t next_copy_ = 0;  ///< The server numbers its requests from 0, RAISE apart.
  const char* violation_ = "";
  std::uint32_t signals_ = 0;
  std::uint32_t last_signal_ = 0;
  std::uint32_t copies_ = 0;
};

}  // namespace kern::sysproxy
