#include "replay/cli/command.hpp"

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <memory>
#include <system_error>

#include <fmt/format.h>

#include "build_identity.hpp"
#include "replay/escape.hpp"
#include "replay/nearest.hpp"
#include "replay/recording.hpp"
#include "replay/scenario_text.hpp"

namespace replay::cli {
namespace {

/// Counts decisions when nobody records them.
class DecisionCounter final : public sim::Observer {
 public:
  void on_decision(const sim::Decision& /*decision*/) override { ++decisions; }
  std::uint64_t decisions = 0;
};

std::string option_of(std::string_view key) {
  std::string option = "--";
  for (const char c : key) {
    option += c == '_' ? '-' : c;
  }
  return option;
}

std::expected<void, std::string> set(const Overrides::Value& value, Config& config) {
  const ConfigKey* key = find_config_key(value.key);
  if (key == nullptr) {
    std::vector<std::string_view> names;
    for (const ConfigKey& known : config_keys()) {
      names.push_back(known.name);
    }
    const std::string_view near = nearest(value.key, names);
    return std::unexpected(fmt::format(
        "{}: there is no config key `{}`; {}", value.option, printable(value.key),
        near.empty() ? fmt::format("there are {}", fmt::join(names, ", ")) : fmt::format("did you mean `{}`?", near)));
  }
  if (const auto* strategy = std::get_if<StrategyKey>(&key->type)) {
    if (const auto spec = sim::parse_strategy(value.text); !spec) {
      return std::unexpected(fmt::format("{}: {}", value.option, spec.error()));
    }
    if (!is_strategy_text(value.text)) {
      return std::unexpected(fmt::format("{}: `{}` is not of the form NAME or NAME(KEY=VALUE, KEY=VALUE)", value.option,
                                         printable(value.text)));
    }
    config.*strategy->field = value.text;
    return {};
  }
  const NumberKey& number = std::get<NumberKey>(key->type);
  const auto parsed = parse_number(value.option, value.text, number.lowest, number.highest);
  if (!parsed) {
    return std::unexpected(parsed.error());
  }
  config.*number.field = *parsed;
  return {};
}

}  // namespace

std::string_view build_identity() {
  return kBuildIdentity;
}

void add_config_options(CLI::App& verb, Overrides& overrides, std::initializer_list<std::string_view> keys) {
  for (const std::string_view name : keys) {
    const ConfigKey* key = find_config_key(name);
    const std::string option = option_of(name);
    verb.add_option_function<std::string>(
            option,
            [&overrides, option, name = std::string(name)](const std::string& text) {
              overrides.values.push_back({option, name, text});
            },
            std::string(key->meaning))
        ->type_name(std::holds_alternative<NumberKey>(key->type) ? "N" : "STRATEGY")
        ->group("Config");
  }
  verb.add_option_function<std::vector<std::string>>(
          "--set",
          [&overrides](const std::vector<std::string>& settings) {
            for (const std::string& setting : settings) {
              const std::size_t equals = setting.find('=');
              if (equals == std::string::npos) {
                throw CLI::ValidationError("--set", "`" + printable(setting) + "` is not KEY=VALUE");
              }
              overrides.values.push_back({"--set", setting.substr(0, equals), setting.substr(equals + 1)});
            }
          },
          "any key of the config (docs/scenario.md); may be given again")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false)
      ->group("Config");
}

std::expected<std::uint64_t, std::string> parse_number(std::string_view option, std::string_view text,
                                                       std::uint64_t lowest, std::uint64_t highest) {
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, number);
  if (text.empty() || error != std::errc() || stopped != end || number < lowest || number > highest) {
    return std::unexpected(
        fmt::format("{}: `{}` is not a number from {} to {}", option, printable(text), lowest, highest));
  }
  return number;
}

std::expected<void, std::string> apply(const Overrides& overrides, Config& config) {
  for (const Overrides::Value& value : overrides.values) {
    if (auto done = set(value, config); !done) {
      return done;
    }
  }
  return {};
}

std::expected<std::string, std::string> read_file(const std::string& path) {
  const auto cannot = [&] {
    return std::unexpected(
        fmt::format("{}: cannot be read: {}", printable(path), std::generic_category().message(errno)));
  };
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rbe"), std::fclose);
  if (file == nullptr) {
    return cannot();
  }
  std::string text;
  std::array<char, std::size_t{64} << 10> part;
  std::size_t size = 0;
  while ((size = std::fread(part.data(), 1, part.size(), file.get())) > 0) {
    text.append(part.data(), size);
  }
  if (std::ferror(file.get()) != 0) {
    return cannot();
  }
  return text;
}

std::expected<Scenario, std::string> parse(std::string_view text, const std::string& name) {
  std::expected<Scenario, TextError> scenario = parse_scenario(text, name, kernel_calls());
  if (!scenario) {
    const TextError& error = scenario.error();
    return std::unexpected(printable(fmt::format("{}:{}:{}: {}", error.file, error.line, error.column, error.message)));
  }
  return std::move(*scenario);
}

std::expected<Scenario, std::string> load_scenario(const std::string& path, const Overrides& overrides) {
  const std::expected<std::string, std::string> text = read_file(path);
  if (!text) {
    return std::unexpected(text.error());
  }
  std::expected<Scenario, std::string> scenario = parse(*text, path);
  if (!scenario) {
    return scenario;
  }
  // Of the file's own strategy only the form has been checked.
  if (const auto spec = sim::parse_strategy(scenario->config.strategy); !spec) {
    return std::unexpected(fmt::format("{}: {}", printable(path), spec.error()));
  }
  if (auto applied = apply(overrides, scenario->config); !applied) {
    return std::unexpected(applied.error());
  }
  return scenario;
}

std::expected<TraceFile, std::string> load_trace(const std::string& path, Damaged damaged) {
  std::expected<TraceFile, TraceError> trace = read_trace(path, {.salvage = damaged == Damaged::salvaged});
  if (!trace) {
    return std::unexpected(printable(to_string(trace.error())));
  }
  for (const std::string& note : trace->notes) {
    warn(fmt::format("{}: {}", path, note));
  }
  if (const std::optional<Damage>& damage = trace->damage) {
    warn(fmt::format("{}: byte {}: {}; what is before it is used, which is sure up to step {}", path, damage->offset,
                     damage->what, trace->marks.empty() ? 0 : trace->marks.back().step));
  }
  return std::move(*trace);
}

std::expected<RunResult, std::string> run_scenario(const Scenario& scenario, const RunOptions& options) {
  std::expected<World, std::string> world = World::boot(scenario.config);
  if (!world) {
    return std::unexpected(world.error());
  }
  sim::Machine& machine = *world->machine;
  if (options.strategy) {
    if (!machine.set_strategy(*options.strategy)) {
      return std::unexpected("the machine's memory is used up; a larger arena_mib would do");
    }
  } else if (auto used = use_strategy(*world, scenario.config); !used) {
    return std::unexpected(used.error());
  }
  DecisionCounter counter;
  machine.attach(counter);
  if (options.observer != nullptr) {
    machine.attach(*options.observer);
  }
  const std::expected<Workload*, std::string> workload = Workload::start(*world, scenario);
  if (!workload) {
    return std::unexpected(workload.error());
  }
  std::unique_ptr<Recording> recording;
  if (!options.trace_path.empty()) {
    auto begun = Recording::begin(machine, options.trace_path,
                                  {.build = std::string(build_identity()),
                                   .producer = options.producer,
                                   .scenario = print_scenario(scenario, kernel_calls(), ConfigKeys::every)});
    if (!begun) {
      return std::unexpected(begun.error());
    }
    recording = std::move(*begun);
  }
  RunResult result = run_workload(*world, **workload, scenario.config.steps);
  result.decisions = counter.decisions;
  if (recording != nullptr) {
    if (auto finished = recording->finish(result.outcome, result.reason); !finished) {
      return std::unexpected(finished.error());
    }
  }
  return result;
}

ExitCode exit_code(const RunResult& result) {
  return held(result) ? ExitCode::held : ExitCode::failed;
}

void print(std::string_view line) {
  fmt::print("{}\n", line);
}

void warn(std::string_view line) {
  fmt::print(stderr, "simkern: {}\n", printable(line));
}

SyscallLog log_to_stdout(LogFormat format) {
  // Line by line, so that a crash leaves all lines before it.
  static_cast<void>(std::setvbuf(stdout, nullptr, _IOLBF, std::size_t{1} << 16));
  SyscallLog log(format, [](std::string_view line) { print(line); });
  log.write_heading();
  return log;
}

}  // namespace replay::cli
