// Speed of the kernel in the machine: boot, system calls, the wire, snapshots of a booted kernel. Calls are measured on
// a fiber of the machine, with the digest off and on.
#include <array>
#include <cstring>
#include <vector>

#include <benchmark/benchmark.h>

#include "kern/abi/syscall_numbers.hpp"
#include "kern/dev/devices.hpp"
#include "kern/sysproxy/client.hpp"
#include "replay/config.hpp"
#include "replay/world.hpp"
#include "sim/snapshot.hpp"

namespace {

using kern::SyscallResult;

replay::Config config_of(const benchmark::State& state) {
  replay::Config config;
  config.strategy = "round-robin";
  static_cast<void>(state);
  return config;
}

/// A kernel, and a fiber of a local process that runs the measured loop.
class Process {
 public:
  explicit Process(bool digest) : memory_(0x1000, pages_) {
    sim::MachineConfig config;
    config.digest = digest;
    machine_ = std::move(sim::Machine::create(config).value());
    kernel_ = kern::Kernel::boot(*machine_).value();
  }

  template <class Body>
  void run(Body body) {
    struct Context {
      Process& self;
      Body& body;
    } context{*this, body};
    const auto* fiber = machine_->spawn(
        "bench",
        [](void* argument) {
          auto& [self, loop] = *static_cast<Context*>(argument);
          kern::Kernel& kernel = *self.kernel_;
          static_cast<void>(kernel.scheduler().schedule());
          static_cast<void>(kernel.processes().rfork(kern::DescriptorInheritance::clear, "bench"));
          kernel.curlwp()->proc->memory = &self.memory_;
          static_cast<void>(kern::dev::open_console(*kernel.curlwp()));
          kernel.scheduler().unschedule();
          loop(self);
          static_cast<void>(kernel.scheduler().schedule());
          kernel.processes().release();
          kernel.scheduler().unschedule();
        },
        &context);
    benchmark::DoNotOptimize(fiber);
    machine_->run();
  }

  template <class... Words>
  SyscallResult call(std::uint32_t number, Words... words) {
    const std::array<std::uint64_t, sizeof...(words) + 1> block{static_cast<std::uint64_t>(words)..., 0};
    SyscallResult result;
    static_cast<void>(kernel_->syscall(number, std::as_bytes(std::span(block)).first(sizeof...(words) * 8), result));
    return result;
  }

 private:
  std::array<std::byte, 8192> pages_{};
  kern::SimulatedMemory memory_;
  sim::MachineOwner machine_;
  kern::Kernel* kernel_ = nullptr;
};

void BootToFirstSystemCall(benchmark::State& state) {
  for (auto _ : state) {
    Process process(true);
    process.run([](Process& self) { benchmark::DoNotOptimize(self.call(kern::SYS_getpid)); });
  }
}
BENCHMARK(BootToFirstSystemCall)->Unit(benchmark::kMicrosecond);

void Getpid(benchmark::State& state) {
  Process(state.range(0) != 0).run([&](Process& self) {
    for (auto _ : state) {
      benchmark::DoNotOptimize(self.call(kern::SYS_getpid));
    }
  });
}
BENCHMARK(Getpid)->ArgName("digest")->Arg(0)->Arg(1);

void CloseOfBadDescriptor(benchmark::State& state) {
  Process(state.range(0) != 0).run([&](Process& self) {
    for (auto _ : state) {
      benchmark::DoNotOptimize(self.call(kern::SYS_close, -1));
    }
  });
}
BENCHMARK(CloseOfBadDescriptor)->ArgName("digest")->Arg(0)->Arg(1);

void PipeWriteAndRead(benchmark::State& state) {
  const std::int64_t size = state.range(1);
  Process(state.range(0) != 0).run([&](Process& self) {
    const SyscallResult pipe = self.call(kern::SYS_pipe);
    for (auto _ : state) {
      benchmark::DoNotOptimize(self.call(kern::SYS_write, pipe.value[1], 0x1000, size));
      benchmark::DoNotOptimize(self.call(kern::SYS_read, pipe.value[0], 0x1000, size));
    }
  });
}
BENCHMARK(PipeWriteAndRead)->ArgNames({"digest", "bytes"})->ArgsProduct({{0, 1}, {1, 4096}});

void DupAndClose(benchmark::State& state) {
  Process(state.range(0) != 0).run([&](Process& self) {
    for (auto _ : state) {
      self.call(kern::SYS_close, self.call(kern::SYS_dup, 0).value[0]);
    }
  });
}
BENCHMARK(DupAndClose)->ArgName("digest")->Arg(0)->Arg(1);

void SnapshotOfBootedWorld(benchmark::State& state) {
  replay::World world = std::move(replay::World::boot(config_of(state)).value());
  std::size_t bytes = 0;
  for (auto _ : state) {
    const sim::Snapshot snapshot = world.machine->snapshot();
    bytes = snapshot.bytes();
    benchmark::DoNotOptimize(bytes);
  }
  state.counters["bytes"] = static_cast<double>(bytes);
}
BENCHMARK(SnapshotOfBootedWorld)->Unit(benchmark::kMicrosecond);

void RestoreOfBootedWorld(benchmark::State& state) {
  replay::World world = std::move(replay::World::boot(config_of(state)).value());
  const sim::Snapshot snapshot = world.machine->snapshot();
  for (auto _ : state) {
    world.machine->restore(snapshot);
  }
  state.counters["bytes"] = static_cast<double>(snapshot.bytes());
}
BENCHMARK(RestoreOfBootedWorld)->Unit(benchmark::kMicrosecond);

// Round trips of a remote client's getpid within the machine: two frames each.
void RemoteGetpid(benchmark::State& state) {
  replay::World world = std::move(replay::World::boot(config_of(state)).value());
  struct Context {
    replay::World& world;
    benchmark::State& state;
  } context{world, state};
  const auto* fiber = world.machine->spawn(
      "bench",
      [](void* argument) {
        auto& [served, loop_state] = *static_cast<Context*>(argument);
        std::array<std::byte, 64> pages{};
        kern::SimulatedMemory memory(0x1000, pages);
        kern::sysproxy::SimulatedClient client(*served.machine, served.kernel->kmem(), memory);
        static_cast<void>(client.connect());
        client.handshake_guest("bench");
        for (auto _ : loop_state) {
          benchmark::DoNotOptimize(client.syscall(kern::SYS_getpid, {}));
        }
      },
      &context);
  benchmark::DoNotOptimize(fiber);
  world.machine->run();
  state.counters["frames/s"] =
      benchmark::Counter(2.0 * static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
}
BENCHMARK(RemoteGetpid);

void FramesParsed(benchmark::State& state) {
  sim::MachineConfig config;
  const sim::MachineOwner machine = std::move(sim::Machine::create(config).value());
  kern::Kmem kmem(machine->arena());
  std::vector<std::byte> stream;
  constexpr int kFrames = 64;
  for (int index = 0; index < kFrames; ++index) {
    const kern::sysproxy::FrameHeader header{.length = 48, .request_number = 7, .field = 4};
    const auto head = encode(header);
    stream.insert(stream.end(), head.begin(), head.end());
    stream.resize(stream.size() + 24);
  }
  kern::sysproxy::FrameParser parser(kmem, 1 << 20);
  for (auto _ : state) {
    std::span<const std::byte> input(stream);
    while (!input.empty()) {
      input = input.subspan(parser.feed(input));
      parser.next();
    }
  }
  state.SetItemsProcessed(state.iterations() * kFrames);
}
BENCHMARK(FramesParsed);

}  // namespace
