// Serving real clients: bytes from real sockets become inputs of the machine, each recorded before it is delivered, and
// what the machine sends goes back. The recorded run replays without sockets: an input belongs to the step at which the
// machine stood, and a replay stops there and delivers it.
//
// Virtual time does not follow the real one: when nothing can run but something is scheduled, the clock jumps to it. A
// client's sleep of an hour returns at once.
#pragma once

#include <cstdint>
#include <expected>
#include <string>

#include "replay/recorder.hpp"
#include "replay/run.hpp"
#include "sim/host/socket_server.hpp"
#include "sim/host/termination.hpp"

namespace replay {

/// What a server is made of. All of it is the caller's and outlives the call.
struct ServeParts {
  World& world;
  const Workload& workload;  ///< Without actors.
  sim::host::SocketServer& sockets;
  const sim::host::Termination& termination;
  Recorder* recorder = nullptr;  ///< Null: nothing is recorded.
  sim::Step until_step = ~sim::Step{0};
};

struct ServeResult {
  RunResult run;  ///< `decisions` is left 0.
  std::uint64_t connections = 0;
};

/// Serves until a termination signal, the end of the machine or `until_step`. Then it hangs up on all clients, lets the
/// machine come to rest, and judges it. Does not finish the trace. Error: the host refuses to poll, or the trace cannot
/// be written.
[[nodiscard]] std::expected<ServeResult, std::string> serve(const ServeParts& parts);

}  // namespace replay
