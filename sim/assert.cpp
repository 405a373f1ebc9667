#include "sim/assert.hpp"

#include <cstdio>
#include <cstdlib>

namespace sim {

void assertion_failed(const char* condition, const char* file, int line) noexcept {
  std::fprintf(stderr, "%s:%d: assertion failed: %s\n", file, line, condition);
  std::fflush(stderr);
  std::abort();
}

}  // namespace sim
