// Where a server listens: `tcp://127.0.0.1:PORT` and `unix://PATH`, as rump's servers and clients write it.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <variant>

namespace sim::host {

struct TcpAddress {
  /// IPv4 in the host's byte order; 0: any interface.
  std::uint32_t address = 0;
  /// 0: one that is free.
  std::uint16_t port = 0;
  bool operator==(const TcpAddress&) const = default;
};

struct UnixAddress {
  /// Absolute.
  std::string path;
  bool operator==(const UnixAddress&) const = default;
};

using Url = std::variant<TcpAddress, UnixAddress>;

/// Reads a URL. `*` and `0` stand for any address; a relative path begins at the working directory. The error is one
/// line with the URL, what is wrong and what would be right.
[[nodiscard]] std::expected<Url, std::string> parse_url(std::string_view text);

/// The form that `parse_url` reads.
[[nodiscard]] std::string to_string(const Url& url);

}  // namespace sim::host
