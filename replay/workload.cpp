#include "replay/workload.hpp"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "kern/abi/errno.hpp"
#include "kern/dev/devices.hpp"
#include "kern/sysproxy/client.hpp"
#include "replay/call_encoder.hpp"
#include "replay/raw_stream.hpp"

namespace replay {
namespace {

template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};

/// What an actor's fiber works with. In the machine's arena.
struct ActorContext {
  kern::Kernel& kernel;
  const Actor& actor;
  ActorState& state;
  std::span<std::int64_t> variables;
  std::span<std::byte> pages;

  template <class... Arguments>
  void fail(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    const auto result =
        fmt::format_to_n(state.failure.data(), state.failure.size() - 1, format, std::forward<Arguments>(arguments)...);
    *result.out = '\0';
  }
  [[nodiscard]] bool failed() const { return state.failure[0] != '\0'; }
};

// Where a call is at odds with what the scenario expects of it.
void check_expectation(ActorContext& context, const Call& call, int error, std::int64_t value) {
  const std::string_view name = call.name.empty() ? std::string_view("syscall") : std::string_view(call.name);
  const auto complain = [&](auto&& wanted) {
    if (error != 0) {
      context.fail("{} gave {} ({}), expected {}", name, error, kern::errno_name(error), wanted);
    } else {
      context.fail("{} gave {}, expected {}", name, value, wanted);
    }
  };
  std::visit(Overloaded{
                 [](const std::monostate&) {},
                 [&](const ExpectSuccess&) {
                   if (error != 0) {
                     complain("success");
                   }
                 },
                 [&](const ExpectValue& expected) {
                   if (error != 0 || value != static_cast<std::int64_t>(expected.value)) {
                     complain(static_cast<std::int64_t>(expected.value));
                   }
                 },
                 [&](const ExpectError& expected) {
                   if (error != static_cast<int>(expected.error)) {
                     complain(kern::errno_name(static_cast<int>(expected.error)));
                   }
                 },
             },
             call.expected);
}

/// Follows the actions of a process or client. `Doer` makes its calls and knows its connection.
template <class Doer>
class ActionRunner {
 public:
  ActionRunner(ActorContext& context, Doer& doer) : context_(context), doer_(doer) {}

  /// False: the actor is at its end, by failure. `acted` becomes true when anything was done.
  bool run(std::span<const Action> actions, bool& acted) {
    for (const Action& action : actions) {
      context_.state.line = action.line.number;
      if (const auto* repeat = std::get_if<Repeat>(&action.what)) {
        bool body_acted = true;
        // A body that does nothing takes no step, so that no bound would ever end it.
        for (std::uint64_t round = 0; round < repeat->count && body_acted; ++round) {
          body_acted = false;
          if (!run(repeat->body, body_acted)) {
            return false;
          }
          acted = acted || body_acted;
        }
        continue;
      }
      acted = true;
      std::visit(Overloaded{
                     [&](const Call& call) { this->call(call); },
                     [&](const Handshake& handshake) { doer_.handshake(handshake); },
                     [&](const Disconnect&) { doer_.disconnect(); },
                     [](const Repeat&) {},
                 },
                 action.what);
      if (context_.failed()) {
        return false;
      }
    }
    return true;
  }

 private:
  void call(const Call& call) {
    const kern::SimulatedMemory memory(kMemoryBase, context_.pages);
    const ArgumentBlock block = encode_call(call, context_.variables, memory);
    kern::SyscallResult result;
    const int error = doer_.syscall(call.number.value_or(kern::SYS_NSYSENT), block.arguments(), result);
    if (context_.failed()) {
      return;
    }
    bind_results(call, error, result.value, memory, context_.variables);
    check_expectation(context_, call, error, result.value[0]);
  }

  ActorContext& context_;
  Doer& doer_;
};

/// Calls straight into the kernel, as a program linked with it does.
class ProcessDoer {
 public:
  explicit ProcessDoer(ActorContext& context) : context_(context), memory_(kMemoryBase, context.pages) {}

  // A process begins as a guest client's does: no descriptors but the console's three.
  bool begin() {
    kern::Kernel& kernel = context_.kernel;
    if (!kernel.scheduler().schedule()) {
      context_.fail("no memory for an lwp");
      return false;
    }
    int error = kernel.processes().rfork(kern::DescriptorInheritance::clear, context_.actor.name);
    if (error == 0) {
      kernel.curlwp()->proc->memory = &memory_;
      error = kern::dev::open_console(*kernel.curlwp());
      if (error != 0) {
        kernel.processes().release();
      }
    }
    kernel.scheduler().unschedule();
    if (error != 0) {
      context_.fail("the process cannot be made: {}", kern::errno_name(error));
    }
    return error == 0;
  }
  void end() {
    static_cast<void>(context_.kernel.scheduler().schedule());  // it has an lwp, so that none must be made
    context_.kernel.processes().release();
    context_.kernel.scheduler().unschedule();
  }

  int syscall(std::uint32_t number, std::span<const std::uint64_t> arguments, kern::SyscallResult& result) {
    return context_.kernel.syscall(number, std::as_bytes(arguments), result);
  }
  void handshake(const Handshake&) {}
  void disconnect() {}

 private:
  ActorContext& context_;
  kern::SimulatedMemory memory_;
};

/// Calls over the wire.
class ClientDoer {
 public:
  explicit ClientDoer(ActorContext& context)
      : context_(context),
        memory_(kMemoryBase, context.pages),
        client_(context.kernel.machine(), context.kernel.kmem(), memory_) {}

  int syscall(std::uint32_t number, std::span<const std::uint64_t> arguments, kern::SyscallResult& result) {
    const SimulatedClient::Answer answer = client_.syscall(number, arguments);
    check(answer, "a call");
    result.value = answer.value;
    return answer.error;
  }
  void handshake(const Handshake& handshake) {
    if (!client_.connect()) {
      context_.fail("the server does not take another client");
      return;
    }
    check(client_.handshake_guest(handshake.guest), "the handshake");
  }
  void disconnect() { client_.disconnect(); }

 private:
  using SimulatedClient = kern::sysproxy::SimulatedClient;

  void check(const SimulatedClient::Answer& answer, std::string_view what) {
    switch (answer.outcome) {
      case SimulatedClient::Outcome::answered:
        return;
      case SimulatedClient::Outcome::refused:
        context_.fail("the server refused {} with error {}", what, static_cast<std::uint32_t>(answer.refusal));
        return;
      case SimulatedClient::Outcome::hung_up:
        context_.fail("the server hung up at {}", what);
        return;
      case SimulatedClient::Outcome::violated:
        context_.fail("the server broke the protocol: {}", client_.violation());
        return;
    }
  }

  ActorContext& context_;
  kern::SimulatedMemory memory_;
  SimulatedClient client_;
};

void run_process(ActorContext& context, const Process& process) {
  ProcessDoer doer(context);
  if (doer.begin()) {
    bool acted = false;
    static_cast<void>(ActionRunner(context, doer).run(process.actions, acted));
    doer.end();
  }
}

void run_client(ActorContext& context, const Client& client) {
  ClientDoer doer(context);
  bool acted = false;
  static_cast<void>(ActionRunner(context, doer).run(client.actions, acted));
  doer.disconnect();
}

void run_raw(ActorContext& context, const Raw& raw) {
  RawStream stream(context.kernel);
  for (const RawStep& step : raw.steps) {
    context.state.line = step.line.number;
    stream.perform(step);
    if (stream.violation() != nullptr) {
      context.fail("{}", stream.violation());
      return;
    }
  }
}

void actor_main(void* argument) {
  auto& context = *static_cast<ActorContext*>(argument);
  std::visit(Overloaded{
                 [&](const Process& process) { run_process(context, process); },
                 [&](const Client& client) { run_client(context, client); },
                 [&](const Raw& raw) { run_raw(context, raw); },
             },
             context.actor.what);
  context.state.finished = true;
}

std::uint64_t memory_needed_by(std::span<const Action> actions) {
  std::uint64_t size = 0;
  for (const Action& action : actions) {
    if (const auto* call = std::get_if<Call>(&action.what)) {
      size = std::max(size, memory_needed(*call));
    } else if (const auto* repeat = std::get_if<Repeat>(&action.what)) {
      size = std::max(size, memory_needed_by(repeat->body));
    }
  }
  return size;
}

struct Needs {
  std::size_t variables = 0;
  std::uint64_t bytes = 0;
};

Needs needs_of(const Actor& actor) {
  return std::visit(
      Overloaded{
          [](const Raw&) { return Needs{}; },
          [](const auto& caller) { return Needs{caller.variables.size(), memory_needed_by(caller.actions)}; },
      },
      actor.what);
}

template <class T>
std::optional<std::span<T>> allocate_array(sim::Arena& arena, std::size_t count, T initial) {
  auto* memory = static_cast<T*>(arena.allocate(count * sizeof(T)));
  if (memory == nullptr) {
    return std::nullopt;
  }
  std::uninitialized_fill_n(memory, count, initial);
  return std::span(memory, count);
}

}  // namespace

std::expected<Workload*, std::string> Workload::start(World& world, const Scenario& scenario) {
  sim::Machine& machine = *world.machine;
  sim::Arena& arena = machine.arena();
  const auto states = allocate_array(arena, scenario.actors.size(), ActorState{});
  auto* workload = states ? arena.create<Workload>(scenario, *states) : nullptr;
  if (!states || workload == nullptr) {
    return std::unexpected("the machine's memory does not hold the scenario's actors; a larger arena_mib would");
  }
  for (std::size_t index = 0; index < scenario.actors.size(); ++index) {
    const Actor& actor = scenario.actors[index];
    const Needs needs = needs_of(actor);
    const auto variables = allocate_array(arena, needs.variables, std::int64_t{-1});
    const auto pages = allocate_array(arena, needs.bytes, std::byte{0});
    auto* context = variables && pages
                        ? arena.create<ActorContext>(*world.kernel, actor, (*states)[index], *variables, *pages)
                        : nullptr;
    if (context == nullptr || machine.spawn(actor.name, actor_main, context) == nullptr) {
      return std::unexpected(
          fmt::format("the machine does not hold actor {}, which needs {} bytes and a fiber; a larger arena_mib or "
                      "max_fibers would",
                      actor.name, needs.bytes));
    }
  }
  workload->bytes_at_rest_ = arena.live_bytes() - scenario.actors.size() * sizeof(sim::Fiber);
  return workload;
}

bool Workload::finished() const {
  return std::ranges::all_of(actors_, &ActorState::finished);
}

std::string Workload::failure() const {
  for (std::size_t index = 0; index < actors_.size(); ++index) {
    if (actors_[index].failure[0] != '\0') {
      return fmt::format("{}, line {}: {}", scenario_.actors[index].name, actors_[index].line,
                         actors_[index].failure.data());
    }
  }
  return {};
}

std::string Workload::unfinished() const {
  std::string text;
  for (std::size_t index = 0; index < actors_.size(); ++index) {
    if (!actors_[index].finished) {
      text += fmt::format("{}{} waits at line {}", text.empty() ? "" : ", ", scenario_.actors[index].name,
                          actors_[index].line);
    }
  }
  return text;
}

}  // namespace replay
