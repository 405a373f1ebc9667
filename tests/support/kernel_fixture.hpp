// A booted kernel in a machine of its own, and programs that run in it as processes: for tests of whatever a program
// can meet by system calls. A program is a lambda on a fiber; it has simulated memory and calls by number.
//
//   test::BootedKernel booted({.cpus = 2, .strategy = "random", .seed = 7});
//   booted.spawn("reader", [](test::Program& program) {
//     EXPECT_EQ(program.call(SYS_close, 99), test::fails(EBADF));
//   });
//   EXPECT_TRUE(booted.run());
//
// A program that sleeps for ever does not fail by itself: `run` says so, and names it. Objects on the stack of such a
// program are never destroyed. Programs must not throw, and ASSERT_* leaves only the lambda that it stands in.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <functional>
#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include <gtest/gtest.h>

#include "kern/abi/errno.hpp"
#include "kern/kernel.hpp"
#include "sim/machine.hpp"

namespace test {

/// What a system call gave.
struct CallResult {
  int error = 0;
  std::int64_t value = 0;   ///< The first return value; 0 with an error.
  std::int64_t second = 0;  ///< The second one.

  /// The second value is compared only where a test names it.
  bool operator==(const CallResult& other) const { return error == other.error && value == other.value; }
};
std::ostream& operator<<(std::ostream& out, const CallResult& result);

[[nodiscard]] inline CallResult gives(std::int64_t value) {
  return {.error = 0, .value = value};
}
[[nodiscard]] inline CallResult fails(int error) {
  return {.error = error};
}

class BootedKernel;

/// A process, or one more lwp of a process, while its lambda runs. All members are for its own fiber.
class Program {
 public:
  using Body = std::function<void(Program&)>;

  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  /// A system call. Each argument is an integer, or an address of this program's memory.
  template <class... Arguments>
  CallResult call(std::uint32_t number, Arguments... arguments) {
    static_assert((std::is_integral_v<Arguments> && ...));
    // One more than there are, as an array of none is not allowed.
    const std::array<std::uint64_t, sizeof...(Arguments) + 1> registers{to_register(arguments)...};
    return call_with(number, std::as_bytes(std::span(registers).first(sizeof...(Arguments))));
  }
  /// A system call with an argument block of any length.
  CallResult call_with(std::uint32_t number, std::span<const std::byte> block);

  /// Addresses of fresh memory: 16-aligned, until `forget_memory`. Fails the test when the program has no more.
  kern::UserAddress allocate(std::size_t bytes);
  kern::UserAddress put(std::string_view bytes);
  /// The same with a NUL behind it.
  kern::UserAddress put_string(std::string_view text);
  template <class T>
  kern::UserAddress put_object(const T& object) {
    static_assert(std::is_trivially_copyable_v<T>);
    const kern::UserAddress address = allocate(sizeof object);
    std::memcpy(at(address, sizeof object), &object, sizeof object);
    return address;
  }
  template <class T>
  T get_object(kern::UserAddress address) {
    T object;
    std::memcpy(&object, at(address, sizeof object), sizeof object);
    return object;
  }
  std::string get(kern::UserAddress address, std::size_t bytes) {
    return {reinterpret_cast<const char*>(at(address, bytes)), bytes};
  }
  /// Makes all memory allocatable again.
  void forget_memory() { used_ = 0; }
  /// The first address behind the program's memory: a piece that reaches it faults.
  [[nodiscard]] kern::UserAddress memory_end() const;

  /// Another process with memory of its own, and descriptors from this one's. It runs `body` on a fiber of its own.
  void fork(std::string_view name, kern::DescriptorInheritance descriptors, Body body);
  /// Another lwp of this process, with the same memory; `allocate` there and here must not be mixed.
  void thread(std::string_view name, Body body);
  /// hyp_lwpexit: the other lwps of this process must leave the kernel.
  void exit_others();
  /// hyp_execnotify.
  void exec(std::string_view name);
  /// Lets others run, if the strategy likes to.
  void preempt() { machine().preempt(); }
  /// Waits until nobody else can run: all others sleep or have ended.
  void wait_idle() { machine().wait_idle(); }

  [[nodiscard]] kern::Kernel& kernel();
  [[nodiscard]] sim::Machine& machine();
  [[nodiscard]] kern::Proc& proc();

 private:
  friend class BootedKernel;
  struct Memory;

  Program(BootedKernel& owner, std::string_view name, Body body) : owner_(owner), name_(name), body_(std::move(body)) {}
  static void run_fiber(void* program);
  void enter();
  void leave();
  void start_child(Program& child, int error, kern::Lwp* self);
  template <class T>
  static std::uint64_t to_register(T value) {
    return static_cast<std::uint64_t>(static_cast<std::int64_t>(value));
  }
  std::byte* at(kern::UserAddress address, std::size_t bytes);
  bool make_memory();
  void release_memory();

  BootedKernel& owner_;
  std::string name_;
  Body body_;
  kern::Lwp* lwp_ = nullptr;  ///< Made already, by who forked. Null: it makes a process of its own.
  Memory* memory_ = nullptr;  ///< Shared by the programs of a process. Null: it makes its own.
  std::size_t used_ = 0;
  bool started_ = false;
  bool ended_ = false;
};

struct BootOptions {
  std::uint32_t cpus = 1;
  std::string_view strategy = "round-robin";  ///< As sim::parse_strategy.
  std::uint64_t seed = 0;
  std::size_t program_memory = std::size_t{256} << 10;  ///< Bytes of each process's own.
  kern::KernelConfig kernel = {};
  /// Of the whole machine. Not more than a test needs: AddressSanitizer poisons all of it first.
  std::size_t heap_bytes = std::size_t{8} << 20;
};

/// What the arena has lent: two of these are equal when nothing leaked in between.
struct MemoryUse {
  std::size_t bytes = 0;
  std::size_t objects = 0;
  bool operator==(const MemoryUse&) const = default;
};
std::ostream& operator<<(std::ostream& out, const MemoryUse& use);

class BootedKernel {
 public:
  /// Fails the test, and all that follows with it, when the kernel does not boot.
  explicit BootedKernel(const BootOptions& options = {});
  ~BootedKernel();
  BootedKernel(const BootedKernel&) = delete;
  BootedKernel& operator=(const BootedKernel&) = delete;

  /// A process, child of process 1, with no descriptors; it begins with the next `run`.
  void spawn(std::string_view name, Program::Body body);
  /// Runs the machine until it is at rest. Success: all programs have ended. Failure: the machine ended, or programs
  /// sleep still; the text says which and on what.
  testing::AssertionResult run();
  /// The same for one program, at once.
  testing::AssertionResult run(Program::Body body) {
    spawn("program", std::move(body));
    return run();
  }

  [[nodiscard]] sim::Machine& machine() { return *machine_; }
  [[nodiscard]] kern::Kernel& kernel() { return *kernel_; }
  [[nodiscard]] MemoryUse memory_use() const;
  /// All that was written to the console since the boot began.
  [[nodiscard]] const std::string& console() const { return listener_.console; }
  /// Signals raised since the boot began, in order.
  [[nodiscard]] const std::deque<int>& signals() const { return listener_.signals; }

 private:
  friend class Program;
  struct Listener final : sim::Observer {
    void on_event(const sim::Event& event) override;
    std::string console;
    std::deque<int> signals;
  };
  Program& add(std::string_view name, Program::Body body);
  void start(Program& program);

  BootOptions options_;
  Listener listener_;
  sim::MachineOwner machine_;
  kern::Kernel* kernel_ = nullptr;
  std::deque<Program*> programs_;
};

}  // namespace test
