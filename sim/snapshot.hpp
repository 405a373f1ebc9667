// A saved machine: the used part of its arena and the live part of each fiber's stack, with their sanitizer shadow.
// Pointers inside stay valid because it is put back to the same addresses. Costs and sizes grow with what is in use,
// not with what is reserved.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "sim/ids.hpp"

namespace sim {

class Machine;

/// Owned by the outside, on the host's heap. Many can be kept of one machine; dropping the machine makes them
/// worthless.
class Snapshot {
 public:
  Snapshot() = default;
  /// Bytes held, shadow included.
  [[nodiscard]] std::size_t bytes() const { return size_; }
  [[nodiscard]] Step step() const { return step_; }

 private:
  friend class Machine;

  struct Range {
    std::byte* begin;
    std::size_t size;    ///< Multiple of 8.
    std::size_t offset;  ///< In `saved_`; the shadow follows the bytes.
  };
  /// A stack that was in use: what is below the saved part has no meaning, and its shadow must be clean.
  struct DeadPart {
    std::byte* begin;
    std::size_t size;
  };
  void plan(std::byte* begin, std::size_t size);

  std::unique_ptr<std::byte[]> saved_;
  std::size_t size_ = 0;
  Step step_ = 0;
  std::vector<Range> ranges_;
  std::vector<DeadPart> dead_parts_;
};

}  // namespace sim
