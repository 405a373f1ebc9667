// Listening sockets and their connections, without blocking. It knows nothing of what the bytes mean: it says who
// connected, what came and who left, and takes bytes to send.
//
// A connection that does not read is ended when more than `max_output` bytes wait for it, so that it holds up nobody
// else. Errors of one connection end that connection only.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "sim/host/url.hpp"

namespace sim::host {

/// Numbered from 0 in order of acceptance; no number is given twice.
using ConnectionId = std::uint64_t;

struct SocketEvent {
  enum class Kind : std::uint8_t {
    connected,  ///< First event of a connection.
    bytes,      ///< Something came.
    closed,     ///< Last event: it ended, by the other side, by an error or because it does not read.
  };
  Kind kind{};
  ConnectionId connection = 0;
  std::vector<std::byte> bytes;
};

class SocketServer {
 public:
  struct Limits {
    /// Connections at one time; more wait in the listen queue.
    std::size_t max_connections = 256;
    /// Bytes that wait for one connection.
    std::size_t max_output = std::size_t{8} << 20;
    /// Bytes taken from one connection in one round.
    std::size_t max_read = std::size_t{64} << 10;
  };

  explicit SocketServer(const Limits& limits) : limits_(limits) {}
  ~SocketServer();
  SocketServer(const SocketServer&) = delete;
  SocketServer& operator=(const SocketServer&) = delete;

  /// Listens there too. Gives the URL with the port that was chosen. A socket file is made, and removed by the
  /// destructor; one that is there already is replaced if nobody listens on it. Error: one line with the URL.
  [[nodiscard]] std::expected<Url, std::string> listen(const Url& url);

  /// Sends what waits, and collects what came, waiting at most `timeout` (negative: as long as it takes) until there is
  /// something. `wake_descriptor` ends the wait too when it becomes readable; -1: none. The events of one connection
  /// stand in their order. Error: the host refuses to poll.
  [[nodiscard]] std::expected<std::vector<SocketEvent>, std::string> poll(std::chrono::milliseconds timeout,
                                                                          int wake_descriptor = -1);

  /// Bytes for a connection, sent by `poll`. Ignored when it is closed.
  void send(ConnectionId connection, std::span<const std::byte> bytes);
  /// Ends a connection when everything sent so far is out. It is not heard of again.
  void close(ConnectionId connection);
  /// No new connections from here on; the socket files are removed.
  void stop_listening();
  /// Bytes that still wait to be sent, and connections that are being closed.
  [[nodiscard]] bool has_output() const;

 private:
  struct Listener {
    int descriptor = -1;
    Url url;
    /// The socket file that we made, by device and inode: somebody else's is not removed.
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
  };
  struct Connection {
    int descriptor = -1;
    std::vector<std::byte> output;
    std::size_t sent = 0;  ///< Of `output`.
    bool closing = false;  ///< `close` was called.
    bool failed = false;   ///< Does not read, or an error: to be reported.
  };

  void accept_all(const Listener& listener, std::vector<SocketEvent>& events);
  /// False: it ended.
  [[nodiscard]] bool receive(ConnectionId id, Connection& connection, std::vector<SocketEvent>& events) const;
  static void flush(Connection& connection);
  static void remove_socket_file(const Listener& listener);

  Limits limits_;
  std::vector<Listener> listeners_;
  std::map<ConnectionId, Connection> connections_;
  ConnectionId next_ = 0;
};

}  // namespace sim::host
