// LLVMFuzzerMutate for programs linked without libFuzzer (stand-alone driver, tests): custom mutators call it, and
// libFuzzer alone defines it.
#include <cstddef>
#include <cstdint>

/// Leaves the input as it is, which every caller must be able to take.
extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* /*data*/, std::size_t size, std::size_t max_size) {
  return size < max_size ? size : max_size;
}
