// One client of the server, from its connection to the end of its process.
//
//   NEW ----- GUEST, FORK handshake -----> RUNNING --- stream ends, or refused ---> DYING ---> gone
//    |                                      |   ^                                   ^
//    |                                 EXEC v   | no call is left                   |
//    |                                     in exec ---------------------------------+
//    +--- anything else: refused ---------------------------------------------------+
//
// Two kinds of fiber work on a session: the server's main loop, which alone reads frames, changes the state and uses
// the main lwp, and workers, each of which carries out one call. A worker counts as a call from the moment its request
// is accepted until it is answered; a session goes when it is DYING and has no calls. Fibers switch only where one
// blocks or passes a preemption point, so what a function changes between two such places, no other fiber sees half
// done.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include <boost/intrusive/list.hpp>

#include "kern/core/lwp.hpp"
#include "kern/syscall/dispatch.hpp"
#include "kern/sysproxy/byte_queue.hpp"
#include "kern/sysproxy/frame.hpp"
#include "kern/sysproxy/frame_parser.hpp"
#include "kern/sysproxy/remote_memory.hpp"

namespace kern::sysproxy {

class Server;  // NOLINT(cppcoreguidelines-virtual-class-destructor): it is final

/// SPCSTATE_*, in rumpuser_sp.c's numbers.
enum class SessionState : std::uint8_t { NEW = 0, RUNNING = 1, DYING = 2 };

/// A request of ours that a worker waits to be answered (struct respwait). Lives on the worker's stack.
struct ResponseWait {
  std::uint64_t request_number = 0;
  FrameType answer_type = FrameType::COPYIN;  ///< What the answer must be.
  bool done = false;                          ///< Answered, or failed.
  bool failed = false;                        ///< Refused, of a wrong type, or the client has gone.
  FrameBody body = {};
  sim::Fiber* fiber = nullptr;
  Hook hook = {};
};

class Session final : public RemoteClient {
 public:
  /// A connection that is not accepted yet.
  Session(Server& server, sim::PortId port);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session();

  // --- from the port; never blocks

  /// Keeps bytes for the main loop.
  void receive(std::span<const std::byte> bytes);
  /// The outside has ended the stream; what came before is handled first.
  void end_of_stream() { ended_ = true; }

  // --- on the main loop

  /// Sends the banner. The session has a number from here on.
  void accept(std::uint32_t number);
  /// Does the next thing there is to do: one frame, the end of an exec, the end of the stream. May block. False: there
  /// is nothing to do now.
  [[nodiscard]] bool step();
  /// Whether it is over, and no call uses it any more.
  [[nodiscard]] bool is_finished() const { return state_ == SessionState::DYING && calls_ == 0; }
  /// Ends its process. Only when finished; only the destructor may follow.
  void end_process();

  // --- on a worker

  /// The lwp's request to the client and the wait for its answer: copyin_req() and anonmmap_req(). The current lwp
  /// gives its CPU up meanwhile. False: refused, answered wrongly, or the client has gone; `wait.body` is empty then.
  [[nodiscard]] bool ask(FrameType type, std::span<const std::byte> body, ResponseWait& wait);
  /// A request that is not answered, of two parts. False: no memory.
  [[nodiscard]] bool tell(FrameType type, std::span<const std::byte> body, std::span<const std::byte> data);
  /// The answer to a system call; the call is over.
  void finish_call(std::uint64_t request_number, int error, const SyscallResult& result);

  /// Sends a RAISE. Its request number is 0 and counts nothing, for nobody answers it (rumpuser_sp.c 1.70 sends what
  /// its stack holds there).
  void raise(int signal) override;

  [[nodiscard]] Server& server() { return server_; }
  [[nodiscard]] std::uint32_t number() const { return number_; }
  [[nodiscard]] sim::PortId port() const { return port_; }
  [[nodiscard]] SessionState state() const { return state_; }
  [[nodiscard]] bool is_accepted() const { return accepted_; }
  [[nodiscard]] Pid pid() const { return pid_; }
  /// Calls that were accepted and are not answered.
  [[nodiscard]] std::uint32_t calls() const { return calls_; }

  Hook hook;              ///< In the server's list of sessions.
  Hook ready_hook;        ///< In its queue of those with something to do,
  bool is_ready = false;  ///< if so.

 private:
  void set_state(SessionState state);
  void handle_frame();
  void handle_answer(const FrameHeader& header);
  void handle_request(const FrameHeader& header);
  void handle_first_handshake(const FrameHeader& header);
  void handle_guest(const FrameHeader& header);
  void handle_fork(const FrameHeader& header);
  void handle_prefork(const FrameHeader& header);
  void handle_exec(const FrameHeader& header);
  void handle_system_call(const FrameHeader& header);
  void finish_exec();
  void begin_running(Lwp& main_lwp);

  /// An ERROR frame, after which the connection goes on.
  void send_error(std::uint64_t request_number, ProtocolError error);
  /// An ERROR frame, and the end of the connection.
  void refuse(std::uint64_t request_number, ProtocolError error);
  /// Ends the stream from our side: nothing goes out any more.
  void hang_up();
  /// The connection is over: waits fail, the process's lwps are asked to leave.
  void disconnect();
  [[nodiscard]] bool send(const FrameHeader& header, std::span<const std::byte> body,
                          std::span<const std::byte> data = {});
  void report_frame_in(const FrameHeader& header, std::span<const std::byte> body);

  using WaitList =
      boost::intrusive::list<ResponseWait, boost::intrusive::member_hook<ResponseWait, Hook, &ResponseWait::hook>>;

  Server& server_;
  std::uint32_t number_ = 0;
  sim::PortId port_;
  SessionState state_ = SessionState::NEW;
  bool accepted_ = false;
  bool ended_ = false;    ///< The outside has ended the stream.
  bool flooded_ = false;  ///< More came than may wait or than there is memory for: the stream has a hole.
  bool hung_up_ = false;  ///< We have ended the stream.
  bool in_exec_ = false;
  std::uint32_t calls_ = 0;
  std::uint64_t next_request_ = 0;  ///< Number of our own next request.
  ByteQueue input_;
  FrameParser parser_;
  WaitList waits_;
  RemoteMemory memory_;
  Lwp* main_lwp_ = nullptr;  ///< Keeps the process; carried by the main loop, when anybody does.
  Pid pid_ = Pid::none();
  std::uint64_t exec_request_ = 0;
  std::array<char, 17> exec_comm_{};
};

}  // namespace kern::sysproxy
