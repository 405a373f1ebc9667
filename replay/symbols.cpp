#include "replay/symbols.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <utility>

#include <fmt/format.h>

#include "kern/abi/errno.hpp"
#include "kern/abi/fcntl.hpp"
#include "kern/abi/stat.hpp"
#include "kern/abi/time.hpp"
#include "kern/sysproxy/frame.hpp"

namespace replay {
namespace {

using enum SymbolGroup;

// Names a person may write, from the kernel's own constants.
constexpr auto kSymbols = std::to_array<Symbol>({
    {"O_RDONLY", kern::O_RDONLY, open_flags},
    {"O_WRONLY", kern::O_WRONLY, open_flags},
    {"O_RDWR", kern::O_RDWR, open_flags},
    {"O_ACCMODE", kern::O_ACCMODE, open_flags},
    {"O_NONBLOCK", kern::O_NONBLOCK, open_flags},
    {"O_APPEND", kern::O_APPEND, open_flags},
    {"O_SHLOCK", kern::O_SHLOCK, open_flags},
    {"O_EXLOCK", kern::O_EXLOCK, open_flags},
    {"O_ASYNC", kern::O_ASYNC, open_flags},
    {"O_SYNC", kern::O_SYNC, open_flags},
    {"O_NOFOLLOW", kern::O_NOFOLLOW, open_flags},
    {"O_CREAT", kern::O_CREAT, open_flags},
    {"O_TRUNC", kern::O_TRUNC, open_flags},
    {"O_EXCL", kern::O_EXCL, open_flags},
    {"O_NOCTTY", kern::O_NOCTTY, open_flags},
    {"O_DSYNC", kern::O_DSYNC, open_flags},
    {"O_RSYNC", kern::O_RSYNC, open_flags},
    {"O_ALT_IO", kern::O_ALT_IO, open_flags},
    {"O_DIRECT", kern::O_DIRECT, open_flags},
    {"O_DIRECTORY", kern::O_DIRECTORY, open_flags},
    {"O_CLOEXEC", kern::O_CLOEXEC, open_flags},
    {"O_SEARCH", kern::O_SEARCH, open_flags},
    {"O_NOSIGPIPE", kern::O_NOSIGPIPE, open_flags},
    {"O_FSYNC", kern::O_FSYNC, open_flags},
    {"O_NDELAY", kern::O_NDELAY, open_flags},
    {"EPERM", kern::EPERM, error},
    {"ENOENT", kern::ENOENT, error},
    {"ESRCH", kern::ESRCH, error},
    {"EINTR", kern::EINTR, error},
    {"EIO", kern::EIO, error},
    {"ENXIO", kern::ENXIO, error},
    {"E2BIG", kern::E2BIG, error},
    {"ENOEXEC", kern::ENOEXEC, error},
    {"EBADF", kern::EBADF, error},
    {"ECHILD", kern::ECHILD, error},
    {"EDEADLK", kern::EDEADLK, error},
    {"ENOMEM", kern::ENOMEM, error},
    {"EACCES", kern::EACCES, error},
    {"EFAULT", kern::EFAULT, error},
    {"ENOTBLK", kern::ENOTBLK, error},
    {"EBUSY", kern::EBUSY, error},
    {"EEXIST", kern::EEXIST, error},
    {"EXDEV", kern::EXDEV, error},
    {"ENODEV", kern::ENODEV, error},
    {"ENOTDIR", kern::ENOTDIR, error},
    {"EISDIR", kern::EISDIR, error},
    {"EINVAL", kern::EINVAL, error},
    {"ENFILE", kern::ENFILE, error},
    {"EMFILE", kern::EMFILE, error},
    {"ENOTTY", kern::ENOTTY, error},
    {"ETXTBSY", kern::ETXTBSY, error},
    {"EFBIG", kern::EFBIG, error},
    {"ENOSPC", kern::ENOSPC, error},
    {"ESPIPE", kern::ESPIPE, error},
    {"EROFS", kern::EROFS, error},
    {"EMLINK", kern::EMLINK, error},
    {"EPIPE", kern::EPIPE, error},
    {"EDOM", kern::EDOM, error},
    {"ERANGE", kern::ERANGE, error},
    {"EAGAIN", kern::EAGAIN, error},
    {"EWOULDBLOCK", kern::EWOULDBLOCK, error},
    {"EINPROGRESS", kern::EINPROGRESS, error},
    {"EALREADY", kern::EALREADY, error},
    {"ENOTSOCK", kern::ENOTSOCK, error},
    {"EDESTADDRREQ", kern::EDESTADDRREQ, error},
    {"EMSGSIZE", kern::EMSGSIZE, error},
    {"EPROTOTYPE", kern::EPROTOTYPE, error},
    {"ENOPROTOOPT", kern::ENOPROTOOPT, error},
    {"EPROTONOSUPPORT", kern::EPROTONOSUPPORT, error},
    {"ESOCKTNOSUPPORT", kern::ESOCKTNOSUPPORT, error},
    {"EOPNOTSUPP", kern::EOPNOTSUPP, error},
    {"EPFNOSUPPORT", kern::EPFNOSUPPORT, error},
    {"EAFNOSUPPORT", kern::EAFNOSUPPORT, error},
    {"EADDRINUSE", kern::EADDRINUSE, error},
    {"EADDRNOTAVAIL", kern::EADDRNOTAVAIL, error},
    {"ENETDOWN", kern::ENETDOWN, error},
    {"ENETUNREACH", kern::ENETUNREACH, error},
    {"ENETRESET", kern::ENETRESET, error},
    {"ECONNABORTED", kern::ECONNABORTED, error},
    {"ECONNRESET", kern::ECONNRESET, error},
    {"ENOBUFS", kern::ENOBUFS, error},
    {"EISCONN", kern::EISCONN, error},
    {"ENOTCONN", kern::ENOTCONN, error},
    {"ESHUTDOWN", kern::ESHUTDOWN, error},
    {"ETOOMANYREFS", kern::ETOOMANYREFS, error},
    {"ETIMEDOUT", kern::ETIMEDOUT, error},
    {"ECONNREFUSED", kern::ECONNREFUSED, error},
    {"ELOOP", kern::ELOOP, error},
    {"ENAMETOOLONG", kern::ENAMETOOLONG, error},
    {"EHOSTDOWN", kern::EHOSTDOWN, error},
    {"EHOSTUNREACH", kern::EHOSTUNREACH, error},
    {"ENOTEMPTY", kern::ENOTEMPTY, error},
    {"EPROCLIM", kern::EPROCLIM, error},
    {"EUSERS", kern::EUSERS, error},
    {"EDQUOT", kern::EDQUOT, error},
    {"ESTALE", kern::ESTALE, error},
    {"EREMOTE", kern::EREMOTE, error},
    {"EBADRPC", kern::EBADRPC, error},
    {"ERPCMISMATCH", kern::ERPCMISMATCH, error},
    {"EPROGUNAVAIL", kern::EPROGUNAVAIL, error},
    {"EPROGMISMATCH", kern::EPROGMISMATCH, error},
    {"EPROCUNAVAIL", kern::EPROCUNAVAIL, error},
    {"ENOLCK", kern::ENOLCK, error},
    {"ENOSYS", kern::ENOSYS, error},
    {"EFTYPE", kern::EFTYPE, error},
    {"EAUTH", kern::EAUTH, error},
    {"ENEEDAUTH", kern::ENEEDAUTH, error},
    {"EIDRM", kern::EIDRM, error},
    {"ENOMSG", kern::ENOMSG, error},
    {"EOVERFLOW", kern::EOVERFLOW, error},
    {"EILSEQ", kern::EILSEQ, error},
    {"ENOTSUP", kern::ENOTSUP, error},
    {"ECANCELED", kern::ECANCELED, error},
    {"EBADMSG", kern::EBADMSG, error},
    {"ENODATA", kern::ENODATA, error},
    {"ENOSR", kern::ENOSR, error},
    {"ENOSTR", kern::ENOSTR, error},
    {"ETIME", kern::ETIME, error},
    {"ENOATTR", kern::ENOATTR, error},
    {"EMULTIHOP", kern::EMULTIHOP, error},
    {"ENOLINK", kern::ENOLINK, error},
    {"EPROTO", kern::EPROTO, error},
    {"CLOCK_REALTIME", kern::CLOCK_REALTIME, clock},
    {"CLOCK_VIRTUAL", kern::CLOCK_VIRTUAL, clock},
    {"CLOCK_PROF", kern::CLOCK_PROF, clock},
    {"CLOCK_MONOTONIC", kern::CLOCK_MONOTONIC, clock},
    {"CLOCK_THREAD_CPUTIME_ID", static_cast<std::uint32_t>(kern::CLOCK_THREAD_CPUTIME_ID), clock},
    {"CLOCK_PROCESS_CPUTIME_ID", kern::CLOCK_PROCESS_CPUTIME_ID, clock},
    {"S_ISUID", kern::S_ISUID, mode},
    {"S_ISGID", kern::S_ISGID, mode},
    {"S_ISTXT", kern::S_ISTXT, mode},
    {"S_IRWXU", kern::S_IRWXU, mode},
    {"S_IRUSR", kern::S_IRUSR, mode},
    {"S_IWUSR", kern::S_IWUSR, mode},
    {"S_IXUSR", kern::S_IXUSR, mode},
    {"S_IREAD", kern::S_IREAD, mode},
    {"S_IWRITE", kern::S_IWRITE, mode},
    {"S_IEXEC", kern::S_IEXEC, mode},
    {"S_IRWXG", kern::S_IRWXG, mode},
    {"S_IRGRP", kern::S_IRGRP, mode},
    {"S_IWGRP", kern::S_IWGRP, mode},
    {"S_IXGRP", kern::S_IXGRP, mode},
    {"S_IRWXO", kern::S_IRWXO, mode},
    {"S_IROTH", kern::S_IROTH, mode},
    {"S_IWOTH", kern::S_IWOTH, mode},
    {"S_IXOTH", kern::S_IXOTH, mode},
    {"S_IFMT", kern::S_IFMT, mode},
    {"S_IFIFO", kern::S_IFIFO, mode},
    {"S_IFCHR", kern::S_IFCHR, mode},
    {"S_IFDIR", kern::S_IFDIR, mode},
    {"S_IFBLK", kern::S_IFBLK, mode},
    {"S_IFREG", kern::S_IFREG, mode},
    {"S_IFLNK", kern::S_IFLNK, mode},
    {"S_ISVTX", kern::S_ISVTX, mode},
    {"S_IFSOCK", kern::S_IFSOCK, mode},
    {"S_IFWHT", kern::S_IFWHT, mode},
    {"S_ARCH1", kern::S_ARCH1, mode},
    {"S_ARCH2", kern::S_ARCH2, mode},
    {"S_BLKSIZE", kern::S_BLKSIZE, mode},
    {"F_DUPFD", kern::F_DUPFD, fcntl_command},
    {"F_GETFD", kern::F_GETFD, fcntl_command},
    {"F_SETFD", kern::F_SETFD, fcntl_command},
    {"F_GETFL", kern::F_GETFL, fcntl_command},
    {"F_SETFL", kern::F_SETFL, fcntl_command},
    {"F_GETOWN", kern::F_GETOWN, fcntl_command},
    {"F_SETOWN", kern::F_SETOWN, fcntl_command},
    {"F_GETLK", kern::F_GETLK, fcntl_command},
    {"F_SETLK", kern::F_SETLK, fcntl_command},
    {"F_SETLKW", kern::F_SETLKW, fcntl_command},
    {"F_CLOSEM", kern::F_CLOSEM, fcntl_command},
    {"F_MAXFD", kern::F_MAXFD, fcntl_command},
    {"F_DUPFD_CLOEXEC", kern::F_DUPFD_CLOEXEC, fcntl_command},
    {"F_GETNOSIGPIPE", kern::F_GETNOSIGPIPE, fcntl_command},
    {"F_SETNOSIGPIPE", kern::F_SETNOSIGPIPE, fcntl_command},
    {"FD_CLOEXEC", kern::FD_CLOEXEC, descriptor_flags},
    {"SEEK_SET", kern::SEEK_SET, whence},
    {"SEEK_CUR", kern::SEEK_CUR, whence},
    {"SEEK_END", kern::SEEK_END, whence},
    {"REQ", std::to_underlying(kern::sysproxy::FrameClass::REQ), frame_class},
    {"RESP", std::to_underlying(kern::sysproxy::FrameClass::RESP), frame_class},
    {"ERROR", std::to_underlying(kern::sysproxy::FrameClass::ERROR), frame_class},
    {"HANDSHAKE", std::to_underlying(kern::sysproxy::FrameType::HANDSHAKE), frame_type},
    {"SYSCALL", std::to_underlying(kern::sysproxy::FrameType::SYSCALL), frame_type},
    {"COPYIN", std::to_underlying(kern::sysproxy::FrameType::COPYIN), frame_type},
    {"COPYINSTR", std::to_underlying(kern::sysproxy::FrameType::COPYINSTR), frame_type},
    {"COPYOUT", std::to_underlying(kern::sysproxy::FrameType::COPYOUT), frame_type},
    {"COPYOUTSTR", std::to_underlying(kern::sysproxy::FrameType::COPYOUTSTR), frame_type},
    {"ANONMMAP", std::to_underlying(kern::sysproxy::FrameType::ANONMMAP), frame_type},
    {"PREFORK", std::to_underlying(kern::sysproxy::FrameType::PREFORK), frame_type},
    {"RAISE", std::to_underlying(kern::sysproxy::FrameType::RAISE), frame_type},
    {"GUEST", std::to_underlying(kern::sysproxy::Handshake::GUEST), handshake},
    {"AUTH", std::to_underlying(kern::sysproxy::Handshake::AUTH), handshake},
    {"FORK", std::to_underlying(kern::sysproxy::Handshake::FORK), handshake},
    {"EXEC", std::to_underlying(kern::sysproxy::Handshake::EXEC), handshake},
});

constexpr std::uint64_t kAccessModes = kern::O_ACCMODE;  // O_RDONLY, O_WRONLY, O_RDWR are numbers in two bits, not bits

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
  std::string out{symbol_for(open_flags, value & kAccessModes).value_or("")};
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
