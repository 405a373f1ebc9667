#include "kern/sysproxy/server.hpp"

#include "kern/abi/errno.hpp"

namespace kern::sysproxy {

int Server::start(Kernel& kernel, const ServerLimits& limits, Server*& server) {
  if (limits.max_clients == 0 || limits.max_workers == 0) {
    return EINVAL;
  }
  auto* made = kernel.kmem().create<Server>(kernel, limits);
  if (made == nullptr) {
    return ENOMEM;
  }
  made->fiber_ = kernel.machine().spawn("spserver", main_fiber, made);
  if (made->fiber_ == nullptr) {
    kernel.kmem().destroy(made);
    return ENOMEM;
  }
  kernel.machine().set_input_handler(made);
  server = made;
  return 0;
}

Server::Server(Kernel& kernel, const ServerLimits& limits)
    : kernel_(kernel),
      limits_(limits),
      workers_(kernel, limits.max_workers, limits.idle_workers),
      preforks_(kernel, limits.prefork_grace_ns, prefork_expired, this) {}

// --- ports

void Server::on_open(sim::PortId port) {
  // As many may wait to be accepted as there can be clients: the backlog that the original gives to listen().
  Session* session =
      sessions_.size() >= 2 * std::size_t{limits_.max_clients} ? nullptr : kernel_.kmem().create<Session>(*this, port);
  if (session == nullptr) {
    kernel_.machine().hang_up(port);
    return;
  }
  sessions_.push_back(*session);
  make_ready(*session);
}

void Server::on_data(sim::PortId port, std::span<const std::byte> bytes) {
  if (Session* session = find(port)) {
    session->receive(bytes);
    make_ready(*session);
  }
}

void Server::on_close(sim::PortId port) {
  if (Session* session = find(port)) {
    session->end_of_stream();
    make_ready(*session);
  }
}

Session* Server::find(sim::PortId port) {
  for (Session& session : sessions_) {
    if (session.port() == port) {
      return &session;
    }
  }
  return nullptr;
}

// --- the main loop

void Server::main_fiber(void* server) {
  static_cast<Server*>(server)->main_loop();
}

// spserver(): one frame of one client, then one of the next who has any.
void Server::main_loop() {
  for (;;) {
    while (Prefork* expired = preforks_.take_expired(limits_.max_clients)) {
      drop(expired);
    }
    if (ready_.empty()) {
      idle_ = true;
      kernel_.machine().block("spserver");
      idle_ = false;
      continue;
    }
    Session& session = ready_.front();
    ready_.pop_front();
    session.is_ready = false;
    serve(session);
    kernel_.machine().preempt();
  }
}

void Server::serve(Session& session) {
  if (!session.is_accepted()) {
    if (clients_ >= limits_.max_clients) {
      kernel_.machine().hang_up(session.port());
      remove(session);
      return;
    }
    ++clients_;
    session.accept(next_number_++);
  }
  if (session.step()) {
    make_ready(session);
  }
  if (session.is_finished()) {
    session.end_process();
    preforks_.orphan(session.number());
    kernel_.machine().hang_up(session.port());
    kernel_.machine().emit(event(KernelEvent::client_gone), session.number());
    --clients_;
    remove(session);
  }
}

void Server::remove(Session& session) {
  if (session.is_ready) {
    ready_.erase(ready_.iterator_to(session));
  }
  sessions_.erase(sessions_.iterator_to(session));
  kernel_.kmem().destroy(&session);
}

void Server::make_ready(Session& session) {
  if (!session.is_ready) {
    session.is_ready = true;
    ready_.push_back(session);
  }
  wake();
}

void Server::wake() {
  if (idle_) {
    idle_ = false;
    kernel_.machine().wake(*fiber_);
  }
}

void Server::prefork_expired(void* server) {
  auto& self = *static_cast<Server*>(server);
  self.wake();
}

// --- processes

// What the original does in three steps (schedule, lwproc_switch, unschedule) and an lwp made for the moment; this way
// it cannot fail, and a client's process can be ended when there is no memory.
void Server::enter_as(Lwp& lwp) {
  SIM_ASSERT(kernel_.curlwp() == nullptr);
  kernel_.processes().switch_to(&lwp);
  const bool entered = kernel_.scheduler().schedule();
  SIM_ASSERT(entered);
}

void Server::leave() {
  kernel_.processes().switch_to(nullptr);
  kernel_.scheduler().unschedule();
}

void Server::drop(Prefork* prefork) {
  enter_as(*prefork->lwp);
  kernel_.processes().release();
  kernel_.scheduler().unschedule();
  kernel_.kmem().destroy(prefork);
}

}  // namespace kern::sysproxy
