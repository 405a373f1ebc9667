#include "replay/symbols.hpp"

#include <algorithm>
#include <array>
#include <bit>

#include <fmt/format.h>

namespace replay {
namespace {

using enum SymbolGroup;

// Values of NetBSD 7.99.34 for amd64, and of version 0.4 of the sysproxy protocol.
constexpr auto kSymbols = std::to_array<Symbol>({
    {"O_RDONLY", 0x0, open_flags},
    {"O_WRONLY", 0x1, open_flags},
    {"O_RDWR", 0x2, open_flags},
    {"O_ACCMODE", 0x3, open_flags},
    {"O_NONBLOCK", 0x4, open_flags},
    {"O_APPEND", 0x8, open_flags},
    {"O_SHLOCK", 0x10, open_flags},
    {"O_EXLOCK", 0x20, open_flags},
    {"O_ASYNC", 0x40, open_flags},
    {"O_SYNC", 0x80, open_flags},
    {"O_NOFOLLOW", 0x100, open_flags},
    {"O_CREAT", 0x200, open_flags},
    {"O_TRUNC", 0x400, open_flags},
    {"O_EXCL", 0x800, open_flags},
    {"O_NOCTTY", 0x8000, open_flags},
    {"O_DSYNC", 0x10000, open_flags},
    {"O_RSYNC", 0x20000, open_flags},
    {"O_ALT_IO", 0x40000, open_flags},
    {"O_DIRECT", 0x80000, open_flags},
    {"O_DIRECTORY", 0x200000, open_flags},
    {"O_CLOEXEC", 0x400000, open_flags},
    {"O_SEARCH", 0x800000, open_flags},
    {"O_NOSIGPIPE", 0x1000000, open_flags},
    {"O_FSYNC", 128, open_flags},
    {"O_NDELAY", 4, open_flags},
    {"EPERM", 1, error},
    {"ENOENT", 2, error},
    {"ESRCH", 3, error},
    {"EINTR", 4, error},
    {"EIO", 5, error},
    {"ENXIO", 6, error},
    {"E2BIG", 7, error},
    {"ENOEXEC", 8, error},
    {"EBADF", 9, error},
    {"ECHILD", 10, error},
    {"EDEADLK", 11, error},
    {"ENOMEM", 12, error},
    {"EACCES", 13, error},
    {"EFAULT", 14, error},
    {"ENOTBLK", 15, error},
    {"EBUSY", 16, error},
    {"EEXIST", 17, error},
    {"EXDEV", 18, error},
    {"ENODEV", 19, error},
    {"ENOTDIR", 20, error},
    {"EISDIR", 21, error},
    {"EINVAL", 22, error},
    {"ENFILE", 23, error},
    {"EMFILE", 24, error},
    {"ENOTTY", 25, error},
    {"ETXTBSY", 26, error},
    {"EFBIG", 27, error},
    {"ENOSPC", 28, error},
    {"ESPIPE", 29, error},
    {"EROFS", 30, error},
    {"EMLINK", 31, error},
    {"EPIPE", 32, error},
    {"EDOM", 33, error},
    {"ERANGE", 34, error},
    {"EAGAIN", 35, error},
    {"EWOULDBLOCK", 35, error},
    {"EINPROGRESS", 36, error},
    {"EALREADY", 37, error},
    {"ENOTSOCK", 38, error},
    {"EDESTADDRREQ", 39, error},
    {"EMSGSIZE", 40, error},
    {"EPROTOTYPE", 41, error},
    {"ENOPROTOOPT", 42, error},
    {"EPROTONOSUPPORT", 43, error},
    {"ESOCKTNOSUPPORT", 44, error},
    {"EOPNOTSUPP", 45, error},
    {"EPFNOSUPPORT", 46, error},
    {"EAFNOSUPPORT", 47, error},
    {"EADDRINUSE", 48, error},
    {"EADDRNOTAVAIL", 49, error},
    {"ENETDOWN", 50, error},
    {"ENETUNREACH", 51, error},
    {"ENETRESET", 52, error},
    {"ECONNABORTED", 53, error},
    {"ECONNRESET", 54, error},
    {"ENOBUFS", 55, error},
    {"EISCONN", 56, error},
    {"ENOTCONN", 57, error},
    {"ESHUTDOWN", 58, error},
    {"ETOOMANYREFS", 59, error},
    {"ETIMEDOUT", 60, error},
    {"ECONNREFUSED", 61, error},
    {"ELOOP", 62, error},
    {"ENAMETOOLONG", 63, error},
    {"EHOSTDOWN", 64, error},
    {"EHOSTUNREACH", 65, error},
    {"ENOTEMPTY", 66, error},
    {"EPROCLIM", 67, error},
    {"EUSERS", 68, error},
    {"EDQUOT", 69, error},
    {"ESTALE", 70, error},
    {"EREMOTE", 71, error},
    {"EBADRPC", 72, error},
    {"ERPCMISMATCH", 73, error},
    {"EPROGUNAVAIL", 74, error},
    {"EPROGMISMATCH", 75, error},
    {"EPROCUNAVAIL", 76, error},
    {"ENOLCK", 77, error},
    {"ENOSYS", 78, error},
    {"EFTYPE", 79, error},
    {"EAUTH", 80, error},
    {"ENEEDAUTH", 81, error},
    {"EIDRM", 82, error},
    {"ENOMSG", 83, error},
    {"EOVERFLOW", 84, error},
    {"EILSEQ", 85, error},
    {"ENOTSUP", 86, error},
    {"ECANCELED", 87, error},
    {"EBADMSG", 88, error},
    {"ENODATA", 89, error},
    {"ENOSR", 90, error},
    {"ENOSTR", 91, error},
    {"ETIME", 92, error},
    {"ENOATTR", 93, error},
    {"EMULTIHOP", 94, error},
    {"ENOLINK", 95, error},
    {"EPROTO", 96, error},
    {"CLOCK_REALTIME", 0, clock},
    {"CLOCK_VIRTUAL", 1, clock},
    {"CLOCK_PROF", 2, clock},
    {"CLOCK_MONOTONIC", 3, clock},
    {"CLOCK_THREAD_CPUTIME_ID", 0x80000000, clock},
    {"CLOCK_PROCESS_CPUTIME_ID", 0x40000000, clock},
    {"S_ISUID", 04000, mode},
    {"S_ISGID", 02000, mode},
    {"S_ISTXT", 01000, mode},
    {"S_IRWXU", 0700, mode},
    {"S_IRUSR", 0400, mode},
    {"S_IWUSR", 0200, mode},
    {"S_IXUSR", 0100, mode},
    {"S_IREAD", 0400, mode},
    {"S_IWRITE", 0200, mode},
    {"S_IEXEC", 0100, mode},
    {"S_IRWXG", 070, mode},
    {"S_IRGRP", 040, mode},
    {"S_IWGRP", 020, mode},
    {"S_IXGRP", 010, mode},
    {"S_IRWXO", 07, mode},
    {"S_IROTH", 04, mode},
    {"S_IWOTH", 02, mode},
    {"S_IXOTH", 01, mode},
    {"S_IFMT", 0170000, mode},
    {"S_IFIFO", 010000, mode},
    {"S_IFCHR", 020000, mode},
    {"S_IFDIR", 040000, mode},
    {"S_IFBLK", 060000, mode},
    {"S_IFREG", 0100000, mode},
    {"S_IFLNK", 0120000, mode},
    {"S_ISVTX", 01000, mode},
    {"S_IFSOCK", 0140000, mode},
    {"S_IFWHT", 0160000, mode},
    {"S_ARCH1", 0200000, mode},
    {"S_ARCH2", 0400000, mode},
    {"S_BLKSIZE", 01000, mode},
    {"F_DUPFD", 0, fcntl_command},
    {"F_GETFD", 1, fcntl_command},
    {"F_SETFD", 2, fcntl_command},
    {"F_GETFL", 3, fcntl_command},
    {"F_SETFL", 4, fcntl_command},
    {"F_GETOWN", 5, fcntl_command},
    {"F_SETOWN", 6, fcntl_command},
    {"F_GETLK", 7, fcntl_command},
    {"F_SETLK", 8, fcntl_command},
    {"F_SETLKW", 9, fcntl_command},
    {"F_CLOSEM", 10, fcntl_command},
    {"F_MAXFD", 11, fcntl_command},
    {"F_DUPFD_CLOEXEC", 12, fcntl_command},
    {"F_GETNOSIGPIPE", 13, fcntl_command},
    {"F_SETNOSIGPIPE", 14, fcntl_command},
    {"FD_CLOEXEC", 1, descriptor_flags},
    {"SEEK_SET", 0, whence},
    {"SEEK_CUR", 1, whence},
    {"SEEK_END", 2, whence},
    {"REQ", 0, frame_class},
    {"RESP", 1, frame_class},
    {"ERROR", 2, frame_class},
    {"HANDSHAKE", 0, frame_type},
    {"SYSCALL", 1, frame_type},
    {"COPYIN", 2, frame_type},
    {"COPYINSTR", 3, frame_type},
    {"COPYOUT", 4, frame_type},
    {"COPYOUTSTR", 5, frame_type},
    {"ANONMMAP", 6, frame_type},
    {"PREFORK", 7, frame_type},
    {"RAISE", 8, frame_type},
    {"GUEST", 0, handshake},
    {"AUTH", 1, handshake},
    {"FORK", 2, handshake},
    {"EXEC", 3, handshake},
});

constexpr std::uint64_t kAccessModes = 3;  // O_RDONLY, O_WRONLY, O_RDWR are numbers in two bits, not bits

}  // namespace

std::span<const Symbol> symbols() {
  return kSymbols;
}

const Symbol* find_symbol(std::string_view name) {
  const auto* const found = std::ranges::find(kSymbols, name, &Symbol::name);
  return found == kSymbols.end() ? nullptr : found;
}

std::optional<std::string_view> symbol_for(SymbolGroup group, std::uint64_t value) {
  for (const Symbol& symbol : kSymbols) {
    if (symbol.group == group && symbol.value == value) {
      return symbol.name;
    }
  }
  return std::nullopt;
}

std::string spell_open_flags(std::uint64_t value) {
  std::string out{symbol_for(open_flags, value & kAccessModes).value()};
  std::uint64_t rest = value & ~kAccessModes;
  for (const Symbol& symbol : kSymbols) {
    const bool is_one_bit = std::has_single_bit(symbol.value) && (symbol.value & kAccessModes) == 0;
    if (symbol.group != open_flags || !is_one_bit || (rest & symbol.value) == 0) {
      continue;
    }
    out += fmt::format(" | {}", symbol.name);
    rest &= ~symbol.value;
  }
  if (rest != 0) {
    out += fmt::format(" | 0x{:x}", rest);
  }
  return out;
}

}  // namespace replay
