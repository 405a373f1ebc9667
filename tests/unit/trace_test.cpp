#include "replay/trace.hpp"

#include <algorithm>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <span>
#include <stdlib.h>
#include <string>
#include <string_view>
#include <vector>

#include <capnp/message.h>
#include <capnp/serialize.h>
#include <gtest/gtest.h>

#include "replay/byte_sink.hpp"
#include "replay/trace.capnp.h"
#include "replay/trace_format.hpp"
#include "replay/trace_reader.hpp"
#include "replay/trace_writer.hpp"

namespace replay {
namespace {

using Bytes = std::vector<std::byte>;

Bytes to_bytes(std::string_view text) {
  const auto view = std::as_bytes(std::span(text));
  return {view.begin(), view.end()};
}

const Header example_header = {.build = "build-1", .producer = "run", .scenario = "config seed=7\n"};
const End example_end = {.outcome = Outcome::panicked,
                         .reason = "panic: lock held",
                         .steps = 90,
                         .virtual_ns = 12345,
                         .digest = {.low = 1, .high = 2},
                         .decisions = 40};

/// A small trace with two chunks of each kind that can come twice: 8 chunks.
Bytes example_trace() {
  MemorySink sink;
  auto writer = TraceWriter::create(sink, example_header).value();
  const std::vector<TapePair> pairs = {{3, 1}, {0, 2}, {9, 300}};
  for (std::uint32_t round = 0; round < 2; ++round) {
    EXPECT_TRUE(writer.input({.step = 10 + round, .port = {0}, .kind = InputKind::open, .bytes = {}}));
    EXPECT_TRUE(
        writer.input({.step = 10 + round, .port = {0}, .kind = InputKind::data, .bytes = to_bytes("hello, world")}));
    EXPECT_TRUE(writer.decision_tape(pairs));
    EXPECT_TRUE(writer.mark({.step = 20 + round, .digest = {.low = round, .high = 77}}));
    EXPECT_TRUE(writer.flush());
  }
  EXPECT_TRUE(writer.finish(example_end));
  return sink.bytes();
}

/// Offsets at which chunks begin, and the size of the file.
std::vector<std::size_t> chunk_offsets(std::span<const std::byte> trace) {
  std::vector<std::size_t> offsets;
  std::size_t offset = format::kMagic.size();
  while (offset < trace.size()) {
    offsets.push_back(offset);
    const auto head = trace.subspan(offset).first<format::kPrefixBytes>();
    offset += format::kPrefixBytes + format::decode_prefix(head).payload_bytes;
  }
  offsets.push_back(offset);
  return offsets;
}

template <class Item>
bool is_prefix(const std::vector<Item>& part, const std::vector<Item>& whole) {
  return part.size() <= whole.size() && std::equal(part.begin(), part.end(), whole.begin());
}

bool is_prefix(const TraceFile& part, const TraceFile& whole) {
  return part.header == whole.header && is_prefix(part.tape.pairs, whole.tape.pairs) &&
         is_prefix(part.inputs, whole.inputs) && is_prefix(part.marks, whole.marks) && part.chunks <= whole.chunks &&
         (!part.end || part.end == whole.end);
}

/// A file with rightful prefixes and checksums around whatever messages a test wants.
class RawTrace {
 public:
  RawTrace() : bytes_(format::kMagic.begin(), format::kMagic.end()) {}

  RawTrace& chunk(const std::function<void(schema::Chunk::Builder)>& fill) {
    capnp::MallocMessageBuilder message;
    fill(message.initRoot<schema::Chunk>());
    const auto words = capnp::messageToFlatArray(message);
    const auto payload = words.asBytes();
    return payload_of(std::as_bytes(std::span(payload.begin(), payload.size())));
  }
  RawTrace& payload_of(std::span<const std::byte> payload) {
    const auto prefix = format::encode({.payload_bytes = static_cast<std::uint32_t>(payload.size()),
                                        .sequence = sequence_,
                                        .checksum = format::checksum(sequence_, payload)});
    ++sequence_;
    bytes_.insert(bytes_.end(), prefix.begin(), prefix.end());
    bytes_.insert(bytes_.end(), payload.begin(), payload.end());
    return *this;
  }
  RawTrace& header(std::uint32_t version = 1, std::uint32_t minimum = 1) {
    return chunk([&](schema::Chunk::Builder chunk) {
      chunk.initHeader().setFormatVersion(version);
      chunk.getHeader().setMinimumReaderVersion(minimum);
    });
  }
  RawTrace& mark(sim::Step step) {
    return chunk([&](schema::Chunk::Builder chunk) { chunk.initMarks().initList(1)[0].setStep(step); });
  }
  RawTrace& end(sim::Step steps) {
    return chunk([&](schema::Chunk::Builder chunk) { chunk.initEnd().setSteps(steps); });
  }
  [[nodiscard]] const Bytes& bytes() const { return bytes_; }

 private:
  Bytes bytes_;
  std::uint32_t sequence_ = 0;
};

/// A chunk of a kind that this version does not know: the union's discriminant set by hand.
void fill_unknown_kind(schema::Chunk::Builder chunk) {
  chunk.initMarks();
  auto data = capnp::AnyStruct::Builder(capnp::toAny(chunk)).getDataSection();
  data[0] = 99;
}

std::string error_of(std::span<const std::byte> bytes, const ReadOptions& options = {}) {
  const auto trace = read_trace(bytes, options);
  return trace ? "no error" : to_string(trace.error());
}

constexpr std::string_view salvage_hint = "; what is before it is good, --salvage takes that";

class TraceOnDisk : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "simkern-trace-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  [[nodiscard]] std::filesystem::path path() const { return folder_ / "t.trace"; }

 private:
  std::filesystem::path folder_;
};

TEST(Trace, GivesBackWhatWasWritten) {
  const auto trace = read_trace(example_trace());
  ASSERT_TRUE(trace) << to_string(trace.error());
  EXPECT_EQ(trace->format_version, format::kVersion);
  EXPECT_EQ(trace->header, example_header);
  EXPECT_EQ(to_text(trace->tape), "3:1,2,9:300,3:1,2,9:300");
  ASSERT_EQ(trace->inputs.size(), 4U);
  EXPECT_EQ(trace->inputs[3],
            (Input{.step = 11, .port = {0}, .kind = InputKind::data, .bytes = to_bytes("hello, world")}));
  EXPECT_EQ(trace->marks, (std::vector<Mark>{{20, {0, 77}}, {21, {1, 77}}}));
  EXPECT_EQ(trace->end, example_end);
  EXPECT_EQ(trace->damage, std::nullopt);
  EXPECT_TRUE(trace->notes.empty());
  EXPECT_EQ(trace->chunks, 8U);
}

TEST(Trace, BeginsWithTheSameBytesForever) {
  const Bytes trace = example_trace();
  ASSERT_GE(trace.size(), 40U);
  const Bytes expected = to_bytes(std::string_view("\x89SKT\r\n\x1a\n", 8));
  EXPECT_TRUE(is_prefix(expected, trace));
  EXPECT_EQ(chunk_offsets(trace).size(), 9U);
}

TEST(Trace, CutAnywhereIsAnErrorWithItsPlaceAndSalvagesAPrefix) {
  const Bytes bytes = example_trace();
  const TraceFile whole = read_trace(bytes).value();
  const std::vector<std::size_t> offsets = chunk_offsets(bytes);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const auto cut = std::span(bytes).first(size);
    const auto refused = read_trace(cut);
    ASSERT_FALSE(refused) << "cut to " << size;
    // The place is the beginning of the chunk that is not whole.
    const auto good = std::ranges::upper_bound(offsets, size);
    EXPECT_EQ(refused.error().offset, good == offsets.begin() ? 0U : *std::prev(good)) << "cut to " << size;

    const auto salvaged = read_trace(cut, {.salvage = true});
    ASSERT_EQ(salvaged.has_value(), refused.error().salvageable) << "cut to " << size;
    ASSERT_EQ(salvaged.has_value(), size >= offsets[1]) << "cut to " << size;
    if (!salvaged) {
      continue;
    }
    EXPECT_TRUE(is_prefix(*salvaged, whole)) << "cut to " << size;
    EXPECT_EQ(salvaged->chunks, good - offsets.begin() - 1) << "cut to " << size;
    EXPECT_EQ(salvaged->damage, (Damage{.offset = refused.error().offset, .what = refused.error().what}));
  }
}

TEST(Trace, EveryBitFlipIsSeen) {
  const Bytes bytes = example_trace();
  const TraceFile whole = read_trace(bytes).value();
  Bytes flipped = bytes;
  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    const std::byte mask{static_cast<unsigned char>(1U << bit % 8)};
    flipped[bit / 8] ^= mask;
    EXPECT_FALSE(read_trace(flipped)) << "bit " << bit;
    const auto salvaged = read_trace(flipped, {.salvage = true});
    if (salvaged) {
      EXPECT_TRUE(salvaged->damage && is_prefix(*salvaged, whole)) << "bit " << bit;
    }
    flipped[bit / 8] ^= mask;
  }
}

TEST(Trace, DroppedDoubledAndSwappedChunksAreSeen) {
  const Bytes bytes = example_trace();
  const TraceFile whole = read_trace(bytes).value();
  const std::vector<std::size_t> offsets = chunk_offsets(bytes);
  const std::size_t count = offsets.size() - 1;
  const auto assemble = [&](const std::vector<std::size_t>& order) {
    Bytes result(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(offsets[0]));
    for (const std::size_t chunk : order) {
      const auto part = std::span(bytes).subspan(offsets[chunk], offsets[chunk + 1] - offsets[chunk]);
      result.insert(result.end(), part.begin(), part.end());
    }
    return result;
  };
  std::vector<std::size_t> order(count);
  std::ranges::generate(order, [next = std::size_t{0}]() mutable { return next++; });
  ASSERT_EQ(assemble(order), bytes);

  for (std::size_t chunk = 0; chunk < count; ++chunk) {
    std::vector<std::vector<std::size_t>> variants(3, order);
    variants[0].erase(variants[0].begin() + static_cast<std::ptrdiff_t>(chunk));
    variants[1].insert(variants[1].begin() + static_cast<std::ptrdiff_t>(chunk), chunk);
    std::swap(variants[2][chunk], variants[2][(chunk + 1) % count]);
    for (const auto& variant : variants) {
      EXPECT_FALSE(read_trace(assemble(variant))) << "chunk " << chunk;
      const auto salvaged = read_trace(assemble(variant), {.salvage = true});
      if (salvaged) {
        EXPECT_TRUE(salvaged->damage && is_prefix(*salvaged, whole)) << "chunk " << chunk;
      }
    }
  }
}

TEST(Trace, SaysWhatIsWrongWithTheFile) {
  EXPECT_EQ(error_of({}), "trace: byte 0: 0 bytes are too few for a trace, it was cut off");
  EXPECT_EQ(error_of(to_bytes("#!/bin/sh")),
            "trace: byte 0: no simkern trace: a trace begins with the bytes 89 53 4b 54 0d 0a 1a 0a");
  EXPECT_EQ(error_of(RawTrace().bytes()), "trace: byte 8: the trace stops before its header, it was cut off");
  EXPECT_EQ(error_of(RawTrace().end(0).bytes()), "trace: byte 8: chunk 0: the first chunk is no header");
  EXPECT_EQ(error_of(RawTrace().header(3, 2).bytes()),
            "trace: byte 8: chunk 0: format version 3 needs a reader of version 2 or newer, this one is version 1");
  EXPECT_EQ(error_of(RawTrace().header(0, 0).bytes()),
            "trace: byte 8: chunk 0: format version 0 with minimum reader version 0: versions begin at 1, the minimum "
            "is the lower one");

  const std::size_t second = RawTrace().header().bytes().size();
  const std::size_t third = RawTrace().header().mark(5).bytes().size();
  const auto at = [](std::size_t offset, std::string_view what) {
    return "trace: byte " + std::to_string(offset) + ": " + std::string(what) + std::string(salvage_hint);
  };
  EXPECT_EQ(error_of(RawTrace().header().bytes()), at(second, "the trace stops without its end, it was cut off"));
  EXPECT_EQ(error_of(RawTrace().header().header().bytes()),
            at(second, "chunk 1: a second header, only the first chunk may be one"));
  EXPECT_EQ(
      error_of(RawTrace().header().end(0).end(0).bytes()),
      at(RawTrace().header().end(0).bytes().size(), "chunk 2: bytes follow the end of the trace, nothing should"));
  EXPECT_EQ(error_of(RawTrace().header().mark(5).mark(5).bytes()),
            at(third, "chunk 2: mark at step 5 after one at step 5"));
  EXPECT_EQ(error_of(RawTrace().header().mark(5).end(4).bytes()),
            at(third, "chunk 2: end after 4 steps, the last input or mark is at 5"));
  EXPECT_EQ(error_of(RawTrace().header().chunk(fill_unknown_kind).bytes()),
            at(second, "chunk 1: chunk kind 99 is unknown, 0 to 4 are known"));
  EXPECT_EQ(
      error_of(RawTrace().header().chunk([](auto chunk) { chunk.initEnd().setOutcome(schema::Outcome(9)); }).bytes()),
      at(second, "chunk 1: outcome 9 is unknown, 0 to 5 are known"));
  const auto two_inputs = [](schema::Chunk::Builder chunk) {
    chunk.initInputs().initList(2)[0].setStep(8);
    chunk.getInputs().getList()[1].setStep(7);
  };
  EXPECT_EQ(error_of(RawTrace().header().chunk(two_inputs).bytes()),
            at(second, "chunk 1: input at step 7 after one at step 8"));
  const auto odd_input = [](schema::Chunk::Builder chunk) {
    chunk.initInputs().initList(1)[0].setKind(schema::InputKind(3));
  };
  EXPECT_EQ(error_of(RawTrace().header().chunk(odd_input).bytes()),
            at(second, "chunk 1: input kind 3 is unknown, 0 to 2 are known"));
  const auto bad_tape = [](schema::Chunk::Builder chunk) { chunk.initDecisions().initTape(1)[0] = 0x80; };
  EXPECT_EQ(error_of(RawTrace().header().chunk(bad_tape).bytes()),
            at(second, "chunk 1: tape byte 0: number cut off by the end of the block"));
  const auto one_decision = [](schema::Chunk::Builder chunk) { chunk.initDecisions().initTape(1); };
  EXPECT_EQ(
      error_of(RawTrace().header().chunk(one_decision).end(0).bytes()),
      at(RawTrace().header().chunk(one_decision).bytes().size(), "chunk 2: end after 0 decisions, the tape covers 1"));
}

TEST(Trace, LengthsAreCheckedBeforeAnyoneBelievesThem) {
  for (const std::uint32_t length : {0U, 7U, 12U, format::kMaxPayloadBytes + 8, 0xffffffffU, 0xfffffff8U}) {
    Bytes bytes = RawTrace().header().bytes();
    const auto prefix = format::encode({.payload_bytes = length, .sequence = 1, .checksum = 0});
    bytes.insert(bytes.end(), prefix.begin(), prefix.end());
    EXPECT_NE(error_of(bytes).find("chunk 1: payload length " + std::to_string(length) +
                                   ", right is a multiple of 8 up to 4194304"),
              std::string::npos)
        << error_of(bytes);
  }
}

TEST(Trace, MessagesThatLieAboutTheirSizeAreRefused) {
  const std::vector<std::vector<std::uint64_t>> messages = {
      {0xffffffffffffffff},                                          // 2^32 segments
      {0x00000fff00000000},                                          // one segment longer than the payload
      {0x0000000000000000, 0x0},                                     // a segment of no words
      {0x0000000100000000, 0x00000000fffffffc},                      // the root points to itself
      {0x0000000100000000, 0xffffffff00000000},                      // the root is a struct of 2^19 words
      {0x0000000200000000, 0x0001000000000000, 0xffffffff00000001},  // list of 2^29 elements
      {0x0000000100000000, 0x0, 0x0},                                // a word behind the message
  };
  for (const auto& message : messages) {
    const Bytes bytes = RawTrace().header().payload_of(std::as_bytes(std::span(message))).bytes();
    EXPECT_NE(error_of(bytes).find("chunk 1: "), std::string::npos) << error_of(bytes);
  }
}

TEST(Trace, ListsOfNothingCannotAskForMemory) {
  // 2^29 - 1 inputs of no size in a message of 5 words: root, data, pointer to the inputs, pointer to the list, its
  // tag.
  const std::vector<std::uint64_t> message = {0x0000000600000000,                 // one segment of 6 words
                                              0x0001000100000000,                 // root: one data word, one pointer
                                              0x0000000000000002,                 // kind: inputs
                                              0x0001000000000000,                 // inputs: one pointer
                                              0x0000000700000001,                 // list: composite, 0 words
                                              (std::uint64_t{0x1fffffff} << 2U),  // tag: 2^29 - 1 elements of no size
                                              0x0};
  const Bytes bytes = RawTrace().header().payload_of(std::as_bytes(std::span(message))).bytes();
  EXPECT_NE(error_of(bytes).find("chunk 1: no message of a trace"), std::string::npos) << error_of(bytes);
}

TEST(Trace, OfANewerVersionIsReadAsFarAsThisOneKnowsIt) {
  const auto trace =
      read_trace(RawTrace().header(2, 1).chunk(fill_unknown_kind).mark(5).chunk(fill_unknown_kind).end(6).bytes());
  ASSERT_TRUE(trace) << to_string(trace.error());
  EXPECT_EQ(trace->format_version, 2U);
  EXPECT_EQ(trace->marks.size(), 1U);
  EXPECT_TRUE(trace->end);
  EXPECT_EQ(trace->notes, (std::vector<std::string>{"written by format version 2, read as version 1",
                                                    "skipped 2 chunks of kinds that came after version 1"}));
}

TEST(Trace, LargerThanTheReaderAllowsIsRefused) {
  const Bytes bytes = example_trace();
  EXPECT_TRUE(read_trace(bytes, {.max_bytes = bytes.size() + format::kPrefixBytes}));
  EXPECT_NE(error_of(bytes, {.max_bytes = 300}).find("the file is larger than the limit"), std::string::npos);
  const auto salvaged = read_trace(bytes, {.salvage = true, .max_bytes = 300});
  ASSERT_TRUE(salvaged) << to_string(salvaged.error());
  EXPECT_FALSE(salvaged->end);
}

TEST(TraceWriter, RefusesWhatTheReaderWould) {
  MemorySink sink;
  auto writer = TraceWriter::create(sink, example_header).value();
  EXPECT_EQ(writer.decision_tape(std::vector<TapePair>{{0, 0}}).error(),
            "memory: pair (0, 0) after 0 decisions: an answer is at least 1, a tape has at most 281474976710656");
  ASSERT_TRUE(writer.decision_tape(std::vector<TapePair>{{9, 1}}));
  ASSERT_TRUE(writer.mark({.step = 5, .digest = {}}));
  EXPECT_EQ(writer.mark({.step = 5, .digest = {}}).error(), "memory: mark at step 5 after one at step 5");
  ASSERT_TRUE(writer.input({.step = 8, .port = {1}, .kind = InputKind::close, .bytes = {}}));
  EXPECT_EQ(writer.input({.step = 7, .port = {1}, .kind = InputKind::open, .bytes = {}}).error(),
            "memory: input at step 7 after one at step 8");
  EXPECT_EQ(writer.input(8, {1}, InputKind::data, Bytes(format::kMaxInputBytes + 1)).error(),
            "memory: input of 1048577 bytes, at most 1048576 fit");
  EXPECT_EQ(writer.finish({.steps = 8, .decisions = 9}).error(), "memory: end after 9 decisions, the tape covers 10");
  EXPECT_EQ(writer.finish({.steps = 7, .decisions = 10}).error(),
            "memory: end after 7 steps, the last input or mark is at 8");
  ASSERT_TRUE(writer.finish({.steps = 8, .decisions = 10}));
  EXPECT_EQ(writer.flush().error(), "memory: the trace has its end, nothing can follow");

  const auto trace = read_trace(sink.bytes());
  ASSERT_TRUE(trace) << to_string(trace.error());
  EXPECT_EQ(trace->inputs.size(), 1U);

  MemorySink other;
  const auto refused = TraceWriter::create(other, {.build = std::string(4097, 'b'), .producer = "", .scenario = ""});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(), "memory: the build identity has 4097 bytes, a trace holds at most 4096");
}

TEST(TraceWriter, CutsAReasonThatIsTooLong) {
  MemorySink sink;
  auto writer = TraceWriter::create(sink, example_header).value();
  ASSERT_TRUE(writer.finish({.reason = std::string(format::kMaxReasonBytes + 9, 'r')}));
  EXPECT_EQ(read_trace(sink.bytes()).value().end.value().reason, std::string(format::kMaxReasonBytes, 'r'));
}

TEST(TraceWriter, TakesTheLargestOfEverything) {
  MemorySink sink;
  const Header header = {.build = std::string(format::kMaxBuildBytes, 'b'),
                         .producer = std::string(format::kMaxProducerBytes, 'p'),
                         .scenario = std::string(format::kMaxScenarioBytes, 's')};
  const Bytes largest(format::kMaxInputBytes, std::byte{1});
  auto writer = TraceWriter::create(sink, header).value();
  ASSERT_TRUE(writer.input(0, {0}, InputKind::data, to_bytes("before")));
  ASSERT_TRUE(writer.input(0, {0}, InputKind::data, largest));
  ASSERT_TRUE(writer.input(0, {0}, InputKind::data, to_bytes("after")));
  ASSERT_TRUE(writer.finish({}));
  const auto trace = read_trace(sink.bytes());
  ASSERT_TRUE(trace) << to_string(trace.error());
  EXPECT_EQ(trace->header, header);
  ASSERT_EQ(trace->inputs.size(), 3U);
  EXPECT_EQ(trace->inputs[0].bytes, to_bytes("before"));
  EXPECT_EQ(trace->inputs[1].bytes, largest);
  EXPECT_EQ(trace->inputs[2].bytes, to_bytes("after"));
}

TEST(TraceWriter, NeverWritesAMarkBeforeWhatLedToIt) {
  MemorySink sink;
  auto writer = TraceWriter::create(sink, example_header).value();
  constexpr sim::Step rounds = 30'000;
  for (sim::Step step = 1; step <= rounds; ++step) {
    ASSERT_TRUE(writer.input(step, {0}, InputKind::data, to_bytes("x")));
    ASSERT_TRUE(writer.decision_tape(std::vector<TapePair>{{100, 1}}));
    ASSERT_TRUE(writer.mark({.step = step, .digest = {}}));
  }
  const Bytes& bytes = sink.bytes();
  const std::vector<std::size_t> offsets = chunk_offsets(bytes);
  ASSERT_GT(offsets.size(), 20U);
  for (const std::size_t offset : offsets) {
    const auto trace = read_trace(std::span(bytes).first(offset), {.salvage = true});
    if (!trace || trace->marks.empty()) {
      continue;
    }
    EXPECT_GE(trace->inputs.size(), trace->marks.size());
    EXPECT_GE(trace->tape.pairs.size(), trace->marks.size());
  }
}

/// Takes so many bytes, then is full. Optionally calls back in the middle of a write, as a signal would.
class SmallSink final : public ByteSink {
 public:
  explicit SmallSink(std::size_t room) : room_(room) {}
  std::expected<void, std::string> write(std::span<const std::byte> bytes) override {
    if (interrupt) {
      interrupt();
    }
    const std::size_t taken = std::min(room_, bytes.size());
    room_ -= taken;
    content.insert(content.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(taken));
    if (taken < bytes.size()) {
      return std::unexpected("small: full");
    }
    return {};
  }
  [[nodiscard]] const std::string& name() const override { return name_; }

  Bytes content;
  std::function<void()> interrupt;

 private:
  std::size_t room_;
  std::string name_ = "small";
};

TEST(TraceWriter, StaysFailedAfterAFailedWrite) {
  SmallSink sink(400);
  auto writer = TraceWriter::create(sink, example_header).value();
  ASSERT_TRUE(writer.mark({.step = 1, .digest = {}}));
  ASSERT_TRUE(writer.flush());
  ASSERT_TRUE(writer.input(2, {0}, InputKind::data, Bytes(1000)));
  EXPECT_EQ(writer.flush().error(), "small: full");
  EXPECT_EQ(writer.mark({.step = 2, .digest = {}}).error(), "small: full");
  EXPECT_EQ(writer.finish({}).error(), "small: full");
  EXPECT_EQ(sink.content.size(), 400U);
  const auto trace = read_trace(sink.content, {.salvage = true});
  ASSERT_TRUE(trace) << to_string(trace.error());
  EXPECT_EQ(trace->marks.size(), 1U);
}

TEST(TraceWriter, RefusesTheCrashHandlerThatInterruptedIt) {
  SmallSink sink(100'000);
  auto writer = TraceWriter::create(sink, example_header).value();
  ASSERT_TRUE(writer.mark({.step = 1, .digest = {}}));
  std::string refused;
  sink.interrupt = [&] { refused = writer.flush().error(); };
  EXPECT_TRUE(writer.flush());
  EXPECT_EQ(refused, "small: the trace writer was interrupted, the trace ends with its last whole chunk");
}

TEST_F(TraceOnDisk, IsThereUpToTheLastFlush) {
  auto sink = FileSink::create(path().string());
  ASSERT_TRUE(sink) << sink.error();
  auto writer = TraceWriter::create(*sink, example_header).value();
  ASSERT_TRUE(writer.mark({.step = 1, .digest = {}}));
  ASSERT_TRUE(writer.flush());
  ASSERT_TRUE(writer.mark({.step = 2, .digest = {}}));

  const auto salvaged = read_trace(path(), {.salvage = true});
  ASSERT_TRUE(salvaged) << to_string(salvaged.error());
  EXPECT_EQ(salvaged->marks.size(), 1U);
  EXPECT_EQ(salvaged->damage->offset, std::filesystem::file_size(path()));

  ASSERT_TRUE(writer.finish({.steps = 2}));
  ASSERT_TRUE(sink->close());
  const auto trace = read_trace(path());
  ASSERT_TRUE(trace) << to_string(trace.error());
  EXPECT_EQ(trace->marks.size(), 2U);
}

TEST_F(TraceOnDisk, ErrorsNameTheFile) {
  EXPECT_EQ(to_string(read_trace(path()).error()),
            path().string() + ": byte 0: cannot open: No such file or directory");
  EXPECT_EQ(to_string(read_trace(path().parent_path()).error()),
            path().parent_path().string() + ": byte 0: cannot read: Is a directory");
  EXPECT_EQ(FileSink::create((path() / "t").string()).error(),
            (path() / "t").string() + ": cannot create the trace: No such file or directory");
  EXPECT_FALSE(read_trace(std::filesystem::path("/dev/zero"), {.salvage = true}));
}

TEST_F(TraceOnDisk, FullDiskIsAnErrorWithPathAndReason) {
  auto sink = FileSink::create("/dev/full");
  ASSERT_TRUE(sink) << sink.error();
  EXPECT_EQ(TraceWriter::create(*sink, example_header).error(),
            "/dev/full: cannot write 8 bytes at byte 0: No space left on device");
}

}  // namespace
}  // namespace replay
