// What a server gives to its clients at most. Each limit is met by an answer of the protocol or by hanging up, and
// before any memory is taken for what lies beyond it.
#pragma once

#include <cstddef>
#include <cstdint>

#include "sim/ids.hpp"

namespace kern::sysproxy {

/// Defaults as rumpuser_sp.c has them where it has any (MAXCLI, rumpsp_maxworker, rumpsp_idleworker).
struct ServerLimits {
  /// Clients connected at one time. More are hung up on without a banner.
  std::uint32_t max_clients = 256;
  /// Fibers that carry out system calls. When all are busy, requests wait.
  std::uint32_t max_workers = 128;
  /// Workers that stay when there is nothing to do.
  std::uint32_t idle_workers = 16;
  /// Bytes of the longest frame, header included: MALFORMED_REQUEST and hang up. Copies of more are made in pieces.
  std::uint64_t max_frame = (std::uint64_t{1} << 20) + 64;
  /// System calls of one client that are not answered yet: TRYAGAIN. Half of the workers, so that one client alone
  /// cannot hold them all.
  std::uint32_t max_pending = 64;
  /// Bytes of one client that the main loop has not read yet: hang up.
  std::size_t max_unread = std::size_t{4} << 20;
  /// Forks that one client has prepared and nobody has taken up: TRYAGAIN.
  std::uint32_t max_preforks = 16;
  /// How long a prepared fork is kept after its client has gone: the child may connect later than the parent leaves.
  sim::Nanoseconds prefork_grace_ns = 30'000'000'000;
};

}  // namespace kern::sysproxy
