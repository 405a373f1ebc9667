// The memory of a client, over its connection: what the kernel copies in is asked of the client, what it copies out is
// sent (rumpuser_sp_copyin() and its kin). Whatever the client answers, no more than what was asked for is taken, and
// an answer that is not right is EFAULT.
#pragma once

#include "kern/core/user_memory.hpp"

namespace kern::sysproxy {

class Session;  // NOLINT(cppcoreguidelines-virtual-class-destructor): it is final

/// Each function is called by an lwp with a CPU, which it gives up while it waits.
class RemoteMemory final : public UserMemory {
 public:
  explicit RemoteMemory(Session& session) : session_(session) {}

  /// COPYIN requests of at most a frame each. The answer must have exactly the length asked for.
  [[nodiscard]] int copyin(UserAddress from, std::span<std::byte> to) override;
  /// COPYINSTR requests of at most 1024 bytes, as the original's for a path. An answer may be shorter than asked for
  /// when it holds the NUL.
  [[nodiscard]] int copyinstr(UserAddress from, std::span<char> to, std::size_t& done) override;
  /// COPYOUT frames. Nobody answers them: 0 says that they were sent.
  [[nodiscard]] int copyout(std::span<const std::byte> from, UserAddress to) override;
  /// `bytes` of fresh memory of the client's. EFAULT, or ENOMEM when the client has none.
  [[nodiscard]] int anonmmap(std::size_t bytes, UserAddress& address);

 private:
  /// Bytes of a body that fit into a frame beside `overhead` others.
  [[nodiscard]] std::size_t piece_size(std::size_t overhead) const;

  Session& session_;
};

}  // namespace kern::sysproxy
