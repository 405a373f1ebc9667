#include "replay/trace_writer.hpp"

#include <algorithm>
#include <atomic>
#include <limits>

#include <capnp/message.h>
#include <capnp/serialize.h>
#include <fmt/format.h>
#include <kj/io.h>

#include "replay/trace.capnp.h"
#include "replay/trace_format.hpp"

namespace replay {
namespace {

/// So much of a kind makes a chunk: large enough that prefix and message frame (under 100 bytes) cost nothing, small
/// enough that a crash loses little.
constexpr std::size_t kBlockBytes = std::size_t{64} << 10U;
/// What an input takes in a message besides its bytes, and what waiting inputs may be in number.
constexpr std::size_t kInputOverheadBytes = 32;
constexpr std::size_t kMaxPendingInputs = kBlockBytes / kInputOverheadBytes;
constexpr std::size_t kMaxPendingMarks = kBlockBytes / sizeof(Mark);
/// Room for the largest message made of waiting items: bytes and overhead are each at most a block.
constexpr std::size_t kMessageWords = 2 * kBlockBytes / format::kWordBytes + 64;

static_assert(format::kMaxScenarioBytes + format::kMaxBuildBytes + format::kMaxProducerBytes + 1024 <
              format::kMaxPayloadBytes);
static_assert(format::kMaxInputBytes + 1024 < format::kMaxPayloadBytes);

capnp::Data::Reader data_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const capnp::byte*>(bytes.data()), bytes.size()};
}

capnp::Text::Reader text_of(const std::string& string) {
  return {string.c_str(), string.size()};
}

schema::InputKind to_schema(InputKind kind) {
  switch (kind) {
    case InputKind::open:
      return schema::InputKind::OPEN;
    case InputKind::data:
      return schema::InputKind::DATA;
    case InputKind::close:
      break;
  }
  return schema::InputKind::CLOSE;
}

schema::Outcome to_schema(Outcome outcome) {
  switch (outcome) {
    case Outcome::completed:
      return schema::Outcome::COMPLETED;
    case Outcome::stuck:
      return schema::Outcome::STUCK;
    case Outcome::panicked:
      return schema::Outcome::PANICKED;
    case Outcome::stopped:
      return schema::Outcome::STOPPED;
    case Outcome::failed:
      return schema::Outcome::FAILED;
    case Outcome::crashed:
      break;
  }
  return schema::Outcome::CRASHED;
}

}  // namespace

TraceWriter::TraceWriter(ByteSink& sink) : sink_(&sink), message_words_(kMessageWords) {
  pending_tape_.reserve(kBlockBytes + kMaxEncodedPairBytes);
  pending_inputs_.reserve(kMaxPendingInputs);
  pending_bytes_.reserve(kBlockBytes);
  pending_marks_.reserve(kMaxPendingMarks);
  chunk_.reserve(format::kPrefixBytes + kMessageWords * format::kWordBytes);
}

std::expected<TraceWriter, std::string> TraceWriter::create(ByteSink& sink, const Header& header) {
  TraceWriter writer(sink);
  const Result written = writer.exclusively([&] { return writer.write_header(header); });
  if (!written) {
    return std::unexpected(written.error());
  }
  return writer;
}

std::unexpected<std::string> TraceWriter::refuse(std::string_view what) const {
  return std::unexpected(fmt::format("{}: {}", sink_->name(), what));
}

/// Keeps out a crash handler that struck while a call was under way: half-changed buffers would give a wrong trace.
template <class Body>
TraceWriter::Result TraceWriter::exclusively(Body body) {
  if (busy_) {
    return refuse("the trace writer was interrupted, the trace ends with its last whole chunk");
  }
  if (failure_) {
    return std::unexpected(*failure_);
  }
  if (finished_) {
    return refuse("the trace has its end, nothing can follow");
  }

  busy_ = true;
  std::atomic_signal_fence(std::memory_order_seq_cst);
  Result result = body();
  std::atomic_signal_fence(std::memory_order_seq_cst);
  busy_ = false;
  return result;
}

/// Builds a message in the reused words, puts the prefix before it, and gives both to the sink in one write.
template <class Fill>
TraceWriter::Result TraceWriter::write_chunk(Fill fill) {
  const auto words = kj::arrayPtr(reinterpret_cast<capnp::word*>(message_words_.data()), message_words_.size());
  capnp::MallocMessageBuilder message(words);
  fill(message.initRoot<schema::Chunk>());

  const std::size_t payload_bytes = capnp::computeSerializedSizeInWords(message) * format::kWordBytes;
  if (payload_bytes > format::kMaxPayloadBytes) {
    return refuse("a chunk grew past the limit of the format");
  }
  if (sequence_ == std::numeric_limits<std::uint32_t>::max()) {
    return refuse("the trace has all the chunks it can have");
  }
  chunk_.resize(format::kPrefixBytes + payload_bytes);

  const std::span<std::byte> payload = std::span(chunk_).subspan(format::kPrefixBytes);
  kj::ArrayOutputStream stream(kj::arrayPtr(reinterpret_cast<kj::byte*>(payload.data()), payload.size()));
  capnp::writeMessage(stream, message);
  const auto prefix = format::encode({.payload_bytes = static_cast<std::uint32_t>(payload_bytes),
                                      .sequence = sequence_,
                                      .checksum = format::checksum(sequence_, payload)});
  std::ranges::copy(prefix, chunk_.begin());

  Result written = sink_->write(chunk_);
  if (!written) {
    failure_ = written.error();
    return written;
  }
  ++sequence_;
  return {};
}

TraceWriter::Result TraceWriter::write_header(const Header& header) {
  const auto check = [&](std::string_view what, const std::string& value, std::size_t limit) -> Result {
    if (value.size() <= limit) {
      return {};
    }
    return refuse(fmt::format("the {} has {} bytes, a trace holds at most {}", what, value.size(), limit));
  };
  if (auto fits = check("build identity", header.build, format::kMaxBuildBytes); !fits) {
    return fits;
  }
  if (auto fits = check("producer", header.producer, format::kMaxProducerBytes); !fits) {
    return fits;
  }
  if (auto fits = check("scenario", header.scenario, format::kMaxScenarioBytes); !fits) {
    return fits;
  }

  if (auto written = sink_->write(format::kMagic); !written) {
    return written;
  }
  return write_chunk([&](schema::Chunk::Builder chunk) {
    auto out = chunk.initHeader();
    out.setFormatVersion(format::kVersion);
    out.setMinimumReaderVersion(format::kMinimumReaderVersion);
    out.setBuild(text_of(header.build));
    out.setProducer(text_of(header.producer));
    out.setScenario(text_of(header.scenario));
  });
}

TraceWriter::Result TraceWriter::decision_tape(std::span<const TapePair> pairs) {
  return exclusively([&]() -> Result {
    for (const TapePair& pair : pairs) {
      if (!can_append(decisions_, pair)) {
        return refuse(fmt::format("pair ({}, {}) after {} decisions: an answer is at least 1, a tape has at most {}",
                                  pair.gap, pair.answer, decisions_, kMaxTapeDecisions));
      }
      decisions_ += pair.gap + 1;
      append_encoded(pair, pending_tape_);
      if (pending_tape_.size() < kBlockBytes) {
        continue;
      }
      if (auto written = write_pending(); !written) {
        return written;
      }
    }
    return {};
  });
}

TraceWriter::Result TraceWriter::input(sim::Step step, sim::PortId port, InputKind kind,
                                       std::span<const std::byte> bytes) {
  return exclusively([&]() -> Result {
    if (step < last_input_step_) {
      return refuse(fmt::format("input at step {} after one at step {}", step, last_input_step_));
    }
    if (bytes.size() > format::kMaxInputBytes) {
      return refuse(fmt::format("input of {} bytes, at most {} fit", bytes.size(), format::kMaxInputBytes));
    }
    const bool has_room =
        pending_inputs_.size() < kMaxPendingInputs && bytes.size() <= kBlockBytes - pending_bytes_.size();
    if (!has_room) {
      if (auto written = write_pending(); !written) {
        return written;
      }
    }
    last_input_step_ = step;
    const PendingInput item{.step = step, .port = port, .kind = kind, .size = bytes.size()};
    if (bytes.size() > kBlockBytes) {
      return write_inputs({&item, 1}, bytes);
    }
    pending_inputs_.push_back(item);
    pending_bytes_.insert(pending_bytes_.end(), bytes.begin(), bytes.end());
    return {};
  });
}

TraceWriter::Result TraceWriter::mark(const Mark& mark) {
  return exclusively([&]() -> Result {
    if (last_mark_step_ && mark.step <= *last_mark_step_) {
      return refuse(fmt::format("mark at step {} after one at step {}", mark.step, *last_mark_step_));
    }
    last_mark_step_ = mark.step;
    pending_marks_.push_back(mark);
    return pending_marks_.size() < kMaxPendingMarks ? Result{} : write_pending();
  });
}

TraceWriter::Result TraceWriter::flush() {
  return exclusively([&] { return write_pending(); });
}

TraceWriter::Result TraceWriter::finish(const End& end) {
  return exclusively([&]() -> Result {
    if (auto written = write_pending(); !written) {
      return written;
    }
    if (end.decisions < decisions_) {
      return refuse(fmt::format("end after {} decisions, the tape covers {}", end.decisions, decisions_));
    }
    const sim::Step last_step = std::max(last_input_step_, last_mark_step_.value_or(0));
    if (end.steps < last_step) {
      return refuse(fmt::format("end after {} steps, the last input or mark is at {}", end.steps, last_step));
    }
    if (auto written = write_end(end); !written) {
      return written;
    }
    finished_ = true;
    return {};
  });
}

TraceWriter::Result TraceWriter::write_pending() {
  if (auto written = write_inputs(pending_inputs_, pending_bytes_); !written) {
    return written;
  }
  pending_inputs_.clear();
  pending_bytes_.clear();
  if (auto written = write_tape(); !written) {
    return written;
  }
  return write_marks();
}

TraceWriter::Result TraceWriter::write_inputs(std::span<const PendingInput> inputs, std::span<const std::byte> bytes) {
  if (inputs.empty()) {
    return {};
  }
  return write_chunk([&](schema::Chunk::Builder chunk) {
    auto list = chunk.initInputs().initList(static_cast<unsigned>(inputs.size()));
    unsigned index = 0;
    for (const PendingInput& input : inputs) {
      auto out = list[index++];
      out.setStep(input.step);
      out.setPort(input.port.value);
      out.setKind(to_schema(input.kind));
      if (input.size > 0) {
        out.setBytes(data_of(bytes.first(input.size)));
      }
      bytes = bytes.subspan(input.size);
    }
  });
}

TraceWriter::Result TraceWriter::write_tape() {
  if (pending_tape_.empty()) {
    return {};
  }
  Result written =
      write_chunk([&](schema::Chunk::Builder chunk) { chunk.initDecisions().setTape(data_of(pending_tape_)); });
  pending_tape_.clear();
  return written;
}

TraceWriter::Result TraceWriter::write_marks() {
  if (pending_marks_.empty()) {
    return {};
  }
  Result written = write_chunk([&](schema::Chunk::Builder chunk) {
    auto list = chunk.initMarks().initList(static_cast<unsigned>(pending_marks_.size()));
    unsigned index = 0;
    for (const Mark& mark : pending_marks_) {
      auto out = list[index++];
      out.setStep(mark.step);
      out.setDigestLow(mark.digest.low);
      out.setDigestHigh(mark.digest.high);
    }
  });
  pending_marks_.clear();
  return written;
}

TraceWriter::Result TraceWriter::write_end(const End& end) {
  return write_chunk([&](schema::Chunk::Builder chunk) {
    auto out = chunk.initEnd();
    out.setOutcome(to_schema(end.outcome));
    const std::size_t reason_bytes = std::min(end.reason.size(), format::kMaxReasonBytes);
    std::copy_n(end.reason.begin(), reason_bytes, out.initReason(static_cast<unsigned>(reason_bytes)).begin());
    out.setSteps(end.steps);
    out.setVirtualNs(end.virtual_ns);
    out.setDigestLow(end.digest.low);
    out.setDigestHigh(end.digest.high);
    out.setDecisions(end.decisions);
  });
}

}  // namespace replay
