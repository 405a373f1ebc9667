// The trace of a run on disk, from its first byte to its end, whatever ends it: what a command needs to record.
#pragma once

#include <expected>
#include <memory>
#include <string>

#include "replay/byte_sink.hpp"
#include "replay/crash_guard.hpp"
#include "replay/recorder.hpp"
#include "replay/trace_writer.hpp"

namespace replay {

/// Records from `begin` to `finish`. One at a time in a process, for it guards against crashes.
class Recording {
 public:
  /// Creates or empties the file, writes the header and attaches to the machine, which outlives the recording. Error:
  /// one line with the file.
  [[nodiscard]] static std::expected<std::unique_ptr<Recording>, std::string> begin(sim::Machine& machine,
                                                                                    const std::string& path,
                                                                                    const Header& header);

  [[nodiscard]] Recorder& recorder() { return recorder_; }

  /// Writes the end and closes the file. Error: the first one since the beginning, with the file.
  [[nodiscard]] std::expected<void, std::string> finish(Outcome outcome, std::string_view reason);

 private:
  Recording(sim::Machine& machine, std::unique_ptr<FileSink> sink, TraceWriter writer);

  std::unique_ptr<FileSink> sink_;  // has a fixed place, for the writer keeps a reference
  TraceWriter writer_;
  Recorder recorder_;
  CrashGuard guard_;
};

/// The command that replays a trace, as it is told to people.
[[nodiscard]] std::string replay_command(std::string_view trace_path);

}  // namespace replay
