// Watches what the sysproxy server sends, whatever the clients do: the laws of the protocol that hold for every client,
// hostile ones too. Frames are taken from the server's own events, so clients need not be understood.
//
//   - first of all the banner, once
//   - before the handshake nothing but refusals; requests of the server only to a client that has a process
//   - each request is answered at most once, under its number; a refusal of what is no whole frame ends the connection
//   - a frame is as long as its header says, and nothing follows the end of the connection
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/event.hpp"

namespace replay {

/// To be attached to a machine before its first client connects.
class WireChecker final : public sim::Observer {
 public:
  void on_event(const sim::Event& event) override;

  /// The first law that was broken, with client and step; empty: none.
  [[nodiscard]] const std::string& violation() const { return violation_; }
  /// Whether any system call named a file by a path, and so may have made one that stays.
  [[nodiscard]] bool saw_paths() const { return saw_paths_; }
  /// Forgets all clients and violations: the machine has been restored to before the first client.
  void reset();

 private:
  struct Client {
    std::uint64_t number = 0;
    std::uint64_t port = 0;
    bool greeted = false;                 ///< The banner was sent.
    bool known = false;                   ///< The handshake was accepted.
    bool ended = false;                   ///< Nothing may follow.
    bool refused = false;                 ///< What was no whole frame was refused: nothing but the end may follow.
    std::vector<std::uint64_t> requests;  ///< Numbers of what is not answered yet.
  };
  [[nodiscard]] Client* by_number(std::uint64_t number);
  [[nodiscard]] Client* by_port(std::uint64_t port);
  void frame_out(Client& client, const sim::Event& event);
  void violate(const Client& client, const sim::Event& event, const char* what);

  std::vector<Client> clients_;
  std::string violation_;
  bool saw_paths_ = false;
};

}  // namespace replay
