#include "kern/abi/errno.hpp"

#include <array>
#include <cstddef>

namespace kern {
namespace {

// Indexed by number: NetBSD's run from 1 to ELAST without a gap. EWOULDBLOCK is EAGAIN.
constexpr auto kNames = std::to_array<std::string_view>({
    "0",           "EPERM",           "ENOENT",          "ESRCH",         "EINTR",        "EIO",
    "ENXIO",       "E2BIG",           "ENOEXEC",         "EBADF",         "ECHILD",       "EDEADLK",
    "ENOMEM",      "EACCES",          "EFAULT",          "ENOTBLK",       "EBUSY",        "EEXIST",
    "EXDEV",       "ENODEV",          "ENOTDIR",         "EISDIR",        "EINVAL",       "ENFILE",
    "EMFILE",      "ENOTTY",          "ETXTBSY",         "EFBIG",         "ENOSPC",       "ESPIPE",
    "EROFS",       "EMLINK",          "EPIPE",           "EDOM",          "ERANGE",       "EAGAIN",
    "EINPROGRESS", "EALREADY",        "ENOTSOCK",        "EDESTADDRREQ",  "EMSGSIZE",     "EPROTOTYPE",
    "ENOPROTOOPT", "EPROTONOSUPPORT", "ESOCKTNOSUPPORT", "EOPNOTSUPP",    "EPFNOSUPPORT", "EAFNOSUPPORT",
    "EADDRINUSE",  "EADDRNOTAVAIL",   "ENETDOWN",        "ENETUNREACH",   "ENETRESET",    "ECONNABORTED",
    "ECONNRESET",  "ENOBUFS",         "EISCONN",         "ENOTCONN",      "ESHUTDOWN",    "ETOOMANYREFS",
    "ETIMEDOUT",   "ECONNREFUSED",    "ELOOP",           "ENAMETOOLONG",  "EHOSTDOWN",    "EHOSTUNREACH",
    "ENOTEMPTY",   "EPROCLIM",        "EUSERS",          "EDQUOT",        "ESTALE",       "EREMOTE",
    "EBADRPC",     "ERPCMISMATCH",    "EPROGUNAVAIL",    "EPROGMISMATCH", "EPROCUNAVAIL", "ENOLCK",
    "ENOSYS",      "EFTYPE",          "EAUTH",           "ENEEDAUTH",     "EIDRM",        "ENOMSG",
    "EOVERFLOW",   "EILSEQ",          "ENOTSUP",         "ECANCELED",     "EBADMSG",      "ENODATA",
    "ENOSR",       "ENOSTR",          "ETIME",           "ENOATTR",       "EMULTIHOP",    "ENOLINK",
    "EPROTO",
});
static_assert(kNames.size() == ELAST + 1);

}  // namespace

std::string_view errno_name(int error) noexcept {
  switch (error) {
    case EJUSTRETURN:
      return "EJUSTRETURN";
    case ERESTART:
      return "ERESTART";
    case EPASSTHROUGH:
      return "EPASSTHROUGH";
    case EDUPFD:
      return "EDUPFD";
    case EMOVEFD:
      return "EMOVEFD";
    default:
      break;
  }
  if (error < 0 || error > ELAST) {
    return {};
  }
  return kNames[static_cast<std::size_t>(error)];
}

}  // namespace kern
