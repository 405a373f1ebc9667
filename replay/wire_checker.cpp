#include "replay/wire_checker.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "kern/core/events.hpp"
#include "kern/syscall/table.hpp"
#include "kern/sysproxy/frame.hpp"
#include "kern/sysproxy/session.hpp"

namespace replay {

using kern::KernelEvent;
using kern::sysproxy::FrameClass;
using kern::sysproxy::FrameHeader;
using kern::sysproxy::kHeaderSize;

namespace {

bool has_header(const sim::Event& event) {
  return event.data.size() >= kHeaderSize;
}

FrameHeader header_of(const sim::Event& event) {
  return kern::sysproxy::parse_header(event.data.first<kHeaderSize>());
}

bool takes_a_path(std::uint64_t number) {
  const kern::SyscallEntry* entry = kern::find_syscall(static_cast<std::uint32_t>(number));
  return entry != nullptr &&
         std::ranges::find(entry->arguments, kern::ArgumentKind::path, &kern::Argument::kind) != entry->arguments.end();
}

}  // namespace

void WireChecker::reset() {
  clients_.clear();
  violation_.clear();
  saw_paths_ = false;
}

WireChecker::Client* WireChecker::by_number(std::uint64_t number) {
  const auto found = std::ranges::find(clients_, number, &Client::number);
  return found == clients_.end() ? nullptr : &*found;
}

WireChecker::Client* WireChecker::by_port(std::uint64_t port) {
  const auto found = std::ranges::find(clients_, port, &Client::port);
  return found == clients_.end() ? nullptr : &*found;
}

void WireChecker::violate(const Client& client, const sim::Event& event, const char* what) {
  if (violation_.empty()) {
    violation_ =
        fmt::format("the server broke the protocol with client {} at step {}: {}", client.number, event.step, what);
  }
}

void WireChecker::on_event(const sim::Event& event) {
  switch (std::to_underlying(event.kind)) {
    case std::to_underlying(sim::EventKind::output_data):
      if (Client* client = by_port(event.a); client != nullptr && !client->greeted) {
        client->greeted = true;
        if (!std::ranges::equal(event.data, std::as_bytes(std::span(kern::sysproxy::banner())))) {
          violate(*client, event, "the banner is not what comes first");
        }
      }
      return;
    case std::to_underlying(sim::EventKind::output_close):
      if (Client* client = by_port(event.a)) {
        client->ended = true;
      }
      return;
    case std::to_underlying(KernelEvent::client_new):
      clients_.push_back({.number = event.a, .port = event.b, .requests = {}});
      return;
    case std::to_underlying(KernelEvent::client_gone):
      std::erase_if(clients_, [&](const Client& client) { return client.number == event.a; });
      return;
    case std::to_underlying(KernelEvent::client_state):
      if (Client* client = by_number(event.a)) {
        client->known = client->known || event.b == static_cast<std::uint64_t>(kern::sysproxy::SessionState::RUNNING);
      }
      return;
    case std::to_underlying(KernelEvent::frame_in):
      if (Client* client = by_number(event.a);
          client != nullptr && has_header(event) && header_of(event).frame_class != FrameClass::RESP) {
        client->requests.push_back(event.b);
      }
      return;
    case std::to_underlying(KernelEvent::frame_out):
      if (Client* client = by_number(event.a)) {
        frame_out(*client, event);
      }
      return;
    case std::to_underlying(KernelEvent::syscall_enter):
      saw_paths_ = saw_paths_ || takes_a_path(event.a);
      return;
    default:
      return;
  }
}

void WireChecker::frame_out(Client& client, const sim::Event& event) {
  if (!has_header(event)) {
    violate(client, event, "a frame without a header");
    return;
  }
  const FrameHeader header = header_of(event);
  if (header.length != event.data.size()) {
    violate(client, event, "a frame of another length than its header says");
  }
  if (client.ended || client.refused) {
    violate(client, event, "a frame after the end");
  }
  if (!client.known && header.frame_class != FrameClass::ERROR) {
    violate(client, event, "something else than a refusal before the handshake");
  }
  if (header.frame_class == FrameClass::REQ) {
    return;
  }
  const auto answered = std::ranges::find(client.requests, header.request_number);
  if (answered != client.requests.end()) {
    client.requests.erase(answered);
  } else if (header.frame_class == FrameClass::ERROR) {
    client.refused = true;
  } else {
    violate(client, event, "an answer to no request, or a second one");
  }
}

}  // namespace replay
