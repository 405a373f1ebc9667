#include "sim/host/url.hpp"

#include <arpa/inet.h>
#include <charconv>
#include <filesystem>
#include <sys/un.h>
#include <system_error>

#include <fmt/format.h>

namespace sim::host {
namespace {

// The NUL behind the path needs a byte too.
constexpr std::size_t kLongestPath = sizeof(sockaddr_un::sun_path) - 1;

std::string shown(std::string_view text) {
  std::string out;
  for (const char c : text) {
    out += c >= 0x20 && c < 0x7f ? c : '?';
  }
  return out;
}

std::unexpected<std::string> refuse(std::string_view url, std::string_view what) {
  return std::unexpected(fmt::format("the URL `{}` {}", shown(url), what));
}

std::expected<Url, std::string> parse_tcp(std::string_view url, std::string_view rest) {
  const std::size_t colon = rest.rfind(':');
  if (colon == std::string_view::npos) {
    return refuse(url, "has no port; write tcp://ADDRESS:PORT, for example tcp://127.0.0.1:12345");
  }
  TcpAddress tcp;
  const std::string_view port = rest.substr(colon + 1);
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), tcp.port);
  if (port.empty() || error != std::errc() || end != port.data() + port.size()) {
    return refuse(url,
                  fmt::format("has the port `{}`; a port is a number from 0 (any free one) to 65535", shown(port)));
  }
  const std::string address(rest.substr(0, colon));
  if (address == "*" || address == "0") {
    return tcp;
  }
  in_addr parsed{};
  if (::inet_pton(AF_INET, address.c_str(), &parsed) != 1) {
    return refuse(url, fmt::format("has the address `{}`; it must be an IPv4 address such as 127.0.0.1, or * for any",
                                   shown(address)));
  }
  tcp.address = ntohl(parsed.s_addr);
  return tcp;
}

std::expected<Url, std::string> parse_unix(std::string_view url, std::string_view path) {
  if (path.empty()) {
    return refuse(url, "has no path; write unix://PATH, for example unix:///tmp/simkern.sock");
  }
  if (path.contains('\0')) {
    return refuse(url, "has a zero byte in its path");
  }
  std::error_code error;
  std::string absolute = std::filesystem::absolute(path, error).string();
  if (error) {
    return refuse(url, fmt::format("cannot be made absolute: {}", error.message()));
  }
  if (absolute.size() > kLongestPath) {
    return refuse(url, fmt::format("has a path of {} bytes as {}; a socket's path has at most {}", absolute.size(),
                                   shown(absolute), kLongestPath));
  }
  return UnixAddress{std::move(absolute)};
}

}  // namespace

std::expected<Url, std::string> parse_url(std::string_view text) {
  const std::size_t separator = text.find("://");
  if (separator == std::string_view::npos) {
    return refuse(text, "has no scheme; write tcp://ADDRESS:PORT or unix://PATH");
  }
  const std::string_view scheme = text.substr(0, separator);
  const std::string_view rest = text.substr(separator + 3);
  if (scheme == "tcp") {
    return parse_tcp(text, rest);
  }
  if (scheme == "unix") {
    return parse_unix(text, rest);
  }
  if (scheme == "tcp6") {
    return refuse(text, "asks for IPv6, which is not served yet; write tcp://ADDRESS:PORT or unix://PATH");
  }
  return refuse(text, fmt::format("has the scheme `{}`; there are tcp://ADDRESS:PORT and unix://PATH", shown(scheme)));
}

std::string to_string(const Url& url) {
  if (const auto* local = std::get_if<UnixAddress>(&url)) {
    return "unix://" + local->path;
  }
  const TcpAddress& tcp = std::get<TcpAddress>(url);
  if (tcp.address == 0) {
    return fmt::format("tcp://*:{}", tcp.port);
  }
  return fmt::format("tcp://{}.{}.{}.{}:{}", tcp.address >> 24U, (tcp.address >> 16U) & 255U,
                     (tcp.address >> 8U) & 255U, tcp.address & 255U, tcp.port);
}

}  // namespace sim::host
