// A person's or a supervisor's wish to stop, SIGINT or SIGTERM, as a descriptor that can be polled.
#pragma once

#include <csignal>
#include <expected>
#include <string>

namespace sim::host {

/// While it lives, both signals do nothing but make the descriptor readable. For the thread that makes it.
class Termination {
 public:
  [[nodiscard]] static std::expected<Termination, std::string> watch();
  Termination(Termination&& other) noexcept;
  Termination& operator=(Termination&&) = delete;
  Termination(const Termination&) = delete;
  Termination& operator=(const Termination&) = delete;
  ~Termination();

  /// Readable once a signal came.
  [[nodiscard]] int descriptor() const { return descriptor_; }
  /// Whether one came since the last call.
  [[nodiscard]] bool requested() const;

 private:
  Termination(int descriptor, const sigset_t& previous) : descriptor_(descriptor), previous_(previous) {}

  int descriptor_;
  sigset_t previous_;
};

}  // namespace sim::host
