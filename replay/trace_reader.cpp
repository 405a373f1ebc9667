#include "replay/trace_reader.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <iterator>
#include <system_error>
#include <unistd.h>
#include <utility>

#include <capnp/message.h>
#include <capnp/serialize.h>
#include <fmt/format.h>

#include "replay/trace.capnp.h"

namespace replay {
namespace {

/// Success, or what is wrong.
using Result = std::expected<void, std::string>;

template <class... Args>
std::unexpected<std::string> wrong(fmt::format_string<Args...> format, Args&&... args) {
  return std::unexpected(fmt::format(format, std::forward<Args>(args)...));
}

/// Bytes from front to back.
class ByteSource {
 public:
  ByteSource() = default;
  virtual ~ByteSource() = default;
  ByteSource(const ByteSource&) = delete;
  ByteSource& operator=(const ByteSource&) = delete;
  /// Fills the buffer; less than its size only at the end.
  virtual std::expected<std::size_t, std::string> read(std::span<std::byte> buffer) = 0;
};

class MemorySource final : public ByteSource {
 public:
  explicit MemorySource(std::span<const std::byte> bytes) : bytes_(bytes) {}

  std::expected<std::size_t, std::string> read(std::span<std::byte> buffer) override {
    const std::size_t size = std::min(buffer.size(), bytes_.size());
    std::ranges::copy(bytes_.first(size), buffer.begin());
    bytes_ = bytes_.subspan(size);
    return size;
  }

 private:
  std::span<const std::byte> bytes_;
};

class FileSource final : public ByteSource {
 public:
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-vararg): open(2) is what the host offers.
  explicit FileSource(const std::filesystem::path& path) : descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    if (descriptor_ < 0) {
      open_error_ = errno;
    }
  }
  ~FileSource() override {
    if (descriptor_ >= 0) {
      ::close(descriptor_);
    }
  }
  FileSource(const FileSource&) = delete;
  FileSource& operator=(const FileSource&) = delete;

  std::expected<std::size_t, std::string> read(std::span<std::byte> buffer) override {
    if (descriptor_ < 0) {
      return wrong("cannot open: {}", std::generic_category().message(open_error_));
    }
    std::size_t filled = 0;
    while (filled < buffer.size()) {
      const ssize_t got = ::read(descriptor_, buffer.data() + filled, buffer.size() - filled);
      if (got < 0 && errno == EINTR) {
        continue;
      }
      if (got < 0) {
        return wrong("cannot read: {}", std::generic_category().message(errno));
      }
      if (got == 0) {
        break;
      }
      filled += static_cast<std::size_t>(got);
    }
    return filled;
  }

 private:
  int descriptor_;
  int open_error_ = 0;
};

std::expected<std::string, std::string> checked_text(capnp::Text::Reader text, std::string_view what,
                                                     std::size_t limit) {
  if (text.size() > limit) {
    return wrong("the {} has {} bytes, at most {} are allowed", what, text.size(), limit);
  }
  return std::string(text.cStr(), text.size());
}

std::expected<InputKind, std::string> from_schema(schema::InputKind kind) {
  switch (kind) {
    case schema::InputKind::OPEN:
      return InputKind::open;
    case schema::InputKind::DATA:
      return InputKind::data;
    case schema::InputKind::CLOSE:
      return InputKind::close;
  }
  return wrong("input kind {} is unknown, 0 to 2 are known", static_cast<unsigned>(kind));
}

std::expected<Outcome, std::string> from_schema(schema::Outcome outcome) {
  switch (outcome) {
    case schema::Outcome::COMPLETED:
      return Outcome::completed;
    case schema::Outcome::STUCK:
      return Outcome::stuck;
    case schema::Outcome::PANICKED:
      return Outcome::panicked;
    case schema::Outcome::STOPPED:
      return Outcome::stopped;
    case schema::Outcome::CRASHED:
      return Outcome::crashed;
    case schema::Outcome::FAILED:
      return Outcome::failed;
  }
  return wrong("outcome {} is unknown, 0 to 5 are known", static_cast<unsigned>(outcome));
}

/// Puts a trace together from its chunks. Each chunk is taken whole or, when anything in it is wrong, not at all.
class TraceAssembly {
 public:
  [[nodiscard]] Result add(schema::Chunk::Reader chunk);
  [[nodiscard]] bool has_header() const { return trace_.chunks > 0; }
  [[nodiscard]] bool has_end() const { return trace_.end.has_value(); }
  [[nodiscard]] std::uint32_t chunks() const { return trace_.chunks; }
  [[nodiscard]] TraceFile take() && { return std::move(trace_); }

 private:
  [[nodiscard]] Result add_by_kind(schema::Chunk::Reader chunk);
  [[nodiscard]] Result add_header(schema::Header::Reader in);
  [[nodiscard]] Result add_decisions(schema::Decisions::Reader in);
  [[nodiscard]] Result add_inputs(schema::Inputs::Reader in);
  [[nodiscard]] Result add_marks(schema::Marks::Reader in);
  [[nodiscard]] Result add_end(schema::End::Reader in);
  [[nodiscard]] Result skip(unsigned kind);

  TraceFile trace_;
  std::uint64_t decisions_ = 0;
  std::uint64_t skipped_ = 0;
};

Result TraceAssembly::add(schema::Chunk::Reader chunk) {
  if (auto added = add_by_kind(chunk); !added) {
    return added;
  }
  ++trace_.chunks;
  return {};
}

Result TraceAssembly::add_by_kind(schema::Chunk::Reader chunk) {
  if (has_header() == chunk.isHeader()) {
    return has_header() ? wrong("a second header, only the first chunk may be one")
                        : wrong("the first chunk is no header");
  }
  switch (chunk.which()) {
    case schema::Chunk::HEADER:
      return add_header(chunk.getHeader());
    case schema::Chunk::DECISIONS:
      return add_decisions(chunk.getDecisions());
    case schema::Chunk::INPUTS:
      return add_inputs(chunk.getInputs());
    case schema::Chunk::MARKS:
      return add_marks(chunk.getMarks());
    case schema::Chunk::END:
      return add_end(chunk.getEnd());
  }
  return skip(static_cast<unsigned>(chunk.which()));
}

Result TraceAssembly::add_header(schema::Header::Reader in) {
  const std::uint32_t version = in.getFormatVersion();
  const std::uint32_t minimum = in.getMinimumReaderVersion();
  // Asked first: the rest of a header that is not for this reader means nothing to it.
  if (minimum > format::kVersion) {
    return wrong("format version {} needs a reader of version {} or newer, this one is version {}", version, minimum,
                 format::kVersion);
  }
  if (minimum == 0 || version < minimum) {
    return wrong("format version {} with minimum reader version {}: versions begin at 1, the minimum is the lower one",
                 version, minimum);
  }
  auto build = checked_text(in.getBuild(), "build identity", format::kMaxBuildBytes);
  if (!build) {
    return std::unexpected(build.error());
  }
  auto producer = checked_text(in.getProducer(), "producer", format::kMaxProducerBytes);
  if (!producer) {
    return std::unexpected(producer.error());
  }
  auto scenario = checked_text(in.getScenario(), "scenario", format::kMaxScenarioBytes);
  if (!scenario) {
    return std::unexpected(scenario.error());
  }

  trace_.format_version = version;
  trace_.header = {.build = std::move(*build), .producer = std::move(*producer), .scenario = std::move(*scenario)};
  if (version > format::kVersion) {
    trace_.notes.push_back(fmt::format("written by format version {}, read as version {}", version, format::kVersion));
  }
  return {};
}

Result TraceAssembly::add_decisions(schema::Decisions::Reader in) {
  const capnp::Data::Reader block = in.getTape();
  const auto piece = decode(std::as_bytes(std::span(block.begin(), block.size())), decisions_);
  if (!piece) {
    return std::unexpected(piece.error());
  }
  decisions_ += piece->decisions();
  trace_.tape.pairs.insert(trace_.tape.pairs.end(), piece->pairs.begin(), piece->pairs.end());
  return {};
}

Result TraceAssembly::add_inputs(schema::Inputs::Reader in) {
  std::vector<Input> inputs;
  sim::Step last = trace_.inputs.empty() ? 0 : trace_.inputs.back().step;
  for (const schema::Input::Reader item : in.getList()) {
    const capnp::Data::Reader bytes = item.getBytes();
    const auto kind = from_schema(item.getKind());
    if (!kind) {
      return std::unexpected(kind.error());
    }
    if (item.getStep() < last) {
      return wrong("input at step {} after one at step {}", item.getStep(), last);
    }
    if (bytes.size() > format::kMaxInputBytes) {
      return wrong("input of {} bytes, at most {} are allowed", bytes.size(), format::kMaxInputBytes);
    }
    last = item.getStep();
    const auto view = std::as_bytes(std::span(bytes.begin(), bytes.size()));
    inputs.push_back({.step = last, .port = {item.getPort()}, .kind = *kind, .bytes = {view.begin(), view.end()}});
  }
  std::ranges::move(inputs, std::back_inserter(trace_.inputs));
  return {};
}

Result TraceAssembly::add_marks(schema::Marks::Reader in) {
  std::vector<Mark> marks;
  std::optional<sim::Step> last;
  if (!trace_.marks.empty()) {
    last = trace_.marks.back().step;
  }
  for (const schema::Mark::Reader item : in.getList()) {
    if (last && item.getStep() <= *last) {
      return wrong("mark at step {} after one at step {}", item.getStep(), *last);
    }
    last = item.getStep();
    marks.push_back({.step = *last, .digest = {.low = item.getDigestLow(), .high = item.getDigestHigh()}});
  }
  std::ranges::copy(marks, std::back_inserter(trace_.marks));
  return {};
}

Result TraceAssembly::add_end(schema::End::Reader in) {
  const auto outcome = from_schema(in.getOutcome());
  if (!outcome) {
    return std::unexpected(outcome.error());
  }
  auto reason = checked_text(in.getReason(), "exit reason", format::kMaxReasonBytes);
  if (!reason) {
    return std::unexpected(reason.error());
  }
  if (in.getDecisions() < decisions_) {
    return wrong("end after {} decisions, the tape covers {}", in.getDecisions(), decisions_);
  }
  const sim::Step last_input = trace_.inputs.empty() ? 0 : trace_.inputs.back().step;
  const sim::Step last_mark = trace_.marks.empty() ? 0 : trace_.marks.back().step;
  if (in.getSteps() < std::max(last_input, last_mark)) {
    return wrong("end after {} steps, the last input or mark is at {}", in.getSteps(), std::max(last_input, last_mark));
  }
  trace_.end = End{.outcome = *outcome,
                   .reason = std::move(*reason),
                   .steps = in.getSteps(),
                   .virtual_ns = in.getVirtualNs(),
                   .digest = {.low = in.getDigestLow(), .high = in.getDigestHigh()},
                   .decisions = in.getDecisions()};
  return {};
}

Result TraceAssembly::skip(unsigned kind) {
  if (trace_.format_version <= format::kVersion) {
    return wrong("chunk kind {} is unknown, 0 to 4 are known", kind);
  }
  // One note however many there are: a file must not make its reader hold a line for each chunk.
  const std::string note =
      fmt::format("skipped {} chunks of kinds that came after version {}", ++skipped_, format::kVersion);
  if (skipped_ == 1) {
    trace_.notes.push_back(note);
  } else {
    trace_.notes.back() = note;
  }
  return {};
}

/// Takes a source apart into chunks and checks what the format says about each.
class ChunkReader {
 public:
  ChunkReader(ByteSource& source, std::uint64_t max_bytes) : source_(source), bytes_left_(max_bytes) {}

  /// Reads to the end of the trace or to the first thing wrong.
  void read(TraceAssembly& assembly);
  /// Empty after a trace that is whole.
  [[nodiscard]] const std::optional<Damage>& damage() const { return damage_; }

 private:
  [[nodiscard]] Result read_magic();
  /// False at the end of the source.
  [[nodiscard]] std::expected<bool, std::string> read_chunk(TraceAssembly& assembly);
  [[nodiscard]] Result read_payload(const format::ChunkPrefix& prefix, std::uint32_t sequence);
  [[nodiscard]] Result parse_payload(std::uint32_t payload_bytes, TraceAssembly& assembly) const;
  [[nodiscard]] std::expected<std::size_t, std::string> fill(std::span<std::byte> buffer);

  ByteSource& source_;
  std::uint64_t bytes_left_;
  /// Where the chunk begins that is being read.
  std::uint64_t offset_ = 0;
  std::vector<std::uint64_t> payload_;
  std::optional<Damage> damage_;
};

void ChunkReader::read(TraceAssembly& assembly) {
  if (auto magic = read_magic(); !magic) {
    damage_ = Damage{.offset = 0, .what = std::move(magic.error())};
    return;
  }
  while (true) {
    auto more = read_chunk(assembly);
    if (!more) {
      damage_ =
          Damage{.offset = offset_, .what = fmt::format("chunk {}: {}", assembly.chunks(), std::move(more.error()))};
      return;
    }
    if (!*more) {
      break;
    }
  }
  if (assembly.has_end()) {
    return;
  }
  damage_ = Damage{.offset = offset_,
                   .what = assembly.has_header() ? "the trace stops without its end, it was cut off"
                                                 : "the trace stops before its header, it was cut off"};
}

std::expected<std::size_t, std::string> ChunkReader::fill(std::span<std::byte> buffer) {
  if (buffer.size() > bytes_left_) {
    return wrong("the file is larger than the limit for a trace");
  }
  auto filled = source_.read(buffer);
  if (filled) {
    bytes_left_ -= *filled;
  }
  return filled;
}

Result ChunkReader::read_magic() {
  std::array<std::byte, format::kMagic.size()> found{};
  const auto filled = fill(found);
  if (!filled) {
    return std::unexpected(filled.error());
  }
  const bool is_prefix =
      std::equal(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(*filled), format::kMagic.begin());
  if (!is_prefix) {
    return wrong("no simkern trace: a trace begins with the bytes 89 53 4b 54 0d 0a 1a 0a");
  }
  if (*filled < found.size()) {
    return wrong("{} bytes are too few for a trace, it was cut off", *filled);
  }
  offset_ = found.size();
  return {};
}

std::expected<bool, std::string> ChunkReader::read_chunk(TraceAssembly& assembly) {
  std::array<std::byte, format::kPrefixBytes> head{};
  const auto filled = fill(head);
  if (!filled) {
    return std::unexpected(filled.error());
  }
  if (*filled == 0) {
    return false;
  }
  if (assembly.has_end()) {
    return wrong("bytes follow the end of the trace, nothing should");
  }
  if (*filled < head.size()) {
    return wrong("cut off: {} of {} bytes of the prefix", *filled, head.size());
  }

  const format::ChunkPrefix prefix = format::decode_prefix(head);
  if (auto read = read_payload(prefix, assembly.chunks()); !read) {
    return std::unexpected(read.error());
  }
  if (auto parsed = parse_payload(prefix.payload_bytes, assembly); !parsed) {
    return std::unexpected(parsed.error());
  }
  offset_ += head.size() + prefix.payload_bytes;
  return true;
}

Result ChunkReader::read_payload(const format::ChunkPrefix& prefix, std::uint32_t sequence) {
  const std::uint32_t size = prefix.payload_bytes;
  if (size == 0 || size % format::kWordBytes != 0 || size > format::kMaxPayloadBytes) {
    return wrong("payload length {}, right is a multiple of {} up to {}", size, format::kWordBytes,
                 format::kMaxPayloadBytes);
  }
  payload_.resize(size / format::kWordBytes);
  const std::span<std::byte> payload = std::as_writable_bytes(std::span(payload_));
  const auto filled = fill(payload);
  if (!filled) {
    return std::unexpected(filled.error());
  }
  if (*filled < size) {
    return wrong("cut off: {} of {} bytes of the payload", *filled, size);
  }

  const std::uint64_t sum = format::checksum(prefix.sequence, payload);
  if (sum != prefix.checksum) {
    return wrong("checksum {:016x}, the content has {:016x}", prefix.checksum, sum);
  }
  // Behind the checksum, so that this says what it seems to say: chunks are missing, doubled or in another order.
  if (prefix.sequence != sequence) {
    return wrong("sequence number {}, right is {}", prefix.sequence, sequence);
  }
  return {};
}

Result ChunkReader::parse_payload(std::uint32_t payload_bytes, TraceAssembly& assembly) const {
  const std::size_t words = payload_bytes / format::kWordBytes;
  capnp::ReaderOptions limits;
  // Everything is looked at once. Twice the size leaves room for that and none for pointers that share their target.
  limits.traversalLimitInWords = 2 * words;
  limits.nestingLimit = 8;
  try {
    capnp::FlatArrayMessageReader message(kj::arrayPtr(reinterpret_cast<const capnp::word*>(payload_.data()), words),
                                          limits);
    if (message.getEnd() != reinterpret_cast<const capnp::word*>(payload_.data()) + words) {
      return wrong("the message is shorter than its chunk");
    }
    return assembly.add(message.getRoot<schema::Chunk>());
  } catch (const kj::Exception& exception) {
    return wrong("no message of a trace: {}", exception.getDescription().cStr());
  }
}

std::expected<TraceFile, TraceError> read_from(ByteSource& source, std::string name, const ReadOptions& options) {
  TraceAssembly assembly;
  ChunkReader chunks(source, options.max_bytes);
  chunks.read(assembly);
  const std::optional<Damage>& damage = chunks.damage();
  if (damage && !(options.salvage && assembly.has_header())) {
    return std::unexpected(TraceError{
        .file = std::move(name), .offset = damage->offset, .what = damage->what, .salvageable = assembly.has_header()});
  }
  TraceFile trace = std::move(assembly).take();
  trace.damage = damage;
  return trace;
}

}  // namespace

std::string to_string(const TraceError& error) {
  std::string line = fmt::format("{}: byte {}: {}", error.file, error.offset, error.what);
  if (error.salvageable) {
    line += "; what is before it is good, --salvage takes that";
  }
  return line;
}

std::expected<TraceFile, TraceError> read_trace(const std::filesystem::path& path, const ReadOptions& options) {
  FileSource source(path);
  return read_from(source, path.string(), options);
}

std::expected<TraceFile, TraceError> read_trace(std::span<const std::byte> bytes, const ReadOptions& options,
                                                std::string_view name) {
  MemorySource source(bytes);
  return read_from(source, std::string(name), options);
}

}  // namespace replay
