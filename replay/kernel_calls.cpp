#include <array>

#include "kern/syscall/table.hpp"
#include "replay/run.hpp"

namespace replay {
namespace {

ArgumentKind text_kind(const kern::Argument& argument) {
  switch (argument.kind) {
    case kern::ArgumentKind::fd:
      return ArgumentKind::descriptor;
    case kern::ArgumentKind::mode:
      return ArgumentKind::mode;
    case kern::ArgumentKind::in_iovecs:
    case kern::ArgumentKind::out_iovecs:
      return ArgumentKind::iovec;
    case kern::ArgumentKind::path:
    case kern::ArgumentKind::in_buffer:
    case kern::ArgumentKind::out_buffer:
    case kern::ArgumentKind::address:
      return ArgumentKind::address;
    case kern::ArgumentKind::in_struct:
    case kern::ArgumentKind::out_struct:
      return argument.structure == kern::StructureKind::timespec || argument.structure == kern::StructureKind::timeval
                 ? ArgumentKind::timespec
                 : ArgumentKind::address;
    case kern::ArgumentKind::flags:
    case kern::ArgumentKind::command:
    case kern::ArgumentKind::none:
    case kern::ArgumentKind::integer:
    case kern::ArgumentKind::size:
    case kern::ArgumentKind::count:
    case kern::ArgumentKind::offset:
    case kern::ArgumentKind::pad:
      break;
  }
  switch (argument.set) {
    case kern::ConstantSet::open_flags:
    case kern::ConstantSet::pipe2_flags:
    case kern::ConstantSet::dup3_flags:
      return ArgumentKind::open_flags;
    case kern::ConstantSet::fcntl_command:
      return ArgumentKind::fcntl_command;
    case kern::ConstantSet::seek_whence:
      return ArgumentKind::whence;
    case kern::ConstantSet::clock_id:
      return ArgumentKind::clock;
    case kern::ConstantSet::none:
      break;
  }
  return ArgumentKind::number;
}

// C's `...`: open's mode and fcntl's argument may be left out.
bool is_optional(const kern::SyscallEntry& entry, std::size_t index) {
  return index == 2 && (entry.name == "open" || entry.name == "fcntl");
}

std::vector<CallSignature> make_signatures() {
  std::vector<CallSignature> signatures;
  for (const kern::SyscallEntry& entry : kern::syscall_table()) {
    CallSignature& signature = signatures.emplace_back();
    signature.name = entry.name;
    signature.number = entry.number;
    for (std::size_t index = 0; index < entry.argument_count; ++index) {
      if (entry.arguments[index].kind == kern::ArgumentKind::pad) {
        continue;  // a slot of the argument block, not an argument
      }
      signature.arguments.push_back(text_kind(entry.arguments[index]));
      signature.required += is_optional(entry, index) ? 0 : 1;
    }
  }
  return signatures;
}

}  // namespace

CallTable kernel_calls() {
  static const std::vector<CallSignature> kSignatures = make_signatures();
  return kSignatures;
}

}  // namespace replay
