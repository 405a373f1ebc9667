#include "kern/sysproxy/client.hpp"

#include <algorithm>

#include "kern/abi/syscall_numbers.hpp"
#include "kern/core/kmem.hpp"
#include "sim/assert.hpp"

namespace kern::sysproxy {
namespace {

// No server has reason to send a longer frame; what it copies out is what the client asked for.
constexpr std::uint64_t kLongestFrame = std::uint64_t{16} << 20;

}  // namespace

SimulatedClient::SimulatedClient(sim::Machine& machine, Memory& memory, SimulatedMemory& pages)
    : machine_(machine), memory_(memory), pages_(pages), input_(memory), parser_(memory, kLongestFrame) {}

// --- from the server; on its fibers

void SimulatedClient::on_output(sim::PortId /*port*/, std::span<const std::byte> bytes) {
  if (hung_up_) {
    violate("bytes after the end of the stream");
  } else if (!input_.append(bytes)) {
    violate("no memory for what the server sent");
  }
  if (fiber_ != nullptr) {
    machine_.wake(*fiber_);
  }
}

void SimulatedClient::on_hang_up(sim::PortId /*port*/) {
  hung_up_ = true;
  if (fiber_ != nullptr) {
    machine_.wake(*fiber_);
  }
}

// --- the actor

bool SimulatedClient::connect() {
  SIM_ASSERT(port_.is_none());
  hung_up_ = false;
  next_request_ = 1;
  next_copy_ = 0;
  port_ = machine_.open_port(*this);
  if (port_.is_none()) {
    return false;
  }
  std::string_view expected = banner();
  while (!expected.empty()) {
    const std::span<const std::byte> front = input_.front();
    if (front.empty()) {
      if (hung_up_) {
        return false;
      }
      wait();
      continue;
    }
    const std::size_t size = std::min(front.size(), expected.size());
    if (!std::ranges::equal(front.first(size), std::as_bytes(std::span(expected.substr(0, size))))) {
      violate("not the banner");
      return false;
    }
    input_.consume(size);
    expected.remove_prefix(size);
  }
  return true;
}

void SimulatedClient::disconnect() {
  if (port_.is_none()) {
    return;
  }
  machine_.close_port(std::exchange(port_, sim::PortId::none()));
  input_.clear();
}

SimulatedClient::Answer SimulatedClient::handshake_guest(std::string_view name) {
  // With its NUL, which rumpclient sends; a view has none, so it is put together here.
  KmemBuffer body(memory_, name.size() + 1);
  if (!body) {
    return {};
  }
  std::ranges::copy(std::as_bytes(std::span(name)), body.data());
  body.data()[name.size()] = std::byte{0};
  return request(FrameType::HANDSHAKE, static_cast<std::uint32_t>(Handshake::GUEST), {body.data(), body.size()});
}

SimulatedClient::Answer SimulatedClient::handshake_fork(const PreforkCookie& cookie) {
  return request(FrameType::HANDSHAKE, static_cast<std::uint32_t>(Handshake::FORK),
                 encode(HandshakeFork{.cookie = cookie}));
}

void SimulatedClient::cancel_fork(const PreforkCookie& cookie) {
  const Answer answer = request(FrameType::HANDSHAKE, static_cast<std::uint32_t>(Handshake::FORK),
                                encode(HandshakeFork{.cookie = cookie, .cancel = 1}));
  if (answer.outcome == Outcome::answered) {
    violate("an answer to a cancelled fork");
  }
}

SimulatedClient::Answer SimulatedClient::handshake_exec(std::string_view name) {
  KmemBuffer body(memory_, name.size() + 1);
  if (!body) {
    return {};
  }
  std::ranges::copy(std::as_bytes(std::span(name)), body.data());
  body.data()[name.size()] = std::byte{0};
  next_request_ = 0;
  return request(FrameType::HANDSHAKE, static_cast<std::uint32_t>(Handshake::EXEC), {body.data(), body.size()});
}

SimulatedClient::Answer SimulatedClient::prefork() {
  return request(FrameType::PREFORK, 0, {});
}

SimulatedClient::Answer SimulatedClient::syscall(std::uint32_t number, std::span<const std::uint64_t> arguments) {
  return request(FrameType::SYSCALL, number, std::as_bytes(arguments));
}

SimulatedClient::Answer SimulatedClient::request(FrameType type, std::uint32_t field, std::span<const std::byte> body) {
  if (!is_connected()) {
    return {};
  }
  return await(send_request(type, field, body), type);
}

std::uint64_t SimulatedClient::send_request(FrameType type, std::uint32_t field, std::span<const std::byte> body) {
  const std::uint64_t number = next_request_++;
  send({.request_number = number, .frame_class = FrameClass::REQ, .type = type, .field = field}, body);
  return number;
}

SimulatedClient::Answer SimulatedClient::await(std::uint64_t number, FrameType type) {
  while (violation_[0] == '\0') {
    if (input_.empty()) {
      if (hung_up_ || port_.is_none()) {
        return {};
      }
      wait();
      continue;
    }
    input_.consume(parser_.feed(input_.front()));
    switch (parser_.status()) {
      case FrameParser::Status::need_more:
        continue;
      case FrameParser::Status::bad_length:
        violate("a frame of a bad length");
        continue;
      case FrameParser::Status::no_memory:
        violate("no memory for a frame of the server");
        continue;
      case FrameParser::Status::frame:
        break;
    }
    const FrameHeader header = parser_.header();
    if (header.frame_class == FrameClass::REQ) {
      serve_request();
      parser_.next();
      continue;
    }
    Answer answer{.outcome = Outcome::violated};
    if (header.request_number != number) {
      violate("an answer to nothing that is asked");
    } else if (header.frame_class == FrameClass::ERROR) {
      if (header.length != kHeaderSize || header.type != FrameType::HANDSHAKE) {
        violate("an error with a type or a body");
      }
      answer.outcome = Outcome::refused;
      answer.refusal = header.error();
    } else {
      answer = read_answer(type);
    }
    parser_.next();
    return answer;
  }
  return {.outcome = Outcome::violated};
}

SimulatedClient::Answer SimulatedClient::read_answer(FrameType type) {
  const FrameHeader header = parser_.header();
  Answer answer{.outcome = Outcome::violated};
  if (header.frame_class != FrameClass::RESP || header.type != type || header.field != 0) {
    violate("an answer of a wrong kind");
    return answer;
  }
  switch (type) {
    case FrameType::HANDSHAKE: {
      const auto body = parse_handshake_answer(parser_.body());
      if (!body || body->error != 0) {
        violate("a handshake answer that is not one");
        return answer;
      }
      break;
    }
    case FrameType::PREFORK: {
      const auto body = parse_prefork_cookie(parser_.body());
      if (!body) {
        violate("a prefork answer without a cookie");
        return answer;
      }
      answer.cookie = *body;
      break;
    }
    default: {
      const auto body = parse_system_call_answer(parser_.body());
      if (!body) {
        violate("a system call answer of a wrong size");
        return answer;
      }
      if (std::ranges::any_of(parser_.body().subspan(4, 4), [](std::byte byte) { return byte != std::byte{0}; })) {
        violate("padding that is not zero");
        return answer;
      }
      answer.error = body->error;
      answer.value = body->retval;
    }
  }
  answer.outcome = Outcome::answered;
  return answer;
}

void SimulatedClient::serve_request() {
  const FrameHeader header = parser_.header();
  switch (header.type) {
    case FrameType::RAISE:
      if (header.length != kHeaderSize) {
        violate("a raise with a body");
      }
      ++signals_;
      last_signal_ = header.signo();
      return;
    case FrameType::COPYIN:
    case FrameType::COPYINSTR:
      if (header.request_number != next_copy_++) {
        violate("a request out of order");
      }
      serve_copy_in(header);
      return;
    case FrameType::COPYOUT: {
      if (header.request_number != next_copy_++) {
        violate("a request out of order");
      }
      const auto copy = parse_copy_out(parser_.body());
      if (!copy) {
        violate("a copyout of a wrong size");
        return;
      }
      ++copies_;
      // As the original's, which writes where it is told: a bad address is the client's own doing. Ours stays alive.
      static_cast<void>(pages_.copyout(copy->data, copy->target.address));
      return;
    }
    default:
      violate("a request that a client does not know");
  }
}

void SimulatedClient::serve_copy_in(const FrameHeader& header) {
  const auto copy = parse_copy_data(parser_.body());
  if (!copy || copy->length == 0) {
    violate("a copyin of a wrong size");
    return;
  }
  ++copies_;
  // More than there is cannot be asked for; it is looked at before memory is taken for it.
  const bool possible = copy->length <= pages_.pages().size() || header.type == FrameType::COPYINSTR;
  const std::size_t size = std::min<std::uint64_t>(copy->length, pages_.pages().size() + 1);
  KmemBuffer bytes(memory_, size);
  std::size_t done = size;
  bool held = possible && static_cast<bool>(bytes);
  if (held && header.type == FrameType::COPYIN) {
    held = pages_.copyin(copy->address, {bytes.data(), size}) == 0;
  } else if (held) {
    // Up to the NUL, the length asked for or the end of the memory: whatever comes first.
    const int error = pages_.copyinstr(copy->address, {reinterpret_cast<char*>(bytes.data()), size}, done);
    done = error == 0 ? done : size;
    held = error == 0 || pages_.copyin(copy->address, {bytes.data(), size}) == 0;
  }
  if (!held) {
    send({.request_number = header.request_number, .frame_class = FrameClass::ERROR}, {});
    return;
  }
  send({.request_number = header.request_number, .frame_class = FrameClass::RESP, .type = FrameType::COPYIN},
       {bytes.data(), done});
}

void SimulatedClient::send(const FrameHeader& header, std::span<const std::byte> body) {
  if (!is_connected()) {
    return;
  }
  FrameHeader whole = header;
  whole.length = kHeaderSize + body.size();
  KmemBuffer frame(memory_, whole.length);
  if (!frame) {
    violate("no memory for a frame of the client");
    return;
  }
  const auto encoded = encode(whole);
  std::ranges::copy(body, std::ranges::copy(encoded, frame.data()).out);
  machine_.deliver(port_, {frame.data(), frame.size()});
}

void SimulatedClient::wait() {
  fiber_ = machine_.current();
  machine_.block("server");
  fiber_ = nullptr;
}

void SimulatedClient::violate(const char* what) {
  if (violation_[0] == '\0') {
    violation_ = what;
  }
}

}  // namespace kern::sysproxy
