#include "fuzz/wire_mutator.hpp"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "fuzz/wire_input.hpp"
#include "kern/abi/fcntl.hpp"
#include "kern/syscall/table.hpp"
#include "kern/sysproxy/frame.hpp"
#include "sim/random.hpp"

namespace fuzz {
namespace {

using replay::Raw;
using replay::RawStep;
using Steps = std::vector<RawStep>;

constexpr std::uint64_t kBuffer = 0x1000;

RawStep step(decltype(RawStep::what) what) {
  return {.line = {}, .what = std::move(what)};
}

std::string words(std::span<const std::uint64_t> values) {
  std::string text;
  text.reserve(values.size() * 8);
  for (const std::uint64_t value : values) {
    for (unsigned shift = 0; shift < 64; shift += 8) {
      text.push_back(static_cast<char>(value >> shift));
    }
  }
  return text;
}

class WireMutator {
 public:
  WireMutator(WireInput input, std::uint32_t seed, ByteMutator mutate_bytes)
      : input_(std::move(input)), random_(seed), mutate_bytes_(mutate_bytes) {}

  WireInput mutate() {
    const std::uint32_t rounds = 1 + below(4);
    for (std::uint32_t round = 0; round < rounds; ++round) {
      mutate_once();
    }
    tidy();
    return std::move(input_);
  }

  WireInput cross(const WireInput& other) {
    if (!other.scenario.actors.empty()) {
      const Steps& theirs = std::get<Raw>(other.scenario.actors[below(other.scenario.actors.size())].what).steps;
      switch (below(3)) {
        case 0:  // their client beside ours
          new_client() = theirs;
          break;
        case 1: {  // the beginning of ours, the end of theirs
          Steps& ours = some_client();
          ours.resize(below(ours.size() + 1));
          ours.insert(ours.end(), theirs.begin() + below(theirs.size()), theirs.end());
          break;
        }
        default: {  // a piece of theirs within ours
          Steps& ours = some_client();
          const std::uint32_t begin = below(theirs.size());
          const std::uint32_t end = begin + 1 + below(theirs.size() - begin);
          ours.insert(ours.begin() + below(ours.size() + 1), theirs.begin() + begin, theirs.begin() + end);
        }
      }
    }
    if (one_in(2)) {
      const std::size_t kept = below(input_.decisions.size() / 2 + 1) * std::size_t{2};
      const std::size_t taken = below(other.decisions.size() / 2 + 1) * std::size_t{2};
      input_.decisions.resize(kept);
      input_.decisions.insert(input_.decisions.end(), other.decisions.end() - static_cast<std::ptrdiff_t>(taken),
                              other.decisions.end());
    }
    tidy();
    return std::move(input_);
  }

 private:
  // ---- chance ------------------------------------------------------------------------------------------------------

  std::uint32_t below(std::size_t n) { return random_.below(static_cast<std::uint32_t>(n)); }
  bool one_in(std::uint32_t n) { return below(n) == 0; }
  template <class Range>
  auto& any_of(Range&& range) {
    return range[below(std::size(range))];
  }

  std::uint64_t number() {
    switch (below(4)) {
      case 0:
        return any_of(frequent_numbers());
      case 1:
        return below(0x4000);
      default:
        return below(16);
    }
  }
  std::uint64_t request_number() { return one_in(8) ? number() : below(6); }
  std::uint64_t descriptor() { return one_in(16) ? number() : below(8); }
  std::uint64_t size() { return one_in(3) ? number() : 1 + below(64); }
  std::uint64_t address() { return one_in(6) ? number() : kBuffer * (1 + below(4)); }

  std::uint64_t value_of(kern::ConstantSet set) {
    using namespace kern;
    switch (set) {
      case ConstantSet::open_flags: {
        constexpr std::array kFlags{O_RDONLY, O_WRONLY, O_RDWR,     O_RDWR | O_CREAT, O_RDWR | O_CREAT | O_TRUNC,
                                    O_APPEND, O_EXCL,   O_NONBLOCK, O_CREAT | O_EXCL, O_DIRECTORY};
        return static_cast<std::uint64_t>(any_of(kFlags));
      }
      case ConstantSet::pipe2_flags:
      case ConstantSet::dup3_flags: {
        constexpr std::array kFlags{0, O_CLOEXEC, O_NONBLOCK, O_CLOEXEC | O_NONBLOCK};
        return static_cast<std::uint64_t>(any_of(kFlags));
      }
      case ConstantSet::fcntl_command:
        return below(14);
      case ConstantSet::seek_whence:
      case ConstantSet::clock_id:
      case ConstantSet::none:
        return below(4);
    }
    return 0;
  }

  std::uint64_t value_of(const kern::Argument& argument) {
    using Kind = kern::ArgumentKind;
    if (one_in(10)) {
      return number();
    }
    switch (argument.kind) {
      case Kind::fd:
        return descriptor();
      case Kind::size:
        return size();
      case Kind::count:
        return one_in(8) ? number() : below(4);
      case Kind::flags:
      case Kind::command:
        return value_of(argument.set);
      case Kind::mode:
        return 0644;
      case Kind::path:
      case Kind::in_buffer:
      case Kind::out_buffer:
      case Kind::in_struct:
      case Kind::out_struct:
      case Kind::in_iovecs:
      case Kind::out_iovecs:
      case Kind::address:
        return address();
      case Kind::none:
      case Kind::integer:
      case Kind::offset:
      case Kind::pad:
        return number();
    }
    return 0;
  }

  const kern::SyscallEntry& some_call() { return any_of(kern::syscall_table()); }

  // ---- making steps ------------------------------------------------------------------------------------------------

  replay::SendFrame call_frame(const kern::SyscallEntry& entry) {
    std::array<std::uint64_t, kMaxWords> values{};
    std::size_t count = entry.argument_count;
    for (std::size_t i = 0; i < count; ++i) {
      values[i] = value_of(entry.arguments[i]);
    }
    if (one_in(12)) {
      count = below(kMaxWords + 1);
    }
    replay::SendFrame frame;
    frame.type = std::to_underlying(kern::sysproxy::FrameType::SYSCALL);
    frame.field = one_in(20) ? static_cast<std::uint32_t>(number()) : entry.number;
    frame.reqno = request_number();
    frame.body = words(std::span(values).first(count));
    return frame;
  }

  replay::SendFrame any_frame() {
    replay::SendFrame frame;
    frame.frame_class = static_cast<std::uint16_t>(one_in(12) ? number() : below(3));
    frame.type = static_cast<std::uint16_t>(one_in(12) ? number() : below(10));
    frame.reqno = request_number();
    frame.field = static_cast<std::uint32_t>(one_in(3) ? number() : below(4));
    frame.body.assign(one_in(4) ? 0 : below(40), static_cast<char>(below(256)));
    if (one_in(8)) {
      frame.length = number();
    }
    return frame;
  }

  replay::SendFrame guest() {
    replay::SendFrame frame;
    frame.reqno = request_number();
    frame.body = std::string("g\0", 2);
    return frame;
  }

  // What a client may answer when it is asked for its memory.
  RawStep answer() {
    switch (below(8)) {
      case 0: {
        std::string path(any_of(frequent_paths()));
        path.push_back('\0');
        return step(replay::AnswerBytes{std::move(path)});
      }
      case 1: {  // a timespec, or one or two iovecs
        std::array<std::uint64_t, 4> values{one_in(2) ? address() : below(4), size(), address(), size()};
        return step(replay::AnswerBytes{words(std::span(values).first(one_in(2) ? 2 : 4))});
      }
      case 2:
        return step(replay::AnswerBytes{std::string(below(80), static_cast<char>('a' + below(26)))});
      case 3:
        return step(replay::AnswerZeros{one_in(3) ? number() % (kMaxZeros + 1) : below(100)});
      default:
        return step(replay::AnswerAsked{});
    }
  }

  // A call as a client makes it: the request, an answer for each thing that the kernel reads, and the wait for the end.
  Steps conversation() {
    const kern::SyscallEntry& entry = some_call();
    Steps steps{step(call_frame(entry))};
    for (std::size_t i = 0; i < entry.argument_count; ++i) {
      using Kind = kern::ArgumentKind;
      const Kind kind = entry.arguments[i].kind;
      if (kind == Kind::path || kind == Kind::in_buffer || kind == Kind::in_struct || kind == Kind::in_iovecs ||
          kind == Kind::out_iovecs) {
        steps.push_back(step(replay::AwaitFrame{}));
        steps.push_back(answer());
        if (kind == Kind::in_iovecs) {
          steps.push_back(step(replay::AwaitFrame{}));
          steps.push_back(answer());
        }
      }
    }
    if (!one_in(4)) {
      steps.push_back(step(replay::AwaitFrame{}));
    }
    return steps;
  }

  Steps some_steps() {
    switch (below(12)) {
      case 0:
        return {step(replay::Connect{}), step(guest()), step(replay::AwaitFrame{})};
      case 1:
        return {step(any_frame())};
      case 2:
        return {answer()};
      case 3:
        return {step(replay::Idle{})};
      case 4:
        return {step(replay::Sleep{(1 + below(8)) * (std::uint64_t{16} << below(32))})};
      case 5:
        return {step(replay::Shut{})};
      case 6:
        return {step(replay::AwaitFrame{})};
      case 7:
        return {step(call_frame(some_call()))};
      default:
        return conversation();
    }
  }

  // ---- places ------------------------------------------------------------------------------------------------------

  Steps& new_client() {
    auto& actors = input_.scenario.actors;
    if (actors.size() == kMaxClients) {
      return std::get<Raw>(any_of(actors).what).steps;
    }
    actors.push_back({.name = {}, .line = {}, .what = Raw{}});
    return std::get<Raw>(actors.back().what).steps;
  }
  Steps& some_client() {
    auto& actors = input_.scenario.actors;
    return actors.empty() ? new_client() : std::get<Raw>(any_of(actors).what).steps;
  }

  // ---- mutations ---------------------------------------------------------------------------------------------------

  void mutate_once() {
    Steps& steps = some_client();
    if (steps.empty()) {
      steps = {step(replay::Connect{}), step(guest()), step(replay::AwaitFrame{})};
      return;
    }
    const std::uint32_t at = below(steps.size());
    const auto place = steps.begin() + at;
    const std::uint32_t length = 1 + below(std::min<std::size_t>(steps.size() - at, 4));
    switch (below(16)) {
      case 0:
      case 1:
      case 2: {
        const Steps fresh = some_steps();
        steps.insert(steps.begin() + below(steps.size() + 1), fresh.begin(), fresh.end());
        return;
      }
      case 3:
        steps.erase(place, place + length);
        return;
      case 4: {  // the same again
        const Steps copy(place, place + length);
        steps.insert(steps.begin() + below(steps.size() + 1), copy.begin(), copy.end());
        return;
      }
      case 5:
        std::swap(steps[at], any_of(steps));
        return;
      case 6: {  // another client does it
        Steps copy(place, place + length);
        steps.erase(place, place + length);
        Steps& other = some_client();
        other.insert(other.begin() + below(other.size() + 1), copy.begin(), copy.end());
        return;
      }
      case 7: {  // somebody else does the same
        const Steps copy = steps;
        new_client() = copy;
        return;
      }
      case 8:
      case 9:
        mutate_decisions();
        return;
      default:
        bend(steps, at);
    }
  }

  void mutate_text(std::string& text) {
    switch (below(5)) {
      case 0:
        text.resize(below(text.size() + 1));
        return;
      case 1:
        text.append(1 + below(32), static_cast<char>(below(256)));
        return;
      case 2:
        text.resize(std::min<std::size_t>(number(), kMaxPayload));
        return;
      case 3:
        if (text.size() >= 8) {  // one word of it
          const std::array<std::uint64_t, 1> value{number()};
          text.replace(below(text.size() / 8) * std::size_t{8}, 8, words(value));
          return;
        }
        [[fallthrough]];
      default: {
        const std::size_t size_before = text.size();
        text.resize(size_before + 16);
        text.resize(mutate_bytes_(reinterpret_cast<std::uint8_t*>(text.data()), size_before, text.size()));
      }
    }
  }

  // One argument of a call takes another value of its kind.
  void bend_argument(replay::SendFrame& frame) {
    const kern::SyscallEntry* entry = kern::find_syscall(frame.field);
    if (entry == nullptr || entry->argument_count == 0 || frame.body.size() < entry->block_size()) {
      mutate_text(frame.body);
      return;
    }
    const std::uint32_t index = below(entry->argument_count);
    const std::array<std::uint64_t, 1> value{value_of(entry->arguments[index])};
    frame.body.replace(index * std::size_t{8}, 8, words(value));
  }

  void bend(replay::SendFrame& frame) {
    switch (below(10)) {
      case 0:
        frame.reqno = request_number();
        return;
      case 1:
        frame.field = one_in(2) ? static_cast<std::uint32_t>(number()) : some_call().number;
        return;
      case 2:
        frame.frame_class = static_cast<std::uint16_t>(one_in(4) ? number() : below(3));
        return;
      case 3:
        frame.type = static_cast<std::uint16_t>(one_in(4) ? number() : below(10));
        return;
      case 4:
        frame.length = one_in(2) ? number() : replay::kFrameHeaderBytes + frame.body.size() + below(17) - 8;
        return;
      case 5:
        frame.length.reset();
        return;
      case 6:
        mutate_text(frame.body);
        return;
      case 7:
        frame = call_frame(some_call());
        return;
      default:
        bend_argument(frame);
    }
  }

  // A frame in two pieces, perhaps with time between.
  void cut(Steps& steps, std::uint32_t at) {
    const auto& frame = std::get<replay::SendFrame>(steps[at].what);
    const auto header = encode(
        kern::sysproxy::FrameHeader{.length = frame.length.value_or(replay::kFrameHeaderBytes + frame.body.size()),
                                    .request_number = frame.reqno,
                                    .frame_class = static_cast<kern::sysproxy::FrameClass>(frame.frame_class),
                                    .type = static_cast<kern::sysproxy::FrameType>(frame.type),
                                    .field = frame.field});
    const std::string whole = std::string(reinterpret_cast<const char*>(header.data()), header.size()) + frame.body;
    const std::uint32_t place = below(whole.size() + 1);
    Steps pieces{step(replay::SendBytes{whole.substr(0, place)}), step(replay::Idle{}),
                 step(replay::SendBytes{whole.substr(place)})};
    if (one_in(2)) {
      pieces.erase(pieces.begin() + 1);
    }
    steps.erase(steps.begin() + at);
    steps.insert(steps.begin() + at, pieces.begin(), pieces.end());
  }

  void bend(Steps& steps, std::uint32_t at) {
    RawStep& chosen = steps[at];
    if (auto* frame = std::get_if<replay::SendFrame>(&chosen.what)) {
      if (one_in(12)) {
        cut(steps, at);
      } else {
        bend(*frame);
      }
    } else if (auto* bytes = std::get_if<replay::SendBytes>(&chosen.what)) {
      mutate_text(bytes->bytes);
    } else if (auto* given = std::get_if<replay::AnswerBytes>(&chosen.what)) {
      if (one_in(3)) {
        chosen = answer();
      } else {
        mutate_text(given->bytes);
      }
    } else if (auto* zeros = std::get_if<replay::AnswerZeros>(&chosen.what)) {
      zeros->size = (one_in(2) ? number() : zeros->size + below(17) - 8) % (kMaxZeros + 1);
    } else if (std::holds_alternative<replay::AnswerAsked>(chosen.what)) {
      chosen = answer();
    } else {
      chosen = some_steps().front();
    }
  }

  void mutate_decisions() {
    std::vector<std::uint8_t>& decisions = input_.decisions;
    const std::size_t at = below(decisions.size() / 2 + 1) * std::size_t{2};
    const auto place = decisions.begin() + static_cast<std::ptrdiff_t>(at);
    const auto gap = static_cast<std::uint8_t>(one_in(4) ? below(256) : below(16));
    const auto answer = static_cast<std::uint8_t>(one_in(4) ? below(256) : 1 + below(3));
    switch (at == decisions.size() ? 0 : below(5)) {
      case 0:
      case 1:
        decisions.insert(place, {gap, answer});
        return;
      case 2:
        decisions.erase(place, place + 2);
        return;
      case 3:
        decisions[at + below(2)] = one_in(2) ? gap : answer;
        return;
      default:
        decisions.resize(at);
    }
  }

  // Back into the bounds of the format. Names and what the codec normalises come right by encoding.
  void tidy() {
    for (replay::Actor& actor : input_.scenario.actors) {
      for (RawStep& one : std::get<Raw>(actor.what).steps) {
        if (auto* frame = std::get_if<replay::SendFrame>(&one.what)) {
          frame->body.resize(std::min(frame->body.size(), kMaxPayload));
        }
      }
    }
  }

  WireInput input_;
  sim::Random random_;
  ByteMutator mutate_bytes_;
};

// Every byte string is an input, so one that is too long may be cut anywhere.
std::size_t put(const std::vector<std::uint8_t>& bytes, std::span<std::uint8_t> out) {
  const std::size_t size = std::min(bytes.size(), out.size());
  std::copy_n(bytes.begin(), size, out.begin());
  return size;
}

std::size_t leave_bytes(std::uint8_t* /*data*/, std::size_t size, std::size_t max_size) {
  return std::min(size, max_size);
}

}  // namespace

std::size_t mutate_wire(std::span<std::uint8_t> buffer, std::size_t size, std::uint32_t seed,
                        ByteMutator mutate_bytes) {
  sim::Random random(seed, 1);
  if (random.below(10) == 0) {
    return mutate_bytes(buffer.data(), size, buffer.size());
  }
  WireMutator mutator(decode_wire(buffer.first(size)), seed, mutate_bytes);
  return put(encode(mutator.mutate()), buffer);
}

std::size_t cross_wire(std::span<const std::uint8_t> first, std::span<const std::uint8_t> second,
                       std::span<std::uint8_t> out, std::uint32_t seed) {
  WireMutator mutator(decode_wire(first), seed, leave_bytes);
  return put(encode(mutator.cross(decode_wire(second))), out);
}

}  // namespace fuzz
