// The log of a run: system calls, the wire, and what the kernel says, recomputed by running. One line per event, in
// columns that stay where they are, so that a run reads like a score:
//
//       step          time  cpu  who       event
//        733   0.000073300    0  2.1       open("/tmp.txt", O_RDWR|O_CREAT, 0644) = 3
//        790   0.000079000    1  3.1       read(4, <unfinished ...>
//        802   0.000080200    -  c1        --> REQ SYSCALL #3 getpid(20) 0 bytes
//        871   0.000087100    1  3.1       <... read resumed>"ab", 2) = 2
//
// `who` is PID.LID of an lwp, cN of the N-th remote client, pPID of a process as a whole, or `-`. A call stands at its
// entry, unless another line came in between; then it is cut in two as strace does. Text from programs and clients is
// escaped: every line is printable ASCII.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "replay/call_text.hpp"
#include "sim/event.hpp"

namespace replay {

enum class LogFormat : std::uint8_t {
  text,
  /// One JSON object per line. A call is one object, written when it ends, with both its steps.
  json,
};

/// An observer that writes lines. It only watches: the run with it is the run without it.
class SyscallLog final : public sim::Observer {
 public:
  /// Takes one line, without a line feed.
  using Sink = std::function<void(std::string_view line)>;

  SyscallLog(LogFormat format, Sink sink);

  void on_event(const sim::Event& event) override;

  /// Writes the heads of the columns; nothing in JSON.
  void write_heading();
  /// The run is over: writes calls that were entered and not left. In text those that have been cut stay so.
  void finish();

 private:
  /// Where and when a line belongs.
  struct Stamp {
    sim::Step step = 0;
    sim::Nanoseconds now = 0;
    sim::CpuId cpu;
  };
  struct OpenCall {
    sim::FiberId fiber;  ///< A call stays on the fiber that entered it.
    Stamp entered;
    std::uint32_t pid = 0;
    std::uint32_t lid = 0;
    std::size_t arguments_written = 0;
    bool cut = false;  ///< Its first part has been written.
    CallRecord record;
  };

  void enter(const sim::Event& event);
  void copy(const sim::Event& event, CallRecord::Direction direction);
  void leave(const sim::Event& event);
  void frame(const sim::Event& event);
  void note(const sim::Event& event);

  [[nodiscard]] OpenCall* open_call(sim::FiberId fiber);
  /// Another line comes: what is pending is cut.
  void cut_pending();
  void write_call(const OpenCall& call, const Stamp& left);
  void write_call_object(const OpenCall& call, const Stamp* left);
  void write_line(const Stamp& stamp, std::string_view who, std::string_view text);
  void write_event(const sim::Event& event, std::string_view who, std::string_view text, std::string_view kind);

  LogFormat format_;
  Sink sink_;
  std::vector<OpenCall> open_;  ///< In order of entry; at most one of them has no line yet.
};

}  // namespace replay
