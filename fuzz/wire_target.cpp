// Fuzz target `wire`: bytes to a few raw clients of a sysproxy server and to the decisions of chance (wire_input.hpp).
// A finding prints what it is, leaves its trace (crash_trace.hpp) and aborts, so that the fuzzer keeps the input.
//
// SIMKERN_MUTATOR=bytes in the environment leaves mutation to libFuzzer's own mutators, for comparison.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <span>

#include <fmt/format.h>

#include "fuzz/crash_trace.hpp"
#include "fuzz/wire_mutator.hpp"
#include "fuzz/wire_runner.hpp"

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);

namespace {

std::unique_ptr<fuzz::WireRunner> runner;

bool mutates_bytes_only() {
  static const bool kBytesOnly = [] {
    const char* value = std::getenv("SIMKERN_MUTATOR");
    return value != nullptr && std::strcmp(value, "bytes") == 0;
  }();
  return kBytesOnly;
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int* /*argc*/, char*** /*argv*/) {
  auto created = fuzz::WireRunner::create();
  if (!created) {
    fmt::print(stderr, "fuzz_wire: the world does not boot: {}\n", created.error());
    std::exit(2);
  }
  runner = std::move(*created);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::install_crash_handlers();
  runner->rewind();
  const std::span bytes(data, size);
  const fuzz::WireInput input = fuzz::decode_wire(bytes);
  const fuzz::CurrentRun current{.target = "wire",
                                 .input = bytes,
                                 .scenario = &input.scenario,
                                 .tape = &runner->tape(),
                                 .machine = &runner->machine()};
  fuzz::begin_run(current);
  const replay::RunResult result = runner->run(input);
  if (fuzz::is_finding(result)) {
    fmt::print(stderr, "{}\n", replay::summary(result));
    fuzz::write_crash_trace(result.outcome, result.reason);
    std::abort();
  }
  fuzz::end_run();
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size,
                                               unsigned int seed) {
  if (mutates_bytes_only()) {
    return LLVMFuzzerMutate(data, size, max_size);
  }
  return fuzz::mutate_wire({data, max_size}, size, seed, LLVMFuzzerMutate);
}

extern "C" std::size_t LLVMFuzzerCustomCrossOver(const std::uint8_t* data1, std::size_t size1,
                                                 const std::uint8_t* data2, std::size_t size2, std::uint8_t* out,
                                                 std::size_t max_out_size, unsigned int seed) {
  if (mutates_bytes_only()) {
    return 0;
  }
  return fuzz::cross_wire({data1, size1}, {data2, size2}, {out, max_out_size}, seed);
}
