// Who a process acts as: real, effective and saved ids and the supplementary groups (kauth(9)'s content).
#pragma once

#include <array>
#include <cstdint>

namespace kern {

struct Credentials {
  static constexpr std::uint32_t kMaximumGroups = 16;  ///< NGROUPS_MAX

  std::uint32_t uid = 0;
  std::uint32_t euid = 0;
  std::uint32_t saved_uid = 0;
  std::uint32_t gid = 0;
  std::uint32_t egid = 0;
  std::uint32_t saved_gid = 0;
  std::uint32_t group_count = 0;
  std::array<std::uint32_t, kMaximumGroups> groups{};

  /// The suser secmodel: effective user 0 may do what is restricted.
  [[nodiscard]] bool is_superuser() const { return euid == 0; }
};

}  // namespace kern
