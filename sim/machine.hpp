// The machine: one simulated computer without a kernel. It has an arena for memory, fibers for threads of control,
// virtual CPUs, one queue of future events, a virtual clock, a seeded source of entropy, ports to the outside, and one
// door for chance, `decide`. It knows nothing of kernels, files or sockets.
//
// A run is a function of the config, of what the outside delivers and of the answers that the strategy gives; nothing
// else reaches the machine. It has no host threads and no globals; many machines can live in one process. All of it,
// the Machine object itself included, lies in its arena.
//
// Two sides use it. Code *inside* runs on fibers (or in event handlers) and calls the members under "inside". The
// *outside* (a test, a tool, a fuzzer) calls those under "outside", and only while the machine is not running.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "sim/arena.hpp"
#include "sim/assert.hpp"
#include "sim/digest.hpp"
#include "sim/event.hpp"
#include "sim/event_queue.hpp"
#include "sim/fiber.hpp"
#include "sim/random.hpp"
#include "sim/strategy.hpp"

namespace sim {

class Machine;
class Snapshot;

struct MachineConfig {
  std::uint64_t seed = 0;          ///< Of entropy and of seeded strategies.
  std::uint32_t cpus = 1;          ///< Virtual CPUs, 1 to 64.
  Nanoseconds step_cost_ns = 100;  ///< Virtual time that each event takes, so that spinning code sees timers fire.
  std::int64_t epoch_seconds = 1'500'000'000;  ///< Wall-clock time (seconds since 1970) at virtual time 0.
  bool digest = true;                          ///< Chain the digest; off saves its time.
  ArenaLayout arena;
};

/// How a machine came to rest for good.
enum class Outcome : std::uint8_t {
  running,   ///< It can go on.
  halted,    ///< The kernel halted it.
  panicked,  ///< The kernel panicked, or one of its assertions failed.
  diverged,  ///< The strategy gave an answer that the question does not have.
};

/// Why `run` returned.
enum class StopReason : std::uint8_t {
  quiescent,   ///< No fiber can run and no event is scheduled (or, with `advance_time` off, none is due).
  step_bound,  ///< `until_step` was reached.
  time_bound,  ///< The next event is later than `until_time`.
  ended,       ///< See `outcome()`.
};

struct RunBounds {
  Step until_step = ~Step{0};
  Nanoseconds until_time = ~Nanoseconds{0};
  /// Whether the clock jumps to the next event when no fiber can run. Off: the outside moves it by `advance_to`.
  bool advance_time = true;
};

/// What the machine sends out on a port goes here. The owner keeps it alive while the port is open.
class OutputSink {
 public:
  virtual void on_output(PortId port, std::span<const std::byte> bytes) = 0;
  /// The machine ended the stream. The outside may still deliver, and must close the port.
  virtual void on_hang_up(PortId port) = 0;

 protected:
  ~OutputSink() = default;
};

/// The kernel's face to the ports. Called on the machine's loop or on an actor's fiber; must not block.
class InputHandler {
 public:
  virtual void on_open(PortId port) = 0;
  virtual void on_data(PortId port, std::span<const std::byte> bytes) = 0;
  virtual void on_close(PortId port) = 0;

 protected:
  ~InputHandler() = default;
};

struct MachineDeleter {
  void operator()(Machine* machine) const noexcept;
};
using MachineOwner = std::unique_ptr<Machine, MachineDeleter>;

class Machine {
 public:
  // --- outside
  // ---------------------------------------------------------------------------------------------------------------------------

  /// A machine with no fibers and the round-robin strategy. Error: a config value out of range, or no memory to
  /// reserve.
  [[nodiscard]] static std::expected<MachineOwner, std::string> create(const MachineConfig& config);

  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  /// Executes until it ends, comes to rest or meets a bound. Can be called again: stopping at a bound changes nothing
  /// in the run.
  StopReason run(const RunBounds& bounds = {});
  /// Moves the clock forward to `time`, at most to just before kEndOfTime; earlier times are ignored. Due events run in
  /// the next `run`.
  void advance_to(Nanoseconds time);

  /// Chooses who answers from now on. It takes nothing from the heap, so that a recording and its replay, whose
  /// strategies differ, meet exhaustion at the same allocation. False: `spec` names no strategy.
  [[nodiscard]] bool set_strategy(const StrategySpec& spec);
  /// The same for a strategy of the caller's, who keeps it alive while it is in use. It is not part of snapshots.
  void set_strategy(Strategy& strategy) { strategy_ = &strategy; }

  /// At most 8 at once. The observer stays attached over `restore`.
  void attach(Observer& observer);
  void detach(Observer& observer);

  /// Copies all that is in use. Not under ThreadSanitizer, whose state cannot be saved.
  [[nodiscard]] Snapshot snapshot();
  /// Puts the machine back to `snapshot`, which must be of this machine. Observers stay as they are now; all else is as
  /// it was then.
  void restore(const Snapshot& snapshot);

  [[nodiscard]] Outcome outcome() const { return outcome_; }
  /// Reason of a halt, a panic or a divergence, one line; empty while running.
  [[nodiscard]] std::string_view outcome_text() const { return outcome_text_.data(); }
  [[nodiscard]] DigestValue digest() const { return digest_.value(); }
  [[nodiscard]] std::uint64_t decisions() const { return decisions_; }
  [[nodiscard]] const MachineConfig& config() const { return config_; }
  /// Calls `visit(const Fiber&)` for each fiber, in order of creation.
  template <class Visitor>
  void for_each_fiber(Visitor&& visit) const {
    for (const Fiber& fiber : all_fibers_) {
      visit(fiber);
    }
  }

  // --- both sides: ports
  // -----------------------------------------------------------------------------------------------------------------

  /// A new port whose output goes to `sink`; the kernel hears of it at once. None when the heap is used up, no kernel
  /// listens or the machine has ended.
  PortId open_port(OutputSink& sink);
  /// Bytes from the outside. Ignored for a port that is not open, when no kernel listens and once the machine has
  /// ended.
  void deliver(PortId port, std::span<const std::byte> bytes);
  /// The outside ends the stream and forgets the port. A machine that has ended forgets it without an event.
  void close_port(PortId port);
  /// Who hears of ports. Null: nobody listens.
  void set_input_handler(InputHandler* handler) { input_handler_ = handler; }

  // --- both sides: state
  // -----------------------------------------------------------------------------------------------------------------

  [[nodiscard]] Arena& arena() { return *arena_; }
  [[nodiscard]] Step step() const { return step_; }
  /// Virtual time since the machine was made.
  [[nodiscard]] Nanoseconds now() const { return now_; }
  /// The fiber that executes; null on the machine's loop and outside.
  [[nodiscard]] Fiber* current() const { return current_; }

  // --- inside: fibers
  // --------------------------------------------------------------------------------------------------------------------

  /// A runnable fiber, last in the queue. Null: no stack slot or no memory. `name` is cut to 15 bytes.
  [[nodiscard]] Fiber* spawn(std::string_view name, FiberEntry entry, void* argument);
  /// Ends the current fiber.
  [[noreturn]] void exit_fiber();
  /// A preemption point: due events run, and the strategy may let another runnable fiber go first.
  void preempt() {
    if (now_ >= queue_.next_time() || step_ >= until_step_ || !runnable_.empty()) {
      preempt_slowly();
    }
  }
  /// The current fiber waits until `wake`. `channel` says for what, in a word or two, and is a literal.
  void block(const char* channel);
  /// The same, for at most until `deadline`. False when the time ran out first.
  [[nodiscard]] bool block_until(Nanoseconds deadline, const char* channel);
  /// Makes a blocked fiber runnable, last in the queue. No effect on one that is not blocked.
  void wake(Fiber& fiber);
  /// The current fiber waits until no other fiber can run and no event is due: for actors that act when all is quiet.
  void wait_idle();

  // --- inside: CPUs
  // ----------------------------------------------------------------------------------------------------------------------

  [[nodiscard]] std::uint32_t cpu_count() const { return config_.cpus; }
  /// The fiber that holds `cpu`, or null.
  [[nodiscard]] Fiber* cpu_holder(CpuId cpu) const { return cpu_holders_[cpu.value]; }
  /// The current fiber takes a free CPU; it must hold none.
  void enter_cpu(CpuId cpu);
  /// The current fiber gives its CPU up.
  void leave_cpu();

  // --- inside: chance, time, entropy
  // -----------------------------------------------------------------------------------------------------

  /// The one door for chance: a number in [0, choices). A choice of one is not asked. 0 is the quiet answer.
  [[nodiscard]] std::uint32_t decide(DecisionKind kind, std::uint32_t choices) {
    return choices <= 1 ? 0 : ask(kind, choices);
  }
  void schedule(ScheduledEvent& event, Nanoseconds time) { queue_.schedule(event, time); }
  bool cancel(ScheduledEvent& event) { return queue_.cancel(event); }
  /// Bytes from the seed.
  void entropy(std::span<std::byte> bytes);

  // --- inside: events, output, the end
  // ---------------------------------------------------------------------------------------------------

  /// Counts a step, lets its virtual time pass and tells digest and observers. `kind` of a kernel is at least
  /// kFirstKernelEvent.
  void emit(EventKind kind, std::uint64_t a = 0, std::uint64_t b = 0, std::uint64_t c = 0,
            std::span<const std::byte> data = {}) {
    ++step_;
    now_ += config_.step_cost_ns;
    if (listened_to_) {
      publish(kind, a, b, c, data);
    }
  }
  /// Sends bytes out. Dropped when the outside has closed the port.
  void transmit(PortId port, std::span<const std::byte> bytes);
  /// Ends the stream from inside.
  void hang_up(PortId port);
  /// Ends the machine: `run` returns `ended`. Does not return when called on a fiber. The text is cut to 255 bytes.
  void end(Outcome outcome, std::string_view text);

 private:
  friend class Snapshot;
  friend struct MachineDeleter;
  struct Port;

  using AllFibers = boost::intrusive::list<
      Fiber, boost::intrusive::member_hook<
                 Fiber, boost::intrusive::list_member_hook<boost::intrusive::link_mode<boost::intrusive::normal_link>>,
                 &Fiber::all_hook_>>;
  using FiberQueue = boost::intrusive::list<Fiber>;

  Machine(const MachineConfig& config, Arena& arena);

  static void fiber_main(void* transfer_from, void* argument);
  static void timeout_fired(ScheduledEvent& event, void* argument);
  void preempt_slowly();
  void switch_to_fiber(Fiber& fiber);
  void switch_to_loop(bool for_good);
  void switch_directly(Fiber& next);
  void make_current(Fiber& fiber);
  void complete_switch(void* left_context);
  void reap();
  Fiber* take_runnable(std::uint32_t index);
  Fiber* pick_next();
  std::uint32_t ask(DecisionKind kind, std::uint32_t choices);
  void publish(EventKind kind, std::uint64_t a, std::uint64_t b, std::uint64_t c, std::span<const std::byte> data);
  void update_listened_to();
  [[nodiscard]] Port* find_port(PortId port);

  MachineConfig config_;
  Arena* arena_;
  Outcome outcome_ = Outcome::running;
  bool listened_to_ = false;
  Step step_ = 0;
  Nanoseconds now_ = 0;
  Step until_step_ = ~Step{0};
  std::uint64_t decisions_ = 0;
  Strategy* strategy_ = nullptr;
  alignas(16) std::array<std::byte, kStrategyBytes> strategy_storage_{};  ///< Here, so that snapshots carry its state.
  Random entropy_;
  EventQueue queue_;
  Digest digest_;

  Fiber* current_ = nullptr;
  Fiber* resume_ = nullptr;  ///< Preempted by an event or a bound, not by choice: the choice is still to be asked.
  Fiber* left_ = nullptr;    ///< The fiber that was left by a direct switch; null when the loop was.
  Fiber* exited_ = nullptr;  ///< Its stack is given back on the loop.
  FiberQueue runnable_;
  FiberQueue idle_waiters_;
  AllFibers all_fibers_;
  std::uint32_t next_fiber_ = 0;
  std::array<Fiber*, 64> cpu_holders_{};
  FiberId last_ran_;

  void* loop_context_ = nullptr;      ///< Where `run` stands while a fiber executes.
  const void* loop_stack_ = nullptr;  ///< The host's stack, for AddressSanitizer.
  std::size_t loop_stack_size_ = 0;
  void* loop_fake_stack_ = nullptr;
  void* loop_thread_ = nullptr;

  InputHandler* input_handler_ = nullptr;
  Port* first_port_ = nullptr;
  std::uint32_t next_port_ = 0;

  std::array<Observer*, 8> observers_{};
  std::uint32_t observer_count_ = 0;
  std::array<char, 256> outcome_text_{};
};

}  // namespace sim
