#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include <fmt/format.h>

#include "replay/cli/verbs.hpp"
#include "replay/escape.hpp"

namespace replay::cli {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
  std::string trace;
  bool json = false;
  bool salvage = false;
};

constexpr std::string_view kHelp = "Prints what a trace holds, without running it.";

constexpr std::string_view kExamples =
    "Examples:\n"
    "  simkern info t.trace\n"
    "  simkern info t.trace --json | jq .digest";

/// Counts of the parts of a trace.
struct Counts {
  std::uint64_t opened = 0;
  std::uint64_t closed = 0;
  std::uint64_t pieces = 0;
  std::uint64_t bytes = 0;
};

Counts count_inputs(const TraceFile& trace) {
  Counts counts;
  for (const Input& input : trace.inputs) {
    counts.opened += input.kind == InputKind::open ? 1 : 0;
    counts.closed += input.kind == InputKind::close ? 1 : 0;
    counts.pieces += input.kind == InputKind::data ? 1 : 0;
    counts.bytes += input.bytes.size();
  }
  return counts;
}

void print_row(std::string_view name, std::string_view value) {
  print(fmt::format("{:<10}  {}", name, printable(value)));
}

void print_config(const Config& config) {
  for (const ConfigKey& key : config_keys()) {
    const auto value = [&](const auto& type) { return fmt::format("{}", config.*type.field); };
    print(fmt::format("  {:<12}  {}", key.name, std::visit(value, key.type)));
  }
}

void print_text(const Options& options, std::uint64_t file_bytes, const TraceFile& trace,
                const std::expected<Scenario, std::string>& scenario) {
  const Counts counts = count_inputs(trace);
  print_row("trace", options.trace);
  print_row("format", fmt::format("version {}, {} bytes in {} chunks", trace.format_version, file_bytes, trace.chunks));
  print_row("written by", fmt::format("simkern {} ({})", trace.header.build, trace.header.producer));
  if (trace.end) {
    print_row("outcome", fmt::format("{}{}{}", name(trace.end->outcome), trace.end->reason.empty() ? "" : ": ",
                                     trace.end->reason));
    print_row("steps", fmt::format("{}", trace.end->steps));
    print_row("digest", sim::to_string(trace.end->digest));
    print_row("virtual",
              fmt::format("{}.{:09} s", trace.end->virtual_ns / 1'000'000'000, trace.end->virtual_ns % 1'000'000'000));
    print_row("decisions", fmt::format("{}, of which {} are not quiet", trace.end->decisions, trace.tape.pairs.size()));
  } else {
    print_row("outcome", "unknown: the trace was cut off");
    print_row("decisions",
              fmt::format("{} at least, of which {} are not quiet", trace.tape.decisions(), trace.tape.pairs.size()));
  }
  print_row("inputs", fmt::format("{} ({} opened, {} closed, {} bytes in {} pieces)", trace.inputs.size(),
                                  counts.opened, counts.closed, counts.bytes, counts.pieces));
  print_row("marks", trace.marks.empty()
                         ? std::string("0")
                         : fmt::format("{}, the last at step {}", trace.marks.size(), trace.marks.back().step));
  if (!scenario) {
    print_row("scenario", "not readable: " + scenario.error());
    return;
  }
  std::string actors;
  for (const Actor& actor : scenario->actors) {
    actors += (actors.empty() ? "" : ", ") + actor.name;
  }
  print_row("actors", actors.empty() ? "none" : actors);
  print("config");
  print_config(scenario->config);
}

void print_json(const Options& options, std::uint64_t file_bytes, const TraceFile& trace,
                const std::expected<Scenario, std::string>& scenario) {
  const Counts counts = count_inputs(trace);
  Json object;
  object["trace"] = printable(options.trace);
  object["format_version"] = trace.format_version;
  object["bytes"] = file_bytes;
  object["chunks"] = trace.chunks;
  object["build"] = printable(trace.header.build);
  object["producer"] = printable(trace.header.producer);
  if (trace.end) {
    object["outcome"] = name(trace.end->outcome);
    object["reason"] = printable(trace.end->reason);
    object["steps"] = trace.end->steps;
    object["digest"] = sim::to_string(trace.end->digest);
    object["virtual_ns"] = trace.end->virtual_ns;
    object["decisions"] = trace.end->decisions;
  }
  object["answers"] = trace.tape.pairs.size();
  object["inputs"] = {
      {"count", trace.inputs.size()}, {"opened", counts.opened}, {"closed", counts.closed}, {"bytes", counts.bytes}};
  object["marks"] = trace.marks.size();
  if (scenario) {
    for (const ConfigKey& key : config_keys()) {
      std::visit([&](const auto& type) { object["config"][std::string(key.name)] = scenario->config.*type.field; },
                 key.type);
    }
    object["actors"] = Json::array();
    for (const Actor& actor : scenario->actors) {
      object["actors"].push_back(actor.name);
    }
  }
  print(object.dump());
}

Ending info(const Options& options) {
  const std::expected<TraceFile, std::string> trace =
      load_trace(options.trace, options.salvage ? Damaged::salvaged : Damaged::refused);
  if (!trace) {
    return std::unexpected(trace.error());
  }
  std::error_code error;
  const std::uint64_t size = std::filesystem::file_size(options.trace, error);
  const std::expected<Scenario, std::string> scenario = parse(trace->header.scenario, "scenario of the trace");
  (options.json ? print_json : print_text)(options, error ? 0 : size, *trace, scenario);
  return ExitCode::held;
}

}  // namespace

void add_info(CLI::App& application, Action& action) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = application.add_subcommand("info", std::string(kHelp));
  verb->add_option("TRACE", options->trace, "a trace")->required()->type_name("");
  verb->add_flag("--json", options->json, "one JSON object");
  verb->add_flag("--salvage", options->salvage, "takes what is good of a damaged trace");
  verb->footer(std::string(kExamples) + "\n\n" + std::string(kExitCodes));
  verb->callback([options, &action] { action = [options] { return info(*options); }; });
}

}  // namespace replay::cli
