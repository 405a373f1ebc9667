#include "replay/call_text.hpp"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "kern/abi/errno.hpp"
#include "kern/abi/fcntl.hpp"
#include "kern/abi/stat.hpp"
#include "kern/abi/syscall_numbers.hpp"
#include "kern/abi/time.hpp"
#include "kern/abi/uio.hpp"
#include "kern/syscall/table.hpp"
#include "replay/escape.hpp"
#include "replay/symbols.hpp"

namespace replay {
namespace {

using Direction = CallRecord::Direction;

constexpr std::size_t kShownElements = 8;
// Numbers of an argument that may be an address: below this it is taken for a number.
constexpr std::uint64_t kLowestAddress = 0x1000;

int low_half(std::uint64_t value) {
  return static_cast<int>(static_cast<std::uint32_t>(value));
}

std::string address_text(std::uint64_t address) {
  return address == 0 ? "NULL" : fmt::format("{:#x}", address);
}

std::string value_or_address(std::uint64_t value) {
  const int number = low_half(value);
  return value < kLowestAddress || number < 0 ? fmt::format("{}", number) : fmt::format("{:#x}", value);
}

std::string without_blanks(std::string text) {
  std::erase(text, ' ');
  return text;
}

std::string flags_text(kern::ConstantSet set, std::uint64_t value) {
  std::string text = without_blanks(spell_open_flags(static_cast<std::uint32_t>(value)));
  if (set == kern::ConstantSet::open_flags || !text.starts_with("O_RDONLY")) {
    return text;
  }
  // Flags that have no access mode, as those of pipe2 and F_SETFL.
  return text == "O_RDONLY" ? "0" : text.substr(std::string_view("O_RDONLY|").size());
}

std::string command_text(kern::ConstantSet set, std::uint64_t value) {
  std::optional<std::string_view> name;
  if (set == kern::ConstantSet::fcntl_command) {
    name = symbol_for(SymbolGroup::fcntl_command, static_cast<std::uint32_t>(value));
  } else if (set == kern::ConstantSet::seek_whence) {
    name = symbol_for(SymbolGroup::whence, static_cast<std::uint32_t>(value));
  } else if (set == kern::ConstantSet::clock_id) {
    name = symbol_for(SymbolGroup::clock, static_cast<std::uint32_t>(value));
  }
  return name ? std::string(*name) : fmt::format("{}", low_half(value));
}

/// The object at the beginning of the bytes; nothing when they are too few.
template <class T>
std::optional<T> object_in(std::span<const std::byte> bytes) {
  T object;
  if (bytes.size() < sizeof object) {
    return std::nullopt;
  }
  std::memcpy(&object, bytes.data(), sizeof object);
  return object;
}

template <class T, class Print>
std::string object_text(std::span<const std::byte> bytes, Print print) {
  const std::optional<T> object = object_in<T>(bytes);
  return object ? print(*object) : quote(bytes);
}

std::string structure_text(kern::StructureKind kind, std::span<const std::byte> bytes) {
  switch (kind) {
    case kern::StructureKind::timespec:
      return object_text<kern::Timespec>(
          bytes, [](const auto& time) { return fmt::format("{{{}, {}}}", time.tv_sec, time.tv_nsec); });
    case kern::StructureKind::timeval:
      return object_text<kern::Timeval>(
          bytes, [](const auto& time) { return fmt::format("{{{}, {}}}", time.tv_sec, time.tv_usec); });
    case kern::StructureKind::timezone:
      return object_text<kern::Timezone>(
          bytes, [](const auto& zone) { return fmt::format("{{{}, {}}}", zone.tz_minuteswest, zone.tz_dsttime); });
    case kern::StructureKind::stat:
      return object_text<kern::Stat>(bytes, [](const auto& stat) {
        return fmt::format("{{mode={:#o}, ino={}, nlink={}, size={}}}", stat.st_mode, stat.st_ino, stat.st_nlink,
                           stat.st_size);
      });
    case kern::StructureKind::two_fds:
      return object_text<std::array<std::int32_t, 2>>(
          bytes, [](const auto& fds) { return fmt::format("[{}, {}]", fds[0], fds[1]); });
    case kern::StructureKind::none:
      break;
  }
  return quote(bytes);
}

/// The arguments of one call in words.
class ArgumentPrinter {
 public:
  ArgumentPrinter(const kern::SyscallEntry& entry, const CallRecord& call) : entry_(entry), call_(call) {}

  /// Nothing: the content is still to come.
  [[nodiscard]] std::optional<std::string> text(std::size_t index) const {
    const kern::Argument& argument = entry_.arguments[index];
    const std::uint64_t value = call_.arguments[index];
    switch (argument.kind) {
      case kern::ArgumentKind::none:
      case kern::ArgumentKind::pad:
        return std::string();
      case kern::ArgumentKind::integer:
      case kern::ArgumentKind::fd:
        return fmt::format("{}", low_half(value));
      case kern::ArgumentKind::size:
      case kern::ArgumentKind::count:
        return fmt::format("{}", value);
      case kern::ArgumentKind::offset:
        return fmt::format("{}", static_cast<std::int64_t>(value));
      case kern::ArgumentKind::flags:
        return flags_text(argument.set, value);
      case kern::ArgumentKind::mode:
        return fmt::format("{:#o}", static_cast<std::uint32_t>(value));
      case kern::ArgumentKind::command:
        return command_text(argument.set, value);
      case kern::ArgumentKind::address:
        return depending_text(value);
      case kern::ArgumentKind::path:
        return path_text(value);
      case kern::ArgumentKind::in_buffer:
        return content_or_address(value, Direction::in, [&] { return buffer_text(argument, value, Direction::in); });
      case kern::ArgumentKind::out_buffer:
        return is_empty_answer(value) ? quote({}) : content_or_address(value, Direction::out, [&] {
          return buffer_text(argument, value, Direction::out);
        });
      case kern::ArgumentKind::in_struct:
        return content_or_address(value, Direction::in, [&] { return struct_text(argument, value, Direction::in); });
      case kern::ArgumentKind::out_struct:
        return content_or_address(value, Direction::out, [&] { return struct_text(argument, value, Direction::out); });
      case kern::ArgumentKind::in_iovecs:
        return content_or_address(value, Direction::in, [&] { return iovecs_text(argument, value, Direction::in); });
      case kern::ArgumentKind::out_iovecs:
        return content_or_address(value, Direction::in, [&] { return iovecs_text(argument, value, Direction::out); });
    }
    return std::string();
  }

 private:
  struct Content {
    std::vector<std::byte> bytes;  ///< What was kept of it.
    std::uint64_t size = 0;        ///< All that was copied, in pieces that follow one another.
  };

  // The bytes copied from or to `address` on.
  [[nodiscard]] Content content(std::uint64_t address, Direction direction) const {
    Content content;
    bool whole = true;  // no gap between what was kept so far and what follows
    for (const CallRecord::Copy& copy : call_.copies) {
      if (copy.direction != direction || copy.address != address + content.size) {
        continue;
      }
      if (whole) {
        content.bytes.insert(content.bytes.end(), copy.bytes.begin(), copy.bytes.end());
      }
      whole = whole && copy.bytes.size() == copy.size;
      content.size += copy.size;
    }
    return content;
  }

  template <class Text>
  [[nodiscard]] std::optional<std::string> content_or_address(std::uint64_t address, Direction direction,
                                                              Text text) const {
    if (address == 0) {
      return address_text(address);
    }
    if (!call_.end && direction == Direction::out) {
      return std::nullopt;  // may still grow
    }
    if (content(address, direction).size != 0) {
      return text();
    }
    return call_.end ? std::optional(address_text(address)) : std::nullopt;
  }

  // The call has filled its buffer with nothing, as a read at the end of a file.
  [[nodiscard]] bool is_empty_answer(std::uint64_t address) const {
    return address != 0 && call_.end && call_.end->error == 0 && content(address, Direction::out).size == 0;
  }

  [[nodiscard]] std::optional<std::string> path_text(std::uint64_t address) const {
    return content_or_address(address, Direction::in, [&] {
      Content path = content(address, Direction::in);
      const auto end = std::ranges::find(path.bytes, std::byte{0});
      const bool has_end = end != path.bytes.end();
      path.bytes.erase(end, path.bytes.end());
      return quote(path.bytes, has_end ? 0 : path.size);
    });
  }

  [[nodiscard]] std::string buffer_text(const kern::Argument& argument, std::uint64_t address,
                                        Direction direction) const {
    const Content buffer = content(address, direction);
    // What is read is as long as the caller says, what is written as long as it came.
    const bool is_measured = direction == Direction::in && argument.relation >= 0 &&
                             static_cast<std::size_t>(argument.relation) < call_.arguments.size();
    const std::uint64_t size = is_measured ? call_.arguments[static_cast<std::size_t>(argument.relation)] : buffer.size;
    return quote(buffer.bytes, std::max(size, buffer.size));
  }

  [[nodiscard]] std::string struct_text(const kern::Argument& argument, std::uint64_t address,
                                        Direction direction) const {
    return structure_text(argument.structure, content(address, direction).bytes);
  }

  [[nodiscard]] std::string iovecs_text(const kern::Argument& argument, std::uint64_t address,
                                        Direction direction) const {
    const Content array = content(address, Direction::in);
    const std::uint64_t count = argument.relation >= 0 ? call_.arguments[static_cast<std::size_t>(argument.relation)]
                                                       : array.size / sizeof(kern::Iovec);
    std::string text = "[";
    std::span<const std::byte> rest = array.bytes;
    std::uint64_t shown = 0;
    for (; shown < std::min<std::uint64_t>(count, kShownElements); ++shown) {
      const auto vector = object_in<kern::Iovec>(rest);
      if (!vector) {
        break;
      }
      rest = rest.subspan(sizeof *vector);
      const Content bytes = content(vector->iov_base, direction);
      text += fmt::format("{}{{{}, {}}}", shown == 0 ? "" : ", ",
                          bytes.size == 0 ? address_text(vector->iov_base) : quote(bytes.bytes, bytes.size),
                          vector->iov_len);
    }
    return text + (shown < count ? "...]" : "]");
  }

  // What the argument means hangs on the command before it.
  [[nodiscard]] std::string depending_text(std::uint64_t value) const {
    const bool sets_flags =
        entry_.number == kern::SYS_fcntl && call_.arguments.size() > 1 && low_half(call_.arguments[1]) == kern::F_SETFL;
    return sets_flags ? flags_text(kern::ConstantSet::none, value) : value_or_address(value);
  }

  const kern::SyscallEntry& entry_;
  const CallRecord& call_;
};

}  // namespace

void CallRecord::add_copy(Direction direction, kern::UserAddress address, std::span<const std::byte> bytes) {
  if (copies.size() == kMaxCopies) {
    return;
  }
  const std::span<const std::byte> kept = bytes.first(std::min(bytes.size(), kMaxCopyBytes));
  copies.push_back({direction, address, bytes.size(), {kept.begin(), kept.end()}});
}

std::string call_name(std::uint32_t number) {
  if (const kern::SyscallEntry* entry = kern::find_syscall(number)) {
    return std::string(entry->name);
  }
  const std::string_view name = kern::syscall_name(number);
  return name.empty() ? fmt::format("syscall_{}", number) : std::string(name);
}

ArgumentTexts argument_texts(const CallRecord& call) {
  ArgumentTexts result;
  const kern::SyscallEntry* entry = kern::find_syscall(call.number);
  if (entry == nullptr || call.arguments.size() < entry->argument_count) {
    // Not in the table, or a block that is too short: the registers that are there.
    for (const std::uint64_t value : call.arguments) {
      result.texts.push_back(fmt::format("{:#x}", value));
    }
    return result;
  }
  const ArgumentPrinter printer(*entry, call);
  for (std::size_t index = 0; index < entry->argument_count; ++index) {
    if (entry->arguments[index].kind == kern::ArgumentKind::pad) {
      continue;
    }
    std::optional<std::string> text = printer.text(index);
    if (!text) {
      result.complete = false;
      return result;
    }
    result.texts.push_back(std::move(*text));
  }
  return result;
}

std::string result_text(const CallRecord& call) {
  if (!call.end) {
    return "?";
  }
  const CallRecord::End& end = *call.end;
  if (end.error != 0) {
    const std::string_view name = kern::errno_name(end.error);
    return name.empty() ? fmt::format("-1 errno {}", end.error) : fmt::format("-1 {}", name);
  }
  const kern::SyscallEntry* entry = kern::find_syscall(call.number);
  if (entry != nullptr && entry->result == kern::ResultKind::two_fds) {
    return fmt::format("[{}, {}]", end.result.value[0], end.result.value[1]);
  }
  return fmt::format("{}", end.result.value[0]);
}

}  // namespace replay
