// Laws of traces and tapes: what is written is read back, in every form; what is damaged is seen; the good part of a
// damaged trace is a prefix of the whole one.
#include <algorithm>
#include <cstdint>
#include <random>
#include <rapidcheck.h>
#include <span>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "replay/byte_sink.hpp"
#include "replay/tape.hpp"
#include "replay/trace.hpp"
#include "replay/trace_reader.hpp"
#include "replay/trace_writer.hpp"

namespace replay {
namespace {

using Bytes = std::vector<std::byte>;

rc::Gen<TapePair> any_pair() {
  const auto gap = rc::gen::oneOf(rc::gen::inRange<std::uint64_t>(0, 10), rc::gen::inRange<std::uint64_t>(0, 1U << 20U),
                                  rc::gen::inRange<std::uint64_t>(0, std::uint64_t{1} << 40U));
  const auto answer = rc::gen::oneOf(rc::gen::inRange<std::uint32_t>(1, 20),
                                     rc::gen::inRange<std::uint32_t>(1, 0xffffffffU), rc::gen::just(0xffffffffU));
  return rc::gen::build<TapePair>(rc::gen::set(&TapePair::gap, gap), rc::gen::set(&TapePair::answer, answer));
}

Bytes any_bytes() {
  const auto text = *rc::gen::container<std::vector<unsigned char>>(rc::gen::arbitrary<unsigned char>());
  const auto view = std::as_bytes(std::span(text));
  return {view.begin(), view.end()};
}

struct Written {
  TraceFile content;
  Bytes bytes;
};

/// Writes a trace of arbitrary content with flushes at arbitrary places.
Written any_trace() {
  Written written;
  TraceFile& content = written.content;
  content.format_version = format::kVersion;
  content.header = {
      .build = *rc::gen::arbitrary<std::string>(), .producer = "run", .scenario = *rc::gen::arbitrary<std::string>()};
  MemorySink sink;
  auto writer = TraceWriter::create(sink, content.header).value();
  sim::Step step = 0;
  const auto actions = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 4));
  for (const int action : actions) {
    step += *rc::gen::inRange<sim::Step>(1, 1000);
    if (action == 0) {
      const auto pairs = *rc::gen::container<std::vector<TapePair>>(any_pair());
      RC_ASSERT(writer.decision_tape(pairs).has_value());
      content.tape.pairs.insert(content.tape.pairs.end(), pairs.begin(), pairs.end());
    } else if (action == 1) {
      const Input input = {.step = step,
                           .port = {*rc::gen::arbitrary<std::uint32_t>()},
                           .kind = *rc::gen::element(InputKind::open, InputKind::data, InputKind::close),
                           .bytes = any_bytes()};
      RC_ASSERT(writer.input(input).has_value());
      content.inputs.push_back(input);
    } else if (action == 2) {
      const Mark mark = {.step = step, .digest = {*rc::gen::arbitrary<std::uint64_t>(), step}};
      RC_ASSERT(writer.mark(mark).has_value());
      content.marks.push_back(mark);
    } else {
      RC_ASSERT(writer.flush().has_value());
    }
  }
  content.end = End{.outcome = *rc::gen::element(Outcome::completed, Outcome::stuck, Outcome::panicked,
                                                 Outcome::stopped, Outcome::crashed, Outcome::failed),
                    .reason = *rc::gen::arbitrary<std::string>(),
                    .steps = step,
                    .virtual_ns = *rc::gen::arbitrary<std::uint64_t>(),
                    .digest = {1, *rc::gen::arbitrary<std::uint64_t>()},
                    .decisions = content.tape.decisions() + *rc::gen::inRange<std::uint64_t>(0, 100)};
  RC_ASSERT(writer.finish(*content.end).has_value());
  written.bytes = sink.bytes();
  return written;
}

template <class Item>
bool is_prefix(const std::vector<Item>& part, const std::vector<Item>& whole) {
  return part.size() <= whole.size() && std::equal(part.begin(), part.end(), whole.begin());
}

bool is_prefix(const TraceFile& part, const TraceFile& whole) {
  return part.header == whole.header && is_prefix(part.tape.pairs, whole.tape.pairs) &&
         is_prefix(part.inputs, whole.inputs) && is_prefix(part.marks, whole.marks) &&
         (!part.end || part.end == whole.end);
}

/// Numbers the chunks again and gives each the checksum of what it holds: what a hostile writer can do and chance
/// cannot.
void make_checksums_right(std::span<std::byte> trace) {
  std::size_t offset = format::kMagic.size();
  for (std::uint32_t sequence = 0; offset + format::kPrefixBytes < trace.size(); ++sequence) {
    const auto head = trace.subspan(offset).first<format::kPrefixBytes>();
    const std::size_t size = format::decode_prefix(head).payload_bytes;
    offset += format::kPrefixBytes;
    if (size > trace.size() - offset) {
      return;
    }
    const std::uint64_t checksum = format::checksum(sequence, trace.subspan(offset, size));
    std::ranges::copy(
        format::encode({.payload_bytes = static_cast<std::uint32_t>(size), .sequence = sequence, .checksum = checksum}),
        head.begin());
    offset += size;
  }
}

RC_GTEST_PROP(TraceLaws, WhatIsWrittenIsReadBack, ()) {
  const Written written = any_trace();
  auto trace = read_trace(written.bytes);
  RC_ASSERT(trace.has_value());
  trace->chunks = 0;
  RC_ASSERT(*trace == written.content);
}

RC_GTEST_PROP(TraceLaws, ACutTraceSalvagesAPrefix, ()) {
  const Written written = any_trace();
  const auto size = *rc::gen::inRange<std::size_t>(0, written.bytes.size());
  const auto cut = std::span(written.bytes).first(size);
  const auto refused = read_trace(cut);
  RC_ASSERT(!refused.has_value());
  RC_ASSERT(refused.error().offset <= size);
  const auto salvaged = read_trace(cut, {.salvage = true});
  RC_ASSERT(salvaged.has_value() == refused.error().salvageable);
  if (salvaged) {
    RC_ASSERT(salvaged->damage.has_value());
    RC_ASSERT(is_prefix(*salvaged, written.content));
  }
}

RC_GTEST_PROP(TraceLaws, ChangedBytesAreSeenAndWhatIsTakenIsAPrefix, ()) {
  const Written written = any_trace();
  Bytes changed = written.bytes;
  const auto changes = *rc::gen::inRange(1, 8);
  for (int change = 0; change < changes; ++change) {
    changed[*rc::gen::inRange<std::size_t>(0, changed.size())] ^= std::byte{*rc::gen::arbitrary<unsigned char>()};
  }
  RC_PRE(changed != written.bytes);
  RC_ASSERT(!read_trace(changed).has_value());
  const auto salvaged = read_trace(changed, {.salvage = true});
  if (salvaged) {
    RC_ASSERT(is_prefix(*salvaged, written.content));
  }
}

RC_GTEST_PROP(TraceLaws, HostileMessagesWithRightChecksumsNeverCrashTheReader, ()) {
  Bytes bytes = any_trace().bytes;
  const auto changes = *rc::gen::inRange(1, 8);
  for (int change = 0; change < changes; ++change) {
    const auto place = *rc::gen::inRange<std::size_t>(format::kMagic.size(), bytes.size());
    bytes[place] ^= std::byte{*rc::gen::arbitrary<unsigned char>()};
  }
  make_checksums_right(bytes);
  const auto trace = read_trace(bytes, {.salvage = true});
  RC_CLASSIFY(trace.has_value(), "header good");
  RC_CLASSIFY(trace.has_value() && !trace->damage, "taken whole");
  if (trace) {
    RC_ASSERT(std::ranges::is_sorted(trace->inputs, {}, &Input::step));
    RC_ASSERT(std::ranges::is_sorted(trace->marks, {}, &Mark::step));
    RC_ASSERT(trace->tape.decisions() <= kMaxTapeDecisions);
    RC_ASSERT(!trace->end || trace->end->decisions >= trace->tape.decisions());
  }
}

RC_GTEST_PROP(TraceLaws, ArbitraryBytesAreNoTrace, ()) {
  Bytes bytes(format::kMagic.begin(), format::kMagic.end());
  const Bytes tail = any_bytes();
  bytes.insert(bytes.end(), tail.begin(), tail.end());
  make_checksums_right(bytes);
  RC_ASSERT(!read_trace(bytes).has_value());
}

RC_GTEST_PROP(TapeLaws, AnswersSurvivePairsAndText, ()) {
  auto answers = *rc::gen::container<std::vector<std::uint32_t>>(
      rc::gen::oneOf(rc::gen::just(0U), rc::gen::inRange<std::uint32_t>(0, 4), rc::gen::arbitrary<std::uint32_t>()));
  const Tape tape = Tape::from_answers(answers);
  while (!answers.empty() && answers.back() == 0) {
    answers.pop_back();
  }
  RC_ASSERT(tape.answers(answers.size()).value() == answers);
  RC_ASSERT(parse_tape(to_text(tape)).value() == tape);
}

RC_GTEST_PROP(TapeLaws, PairsSurviveBlockAndText, ()) {
  const Tape tape = {.pairs = *rc::gen::container<std::vector<TapePair>>(any_pair())};
  Bytes block;
  for (const TapePair& pair : tape.pairs) {
    const std::size_t before = block.size();
    append_encoded(pair, block);
    RC_ASSERT(block.size() - before <= kMaxEncodedPairBytes);
  }
  RC_ASSERT(decode(block).value() == tape);
  RC_ASSERT(parse_tape(to_text(tape)).value() == tape);
}

RC_GTEST_PROP(TapeLaws, BytesThatDecodeAreThoseTheEncoderWrites, ()) {
  const Bytes block = any_bytes();
  const auto tape = decode(block);
  RC_CLASSIFY(tape.has_value(), "decodes");
  if (!tape) {
    return;
  }
  Bytes again;
  for (const TapePair& pair : tape->pairs) {
    append_encoded(pair, again);
  }
  RC_ASSERT(again == block);
}

RC_GTEST_PROP(TapeLaws, TextThatIsReadPrintsAsTextOfTheSameTape, ()) {
  const auto text = *rc::gen::container<std::string>(rc::gen::element('0', '1', '2', '9', ':', ',', 'x'));
  const auto tape = parse_tape(text);
  RC_CLASSIFY(tape.has_value(), "is read");
  if (tape) {
    RC_ASSERT(parse_tape(to_text(*tape)).value() == *tape);
  }
}

/// Bytes of a whole trace with so many decisions, each drawn evenly from `choices` answers.
std::size_t trace_bytes(std::size_t decisions, std::uint32_t choices) {
  std::mt19937 random(choices);
  MemorySink sink;
  auto writer = TraceWriter::create(sink, {.build = "b", .producer = "run", .scenario = "s"}).value();
  TapeRecorder recorder;
  for (std::size_t i = 0; i < decisions; ++i) {
    recorder.record(static_cast<std::uint32_t>(random() % choices));
  }
  EXPECT_TRUE(writer.decision_tape(recorder.pairs()));
  EXPECT_TRUE(writer.finish({.decisions = recorder.decisions()}));
  const auto trace = read_trace(sink.bytes());
  EXPECT_TRUE(trace && std::ranges::equal(trace->tape.pairs, recorder.pairs()));
  return sink.bytes().size();
}

TEST(TraceSize, AMillionRandomDecisionsTakeAtMostTwoMegabytes) {
  for (const std::uint32_t choices : {2U, 3U, 4U, 8U, 16U, 64U, 256U, 1024U}) {
    const std::size_t size = trace_bytes(1'000'000, choices);
    RecordProperty("bytes_of_" + std::to_string(choices), std::to_string(size));
    EXPECT_LE(size, 2'000'000U) << choices << " choices each";
  }
}

}  // namespace
}  // namespace replay
