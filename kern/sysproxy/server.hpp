// The sysproxy server: remote clients connect over ports, become processes of this kernel and have it carry out their
// system calls (rumpuser_sp.c 1.36, with what protocol 0.4 added). Sans-I/O: a port's bytes come in from the machine,
// frames go out to it. The states of a client stand in session.hpp, the limits in limits.hpp, all refusals in
// docs/wire-protocol.md.
#pragma once

#include <cstdint>

#include <boost/intrusive/list.hpp>

#include "kern/kernel.hpp"
#include "kern/sysproxy/limits.hpp"
#include "kern/sysproxy/prefork.hpp"
#include "kern/sysproxy/session.hpp"
#include "kern/sysproxy/worker.hpp"

namespace kern::sysproxy {

class Server final : public sim::InputHandler {
 public:
  /// Makes the server of a booted kernel and its main loop, "spserver"; ports opened from here on are its connections.
  /// It lives as long as the machine. Called from outside of the machine or inside. EINVAL (a limit that leaves no
  /// client or worker), ENOMEM.
  [[nodiscard]] static int start(Kernel& kernel, const ServerLimits& limits, Server*& server);

  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // sim::InputHandler: what comes is kept for the main loop.
  void on_open(sim::PortId port) override;
  void on_data(sim::PortId port, std::span<const std::byte> bytes) override;
  void on_close(sim::PortId port) override;

  [[nodiscard]] Kernel& kernel() { return kernel_; }
  [[nodiscard]] const ServerLimits& limits() const { return limits_; }
  [[nodiscard]] WorkerPool& workers() { return workers_; }
  [[nodiscard]] Preforks& preforks() { return preforks_; }
  /// Clients that were accepted and are not gone.
  [[nodiscard]] std::uint32_t clients() const { return clients_; }

  /// The session has something to do: the main loop will come to it.
  void make_ready(Session& session);

  /// The current fiber, which has no lwp, enters the kernel as `lwp`, which nobody carries. Takes no memory.
  void enter_as(Lwp& lwp);
  /// Leaves the kernel, and the lwp behind.
  void leave();
  /// Ends the process of a prepared fork, and the fork.
  void drop(Prefork* prefork);

 private:
  friend class sim::Arena;
  Server(Kernel& kernel, const ServerLimits& limits);

  static void main_fiber(void* server);
  static void prefork_expired(void* server);
  void main_loop();
  void serve(Session& session);
  void remove(Session& session);
  void wake();
  [[nodiscard]] Session* find(sim::PortId port);

  Kernel& kernel_;
  ServerLimits limits_;
  sim::Fiber* fiber_ = nullptr;
  bool idle_ = false;  ///< The main loop waits for something to do.
  std::uint32_t clients_ = 0;
  std::uint32_t next_number_ = 1;
  WorkerPool workers_;
  Preforks preforks_;
  /// In order of their connection.
  boost::intrusive::list<Session, boost::intrusive::member_hook<Session, Hook, &Session::hook>> sessions_;
  boost::intrusive::list<Session, boost::intrusive::member_hook<Session, Hook, &Session::ready_hook>> ready_;
};

}  // namespace kern::sysproxy
