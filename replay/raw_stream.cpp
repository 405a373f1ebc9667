#include "replay/raw_stream.hpp"

#include <algorithm>
#include <cstring>

namespace replay {
namespace {

using kern::sysproxy::FrameClass;
using kern::sysproxy::FrameHeader;
using kern::sysproxy::FrameParser;
using kern::sysproxy::FrameType;
using kern::sysproxy::kHeaderSize;

// Longest frame that the server sends: a copyout of the largest buffer a scenario can have.
constexpr std::uint64_t kMaximumFrame = kMaxBufferBytes + 4096;
// How long a stream awaits a frame. A stream that awaits what nobody owes it goes on then, so every raw stream comes to
// its end.
constexpr sim::Nanoseconds kPatienceNs = 60'000'000'000;

template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};

std::span<const std::byte> as_bytes(const std::string& text) {
  return std::as_bytes(std::span(text));
}

}  // namespace

RawStream::RawStream(kern::Kernel& kernel) : kernel_(kernel), parser_(kernel.kmem(), kMaximumFrame) {}

void RawStream::perform(const RawStep& step) {
  sim::Machine& machine = kernel_.machine();
  machine.preempt();
  std::visit(
      Overloaded{
          [&](const Connect&) { connect(); },
          [&](const SendBytes& send) { machine.deliver(port_, as_bytes(send.bytes)); },
          [&](const SendFrame& frame) {
            send_frame({.length = frame.length.value_or(kHeaderSize + frame.body.size()),
                        .request_number = frame.reqno,
                        .frame_class = static_cast<FrameClass>(frame.frame_class),
                        .type = static_cast<FrameType>(frame.type),
                        .field = frame.field},
                       as_bytes(frame.body));
          },
          [&](const AwaitFrame&) { await_frame(); },
          [&](const AnswerBytes& bytes) { answer(as_bytes(bytes.bytes)); },
          [&](const AnswerZeros& zeros) { answer_zeros(zeros.size); },
          [&](const AnswerAsked&) {
            if (asked_count_ > 0) {
              answer_zeros(std::min(asked_[0].length, kMaxBufferBytes));
            }
          },
          [&](const Sleep& sleep) { static_cast<void>(machine.block_until(machine.now() + sleep.duration, "sleep")); },
          [&](const Idle&) { machine.wait_idle(); },
          [&](const Shut&) { shut(); },
      },
      step.what);
}

void RawStream::connect() {
  shut();
  hung_up_ = false;
  banner_left_ = kern::sysproxy::banner().size();
  frames_ = 0;
  awaited_ = 0;
  asked_count_ = 0;
  // The parser may stand within a frame of the connection before.
  std::destroy_at(&parser_);
  std::construct_at(&parser_, kernel_.kmem(), kMaximumFrame);
  port_ = kernel_.machine().open_port(*this);
}

void RawStream::shut() {
  if (!port_.is_none()) {
    kernel_.machine().close_port(std::exchange(port_, sim::PortId::none()));
  }
}

void RawStream::send_frame(const FrameHeader& header, std::span<const std::byte> body) {
  const kern::KmemBuffer frame(kernel_.kmem(), kHeaderSize + body.size());
  if (!frame) {
    return;  // as a client whose host has no memory: it cannot send
  }
  const auto head = encode(header);
  std::ranges::copy(head, frame.data());
  std::ranges::copy(body, frame.data() + kHeaderSize);
  kernel_.machine().deliver(port_, {frame.data(), frame.size()});
}

void RawStream::answer(std::span<const std::byte> bytes) {
  if (asked_count_ == 0) {
    return;
  }
  const FrameHeader header{.length = kHeaderSize + bytes.size(),
                           .request_number = asked_[0].request_number,
                           .frame_class = FrameClass::RESP,
                           .type = FrameType::COPYIN};
  std::shift_left(asked_.begin(), asked_.begin() + static_cast<std::ptrdiff_t>(asked_count_), 1);
  --asked_count_;
  send_frame(header, bytes);
}

void RawStream::answer_zeros(std::uint64_t size) {
  const kern::KmemBuffer zeros(kernel_.kmem(), std::max<std::uint64_t>(size, 1));
  if (zeros) {
    std::memset(zeros.data(), 0, zeros.size());
    answer({zeros.data(), size});
  }
}

void RawStream::await_frame() {
  ++awaited_;
  sim::Machine& machine = kernel_.machine();
  const sim::Nanoseconds deadline = machine.now() + kPatienceNs;
  bool in_time = true;
  while (in_time && !port_.is_none() && !hung_up_ && frames_ < awaited_) {
    waiting_ = machine.current();
    in_time = machine.block_until(deadline, "frame");
    waiting_ = nullptr;
  }
}

void RawStream::on_output(sim::PortId /*port*/, std::span<const std::byte> bytes) {
  const std::size_t banner_part = std::min(banner_left_, bytes.size());
  banner_left_ -= banner_part;
  bytes = bytes.subspan(banner_part);
  while (!bytes.empty()) {
    bytes = bytes.subspan(parser_.feed(bytes));
    if (parser_.status() == FrameParser::Status::frame) {
      frame_came();
      parser_.next();
    } else if (parser_.status() != FrameParser::Status::need_more) {
      violation_ =
          parser_.status() == FrameParser::Status::bad_length ? "the server sent a frame of a bad length" : violation_;
      return;
    }
  }
}

void RawStream::frame_came() {
  const FrameHeader& header = parser_.header();
  ++frames_;
  if (header.frame_class == FrameClass::REQ &&
      (header.type == FrameType::COPYIN || header.type == FrameType::COPYINSTR) && asked_count_ < kMaximumAsked) {
    if (const auto copy = kern::sysproxy::parse_copy_data(parser_.body())) {
      asked_[asked_count_++] = {header.request_number, copy->length};
    } else {
      violation_ = "the server sent a copy request of a bad length";
    }
  }
  if (waiting_ != nullptr) {
    kernel_.machine().wake(*waiting_);
  }
}

void RawStream::on_hang_up(sim::PortId /*port*/) {
  hung_up_ = true;
  if (waiting_ != nullptr) {
    kernel_.machine().wake(*waiting_);
  }
}

}  // namespace replay
