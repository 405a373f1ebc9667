#include <algorithm>
#include <cstdint>
#include <fstream>
#include <memory>
#include <span>

#include <fmt/format.h>

#include "fuzz/wire_input.hpp"
#include "replay/byte_sink.hpp"
#include "replay/cli/verbs.hpp"
#include "replay/escape.hpp"
#include "replay/scenario_text.hpp"
#include "replay/trace_format.hpp"

namespace replay::cli {
namespace {

struct Options {
  std::string input;
  std::string output;
  std::string target = "wire";
};

enum class Form : std::uint8_t { trace, scenario, fuzzer_input };

constexpr std::string_view kHelp =
    "Turns a fuzzer's input, a scenario or a trace into one of the others. A trace is made by running what it is made "
    "from.";

constexpr std::string_view kExamples =
    "The output's name says what it becomes: *.trace a trace, *.scn a scenario, all else a fuzzer's input. The input "
    "is\n"
    "a trace if it begins as one, a scenario if it is named *.scn, and else a fuzzer's input.\n\n"
    "Examples:\n"
    "  simkern convert crashes/wire/crash-0123 -o t.trace\n"
    "  simkern convert t.trace -o corpus/wire/found\n"
    "  simkern convert t.trace -o t.scn\n\n"
    "Ends with 0 when the output was written, also when the run that made it failed.";

/// What all three forms are made of. `decisions` answers for a fuzzer's input, `tape` for a trace.
struct Material {
  Form form{};
  Scenario scenario;
  std::vector<std::uint8_t> decisions;
  TraceFile trace;
};

Form form_of_output(std::string_view name) {
  return name.ends_with(".trace") ? Form::trace : name.ends_with(".scn") ? Form::scenario : Form::fuzzer_input;
}

Form form_of_input(std::string_view name, std::string_view bytes) {
  const std::string_view magic(reinterpret_cast<const char*>(format::kMagic.data()), format::kMagic.size());
  if (bytes.starts_with(magic)) {
    return Form::trace;
  }
  return name.ends_with(".scn") ? Form::scenario : Form::fuzzer_input;
}

std::expected<Material, std::string> load(const Options& options) {
  const std::expected<std::string, std::string> bytes = read_file(options.input);
  if (!bytes) {
    return std::unexpected(bytes.error());
  }
  Material material{.form = form_of_input(options.input, *bytes), .scenario = {}, .decisions = {}, .trace = {}};
  switch (material.form) {
    case Form::trace: {
      std::expected<TraceFile, std::string> trace = load_trace(options.input, Damaged::refused);
      if (!trace) {
        return std::unexpected(trace.error());
      }
      std::expected<Scenario, std::string> scenario = parse(trace->header.scenario, options.input + ": its scenario");
      if (!scenario) {
        return std::unexpected(scenario.error());
      }
      material.trace = std::move(*trace);
      material.scenario = std::move(*scenario);
      return material;
    }
    case Form::scenario: {
      std::expected<Scenario, std::string> scenario = load_scenario(options.input, {});
      if (!scenario) {
        return std::unexpected(scenario.error());
      }
      material.scenario = std::move(*scenario);
      return material;
    }
    case Form::fuzzer_input: {
      fuzz::WireInput input = fuzz::decode_wire({reinterpret_cast<const std::uint8_t*>(bytes->data()), bytes->size()});
      material.scenario = std::move(input.scenario);
      material.decisions = std::move(input.decisions);
      return material;
    }
  }
  return material;
}

std::expected<void, std::string> write_file(const std::string& path, std::span<const std::byte> bytes) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  file.close();
  if (!file) {
    return std::unexpected(fmt::format("{}: cannot be written", printable(path)));
  }
  return {};
}

Ending to_trace(const Options& options, const Material& material) {
  RunOptions run;
  run.producer = "convert";
  run.trace_path = options.output;
  if (material.form == Form::fuzzer_input) {
    run.strategy = sim::StrategySpec{.kind = sim::StrategySpec::Kind::bytes, .tape = {}, .bytes = material.decisions};
  } else if (material.form == Form::trace) {
    return std::unexpected(fmt::format("{} is a trace already; name another kind of output, *.scn or a fuzzer's input",
                                       printable(options.input)));
  }
  const std::expected<RunResult, std::string> result = run_scenario(material.scenario, run);
  if (!result) {
    return std::unexpected(result.error());
  }
  print(summary(*result));
  return ExitCode::held;
}

// Bytes from outside are in no scenario.
std::expected<void, std::string> has_no_inputs(const Options& options, const Material& material) {
  if (!material.trace.inputs.empty()) {
    return std::unexpected(
        fmt::format("{} holds {} inputs of real clients, which neither a scenario nor a fuzzer's input can; only "
                    "traces of run, convert and the fuzzers can be converted",
                    printable(options.input), material.trace.inputs.size()));
  }
  return {};
}

Ending to_scenario(const Options& options, const Material& material) {
  if (auto none = has_no_inputs(options, material); !none) {
    return std::unexpected(none.error());
  }
  if (!material.trace.tape.pairs.empty() || !material.decisions.empty()) {
    warn(options.input + ": its decisions are left out; a scenario holds none");
  }
  const std::string text = print_scenario(material.scenario, kernel_calls());
  if (auto written = write_file(options.output, std::as_bytes(std::span(text))); !written) {
    return std::unexpected(written.error());
  }
  return ExitCode::held;
}

Ending to_fuzzer_input(const Options& options, const Material& material) {
  if (auto none = has_no_inputs(options, material); !none) {
    return std::unexpected(none.error());
  }
  fuzz::WireInput input{.scenario = material.scenario, .decisions = material.decisions};
  if (material.form == Form::trace) {
    input.decisions = fuzz::to_decision_bytes(material.trace.tape);
  }
  if (auto exact = fuzz::encoding_loss(input); !exact) {
    warn(fmt::format("{}: not all of it fits into an input of the target {}: {}", options.input, options.target,
                     exact.error()));
  }
  if (!(material.scenario.config == fuzz::wire_config())) {
    // Seed and strategy never reach a fuzzer's input; the rest changes what the run can do.
    Config comparable = fuzz::wire_config();
    comparable.seed = material.scenario.config.seed;
    comparable.strategy = material.scenario.config.strategy;
    if (!(comparable == material.scenario.config)) {
      warn(fmt::format("{}: its config is left out; the target {} has its own", options.input, options.target));
    }
  }
  const std::vector<std::uint8_t> bytes = fuzz::encode(input);
  if (auto written = write_file(options.output, std::as_bytes(std::span(bytes))); !written) {
    return std::unexpected(written.error());
  }
  return ExitCode::held;
}

Ending convert(const Options& options) {
  if (options.target != "wire") {
    return std::unexpected(fmt::format("--target: there is no target `{}`; there is wire", printable(options.target)));
  }
  const std::expected<Material, std::string> material = load(options);
  if (!material) {
    return std::unexpected(material.error());
  }
  switch (form_of_output(options.output)) {
    case Form::trace:
      return to_trace(options, *material);
    case Form::scenario:
      return to_scenario(options, *material);
    case Form::fuzzer_input:
      return to_fuzzer_input(options, *material);
  }
  return ExitCode::held;
}

}  // namespace

void add_convert(CLI::App& application, Action& action) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = application.add_subcommand("convert", std::string(kHelp));
  verb->add_option("INPUT", options->input, "a fuzzer's input, a scenario (*.scn) or a trace")
      ->required()
      ->type_name("");
  verb->add_option("-o,--output", options->output, "what to write; its name says what it becomes")
      ->required()
      ->type_name("OUTPUT");
  verb->add_option("--target", options->target, "the fuzz target that an input is of")->type_name("TARGET");
  verb->footer(std::string(kExamples) + "\n\n" + std::string(kExitCodes));
  verb->callback([options, &action] { action = [options] { return convert(*options); }; });
}

}  // namespace replay::cli
