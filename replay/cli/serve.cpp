#include "replay/serve.hpp"

#include <cstdio>
#include <limits>
#include <memory>
#include <optional>

#include <fmt/format.h>

#include "replay/cli/verbs.hpp"
#include "replay/recording.hpp"
#include "replay/scenario_text.hpp"

namespace replay::cli {
namespace {

struct Options {
  std::vector<std::string> urls;
  std::string trace;
  bool log = false;
  Overrides overrides;
};

constexpr std::string_view kHelp =
    "Serves real rump clients over sockets until SIGINT or SIGTERM. Virtual time does not follow the real one.";

constexpr std::string_view kExamples =
    "A URL is tcp://ADDRESS:PORT (address * or 0: any; port 0: one that is free) or unix://PATH.\n\n"
    "Examples:\n"
    "  simkern serve unix:///tmp/rump.sock -o t.trace\n"
    "  simkern serve tcp://127.0.0.1:0 --cpus 2 --log";

std::expected<std::vector<sim::host::Url>, std::string> parse_urls(const std::vector<std::string>& texts) {
  std::vector<sim::host::Url> urls;
  for (const std::string& text : texts) {
    std::expected<sim::host::Url, std::string> url = sim::host::parse_url(text);
    if (!url) {
      return std::unexpected(url.error());
    }
    urls.push_back(std::move(*url));
  }
  return urls;
}

Ending serve(const Options& options) {
  const auto urls = parse_urls(options.urls);
  if (!urls) {
    return std::unexpected(urls.error());
  }
  Scenario scenario;
  scenario.config.steps = std::numeric_limits<std::uint64_t>::max();  // a server has no natural end
  if (auto applied = apply(options.overrides, scenario.config); !applied) {
    return std::unexpected(applied.error());
  }
  std::expected<World, std::string> world = World::boot(scenario.config);
  if (!world) {
    return std::unexpected(world.error());
  }
  if (auto used = use_strategy(*world, scenario.config); !used) {
    return std::unexpected(used.error());
  }
  std::optional<SyscallLog> log;
  if (options.log) {
    log.emplace(log_to_stdout(LogFormat::text));
    world->machine->attach(*log);
  }
  const std::expected<Workload*, std::string> workload = Workload::start(*world, scenario);
  if (!workload) {
    return std::unexpected(workload.error());
  }
  const auto termination = sim::host::Termination::watch();
  if (!termination) {
    return std::unexpected(termination.error());
  }
  sim::host::SocketServer sockets({.max_connections = scenario.config.max_clients});
  std::vector<sim::host::Url> bound;
  for (const sim::host::Url& url : *urls) {
    std::expected<sim::host::Url, std::string> listening = sockets.listen(url);
    if (!listening) {
      return std::unexpected(listening.error());
    }
    bound.push_back(std::move(*listening));
  }
  std::unique_ptr<Recording> recording;
  if (!options.trace.empty()) {
    auto begun = Recording::begin(*world->machine, options.trace,
                                  {.build = std::string(build_identity()),
                                   .producer = "serve",
                                   .scenario = print_scenario(scenario, kernel_calls(), ConfigKeys::every)});
    if (!begun) {
      return std::unexpected(begun.error());
    }
    recording = std::move(*begun);
  }
  // Who started the server waits for these lines.
  for (const sim::host::Url& url : bound) {
    print("serving " + to_string(url));
  }
  static_cast<void>(std::fflush(stdout));

  std::expected<ServeResult, std::string> served =
      replay::serve({.world = *world,
                     .workload = **workload,
                     .sockets = sockets,
                     .termination = *termination,
                     .recorder = recording ? &recording->recorder() : nullptr,
                     .until_step = scenario.config.steps});
  if (!served) {
    return std::unexpected(served.error());
  }
  RunResult& result = served->run;
  if (recording) {
    result.decisions = recording->recorder().decisions();
    if (auto finished = recording->finish(result.outcome, result.reason); !finished) {
      return std::unexpected(finished.error());
    }
  }
  if (log) {
    log->finish();
  }
  print(fmt::format("{} connections {}", summary(result), served->connections));
  return exit_code(result);
}

}  // namespace

void add_serve(CLI::App& application, Action& action) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = application.add_subcommand("serve", std::string(kHelp));
  verb->add_option("URL", options->urls, "where to listen")->required()->type_name("");
  verb->add_option("-o,--output", options->trace, "records the run into this file")->type_name("TRACE");
  verb->add_flag("--log", options->log, "prints system calls and the wire while it runs");
  add_config_options(*verb, options->overrides, {"seed", "cpus", "strategy", "steps", "max_clients"});
  verb->footer(std::string(kExamples) + "\n\n" + std::string(kExitCodes));
  verb->callback([options, &action] { action = [options] { return serve(*options); }; });
}

}  // namespace replay::cli
