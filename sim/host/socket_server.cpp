#include "sim/host/socket_server.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

namespace sim::host {
namespace {

std::unexpected<std::string> host_error(const Url& url, std::string_view what, int number) {
  return std::unexpected(fmt::format("{}: {}: {}", to_string(url), what, std::generic_category().message(number)));
}

bool would_block(int number) {
  return number == EAGAIN || number == EINTR;
}

sockaddr_un unix_address(const UnixAddress& local) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, local.path.c_str(), std::min(local.path.size() + 1, sizeof address.sun_path));
  return address;
}

sockaddr_in tcp_address(const TcpAddress& tcp) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(tcp.address);
  address.sin_port = htons(tcp.port);
  return address;
}

template <class Address>
int bind_to(int descriptor, const Address& address) {
  return ::bind(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address);
}

/// Closes a descriptor at the end of the scope unless it was released.
class Descriptor {
 public:
  explicit Descriptor(int descriptor) : descriptor_(descriptor) {}
  ~Descriptor() {
    if (descriptor_ >= 0) {
      ::close(descriptor_);
    }
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const { return descriptor_; }
  [[nodiscard]] int release() { return std::exchange(descriptor_, -1); }

 private:
  int descriptor_;
};

// Clears the way for a socket file: what is there goes if it is a socket on which nobody listens.
std::expected<void, std::string> remove_stale(const Url& url, const UnixAddress& local) {
  struct stat status{};
  if (::lstat(local.path.c_str(), &status) != 0) {
    return {};  // nothing there, or bind will say what is wrong
  }
  if (!S_ISSOCK(status.st_mode)) {
    return std::unexpected(
        fmt::format("{}: there is a file that is not a socket; choose another path", to_string(url)));
  }
  const Descriptor probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const sockaddr_un address = unix_address(local);
  if (::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ||
      errno != ECONNREFUSED) {
    return std::unexpected(fmt::format("{}: somebody listens there already; choose another path", to_string(url)));
  }
  ::unlink(local.path.c_str());
  return {};
}

}  // namespace

SocketServer::~SocketServer() {
  stop_listening();
  for (const auto& [id, connection] : connections_) {
    ::close(connection.descriptor);
  }
}

std::expected<Url, std::string> SocketServer::listen(const Url& url) {
  const auto* local = std::get_if<UnixAddress>(&url);
  Descriptor socket(::socket(local != nullptr ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (socket.get() < 0) {
    return host_error(url, "cannot make a socket", errno);
  }
  Listener listener{.url = url};
  if (local != nullptr) {
    if (auto removed = remove_stale(url, *local); !removed) {
      return std::unexpected(removed.error());
    }
    if (bind_to(socket.get(), unix_address(*local)) != 0) {
      return host_error(url, "cannot make the socket file", errno);
    }
    struct stat status{};
    if (::lstat(local->path.c_str(), &status) == 0) {
      listener.device = status.st_dev;
      listener.inode = status.st_ino;
    }
  } else {
    const int yes = 1;
    ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind_to(socket.get(), tcp_address(std::get<TcpAddress>(url))) != 0) {
      return host_error(url, "cannot take the address", errno);
    }
    sockaddr_in bound{};
    socklen_t size = sizeof bound;
    if (::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&bound), &size) == 0) {
      std::get<TcpAddress>(listener.url).port = ntohs(bound.sin_port);
    }
  }
  listener.descriptor = socket.get();
  if (::listen(socket.get(), SOMAXCONN) != 0) {
    const int number = errno;
    remove_socket_file(listener);
    return host_error(url, "cannot listen", number);
  }
  static_cast<void>(socket.release());
  listeners_.push_back(listener);
  return listener.url;
}

std::expected<std::vector<SocketEvent>, std::string> SocketServer::poll(std::chrono::milliseconds timeout,
                                                                        int wake_descriptor) {
  std::vector<SocketEvent> events;
  std::vector<pollfd> descriptors;
  // Those that failed since the last call have nothing to wait for.
  for (const auto& [id, connection] : connections_) {
    if (connection.failed) {
      timeout = std::chrono::milliseconds(0);
    }
    const bool has_bytes = connection.sent < connection.output.size();
    const auto wanted = static_cast<short>((connection.closing ? 0 : POLLIN) | (has_bytes ? POLLOUT : 0));
    descriptors.push_back({.fd = connection.descriptor, .events = wanted, .revents = 0});
  }
  const bool takes_more = connections_.size() < limits_.max_connections;
  for (const Listener& listener : listeners_) {
    descriptors.push_back({.fd = takes_more ? listener.descriptor : -1, .events = POLLIN, .revents = 0});
  }
  descriptors.push_back({.fd = wake_descriptor, .events = POLLIN, .revents = 0});
  const int ready = ::poll(descriptors.data(), descriptors.size(), static_cast<int>(timeout.count()));
  if (ready < 0 && errno != EINTR) {
    return std::unexpected(fmt::format("cannot poll: {}", std::generic_category().message(errno)));
  }

  auto state = descriptors.begin();
  for (auto position = connections_.begin(); position != connections_.end(); ++state) {
    auto& [id, connection] = *position;
    const short happened = ready > 0 ? state->revents : short{0};
    if ((happened & POLLOUT) != 0) {
      flush(connection);
    }
    // What came before the end is still taken: POLLHUP may come with bytes to read.
    const bool ended = !connection.closing && (happened & (POLLIN | POLLHUP | POLLERR)) != 0 && !connection.failed &&
                       !receive(id, connection, events);
    const bool is_sent = connection.sent == connection.output.size();
    const bool is_gone = (happened & (POLLHUP | POLLERR | POLLNVAL)) != 0;
    if (connection.closing ? is_sent || is_gone || connection.failed : ended || connection.failed) {
      if (!connection.closing) {
        events.push_back({.kind = SocketEvent::Kind::closed, .connection = id, .bytes = {}});
      }
      ::close(connection.descriptor);
      position = connections_.erase(position);
    } else {
      ++position;
    }
  }
  for (std::size_t index = 0; index < listeners_.size(); ++index, ++state) {
    if (ready > 0 && (state->revents & POLLIN) != 0) {
      accept_all(listeners_[index], events);
    }
  }
  return events;
}

void SocketServer::accept_all(const Listener& listener, std::vector<SocketEvent>& events) {
  while (connections_.size() < limits_.max_connections) {
    const int descriptor = ::accept4(listener.descriptor, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (descriptor < 0) {
      return;  // no more, or the client has gone already
    }
    if (std::holds_alternative<TcpAddress>(listener.url)) {
      const int yes = 1;
      ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    }
    connections_[next_].descriptor = descriptor;
    events.push_back({.kind = SocketEvent::Kind::connected, .connection = next_, .bytes = {}});
    ++next_;
  }
}

bool SocketServer::receive(ConnectionId id, Connection& connection, std::vector<SocketEvent>& events) const {
  SocketEvent event{.kind = SocketEvent::Kind::bytes, .connection = id, .bytes = {}};
  event.bytes.resize(limits_.max_read);
  const ssize_t size = ::recv(connection.descriptor, event.bytes.data(), event.bytes.size(), 0);
  if (size > 0) {
    event.bytes.resize(static_cast<std::size_t>(size));
    events.push_back(std::move(event));
    return true;
  }
  return size < 0 && would_block(errno);
}

void SocketServer::send(ConnectionId connection, std::span<const std::byte> bytes) {
  const auto found = connections_.find(connection);
  if (found == connections_.end() || found->second.closing || found->second.failed) {
    return;
  }
  Connection& target = found->second;
  target.output.insert(target.output.end(), bytes.begin(), bytes.end());
  flush(target);  // most answers fit into the socket's buffer, so that no round of poll is lost
  if (target.output.size() - target.sent > limits_.max_output) {
    target.failed = true;
  }
}

void SocketServer::flush(Connection& connection) {
  while (connection.sent < connection.output.size() && !connection.failed) {
    const std::span<const std::byte> rest = std::span(connection.output).subspan(connection.sent);
    const ssize_t size = ::send(connection.descriptor, rest.data(), rest.size(), MSG_NOSIGNAL);
    if (size < 0) {
      connection.failed = !would_block(errno);
      break;
    }
    connection.sent += static_cast<std::size_t>(size);
  }
  // Sent bytes go when they are half of all, so that each byte is moved once at most.
  if (connection.sent * 2 >= connection.output.size()) {
    connection.output.erase(connection.output.begin(),
                            connection.output.begin() + static_cast<std::ptrdiff_t>(connection.sent));
    connection.sent = 0;
  }
}

void SocketServer::close(ConnectionId connection) {
  if (const auto found = connections_.find(connection); found != connections_.end()) {
    found->second.closing = true;
  }
}

void SocketServer::stop_listening() {
  for (const Listener& listener : listeners_) {
    ::close(listener.descriptor);
    remove_socket_file(listener);
  }
  listeners_.clear();
}

bool SocketServer::has_output() const {
  return std::ranges::any_of(connections_, [](const auto& entry) {
    return entry.second.closing || entry.second.sent < entry.second.output.size();
  });
}

void SocketServer::remove_socket_file(const Listener& listener) {
  const auto* local = std::get_if<UnixAddress>(&listener.url);
  struct stat status{};
  if (local != nullptr && ::lstat(local->path.c_str(), &status) == 0 && status.st_dev == listener.device &&
      status.st_ino == listener.inode) {
    ::unlink(local->path.c_str());
  }
}

}  // namespace sim::host
