#include "sim/machine.hpp"

#include <algorithm>
#include <cstring>

#include <boost/context/detail/fcontext.hpp>

#include "sim/sanitizer.hpp"
#include "sim/snapshot.hpp"

namespace sim {

using boost::context::detail::fcontext_t;
using boost::context::detail::jump_fcontext;
using boost::context::detail::make_fcontext;
using boost::context::detail::transfer_t;

struct Machine::Port {
  PortId id;
  OutputSink* sink = nullptr;
  bool hung_up = false;
  Port* next = nullptr;
};

void MachineDeleter::operator()(Machine* machine) const noexcept {
  for (Fiber& fiber : machine->all_fibers_) {
    if (fiber.thread_ != nullptr) {
      sanitizer::destroy_thread(fiber.thread_);
    }
  }
  Arena::unmap(machine->arena_);
}

std::expected<MachineOwner, std::string> Machine::create(const MachineConfig& config) {
  if (config.cpus < 1 || config.cpus > 64) {
    return std::unexpected("a machine has 1 to 64 virtual CPUs, not " + std::to_string(config.cpus));
  }
  ArenaLayout layout = config.arena;
  if ((sanitizer::kAddress || sanitizer::kThread) && layout.stack_bytes <= kMaximumStackBytes / 4) {
    layout.stack_bytes *= 4;  // instrumented frames are larger; the heap is not touched by this
  }
  std::expected<Arena*, std::string> arena = Arena::map(layout);
  if (!arena) {
    return std::unexpected(arena.error());
  }
  void* memory = (*arena)->allocate(sizeof(Machine));
  if (memory == nullptr) {
    Arena::unmap(*arena);
    return std::unexpected("an arena of " + std::to_string(layout.heap_bytes) + " bytes is too small for a machine");
  }
  MachineOwner machine(new (memory) Machine(config, **arena));
  const bool known = machine->set_strategy(StrategySpec{});
  SIM_ASSERT(known);
  return machine;
}

Machine::Machine(const MachineConfig& config, Arena& arena) : config_(config), arena_(&arena), entropy_(config.seed) {
  update_listened_to();
}

// --- outside
// ---------------------------------------------------------------------------------------------------------------------------------

StopReason Machine::run(const RunBounds& bounds) {
  SIM_ASSERT(current_ == nullptr);
  loop_thread_ = sanitizer::current_thread();
  until_step_ = bounds.until_step;
  for (;;) {
    if (outcome_ != Outcome::running) {
      return StopReason::ended;
    }
    if (step_ >= until_step_) {
      return StopReason::step_bound;
    }
    if (ScheduledEvent* event = queue_.pop_due(now_)) {
      event->handler(*event, event->argument);
      continue;
    }
    if (Fiber* next = pick_next()) {
      switch_to_fiber(*next);
      reap();
      continue;
    }
    if (outcome_ != Outcome::running) {
      return StopReason::ended;  // the choice of the next fiber diverged
    }
    if (!idle_waiters_.empty()) {
      Fiber& fiber = idle_waiters_.front();
      idle_waiters_.pop_front();
      fiber.state_ = FiberState::runnable;
      runnable_.push_back(fiber);
      continue;
    }
    if (queue_.next_time() >= kEndOfTime || !bounds.advance_time) {
      return StopReason::quiescent;
    }
    if (queue_.next_time() > bounds.until_time) {
      return StopReason::time_bound;
    }
    now_ = queue_.next_time();
  }
}

void Machine::advance_to(Nanoseconds time) {
  SIM_ASSERT(current_ == nullptr);
  now_ = std::max(now_, std::min(time, kEndOfTime - 1));
}

bool Machine::set_strategy(const StrategySpec& spec) {
  Strategy* strategy = make_strategy(strategy_storage_, spec, config_.seed);
  if (strategy == nullptr) {
    return false;
  }
  strategy_ = strategy;
  return true;
}

void Machine::attach(Observer& observer) {
  SIM_ASSERT(observer_count_ < observers_.size());
  observers_[observer_count_++] = &observer;
  update_listened_to();
}

void Machine::detach(Observer& observer) {
  const auto end = observers_.begin() + observer_count_;
  const auto found = std::find(observers_.begin(), end, &observer);
  SIM_ASSERT(found != end);
  std::move(found + 1, end, found);
  --observer_count_;
  update_listened_to();
}

void Machine::update_listened_to() {
  listened_to_ = config_.digest || observer_count_ > 0;
}

void Snapshot::plan(std::byte* begin, std::size_t size) {
  ranges_.push_back({begin, size, size_});
  size_ += size + sanitizer::shadow_size(size);
}

Snapshot Machine::snapshot() {
  SIM_ASSERT(current_ == nullptr);
  SIM_ASSERT(!sanitizer::kThread);
  Snapshot snapshot;
  snapshot.step_ = step_;
  const std::span<std::byte> used = arena_->used();
  snapshot.plan(used.data(), used.size());
  for (const Fiber& fiber : all_fibers_) {
    // Boost's fcontext_t is the stack pointer at the switch: below it nothing is alive.
    auto* live = static_cast<std::byte*>(fiber.context_);
    std::byte* top = fiber.stack_.data() + fiber.stack_.size();
    snapshot.dead_parts_.push_back({fiber.stack_.data(), static_cast<std::size_t>(live - fiber.stack_.data())});
    snapshot.plan(live, static_cast<std::size_t>(top - live));
  }
  snapshot.saved_ = std::make_unique_for_overwrite<std::byte[]>(snapshot.size_);
  for (const Snapshot::Range& range : snapshot.ranges_) {
    std::byte* to = snapshot.saved_.get() + range.offset;
    sanitizer::copy_unchecked(to, range.begin, range.size);
    sanitizer::save_shadow(to + range.size, range.begin, range.size);
  }
  return snapshot;
}

void Machine::restore(const Snapshot& snapshot) {
  SIM_ASSERT(current_ == nullptr);
  SIM_ASSERT(!snapshot.ranges_.empty() && snapshot.ranges_.front().begin == arena_->used().data());
  const std::array<Observer*, 8> observers = observers_;
  const std::uint32_t observer_count = observer_count_;
  const std::span<std::byte> used_now = arena_->used();
  for (const Snapshot::Range& range : snapshot.ranges_) {
    const std::byte* from = snapshot.saved_.get() + range.offset;
    sanitizer::copy_unchecked(range.begin, from, range.size);
    sanitizer::restore_shadow(range.begin, from + range.size, range.size);
  }
  for (const Snapshot::DeadPart& dead : snapshot.dead_parts_) {
    sanitizer::unpoison(dead.begin, dead.size);
  }
  const std::span<std::byte> used_then = arena_->used();
  if (used_now.size() > used_then.size()) {
    sanitizer::poison(used_then.data() + used_then.size(), used_now.size() - used_then.size());
  }
  observers_ = observers;
  observer_count_ = observer_count;
  update_listened_to();
}

// --- ports
// -----------------------------------------------------------------------------------------------------------------------------------

Machine::Port* Machine::find_port(PortId port) {
  for (Port* candidate = first_port_; candidate != nullptr; candidate = candidate->next) {
    if (candidate->id == port) {
      return candidate;
    }
  }
  return nullptr;
}

PortId Machine::open_port(OutputSink& sink) {
  if (input_handler_ == nullptr || outcome_ != Outcome::running) {
    return PortId::none();
  }
  Port* port = arena_->create<Port>();
  if (port == nullptr) {
    return PortId::none();
  }
  const PortId id{next_port_++};
  *port = {.id = id, .sink = &sink, .hung_up = false, .next = first_port_};
  first_port_ = port;
  emit(EventKind::input_open, id.value);
  input_handler_->on_open(id);
  return id;
}

void Machine::deliver(PortId port, std::span<const std::byte> bytes) {
  if (find_port(port) != nullptr && input_handler_ != nullptr && outcome_ == Outcome::running) {
    emit(EventKind::input_data, port.value, bytes.size(), 0, bytes);
    input_handler_->on_data(port, bytes);
  }
}

void Machine::close_port(PortId port) {
  for (Port** link = &first_port_; *link != nullptr; link = &(*link)->next) {
    if ((*link)->id == port) {
      Port* closed = *link;
      *link = closed->next;
      arena_->destroy(closed);
      if (outcome_ == Outcome::running) {
        emit(EventKind::input_close, port.value);
        if (input_handler_ != nullptr) {
          input_handler_->on_close(port);
        }
      }
      return;
    }
  }
}

void Machine::transmit(PortId port, std::span<const std::byte> bytes) {
  Port* open = find_port(port);
  if (open != nullptr && !open->hung_up) {
    emit(EventKind::output_data, port.value, bytes.size(), 0, bytes);
    open->sink->on_output(port, bytes);
  }
}

void Machine::hang_up(PortId port) {
  Port* open = find_port(port);
  if (open != nullptr && !open->hung_up) {
    open->hung_up = true;
    emit(EventKind::output_close, port.value);
    open->sink->on_hang_up(port);
  }
}

// --- fibers
// ----------------------------------------------------------------------------------------------------------------------------------

Fiber* Machine::spawn(std::string_view name, FiberEntry entry, void* argument) {
  const std::span<std::byte> stack = arena_->allocate_stack();
  if (stack.empty()) {
    return nullptr;
  }
  void* memory = arena_->allocate(sizeof(Fiber));
  if (memory == nullptr) {
    arena_->release_stack(stack);
    return nullptr;
  }
  auto* fiber = new (memory) Fiber;
  fiber->id_ = FiberId{next_fiber_++};
  fiber->machine_ = this;
  fiber->stack_ = stack;
  fiber->entry_ = entry;
  fiber->argument_ = argument;
  const std::size_t length = std::min(name.size(), sizeof(fiber->name_) - 1);
  std::copy_n(name.begin(), length, fiber->name_);
  fiber->timeout_.handler = timeout_fired;
  fiber->timeout_.argument = fiber;
  fiber->context_ = make_fcontext(stack.data() + stack.size(), stack.size(),
                                  [](transfer_t from) { fiber_main(from.fctx, from.data); });
  fiber->thread_ = sanitizer::create_thread(fiber->name_);
  all_fibers_.push_back(*fiber);
  runnable_.push_back(*fiber);
  emit(EventKind::fiber_start, fiber->id_.value, 0, 0, std::as_bytes(std::span(fiber->name_, length)));
  return fiber;
}

void Machine::fiber_main(void* transfer_from, void* argument) {
  auto* fiber = static_cast<Fiber*>(argument);
  Machine& machine = *fiber->machine_;
  machine.complete_switch(transfer_from);
  fiber->entry_(fiber->argument_);
  machine.exit_fiber();
}

// Runs first on a fiber's side of each switch: keeps the place that was left, the loop's or another fiber's.
void Machine::complete_switch(void* left_context) {
  if (left_ != nullptr) {
    std::exchange(left_, nullptr)->context_ = left_context;
    sanitizer::finish_switch(current_->fake_stack_, nullptr, nullptr);
  } else {
    loop_context_ = left_context;
    sanitizer::finish_switch(current_->fake_stack_, &loop_stack_, &loop_stack_size_);
  }
}

void Machine::make_current(Fiber& fiber) {
  fiber.state_ = FiberState::running;
  current_ = &fiber;
  if (fiber.id_ != last_ran_) {
    emit(EventKind::fiber_switch, last_ran_.value);
    last_ran_ = fiber.id_;
  }
}

void Machine::switch_to_fiber(Fiber& fiber) {
  make_current(fiber);
  sanitizer::start_switch(&loop_fake_stack_, fiber.stack_.data(), fiber.stack_.size());
  sanitizer::switch_thread(fiber.thread_);
  const transfer_t back = jump_fcontext(fiber.context_, &fiber);
  sanitizer::finish_switch(loop_fake_stack_, nullptr, nullptr);
  current_->context_ = back.fctx;  // not always the fiber entered here: fibers switch among themselves
  current_ = nullptr;
}

// From the current fiber to `next` without a turn of the loop, which would find nothing to do: no event is due and no
// bound is reached.
void Machine::switch_directly(Fiber& next) {
  Fiber& self = *current_;
  make_current(next);
  left_ = &self;
  sanitizer::start_switch(&self.fake_stack_, next.stack_.data(), next.stack_.size());
  sanitizer::switch_thread(next.thread_);
  const transfer_t from = jump_fcontext(next.context_, &next);
  complete_switch(from.fctx);
}

void Machine::switch_to_loop(bool for_good) {
  Fiber& self = *current_;
  sanitizer::start_switch(for_good ? nullptr : &self.fake_stack_, loop_stack_, loop_stack_size_);
  sanitizer::switch_thread(loop_thread_);
  const transfer_t from = jump_fcontext(loop_context_, nullptr);
  complete_switch(from.fctx);
}

void Machine::exit_fiber() {
  SIM_ASSERT(current_ != nullptr);
  SIM_ASSERT(current_->cpu_.is_none());
  emit(EventKind::fiber_exit);
  current_->state_ = FiberState::exited;
  exited_ = current_;
  switch_to_loop(true);
  __builtin_unreachable();
}

void Machine::reap() {
  if (exited_ == nullptr) {
    return;
  }
  Fiber* fiber = exited_;
  exited_ = nullptr;
  all_fibers_.erase(all_fibers_.iterator_to(*fiber));
  if (fiber->thread_ != nullptr) {
    sanitizer::destroy_thread(fiber->thread_);
  }
  arena_->release_stack(fiber->stack_);
  arena_->destroy(fiber);
}

Fiber* Machine::take_runnable(std::uint32_t index) {
  auto position = runnable_.begin();
  std::advance(position, index);
  Fiber& fiber = *position;
  runnable_.erase(position);
  return &fiber;
}

// The fiber to execute. Null when none can run, or when the answer ended the machine.
Fiber* Machine::pick_next() {
  const auto waiting = static_cast<std::uint32_t>(runnable_.size());
  if (resume_ != nullptr) {
    const std::uint32_t answer = decide(DecisionKind::preempt, waiting + 1);
    if (outcome_ != Outcome::running) {
      return nullptr;
    }
    Fiber* preempted = std::exchange(resume_, nullptr);
    if (answer == 0) {
      return preempted;
    }
    Fiber* next = take_runnable(answer - 1);
    runnable_.push_back(*preempted);
    return next;
  }
  if (waiting == 0) {
    return nullptr;
  }
  const std::uint32_t answer = decide(DecisionKind::next, waiting);
  return outcome_ != Outcome::running ? nullptr : take_runnable(answer);
}

void Machine::preempt_slowly() {
  SIM_ASSERT(current_ != nullptr);
  Fiber& self = *current_;
  if (now_ >= queue_.next_time() || step_ >= until_step_) {
    resume_ = &self;  // the loop runs what is due, or returns at the bound, and asks then
  } else {
    const std::uint32_t answer = decide(DecisionKind::preempt, static_cast<std::uint32_t>(runnable_.size()) + 1);
    if (answer == 0) {
      return;
    }
    Fiber& next = *take_runnable(answer - 1);
    self.state_ = FiberState::runnable;
    runnable_.push_back(self);
    switch_directly(next);
    return;
  }
  self.state_ = FiberState::runnable;
  switch_to_loop(false);
}

void Machine::block(const char* channel) {
  SIM_ASSERT(current_ != nullptr);
  Fiber& self = *current_;
  self.wait_channel_ = channel;
  self.state_ = FiberState::blocked;
  emit(EventKind::block, 0, 0, 0, std::as_bytes(std::span(channel, std::strlen(channel))));
  switch_to_loop(false);
  self.wait_channel_ = nullptr;
}

bool Machine::block_until(Nanoseconds deadline, const char* channel) {
  SIM_ASSERT(current_ != nullptr);
  Fiber& self = *current_;
  self.timed_out_ = false;
  queue_.schedule(self.timeout_, deadline);
  block(channel);
  queue_.cancel(self.timeout_);
  return !self.timed_out_;
}

void Machine::timeout_fired(ScheduledEvent& /*event*/, void* argument) {
  auto& fiber = *static_cast<Fiber*>(argument);
  Machine& machine = *fiber.machine_;
  if (fiber.state_ != FiberState::blocked) {
    return;  // woken at the same moment, and before
  }
  fiber.timed_out_ = true;
  machine.emit(EventKind::timeout, fiber.id_.value);
  machine.wake(fiber);
}

void Machine::wake(Fiber& fiber) {
  if (fiber.state_ != FiberState::blocked) {
    return;
  }
  fiber.state_ = FiberState::runnable;
  runnable_.push_back(fiber);
  emit(EventKind::wake, fiber.id_.value);
}

void Machine::wait_idle() {
  SIM_ASSERT(current_ != nullptr);
  Fiber& self = *current_;
  self.state_ = FiberState::idle_wait;
  idle_waiters_.push_back(self);
  switch_to_loop(false);
}

// --- CPUs
// ------------------------------------------------------------------------------------------------------------------------------------

void Machine::enter_cpu(CpuId cpu) {
  SIM_ASSERT(current_ != nullptr && current_->cpu_.is_none());
  SIM_ASSERT(cpu.value < config_.cpus && cpu_holders_[cpu.value] == nullptr);
  current_->cpu_ = cpu;
  cpu_holders_[cpu.value] = current_;
  emit(EventKind::cpu_enter);
}

void Machine::leave_cpu() {
  SIM_ASSERT(current_ != nullptr && !current_->cpu_.is_none());
  emit(EventKind::cpu_leave);
  cpu_holders_[current_->cpu_.value] = nullptr;
  current_->cpu_ = CpuId::none();
}

// --- chance, entropy, events, the end
// --------------------------------------------------------------------------------------------------------

std::uint32_t Machine::ask(DecisionKind kind, std::uint32_t choices) {
  const std::uint32_t answer = strategy_->choose(kind, choices);
  if (answer >= choices) [[unlikely]] {
    std::array<char, 128> text;
    const int length = std::snprintf(
        text.data(), text.size(), "decision %llu at step %llu has %u choices, the answer given is %u",
        static_cast<unsigned long long>(decisions_), static_cast<unsigned long long>(step_), choices, answer);
    end(Outcome::diverged, {text.data(), static_cast<std::size_t>(length)});
    return 0;
  }
  ++decisions_;
  for (std::uint32_t index = 0; index < observer_count_; ++index) {
    observers_[index]->on_decision({kind, choices, answer, step_});
  }
  return answer;
}

void Machine::entropy(std::span<std::byte> bytes) {
  while (!bytes.empty()) {
    const std::uint64_t word = entropy_.next();
    const std::size_t take = std::min(bytes.size(), sizeof word);
    std::memcpy(bytes.data(), &word, take);
    bytes = bytes.subspan(take);
  }
}

void Machine::publish(EventKind kind, std::uint64_t a, std::uint64_t b, std::uint64_t c,
                      std::span<const std::byte> data) {
  const Event event{.kind = kind,
                    .cpu = current_ == nullptr ? CpuId::none() : current_->cpu_,
                    .fiber = current_ == nullptr ? FiberId::none() : current_->id_,
                    .step = step_,
                    .now = now_,
                    .a = a,
                    .b = b,
                    .c = c,
                    .data = data};
  if (config_.digest) {
    digest_.absorb(event);
  }
  for (std::uint32_t index = 0; index < observer_count_; ++index) {
    observers_[index]->on_event(event);
  }
}

void Machine::end(Outcome outcome, std::string_view text) {
  if (outcome_ != Outcome::running) {
    return;
  }
  const std::size_t length = std::min(text.size(), outcome_text_.size() - 1);
  std::copy_n(text.begin(), length, outcome_text_.begin());
  outcome_text_[length] = '\0';
  outcome_ = outcome;
  emit(EventKind::halt, static_cast<std::uint64_t>(outcome), 0, 0, std::as_bytes(std::span(text.data(), length)));
  if (current_ != nullptr) {
    current_->state_ = FiberState::blocked;
    current_->wait_channel_ = "ended";
    switch_to_loop(false);
    __builtin_unreachable();
  }
}

}  // namespace sim
