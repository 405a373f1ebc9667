#include "tests/support/kernel_fixture.hpp"

#include <utility>

#include "kern/core/scheduler.hpp"

namespace test {
namespace {

// A round number that no length or descriptor of a test is mistaken for.
constexpr kern::UserAddress kMemoryBase = 0x10000000;
// Room for GoogleTest's messages under AddressSanitizer.
constexpr std::size_t kStackBytes = std::size_t{256} << 10;
constexpr std::uint32_t kStacks = 64;

}  // namespace

std::ostream& operator<<(std::ostream& out, const CallResult& result) {
  if (result.error != 0) {
    return out << kern::errno_name(result.error) << " (value " << result.value << ")";
  }
  return out << result.value;
}

std::ostream& operator<<(std::ostream& out, const MemoryUse& use) {
  return out << use.bytes << " bytes in " << use.objects << " objects";
}

// In the arena, as all of a machine.
struct Program::Memory {
  explicit Memory(std::span<std::byte> its_pages) : pages(its_pages), memory(kMemoryBase, its_pages) {}
  std::span<std::byte> pages;
  kern::SimulatedMemory memory;
  int users = 1;
};

// --- Program
// ---------------------------------------------------------------------------------------------------------------------------

kern::Kernel& Program::kernel() {
  return owner_.kernel();
}

sim::Machine& Program::machine() {
  return owner_.machine();
}

kern::Proc& Program::proc() {
  return *kernel().curlwp()->proc;
}

void Program::enter() {
  EXPECT_TRUE(kernel().scheduler().schedule());
}

void Program::leave() {
  kernel().scheduler().unschedule();
}

void Program::run_fiber(void* program) {
  auto& self = *static_cast<Program*>(program);
  kern::LwProcesses& processes = self.kernel().processes();
  self.enter();
  int error = 0;
  if (self.lwp_ != nullptr) {
    processes.switch_to(self.lwp_);
  } else {
    error = processes.rfork(kern::DescriptorInheritance::clear, self.name_);
  }
  if (error == 0 && self.memory_ == nullptr) {
    error = self.make_memory() ? 0 : kern::ENOMEM;
  }
  self.leave();
  if (error != 0) {
    ADD_FAILURE() << self.name_ << " did not start: " << kern::errno_name(error);
    return;
  }
  self.body_(self);
  self.enter();
  processes.release();
  self.release_memory();
  self.leave();
  self.ended_ = true;
}

bool Program::make_memory() {
  kern::Kmem& kmem = kernel().kmem();
  const std::size_t size = owner_.options_.program_memory;
  auto* pages = static_cast<std::byte*>(kmem.allocate(size));
  if (pages == nullptr) {
    return false;
  }
  memory_ = kmem.create<Memory>(std::span(pages, size));
  if (memory_ == nullptr) {
    kmem.deallocate(pages, size);
    return false;
  }
  proc().memory = &memory_->memory;
  return true;
}

void Program::release_memory() {
  if (--memory_->users > 0) {
    return;
  }
  kern::Kmem& kmem = kernel().kmem();
  kmem.deallocate(memory_->pages.data(), memory_->pages.size());
  kmem.destroy(memory_);
}

CallResult Program::call_with(std::uint32_t number, std::span<const std::byte> block) {
  kern::SyscallResult result;
  const int error = kernel().syscall(number, block, result);
  return {.error = error, .value = error == 0 ? result.value[0] : 0, .second = result.value[1]};
}

std::byte* Program::at(kern::UserAddress address, std::size_t bytes) {
  const std::span<std::byte> pages = memory_->pages;
  const std::size_t offset = address - kMemoryBase;
  if (address < kMemoryBase || offset > pages.size() || bytes > pages.size() - offset) {
    ADD_FAILURE() << name_ << ": the test reads or writes outside of the program's memory";
    return pages.data();
  }
  return pages.data() + offset;
}

kern::UserAddress Program::allocate(std::size_t bytes) {
  const std::size_t offset = (used_ + 15) / 16 * 16;
  if (offset + bytes > memory_->pages.size()) {
    ADD_FAILURE() << name_ << ": the program's memory is used up; see BootOptions::program_memory";
    return kMemoryBase;
  }
  used_ = offset + bytes;
  std::memset(memory_->pages.data() + offset, 0, bytes);
  return kMemoryBase + offset;
}

kern::UserAddress Program::put(std::string_view bytes) {
  const kern::UserAddress address = allocate(bytes.size());
  std::memcpy(at(address, bytes.size()), bytes.data(), bytes.size());
  return address;
}

kern::UserAddress Program::put_string(std::string_view text) {
  const kern::UserAddress address = allocate(text.size() + 1);
  std::memcpy(at(address, text.size()), text.data(), text.size());
  return address;
}

kern::UserAddress Program::memory_end() const {
  return kMemoryBase + memory_->pages.size();
}

void Program::fork(std::string_view name, kern::DescriptorInheritance descriptors, Body body) {
  Program& child = owner_.add(name, std::move(body));
  enter();
  kern::Lwp* self = kernel().curlwp();
  start_child(child, kernel().processes().rfork(descriptors, name), self);
  leave();
}

void Program::thread(std::string_view name, Body body) {
  Program& child = owner_.add(name, std::move(body));
  child.memory_ = memory_;
  ++memory_->users;
  enter();
  kern::Lwp* self = kernel().curlwp();
  start_child(child, kernel().processes().new_lwp(self->proc->pid), self);
  leave();
}

// The current fiber carries the lwp of `child`, unless there was an error.
void Program::start_child(Program& child, int error, kern::Lwp* self) {
  EXPECT_EQ(error, 0) << child.name_ << " did not start: " << kern::errno_name(error);
  if (error == 0) {
    child.lwp_ = kernel().curlwp();
    kernel().processes().switch_to(self);
    owner_.start(child);
  }
}

void Program::exit_others() {
  enter();
  kernel().processes().exit_others();
  leave();
}

void Program::exec(std::string_view name) {
  enter();
  kernel().processes().exec_notify(name);
  leave();
}

// --- BootedKernel
// ----------------------------------------------------------------------------------------------------------------------

void BootedKernel::Listener::on_event(const sim::Event& event) {
  if (event.kind == kern::event(kern::KernelEvent::console_output)) {
    console.append(reinterpret_cast<const char*>(event.data.data()), event.data.size());
  } else if (event.kind == kern::event(kern::KernelEvent::signal)) {
    signals.push_back(static_cast<int>(event.b));
  }
}

BootedKernel::BootedKernel(const BootOptions& options) : options_(options) {
  sim::MachineConfig config;
  config.seed = options.seed;
  config.cpus = options.cpus;
  config.arena.heap_bytes = options.heap_bytes;
  config.arena.stack_bytes = kStackBytes;
  config.arena.stacks = kStacks;
  auto machine = sim::Machine::create(config);
  if (!machine) {
    ADD_FAILURE() << machine.error();
    std::abort();
  }
  machine_ = std::move(*machine);
  machine_->attach(listener_);
  auto kernel = kern::Kernel::boot(*machine_, options.kernel);
  if (!kernel) {
    ADD_FAILURE() << kernel.error();
    std::abort();
  }
  kernel_ = *kernel;
  // Not for the boot: that is the same in each test, and it makes a schedule longer to read.
  const auto strategy = sim::parse_strategy(options.strategy);
  EXPECT_TRUE(strategy.has_value()) << options.strategy;
  EXPECT_TRUE(strategy.has_value() && machine_->set_strategy(*strategy));
}

BootedKernel::~BootedKernel() {
  machine_.reset();
  for (Program* program : programs_) {
    delete program;
  }
}

Program& BootedKernel::add(std::string_view name, Program::Body body) {
  programs_.push_back(new Program(*this, name, std::move(body)));
  return *programs_.back();
}

void BootedKernel::start(Program& program) {
  program.started_ = machine_->spawn(program.name_, Program::run_fiber, &program) != nullptr;
  EXPECT_TRUE(program.started_) << program.name_ << ": no stack for one more fiber";
}

void BootedKernel::spawn(std::string_view name, Program::Body body) {
  start(add(name, std::move(body)));
}

testing::AssertionResult BootedKernel::run() {
  const sim::StopReason reason = machine_->run();
  if (reason != sim::StopReason::quiescent) {
    return testing::AssertionFailure() << "the machine stopped: " << machine_->outcome_text();
  }
  std::string sleeping;
  machine_->for_each_fiber([&](const sim::Fiber& fiber) {
    if (fiber.wait_channel() != nullptr) {
      sleeping += std::string(" ") + fiber.name() + " on " + fiber.wait_channel() + ";";
    }
  });
  for (const Program* program : programs_) {
    if (program->started_ && !program->ended_) {
      return testing::AssertionFailure() << program->name_ << " has not ended; asleep:" << sleeping;
    }
  }
  return testing::AssertionSuccess();
}

MemoryUse BootedKernel::memory_use() const {
  return {.bytes = kernel_->kmem().live_bytes(), .objects = kernel_->kmem().live_objects()};
}

}  // namespace test
