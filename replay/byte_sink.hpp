// Where a writer's bytes go: a file, or memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <vector>

namespace replay {

class ByteSink {
 public:
  virtual ~ByteSink() = default;
  /// Takes all bytes, or says in one line why not. After an error an unknown part of them has been taken.
  [[nodiscard]] virtual std::expected<void, std::string> write(std::span<const std::byte> bytes) = 0;
  /// What messages call it, a path for a file.
  [[nodiscard]] virtual const std::string& name() const = 0;

 protected:
  ByteSink() = default;
  ByteSink(const ByteSink&) = default;
  ByteSink(ByteSink&&) = default;
  ByteSink& operator=(const ByteSink&) = default;
  ByteSink& operator=(ByteSink&&) = default;
};

/// Keeps what was written.
class MemorySink final : public ByteSink {
 public:
  [[nodiscard]] std::expected<void, std::string> write(std::span<const std::byte> bytes) override;
  [[nodiscard]] const std::string& name() const override { return name_; }
  [[nodiscard]] const std::vector<std::byte>& bytes() const { return bytes_; }

 private:
  std::string name_ = "memory";
  std::vector<std::byte> bytes_;
};

/// A file at its final path, without a buffer of its own: what was written is there after a crash of the process.
/// `write` makes no allocation unless it fails, so a crash handler may call it.
class FileSink final : public ByteSink {
 public:
  /// Creates the file, or empties the one that is there.
  [[nodiscard]] static std::expected<FileSink, std::string> create(std::string path);
  FileSink(FileSink&& other) noexcept;
  FileSink& operator=(FileSink&& other) noexcept;
  FileSink(const FileSink&) = delete;
  FileSink& operator=(const FileSink&) = delete;
  ~FileSink() override;

  [[nodiscard]] std::expected<void, std::string> write(std::span<const std::byte> bytes) override;
  [[nodiscard]] const std::string& name() const override { return path_; }
  /// Some file systems tell only now that there was no room. Not an error when closed before.
  [[nodiscard]] std::expected<void, std::string> close();

 private:
  FileSink(std::string path, int descriptor) : path_(std::move(path)), descriptor_(descriptor) {}

  std::string path_;
  int descriptor_;
  std::uint64_t written_ = 0;
};

}  // namespace replay
