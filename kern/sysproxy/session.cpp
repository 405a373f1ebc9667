#include "kern/sysproxy/session.hpp"

#include <algorithm>
#include <cstring>

#include "kern/abi/errno.hpp"
#include "kern/dev/devices.hpp"
#include "kern/sysproxy/server.hpp"

namespace kern::sysproxy {
namespace {

// Frames up to this size are put together on the stack: all but copies of data.
constexpr std::size_t kSmallFrame = 256;

/// A program's name as a process may have it: MAXCOMLEN bytes, and nothing that a terminal would obey.
std::array<char, 17> make_comm(std::span<const std::byte> body) {
  std::array<char, 17> comm{};
  const std::string_view name = parse_program_name(body).substr(0, comm.size() - 1);
  std::ranges::transform(name, comm.begin(), [](char c) { return c < ' ' || c == '\x7f' ? '?' : c; });
  return comm;
}

}  // namespace

Session::Session(Server& server, sim::PortId port)
    : server_(server),
      port_(port),
      input_(server.kernel().kmem()),
      parser_(server.kernel().kmem(), server.limits().max_frame),
      memory_(*this) {}

Session::~Session() {
  SIM_ASSERT(waits_.empty() && calls_ == 0 && main_lwp_ == nullptr);
}

// --- from the port

void Session::receive(std::span<const std::byte> bytes) {
  if (hung_up_ || ended_ || flooded_ || state_ == SessionState::DYING) {
    return;
  }
  // The stream is of no use from the first byte on that is missing.
  flooded_ = bytes.size() > server_.limits().max_unread - input_.size() || !input_.append(bytes);
}

// --- the main loop

void Session::accept(std::uint32_t number) {
  accepted_ = true;
  number_ = number;
  sim::Machine& machine = server_.kernel().machine();
  machine.emit(event(KernelEvent::client_new), number_, port_.value);
  machine.transmit(port_, std::as_bytes(std::span(banner())));
}

void Session::set_state(SessionState state) {
  state_ = state;
  server_.kernel().machine().emit(event(KernelEvent::client_state), number_, static_cast<std::uint64_t>(state));
}

bool Session::step() {
  if (state_ == SessionState::DYING) {
    return false;
  }
  if (in_exec_ && calls_ == 0) {
    finish_exec();
    return true;
  }
  while (!input_.empty()) {
    input_.consume(parser_.feed(input_.front()));
    switch (parser_.status()) {
      case FrameParser::Status::need_more:
        break;
      case FrameParser::Status::frame:
        handle_frame();
        parser_.next();
        return true;
      case FrameParser::Status::bad_length:
        // One that is too long can at least be told so. One that is too short is no frame: the original says nothing.
        if (parser_.header().length < kHeaderSize) {
          hang_up();
          disconnect();
        } else {
          refuse(parser_.header().request_number, ProtocolError::MALFORMED_REQUEST);
        }
        return false;
      case FrameParser::Status::no_memory:
        refuse(parser_.header().request_number, ProtocolError::NOMEM);
        return false;
    }
  }
  if (flooded_) {
    hang_up();
  }
  if (ended_ || flooded_) {
    disconnect();
  }
  return false;
}

void Session::end_process() {
  if (main_lwp_ == nullptr) {
    return;
  }
  Lwp* lwp = std::exchange(main_lwp_, nullptr);
  Proc& proc = *lwp->proc;
  server_.enter_as(*lwp);
  proc.client = nullptr;
  proc.memory = nullptr;
  server_.kernel().processes().release();
  server_.kernel().scheduler().unschedule();
}

// serv_handledisco().
void Session::disconnect() {
  SIM_ASSERT(state_ != SessionState::DYING);
  set_state(SessionState::DYING);
  input_.clear();
  for (ResponseWait& wait : waits_) {
    wait.failed = true;
    wait.done = true;
    server_.kernel().machine().wake(*wait.fiber);
  }
  waits_.clear();
  if (main_lwp_ != nullptr) {
    server_.enter_as(*main_lwp_);
    server_.kernel().processes().exit_others();
    server_.leave();
  }
}

void Session::handle_frame() {
  const FrameHeader header = parser_.header();
  report_frame_in(header, parser_.body());
  switch (header.frame_class) {
    case FrameClass::RESP:
      handle_answer(header);
      return;
    case FrameClass::REQ:
      handle_request(header);
      return;
    case FrameClass::ERROR:
      // A client that cannot answer. The original took it for a bad request and let the lwp wait.
      if (std::ranges::any_of(waits_,
                              [&](const ResponseWait& wait) { return wait.request_number == header.request_number; })) {
        handle_answer(header);
        return;
      }
      break;
  }
  send_error(header.request_number, ProtocolError::MALFORMED_REQUEST);
}

// kickwaiter(). The first answer decides: a wait that has one is no longer in the list.
void Session::handle_answer(const FrameHeader& header) {
  const auto found = std::ranges::find_if(
      waits_, [&](const ResponseWait& wait) { return wait.request_number == header.request_number; });
  if (found == waits_.end()) {
    return;  // nothing of this number is asked: ignored, as in the original
  }
  ResponseWait& wait = *found;
  waits_.erase(found);
  wait.failed = header.frame_class != FrameClass::RESP || header.type != wait.answer_type;
  if (!wait.failed) {
    wait.body = parser_.take_body();
  }
  wait.done = true;
  server_.kernel().machine().wake(*wait.fiber);
}

// handlereq().
void Session::handle_request(const FrameHeader& header) {
  if (state_ == SessionState::NEW) {
    handle_first_handshake(header);
    return;
  }
  switch (header.type) {
    case FrameType::SYSCALL:
      handle_system_call(header);
      return;
    case FrameType::PREFORK:
      handle_prefork(header);
      return;
    case FrameType::HANDSHAKE:
      if (header.handshake() == Handshake::EXEC) {
        handle_exec(header);
      } else {
        refuse(header.request_number, ProtocolError::MALFORMED_REQUEST);
      }
      return;
    default:
      send_error(header.request_number, ProtocolError::MALFORMED_REQUEST);
  }
}

void Session::handle_first_handshake(const FrameHeader& header) {
  if (header.type == FrameType::HANDSHAKE && header.handshake() == Handshake::GUEST) {
    handle_guest(header);
  } else if (header.type == FrameType::HANDSHAKE && header.handshake() == Handshake::FORK) {
    handle_fork(header);
  } else {
    refuse(header.request_number, ProtocolError::AUTH);
  }
}

// The current lwp's process is this client's from here on.
void Session::begin_running(Lwp& main_lwp) {
  main_lwp_ = &main_lwp;
  pid_ = main_lwp.proc->pid;
  main_lwp.proc->client = this;
  main_lwp.proc->memory = &memory_;
}

void Session::handle_guest(const FrameHeader& header) {
  Kernel& kernel = server_.kernel();
  LwProcesses& processes = kernel.processes();
  if (!kernel.scheduler().schedule()) {
    refuse(header.request_number, ProtocolError::NOMEM);
    return;
  }
  if (processes.rfork(DescriptorInheritance::clear, make_comm(parser_.body()).data()) != 0) {
    kernel.scheduler().unschedule();
    refuse(header.request_number, ProtocolError::RFORK_FAILED);
    return;
  }
  if (dev::open_console(*processes.current()) != 0) {
    processes.release();
    kernel.scheduler().unschedule();
    refuse(header.request_number, ProtocolError::RFORK_FAILED);
    return;
  }
  begin_running(*processes.current());
  server_.leave();
  set_state(SessionState::RUNNING);
  static_cast<void>(
      send({.request_number = header.request_number, .frame_class = FrameClass::RESP, .type = FrameType::HANDSHAKE},
           encode(HandshakeAnswer{})));
}

void Session::handle_fork(const FrameHeader& header) {
  const auto fork = parse_handshake_fork(parser_.body());
  if (!fork) {
    refuse(header.request_number, ProtocolError::MALFORMED_REQUEST);
    return;
  }
  Prefork* prefork = server_.preforks().take(fork->cookie);
  if (prefork == nullptr) {
    refuse(header.request_number, ProtocolError::INVALID_PREFORK);
    return;
  }
  if (fork->cancel != 0) {
    server_.drop(prefork);
    disconnect();  // no answer, as in the original
    return;
  }
  // The prepared process belongs to the parent's connection, so the child gets one of its own that shares its
  // descriptors, as in the original. It shows in the process numbers.
  Kernel& kernel = server_.kernel();
  LwProcesses& processes = kernel.processes();
  server_.enter_as(*prefork->lwp);
  const int error = processes.rfork(DescriptorInheritance::share, prefork->lwp->proc->comm.data());
  if (error == 0) {
    begin_running(*processes.current());
  }
  server_.leave();
  server_.drop(prefork);
  if (error != 0) {
    refuse(header.request_number, ProtocolError::RFORK_FAILED);
    return;
  }
  set_state(SessionState::RUNNING);
  static_cast<void>(
      send({.request_number = header.request_number, .frame_class = FrameClass::RESP, .type = FrameType::HANDSHAKE},
           encode(HandshakeAnswer{})));
}

void Session::handle_prefork(const FrameHeader& header) {
  if (in_exec_) {
    send_error(header.request_number, ProtocolError::INEXEC);
    return;
  }
  if (server_.preforks().count(number_) >= server_.limits().max_preforks) {
    send_error(header.request_number, ProtocolError::TRYAGAIN);
    return;
  }
  Kernel& kernel = server_.kernel();
  LwProcesses& processes = kernel.processes();
  auto* prefork = kernel.kmem().create<Prefork>();
  if (prefork == nullptr) {
    send_error(header.request_number, ProtocolError::NOMEM);
    return;
  }
  server_.enter_as(*main_lwp_);
  const int error = processes.rfork(DescriptorInheritance::copy, main_lwp_->proc->comm.data());
  prefork->lwp = processes.current();
  server_.leave();
  if (error != 0) {
    kernel.kmem().destroy(prefork);
    send_error(header.request_number, ProtocolError::RFORK_FAILED);
    return;
  }
  kernel.machine().entropy(std::as_writable_bytes(std::span(prefork->cookie.words)));
  prefork->client = number_;
  server_.preforks().add(*prefork);
  static_cast<void>(
      send({.request_number = header.request_number, .frame_class = FrameClass::RESP, .type = FrameType::PREFORK},
           encode(prefork->cookie)));
}

// The process's lwps are asked to leave; the main loop finishes when the last call is over. (The original lets a worker
// wait for that, which a full pool never does.)
void Session::handle_exec(const FrameHeader& header) {
  if (in_exec_) {
    refuse(header.request_number, ProtocolError::INEXEC);
    return;
  }
  in_exec_ = true;
  exec_request_ = header.request_number;
  exec_comm_ = make_comm(parser_.body());
  server_.enter_as(*main_lwp_);
  server_.kernel().processes().exit_others();
  server_.leave();
}

void Session::finish_exec() {
  server_.enter_as(*main_lwp_);
  server_.kernel().processes().exec_notify(exec_comm_.data());
  server_.leave();
  in_exec_ = false;
  static_cast<void>(
      send({.request_number = exec_request_, .frame_class = FrameClass::RESP, .type = FrameType::HANDSHAKE},
           encode(HandshakeAnswer{})));
}

void Session::handle_system_call(const FrameHeader& header) {
  if (in_exec_) {
    send_error(header.request_number, ProtocolError::INEXEC);
    return;
  }
  if (calls_ >= server_.limits().max_pending) {
    send_error(header.request_number, ProtocolError::TRYAGAIN);
    return;
  }
  auto* request = server_.kernel().kmem().create<CallRequest>();
  if (request == nullptr) {
    send_error(header.request_number, ProtocolError::TRYAGAIN);
    return;
  }
  const std::span<const std::byte> block = parser_.body();
  request->session = this;
  request->request_number = header.request_number;
  request->sysnum = header.sysnum();
  request->block_size = std::min(block.size(), request->block.size());
  std::ranges::copy(block.first(request->block_size), request->block.begin());
  ++calls_;
  if (!server_.workers().submit(request)) {
    --calls_;
    server_.kernel().kmem().destroy(request);
    send_error(header.request_number, ProtocolError::TRYAGAIN);
  }
}

// --- workers

bool Session::ask(FrameType type, std::span<const std::byte> body, ResponseWait& wait) {
  if (state_ == SessionState::DYING) {
    return false;
  }
  Kernel& kernel = server_.kernel();
  kernel.scheduler().release_cpu();
  wait.request_number = next_request_++;
  wait.fiber = kernel.machine().current();
  waits_.push_back(wait);
  if (!send({.request_number = wait.request_number, .type = type}, body)) {
    waits_.erase(waits_.iterator_to(wait));
    wait.failed = true;
    wait.done = true;
  }
  while (!wait.done) {
    kernel.machine().block(type == FrameType::ANONMMAP ? "anonmmap" : "copyin");
  }
  kernel.scheduler().acquire_cpu(*kernel.curlwp());
  return !wait.failed;
}

bool Session::tell(FrameType type, std::span<const std::byte> body, std::span<const std::byte> data) {
  if (state_ == SessionState::DYING) {
    return false;
  }
  return send({.request_number = next_request_++, .type = type}, body, data);
}

void Session::raise(int signal) {
  static_cast<void>(send({.type = FrameType::RAISE, .field = static_cast<std::uint32_t>(signal)}, {}));
}

void Session::finish_call(std::uint64_t request_number, int error, const SyscallResult& result) {
  server_.kernel().machine().preempt();
  static_cast<void>(
      send({.request_number = request_number, .frame_class = FrameClass::RESP, .type = FrameType::SYSCALL},
           encode(SystemCallAnswer{.error = error, .retval = result.value})));
  SIM_ASSERT(calls_ > 0);
  --calls_;
  if (calls_ == 0 && (in_exec_ || state_ == SessionState::DYING)) {
    server_.make_ready(*this);
  }
}

// --- frames out

void Session::send_error(std::uint64_t request_number, ProtocolError error) {
  static_cast<void>(send(
      {.request_number = request_number, .frame_class = FrameClass::ERROR, .field = static_cast<std::uint32_t>(error)},
      {}));
}

void Session::refuse(std::uint64_t request_number, ProtocolError error) {
  send_error(request_number, error);
  hang_up();
  disconnect();
}

void Session::hang_up() {
  hung_up_ = true;
  server_.kernel().machine().hang_up(port_);
}

bool Session::send(const FrameHeader& header, std::span<const std::byte> body, std::span<const std::byte> data) {
  if (hung_up_) {
    return false;
  }
  FrameHeader whole = header;
  whole.length = kHeaderSize + body.size() + data.size();
  sim::Machine& machine = server_.kernel().machine();
  const auto put = [&](std::span<std::byte> frame) {
    const auto encoded = encode(whole);
    auto end = std::ranges::copy(encoded, frame.begin()).out;
    end = std::ranges::copy(body, end).out;
    std::ranges::copy(data, end);
    machine.emit(event(KernelEvent::frame_out), number_, whole.request_number, whole.length, frame);
    machine.transmit(port_, frame);
  };
  if (whole.length <= kSmallFrame) {
    std::array<std::byte, kSmallFrame> frame;
    put(std::span(frame).first(whole.length));
    return true;
  }
  const KmemBuffer frame(server_.kernel().kmem(), whole.length);
  if (!frame) {
    return false;
  }
  put({frame.data(), frame.size()});
  return true;
}

void Session::report_frame_in(const FrameHeader& header, std::span<const std::byte> body) {
  const auto report = [&](std::span<std::byte> frame) {
    const auto encoded = encode(header);
    const auto end = std::ranges::copy(encoded, frame.begin()).out;
    std::ranges::copy(body.first(frame.size() - kHeaderSize), end);
    server_.kernel().machine().emit(event(KernelEvent::frame_in), number_, header.request_number, header.length, frame);
  };
  if (header.length <= kSmallFrame) {
    std::array<std::byte, kSmallFrame> frame;
    report(std::span(frame).first(header.length));
    return;
  }
  const KmemBuffer frame(server_.kernel().kmem(), header.length);
  if (!frame) {
    std::array<std::byte, kSmallFrame> beginning;
    report(beginning);  // the event says how long it was
    return;
  }
  report({frame.data(), frame.size()});
}

}  // namespace kern::sysproxy
