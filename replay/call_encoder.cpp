#include "replay/call_encoder.hpp"

#include <algorithm>
#include <cstring>

#include "kern/syscall/table.hpp"

namespace replay {
namespace {

constexpr std::uint64_t kAlignment = 16;

constexpr std::uint64_t aligned(std::uint64_t size) {
  return (size + kAlignment - 1) / kAlignment * kAlignment;
}

template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};

// 64-bit words of a list: lists within it lie in place.
std::uint64_t words_of(const List& list) {
  std::uint64_t words = 0;
  for (const Argument& item : list.items) {
    const auto* nested = std::get_if<List>(&item.value);
    words += nested == nullptr ? 1 : words_of(*nested);
  }
  return words;
}

// What lies behind pointers within a list.
std::uint64_t memory_behind(const List& list);

std::uint64_t memory_needed(const Argument& argument) {
  return std::visit(
      Overloaded{
          [](const Bytes& bytes) { return aligned(bytes.bytes.size() + (bytes.ending == Ending::terminated ? 1 : 0)); },
          [](const OutBuffer& buffer) { return aligned(buffer.size); },
          [](const List& list) { return aligned(words_of(list) * 8) + memory_behind(list); },
          [](const auto&) { return std::uint64_t{0}; },
      },
      argument.value);
}

std::uint64_t memory_behind(const List& list) {
  std::uint64_t size = 0;
  for (const Argument& item : list.items) {
    const auto* nested = std::get_if<List>(&item.value);
    size += nested == nullptr ? memory_needed(item) : memory_behind(*nested);
  }
  return size;
}

/// Takes the process's memory piece by piece, in the order of the arguments.
class Layout {
 public:
  Layout(const kern::SimulatedMemory& memory, std::span<const std::int64_t> variables)
      : memory_(memory), variables_(variables) {}

  std::uint64_t word(const Argument& argument) {
    return std::visit(
        Overloaded{
            [](const Integer& integer) { return integer.value; },
            [](const Null&) { return std::uint64_t{0}; },
            [&](const Variable& variable) { return static_cast<std::uint64_t>(variables_[variable.index]); },
            [&](const Bytes& bytes) {
              const std::size_t size = bytes.bytes.size();
              const std::uint64_t offset = take(size + (bytes.ending == Ending::terminated ? 1 : 0));
              std::memcpy(memory_.pages().data() + offset, bytes.bytes.data(), size);
              return memory_.base() + offset;
            },
            [&](const OutBuffer& buffer) { return memory_.base() + take(buffer.size); },
            [&](const List& list) {
              const std::uint64_t offset = take(words_of(list) * 8);
              fill(list, offset);
              return memory_.base() + offset;
            },
        },
        argument.value);
  }

 private:
  // Zeros: what a call finds in its memory does not depend on the call before.
  std::uint64_t take(std::uint64_t size) {
    const std::uint64_t offset = used_;
    used_ += aligned(size);
    std::ranges::fill(memory_.pages().subspan(offset, aligned(size)), std::byte{0});
    return offset;
  }

  std::uint64_t fill(const List& list, std::uint64_t offset) {
    for (const Argument& item : list.items) {
      if (const auto* nested = std::get_if<List>(&item.value)) {
        offset = fill(*nested, offset);
        continue;
      }
      const std::uint64_t value = word(item);
      std::memcpy(memory_.pages().data() + offset, &value, sizeof value);
      offset += sizeof value;
    }
    return offset;
  }

  const kern::SimulatedMemory& memory_;
  std::span<const std::int64_t> variables_;
  std::uint64_t used_ = 0;
};

std::int64_t field_value(FieldType type, const std::byte* from) {
  std::int64_t wide = 0;
  std::int32_t narrow = 0;
  if (type == FieldType::i64) {
    std::memcpy(&wide, from, sizeof wide);
    return wide;
  }
  std::memcpy(&narrow, from, sizeof narrow);
  return type == FieldType::i32 ? narrow : static_cast<std::int64_t>(static_cast<std::uint32_t>(narrow));
}

// Follows the order in which `Layout` takes memory, to find the out buffers again.
class Binder {
 public:
  Binder(bool failed, const kern::SimulatedMemory& memory, std::span<std::int64_t> variables)
      : failed_(failed), memory_(memory), variables_(variables) {}

  void argument(const Argument& argument) {
    if (const auto* list = std::get_if<List>(&argument.value)) {
      offset_ += aligned(words_of(*list) * 8);
      items(*list);
      return;
    }
    if (const auto* buffer = std::get_if<OutBuffer>(&argument.value)) {
      std::uint64_t at = offset_;
      for (const OutField& field : buffer->fields) {
        variables_[field.variable.index] = failed_ ? -1 : field_value(field.type, memory_.pages().data() + at);
        at += width_of(field.type);
      }
    }
    offset_ += memory_needed(argument);
  }

 private:
  void items(const List& list) {
    for (const Argument& item : list.items) {
      if (const auto* nested = std::get_if<List>(&item.value)) {
        items(*nested);
      } else {
        argument(item);
      }
    }
  }

  bool failed_;
  const kern::SimulatedMemory& memory_;
  std::span<std::int64_t> variables_;
  std::uint64_t offset_ = 0;
};

}  // namespace

std::uint64_t memory_needed(const Call& call) {
  std::uint64_t size = 0;
  for (const Argument& argument : call.arguments) {
    size += memory_needed(argument);
  }
  return size;
}

ArgumentBlock encode_call(const Call& call, std::span<const std::int64_t> variables,
                          const kern::SimulatedMemory& memory) {
  // A call by number has raw registers; a named one has pads, and arguments that may be left out are 0.
  const kern::SyscallEntry* entry =
      call.name.empty() ? nullptr : kern::find_syscall(call.number.value_or(kern::SYS_NSYSENT));
  Layout layout(memory, variables);
  ArgumentBlock block;
  for (const Argument& argument : call.arguments) {
    if (entry != nullptr && block.count < entry->argument_count &&
        entry->arguments[block.count].kind == kern::ArgumentKind::pad) {
      ++block.count;
    }
    block.registers[block.count++] = layout.word(argument);
  }
  block.count = entry == nullptr ? block.count : entry->argument_count;
  return block;
}

void bind_results(const Call& call, int error, std::span<const std::int64_t> values,
                  const kern::SimulatedMemory& memory, std::span<std::int64_t> variables) {
  const bool failed = error != 0;
  Binder binder(failed, memory, variables);
  for (const Argument& argument : call.arguments) {
    binder.argument(argument);
  }
  if (call.result) {
    variables[call.result->index] = failed ? -1 : values[0];
  }
  if (call.second_result) {
    variables[call.second_result->index] = failed ? -1 : values[1];
  }
}

}  // namespace replay
