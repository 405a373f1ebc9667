#include "replay/recording.hpp"

#include <utility>

namespace replay {

std::expected<std::unique_ptr<Recording>, std::string> Recording::begin(sim::Machine& machine, const std::string& path,
                                                                        const Header& header) {
  std::expected<FileSink, std::string> file = FileSink::create(path);
  if (!file) {
    return std::unexpected(file.error());
  }
  auto sink = std::make_unique<FileSink>(std::move(*file));
  std::expected<TraceWriter, std::string> writer = TraceWriter::create(*sink, header);
  if (!writer) {
    return std::unexpected(writer.error());
  }
  return std::unique_ptr<Recording>(new Recording(machine, std::move(sink), std::move(*writer)));
}

Recording::Recording(sim::Machine& machine, std::unique_ptr<FileSink> sink, TraceWriter writer)
    : sink_(std::move(sink)),
      writer_(std::move(writer)),
      recorder_(machine, writer_),
      guard_(recorder_, sink_->name(), replay_command(sink_->name())) {}

std::expected<void, std::string> Recording::finish(Outcome outcome, std::string_view reason) {
  if (auto finished = recorder_.finish(outcome, reason); !finished) {
    return finished;
  }
  return sink_->close();
}

std::string replay_command(std::string_view trace_path) {
  const bool is_plain = trace_path.find_first_not_of(
                            "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                            "_-./+,=:@%") == std::string_view::npos;
  if (is_plain && !trace_path.empty() && !trace_path.starts_with('-')) {
    return "simkern replay " + std::string(trace_path);
  }
  std::string quoted;
  for (const char c : trace_path) {
    quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  }
  return "simkern replay -- '" + quoted + "'";
}

}  // namespace replay
