#include "sim/host/termination.hpp"

#include <cerrno>
#include <sys/signalfd.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace sim::host {

std::expected<Termination, std::string> Termination::watch() {
  sigset_t wanted;
  sigset_t previous;
  ::sigemptyset(&wanted);
  ::sigaddset(&wanted, SIGINT);
  ::sigaddset(&wanted, SIGTERM);
  ::sigprocmask(SIG_BLOCK, &wanted, &previous);
  const int descriptor = ::signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);
  if (descriptor < 0) {
    const int number = errno;
    ::sigprocmask(SIG_SETMASK, &previous, nullptr);
    return std::unexpected("cannot watch for signals: " + std::generic_category().message(number));
  }
  return Termination(descriptor, previous);
}

Termination::Termination(Termination&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), previous_(other.previous_) {}

Termination::~Termination() {
  if (descriptor_ >= 0) {
    ::close(descriptor_);
    ::sigprocmask(SIG_SETMASK, &previous_, nullptr);
  }
}

bool Termination::requested() const {
  signalfd_siginfo info;
  return ::read(descriptor_, &info, sizeof info) == static_cast<ssize_t>(sizeof info);
}

}  // namespace sim::host
