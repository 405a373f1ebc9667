// Which kernel this is to its programs: the version real rump clients on Linux are built from.
#pragma once

#include <string_view>

namespace kern {

/// __NetBSD_Version__ (sys/param.h): MMmmrrpp00, here 7.99.34. rump_init() refuses a host built from another.
inline constexpr int kNetBsdVersion = 799003400;

// kern.ostype, kern.osrelease and hw.machine of sysctl(3); uname(3) and the sysproxy banner are made of them.
inline constexpr std::string_view kOsType = "NetBSD";
inline constexpr std::string_view kOsRelease = "7.99.34";
inline constexpr std::string_view kMachine = "amd64";

}  // namespace kern
