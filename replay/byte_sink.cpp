#include "replay/byte_sink.hpp"

#include <cerrno>
#include <fcntl.h>
#include <string_view>
#include <system_error>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

namespace replay {
namespace {

std::unexpected<std::string> host_error(std::string_view path, std::string_view what, int number) {
  return std::unexpected(fmt::format("{}: {}: {}", path, what, std::generic_category().message(number)));
}

}  // namespace

std::expected<void, std::string> MemorySink::write(std::span<const std::byte> bytes) {
  bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  return {};
}

std::expected<FileSink, std::string> FileSink::create(std::string path) {
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-vararg): open(2) is what the host offers.
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (descriptor < 0) {
    return host_error(path, "cannot create the trace", errno);
  }
  return FileSink(std::move(path), descriptor);
}

FileSink::FileSink(FileSink&& other) noexcept
    : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)), written_(other.written_) {}

FileSink& FileSink::operator=(FileSink&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(descriptor_, other.descriptor_);
  std::swap(written_, other.written_);
  return *this;
}

FileSink::~FileSink() {
  if (descriptor_ >= 0) {
    ::close(descriptor_);
  }
}

std::expected<void, std::string> FileSink::write(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t taken = ::write(descriptor_, bytes.data(), bytes.size());
    if (taken < 0 && errno == EINTR) {
      continue;
    }
    if (taken <= 0) {
      const int number = taken < 0 ? errno : EIO;
      return host_error(path_, fmt::format("cannot write {} bytes at byte {}", bytes.size(), written_), number);
    }
    written_ += static_cast<std::uint64_t>(taken);
    bytes = bytes.subspan(static_cast<std::size_t>(taken));
  }
  return {};
}

std::expected<void, std::string> FileSink::close() {
  if (descriptor_ < 0) {
    return {};
  }
  // Linux closes the descriptor even when it reports an error, so there is no second attempt.
  if (::close(std::exchange(descriptor_, -1)) < 0) {
    return host_error(path_, "cannot close the trace", errno);
  }
  return {};
}

}  // namespace replay
