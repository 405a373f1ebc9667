#include "kern/sysproxy/remote_memory.hpp"

#include <algorithm>
#include <cstring>

#include "kern/abi/errno.hpp"
#include "kern/abi/limits.hpp"
#include "kern/sysproxy/server.hpp"

namespace kern::sysproxy {

std::size_t RemoteMemory::piece_size(std::size_t overhead) const {
  const std::uint64_t max_frame = session_.server().limits().max_frame;
  return max_frame > kHeaderSize + overhead ? static_cast<std::size_t>(max_frame - kHeaderSize - overhead) : 0;
}

int RemoteMemory::copyin(UserAddress from, std::span<std::byte> to) {
  const std::size_t piece = piece_size(0);
  while (!to.empty()) {
    const std::size_t size = std::min(to.size(), piece);
    ResponseWait wait{.answer_type = FrameType::COPYIN};
    if (size == 0 || !session_.ask(FrameType::COPYIN, encode(CopyData{.length = size, .address = from}), wait) ||
        wait.body.size() != size) {
      return EFAULT;
    }
    std::memcpy(to.data(), wait.body.bytes().data(), size);
    to = to.subspan(size);
    from += size;
  }
  return 0;
}

int RemoteMemory::copyinstr(UserAddress from, std::span<char> to, std::size_t& done) {
  const std::size_t piece = std::min<std::size_t>(piece_size(0), MAXPATHLEN);
  done = 0;
  while (done < to.size()) {
    const std::size_t size = std::min(to.size() - done, piece);
    ResponseWait wait{.answer_type = FrameType::COPYIN};
    // The answer to a COPYINSTR has the type COPYIN.
    if (size == 0 || !session_.ask(FrameType::COPYINSTR, encode(CopyData{.length = size, .address = from}), wait) ||
        wait.body.size() > size) {
      return EFAULT;
    }
    const std::span<const std::byte> answer = wait.body.bytes();
    const auto end = std::ranges::find(answer, std::byte{0});
    if (end == answer.end() && answer.size() != size) {
      return EFAULT;  // neither a whole string nor all that was asked for
    }
    const auto length = static_cast<std::size_t>(end - answer.begin()) + (end == answer.end() ? 0 : 1);
    std::memcpy(to.data() + done, answer.data(), length);
    done += length;
    from += length;
    if (end != answer.end()) {
      return 0;
    }
  }
  return ENAMETOOLONG;
}

int RemoteMemory::copyout(std::span<const std::byte> from, UserAddress to) {
  const std::size_t piece = piece_size(CopyData::kSize);
  while (!from.empty()) {
    const std::size_t size = std::min(from.size(), piece);
    if (size == 0 ||
        !session_.tell(FrameType::COPYOUT, encode(CopyData{.length = size, .address = to}), from.first(size))) {
      return EFAULT;
    }
    from = from.subspan(size);
    to += size;
  }
  return 0;
}

int RemoteMemory::anonmmap(std::size_t bytes, UserAddress& address) {
  ResponseWait wait{.answer_type = FrameType::ANONMMAP};
  if (!session_.ask(FrameType::ANONMMAP, encode(AnonmmapRequest{.length = bytes}), wait)) {
    return EFAULT;
  }
  const auto answer = parse_anonmmap_answer(wait.body.bytes());
  if (!answer) {
    return EFAULT;
  }
  address = answer->address;
  return address == 0 ? ENOMEM : 0;
}

}  // namespace kern::sysproxy
