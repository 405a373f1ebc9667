#include "fuzz/wire_input.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "kern/abi/syscall_numbers.hpp"
#include "kern/sysproxy/frame.hpp"

namespace fuzz {
namespace {

using kern::sysproxy::FrameClass;
using kern::sysproxy::FrameType;
using kern::sysproxy::Handshake;

template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};

enum class Opcode : std::uint8_t {
  connect,
  shut,
  await,
  idle,
  sleep,
  send_bytes,
  send_frame,
  send_call,
  guest,
  answer_bytes,
  answer_words,
  answer_zeros,
  answer_asked,
  answer_path,
  await_too,
  idle_too,
};

constexpr std::uint8_t kEndOfRecords = 0xff;
constexpr std::uint8_t kLengthLies = 0x40;
constexpr std::uint8_t kOtherNumber = 0x80;
constexpr std::uint8_t kOtherClass = 3;
constexpr std::uint8_t kOtherType = 15;
constexpr std::uint64_t kSleepUnitNs = 16;
constexpr std::string_view kGuestName{"g\0", 2};

constexpr std::array<std::uint16_t, 64> kCalls = [] {
  using namespace kern;
  return std::array<std::uint16_t, 64>{
      SYS_read,
      SYS_write,
      SYS_open,
      SYS_close,
      SYS_getpid,
      SYS_pipe,
      SYS_dup,
      SYS_dup2,
      SYS_fcntl,
      SYS_readv,
      SYS_writev,
      SYS_lseek,
      SYS___fstat50,
      SYS_pipe2,
      SYS___nanosleep50,
      SYS___clock_gettime50,
      SYS_mkdir,
      SYS_unlink,
      SYS_getppid,
      SYS_getuid,
      SYS_geteuid,
      SYS_getgid,
      SYS_getegid,
      SYS_chdir,
      SYS_fchdir,
      SYS_chmod,
      SYS_access,
      SYS_symlink,
      SYS_readlink,
      SYS_umask,
      SYS_fsync,
      SYS_fchmod,
      SYS_rmdir,
      SYS_pread,
      SYS_pwrite,
      SYS_truncate,
      SYS_ftruncate,
      SYS___getcwd,
      SYS___getdents30,
      SYS___gettimeofday50,
      SYS___stat50,
      SYS___lstat50,
      SYS_dup3,
      SYS_ioctl,
      SYS_poll,
      SYS_socketpair,
      SYS_sendmsg,
      SYS_recvmsg,
      SYS_bind,
      SYS_connect,
      SYS_listen,
      SYS_accept,
      SYS_shutdown,
      SYS_setsockopt,
      SYS_getsockopt,
      SYS_kqueue,
      SYS___kevent50,
      SYS_rename,
      SYS_link,
      SYS_kill,
      0,
      8,
      511,
      512,
  };
}();

constexpr std::array<std::uint64_t, 64> kNumbers = [] {
  std::array<std::uint64_t, 64> numbers{};
  std::size_t count = 0;
  const auto add = [&](std::uint64_t number) { numbers[count++] = number; };
  // Around the bounds of the types ...
  for (const unsigned bits : {7U, 8U, 15U, 16U, 31U, 32U, 63U}) {
    for (const std::uint64_t offset : {~std::uint64_t{0}, std::uint64_t{0}, std::uint64_t{1}}) {
      add((std::uint64_t{1} << bits) + offset);
    }
  }
  // ... -1 downwards, as 64 and 32 bits ...
  for (std::uint64_t i = 1; i <= 4; ++i) {
    add(~std::uint64_t{0} - (i - 1));
    add(0xffffffffU - i + 1);
  }
  // ... sizes around pages, pipes, paths and frames ...
  for (const std::uint64_t size : {64U, 512U, 1024U, 4096U, 8192U, 16384U}) {
    for (const std::uint64_t offset : {~std::uint64_t{0}, std::uint64_t{0}, std::uint64_t{1}}) {
      add(size + offset);
    }
  }
  // ... addresses ...
  for (const std::uint64_t address :
       {0x10000ULL, 0x7f0000000000ULL, 0x7fffffffffffULL, 0x800000000000ULL, 0xffff800000000000ULL}) {
    add(address);
  }
  // ... flags of open: O_CREAT | O_RDWR, O_TRUNC, O_NONBLOCK, O_APPEND, O_CLOEXEC; nanoseconds; the rest.
  for (const std::uint64_t other : {0x202ULL, 0x602ULL, 0x4ULL, 0xaULL, 0x400000ULL, 0x400004ULL, 999999999ULL,
                                    1000000000ULL, 100ULL, 0x1000000ULL, 0x10000000ULL, 0x1ffffffffULL}) {
    add(other);
  }
  return numbers;
}();
static_assert(kNumbers.back() != 0);

constexpr std::array<std::string_view, 32> kPaths{
    "/",    "/dev/null",    "/dev/zero", "/dev/random", "/f",  "/d",           "/d/f",       "f",     ".",
    "..",   "/dev/console", "/dev",      "/d/d",        "d",   "/f/f",         "//f",        "/../f", "/./d/../f",
    "",     "/nowhere",     "/s",        "s",           "/d/", "/dev/urandom", "/dev/rwd0d", "/tmp",  "/dev/null/f",
    "/d/s", "d/../f",       "d/./f",     "/dev/",       "/e",
};

// ---- decoding ------------------------------------------------------------------------------------------------------

/// Takes values off the input. Behind its end there are zeros.
class Reader {
 public:
  explicit Reader(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

  [[nodiscard]] bool at_end() const { return bytes_.empty(); }
  [[nodiscard]] std::span<const std::uint8_t> rest() const { return bytes_; }

  std::uint8_t byte() {
    if (bytes_.empty()) {
      return 0;
    }
    const std::uint8_t value = bytes_.front();
    bytes_ = bytes_.subspan(1);
    return value;
  }

  std::uint64_t word() {
    const std::uint8_t first = byte();
    if (first < 0x40) {
      return first;
    }
    if (first < 0x80) {
      return kNumbers[first & 0x3fU];
    }
    if (first < 0xc0) {
      return (first & 0x3fU) << 8U | byte();
    }
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 8) {
      value |= std::uint64_t{byte()} << shift;
    }
    return value;
  }

  std::string payload() {
    std::size_t size = byte();
    if (size >= 0xf0) {
      size = (size & 0x0fU) << 8U | byte();
    }
    size = std::min(size, bytes_.size());
    std::string text(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(size));
    bytes_ = bytes_.subspan(size);
    return text;
  }

  std::string words() {
    const std::size_t count = byte() % (kMaxWords + 1);
    std::string text;
    text.reserve(count * 8);
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint64_t value = word();
      for (unsigned shift = 0; shift < 64; shift += 8) {
        text.push_back(static_cast<char>(value >> shift));
      }
    }
    return text;
  }

 private:
  std::span<const std::uint8_t> bytes_;
};

replay::SendFrame read_frame(Reader& reader) {
  replay::SendFrame frame;
  const std::uint8_t kind = reader.byte();
  const auto frame_class = static_cast<std::uint8_t>(kind & 3U);
  const auto type = static_cast<std::uint8_t>(kind >> 2U & 0xfU);
  frame.frame_class = frame_class == kOtherClass ? static_cast<std::uint16_t>(reader.word()) : frame_class;
  frame.type = type == kOtherType ? static_cast<std::uint16_t>(reader.word()) : type;
  frame.reqno = reader.word();
  frame.field = static_cast<std::uint32_t>(reader.word());
  frame.body = reader.payload();
  return frame;
}

replay::SendFrame read_call(Reader& reader) {
  const std::uint8_t number = reader.byte();
  replay::SendFrame frame;
  frame.type = std::to_underlying(FrameType::SYSCALL);
  frame.field = number < kOtherNumber ? kCalls[number % kCalls.size()] : static_cast<std::uint32_t>(reader.word());
  frame.reqno = reader.word();
  frame.body = reader.words();
  return frame;
}

replay::SendFrame guest_handshake(std::uint64_t reqno) {
  return {.frame_class = std::to_underlying(FrameClass::REQ),
          .type = std::to_underlying(FrameType::HANDSHAKE),
          .reqno = reqno,
          .field = std::to_underlying(Handshake::GUEST),
          .body = std::string(kGuestName),
          .length = {}};
}

sim::Nanoseconds duration_of(std::uint8_t code) {
  return ((std::uint64_t{1} + (code & 7U)) << (code >> 3U)) * kSleepUnitNs;
}

replay::RawStep read_step(Opcode opcode, bool length_lies, Reader& reader) {
  const auto step = [](auto&& what) { return replay::RawStep{.line = {}, .what = std::forward<decltype(what)>(what)}; };
  const auto with_length = [&](replay::SendFrame frame) {
    if (length_lies) {
      frame.length = reader.word();
    }
    return frame;
  };
  switch (opcode) {
    case Opcode::connect:
      return step(replay::Connect{});
    case Opcode::shut:
      return step(replay::Shut{});
    case Opcode::await:
    case Opcode::await_too:
      return step(replay::AwaitFrame{});
    case Opcode::idle:
    case Opcode::idle_too:
      return step(replay::Idle{});
    case Opcode::sleep:
      return step(replay::Sleep{duration_of(reader.byte())});
    case Opcode::send_bytes:
      return step(replay::SendBytes{reader.payload()});
    case Opcode::send_frame:
      return step(with_length(read_frame(reader)));
    case Opcode::send_call:
      return step(with_length(read_call(reader)));
    case Opcode::guest:
      return step(guest_handshake(reader.word()));
    case Opcode::answer_bytes:
      return step(replay::AnswerBytes{reader.payload()});
    case Opcode::answer_words:
      return step(replay::AnswerBytes{reader.words()});
    case Opcode::answer_zeros:
      return step(replay::AnswerZeros{reader.word() % (kMaxZeros + 1)});
    case Opcode::answer_asked:
      return step(replay::AnswerAsked{});
    case Opcode::answer_path: {
      std::string path(kPaths[reader.byte() % kPaths.size()]);
      path.push_back('\0');
      return step(replay::AnswerBytes{std::move(path)});
    }
  }
  std::unreachable();
}

// ---- encoding ------------------------------------------------------------------------------------------------------

class Writer {
 public:
  void byte(std::uint64_t value) { bytes_.push_back(static_cast<std::uint8_t>(value)); }

  void word(std::uint64_t value) {
    if (value < 0x40) {
      byte(value);
    } else if (const auto* known = std::ranges::find(kNumbers, value); known != kNumbers.end()) {
      byte(0x40U + static_cast<std::uint64_t>(known - kNumbers.begin()));
    } else if (value < 0x4000) {
      byte(0x80U | value >> 8U);
      byte(value);
    } else {
      byte(0xc0);
      for (unsigned shift = 0; shift < 64; shift += 8) {
        byte(value >> shift);
      }
    }
  }

  void payload(std::string_view text) {
    text = text.substr(0, kMaxPayload);
    if (text.size() < 0xf0) {
      byte(text.size());
    } else {
      byte(0xf0U | text.size() >> 8U);
      byte(text.size());
    }
    bytes_.insert(bytes_.end(), text.begin(), text.end());
  }

  void words(std::string_view text) {
    byte(text.size() / 8);
    for (; !text.empty(); text.remove_prefix(8)) {
      std::uint64_t value = 0;
      for (unsigned i = 0; i < 8; ++i) {
        value |= std::uint64_t{static_cast<std::uint8_t>(text[i])} << i * 8;
      }
      word(value);
    }
  }

  void append(std::span<const std::uint8_t> bytes) { bytes_.insert(bytes_.end(), bytes.begin(), bytes.end()); }
  [[nodiscard]] std::vector<std::uint8_t> take() { return std::move(bytes_); }

 private:
  std::vector<std::uint8_t> bytes_;
};

bool is_words(std::string_view text) {
  return text.size() % 8 == 0 && text.size() <= kMaxWords * 8;
}

/// Writes the record of each step, in the shortest form that says it.
class StepWriter {
 public:
  StepWriter(Writer& out, std::size_t client) : out_(out), client_(client) {}

  void operator()(const replay::Connect&) { opcode(Opcode::connect); }
  void operator()(const replay::Shut&) { opcode(Opcode::shut); }
  void operator()(const replay::AwaitFrame&) { opcode(Opcode::await); }
  void operator()(const replay::Idle&) { opcode(Opcode::idle); }
  void operator()(const replay::Sleep& sleep) {
    opcode(Opcode::sleep);
    // Eight multiples of each power of two: the first that is long enough is exact for every duration that has a code.
    unsigned code = 0;
    while (code < 0xff && duration_of(static_cast<std::uint8_t>(code)) < sleep.duration) {
      ++code;
    }
    out_.byte(code);
  }
  void operator()(const replay::SendBytes& send) {
    opcode(Opcode::send_bytes);
    out_.payload(send.bytes);
  }
  void operator()(const replay::SendFrame& frame) {
    if (frame == guest_handshake(frame.reqno)) {
      opcode(Opcode::guest);
      out_.word(frame.reqno);
      return;
    }
    const std::uint8_t lies = frame.length ? kLengthLies : 0;
    if (frame.frame_class == std::to_underlying(FrameClass::REQ) &&
        frame.type == std::to_underlying(FrameType::SYSCALL) && is_words(frame.body)) {
      opcode(Opcode::send_call, lies);
      const auto* known = std::ranges::find(kCalls, frame.field);
      if (known != kCalls.end()) {
        out_.byte(static_cast<std::uint64_t>(known - kCalls.begin()));
      } else {
        out_.byte(kOtherNumber);
        out_.word(frame.field);
      }
      out_.word(frame.reqno);
      out_.words(frame.body);
    } else {
      opcode(Opcode::send_frame, lies);
      const std::uint64_t frame_class = std::min<std::uint64_t>(frame.frame_class, kOtherClass);
      const std::uint64_t type = std::min<std::uint64_t>(frame.type, kOtherType);
      out_.byte(frame_class | type << 2U);
      if (frame_class == kOtherClass) {
        out_.word(frame.frame_class);
      }
      if (type == kOtherType) {
        out_.word(frame.type);
      }
      out_.word(frame.reqno);
      out_.word(frame.field);
      out_.payload(frame.body);
    }
    if (frame.length) {
      out_.word(*frame.length);
    }
  }
  void operator()(const replay::AnswerBytes& answer) {
    const std::string_view bytes = answer.bytes;
    const auto* path = std::ranges::find_if(kPaths, [&](std::string_view known) {
      return bytes.size() == known.size() + 1 && bytes.starts_with(known) && bytes.back() == '\0';
    });
    if (path != kPaths.end()) {
      opcode(Opcode::answer_path);
      out_.byte(static_cast<std::uint64_t>(path - kPaths.begin()));
    } else if (is_words(bytes)) {
      opcode(Opcode::answer_words);
      out_.words(bytes);
    } else {
      opcode(Opcode::answer_bytes);
      out_.payload(bytes);
    }
  }
  void operator()(const replay::AnswerZeros& zeros) {
    opcode(Opcode::answer_zeros);
    out_.word(std::min(zeros.size, kMaxZeros));
  }
  void operator()(const replay::AnswerAsked&) { opcode(Opcode::answer_asked); }

 private:
  void opcode(Opcode opcode, std::uint8_t flags = 0) { out_.byte(std::to_underlying(opcode) | client_ << 4U | flags); }

  Writer& out_;
  std::size_t client_;
};

}  // namespace

replay::Config wire_config() {
  replay::Config config;
  config.cpus = 2;
  config.strategy = "round-robin";  // until the decisions of the input answer
  config.steps = 4'000;  // ten times a typical run; only copies of megabytes take more, and would take most of the time
  config.max_clients = 3;
  config.max_workers = 4;
  config.idle_workers = 1;
  config.max_frame = 2048;
  config.max_pending = 3;
  config.arena_mib = 4;
  config.max_fibers = 32;
  return config;
}

WireInput decode_wire(std::span<const std::uint8_t> bytes) {
  Reader reader(bytes);
  std::array<replay::Raw, kMaxClients> clients;
  for (std::size_t count = 0; count < kMaxSteps && !reader.at_end(); ++count) {
    const std::uint8_t first = reader.rest().front();
    if (first == kEndOfRecords) {
      break;
    }
    reader.byte();
    clients[first >> 4U & 3U].steps.push_back(
        read_step(static_cast<Opcode>(first & 0xfU), (first & kLengthLies) != 0, reader));
  }
  if (!reader.at_end() && reader.rest().front() == kEndOfRecords) {
    reader.byte();
  }

  WireInput input;
  static const replay::Config kConfig = wire_config();
  input.scenario.config = kConfig;
  for (replay::Raw& client : clients) {
    if (!client.steps.empty()) {
      std::string name = "client" + std::to_string(input.scenario.actors.size());
      input.scenario.actors.push_back({.name = std::move(name), .line = {}, .what = std::move(client)});
    }
  }
  std::span<const std::uint8_t> rest = reader.rest();
  rest = rest.first(std::min(rest.size(), kMaxDecisionBytes) / 2 * 2);
  input.decisions.assign(rest.begin(), rest.end());
  return input;
}

std::vector<std::uint8_t> encode(const WireInput& input) {
  Writer out;
  std::size_t count = 0;
  std::size_t client = 0;
  for (const replay::Actor& actor : input.scenario.actors) {
    const auto* raw = std::get_if<replay::Raw>(&actor.what);
    if (raw == nullptr || raw->steps.empty()) {
      continue;
    }
    if (client == kMaxClients) {
      break;
    }
    StepWriter writer(out, client++);
    for (const replay::RawStep& step : raw->steps) {
      if (count++ < kMaxSteps) {
        std::visit(writer, step.what);
      }
    }
  }
  if (!input.decisions.empty()) {
    out.byte(kEndOfRecords);
    out.append(std::span(input.decisions).first(std::min(input.decisions.size(), kMaxDecisionBytes) / 2 * 2));
  }
  return out.take();
}

std::expected<void, std::string> encoding_loss(const WireInput& input) {
  const WireInput again = decode_wire(encode(input));
  std::size_t kept = 0;
  for (const replay::Actor& actor : input.scenario.actors) {
    const auto* raw = std::get_if<replay::Raw>(&actor.what);
    if (raw == nullptr) {
      return std::unexpected(fmt::format("{} is no raw byte stream; a wire input holds nothing else", actor.name));
    }
    if (raw->steps.empty()) {
      continue;
    }
    if (kept == again.scenario.actors.size()) {
      return std::unexpected(fmt::format("{} is one too many: a wire input has at most {} clients and {} steps",
                                         actor.name, kMaxClients, kMaxSteps));
    }
    const auto& steps = std::get<replay::Raw>(again.scenario.actors[kept++].what).steps;
    for (std::size_t i = 0; i < raw->steps.size(); ++i) {
      if (i >= steps.size()) {
        return std::unexpected(
            fmt::format("step {} of {} is one too many: a wire input has at most {}", i + 1, actor.name, kMaxSteps));
      }
      if (steps[i] != raw->steps[i]) {
        return std::unexpected(
            fmt::format("step {} of {} has a size or a duration that a wire input cannot say", i + 1, actor.name));
      }
    }
  }
  if (again.decisions != input.decisions) {
    return std::unexpected(
        fmt::format("there are {} bytes of decisions; a wire input has pairs of them, at most {} bytes",
                    input.decisions.size(), kMaxDecisionBytes));
  }
  return {};
}

std::vector<std::uint8_t> to_decision_bytes(const replay::Tape& tape) {
  std::vector<std::uint8_t> bytes;
  for (const replay::TapePair& pair : tape.pairs) {
    std::uint64_t gap = pair.gap;
    // 255 quiet answers and a 0: 256 quiet answers.
    for (; gap > 0xff && bytes.size() < kMaxDecisionBytes; gap -= 0x100) {
      bytes.insert(bytes.end(), {0xff, 0});
    }
    bytes.insert(bytes.end(), {static_cast<std::uint8_t>(gap), static_cast<std::uint8_t>(pair.answer)});
    if (bytes.size() >= kMaxDecisionBytes) {
      break;
    }
  }
  return bytes;
}

std::span<const std::uint16_t, 64> frequent_calls() {
  return kCalls;
}
std::span<const std::uint64_t, 64> frequent_numbers() {
  return kNumbers;
}
std::span<const std::string_view, 32> frequent_paths() {
  return kPaths;
}

}  // namespace fuzz
