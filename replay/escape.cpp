#include "replay/escape.hpp"

#include <algorithm>

namespace replay {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";

void append_control(std::string& out, unsigned char c) {
  switch (c) {
    case '\n':
      out += "\\n";
      return;
    case '\t':
      out += "\\t";
      return;
    case '\r':
      out += "\\r";
      return;
    default:
      out += "\\x";
      out += kHexDigits[c >> 4U];
      out += kHexDigits[c & 15U];
  }
}

bool is_printable(unsigned char c) {
  return c >= 0x20 && c < 0x7f;
}

}  // namespace

std::string escape(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (!is_printable(byte)) {
      append_control(out, byte);
      continue;
    }
    if (c == '"' || c == '\\') {
      out += '\\';
    }
    out += c;
  }
  return out;
}

std::string quote(std::span<const std::byte> bytes, std::size_t total) {
  const std::span<const std::byte> shown = bytes.first(std::min(bytes.size(), kShownBytes));
  const std::string_view text(reinterpret_cast<const char*>(shown.data()), shown.size());
  return '"' + escape(text) + '"' + (std::max(total, bytes.size()) > shown.size() ? "..." : "");
}

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (is_printable(byte)) {
      out += c;
    } else {
      append_control(out, byte);
    }
  }
  return out;
}

}  // namespace replay
