#include "kern/core/user_memory.hpp"

#include <algorithm>
#include <cstring>

#include "kern/abi/errno.hpp"

namespace kern {

std::span<std::byte> SimulatedMemory::range(UserAddress address, std::size_t size) const {
  if (address < base_ || address - base_ > pages_.size() || size > pages_.size() - (address - base_)) {
    return {};
  }
  return pages_.subspan(address - base_, size);
}

int SimulatedMemory::copyin(UserAddress from, std::span<std::byte> to) {
  const std::span<std::byte> bytes = range(from, to.size());
  if (bytes.size() != to.size()) {
    return EFAULT;
  }
  std::copy(bytes.begin(), bytes.end(), to.begin());
  return 0;
}

int SimulatedMemory::copyinstr(UserAddress from, std::span<char> to, std::size_t& done) {
  for (std::size_t index = 0; index < to.size(); ++index) {
    const std::span<std::byte> byte = range(from + index, 1);
    if (byte.empty()) {
      return EFAULT;
    }
    to[index] = static_cast<char>(byte[0]);
    if (to[index] == '\0') {
      done = index + 1;
      return 0;
    }
  }
  return ENAMETOOLONG;
}

int SimulatedMemory::copyout(std::span<const std::byte> from, UserAddress to) {
  const std::span<std::byte> bytes = range(to, from.size());
  if (bytes.size() != from.size()) {
    return EFAULT;
  }
  std::copy(from.begin(), from.end(), bytes.begin());
  return 0;
}

}  // namespace kern
