// make_seed_corpus FOLDER: writes the seeds of the fuzz target `wire`, the same ones each time: the captured client
// streams of corpus/conformance/wire (the folder is given as second argument) and scenarios made by hand, each named by
// what it shows. Seeds are kept in corpus/wire/; run this again when the format of wire inputs changes.
#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "fuzz/wire_input.hpp"
#include "fuzz/wire_runner.hpp"
#include "kern/core/events.hpp"
#include "kern/sysproxy/frame.hpp"
#include "replay/run.hpp"
#include "replay/scenario_text.hpp"

namespace {

namespace fs = std::filesystem;
using kern::sysproxy::FrameClass;
using kern::sysproxy::FrameHeader;
using kern::sysproxy::kHeaderSize;

struct Seed {
  std::string name;
  fuzz::WireInput input;
};

[[noreturn]] void give_up(const std::string& why) {
  fmt::print(stderr, "make_seed_corpus: {}\n", why);
  std::exit(1);
}

// ---- captured streams ----------------------------------------------------------------------------------------------

std::string read_file(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream) {
    give_up(path.string() + " cannot be read");
  }
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

// The stream as steps: frame by frame, each followed by the wait for what the server says to it; bytes that are no
// whole frame go out as they are.
replay::Raw steps_of(std::string_view stream) {
  replay::Raw raw;
  const auto add = [&](auto step) { raw.steps.push_back({.line = {}, .what = std::move(step)}); };
  add(replay::Connect{});
  while (stream.size() >= kHeaderSize) {
    const FrameHeader header =
        kern::sysproxy::parse_header(std::as_bytes(std::span(stream)).template first<kHeaderSize>());
    if (header.length < kHeaderSize || header.length > stream.size()) {
      break;
    }
    std::string body(stream.substr(kHeaderSize, header.length - kHeaderSize));
    body.resize(std::min(body.size(), fuzz::kMaxPayload));
    stream.remove_prefix(header.length);
    if (header.frame_class == FrameClass::RESP) {
      add(replay::AnswerBytes{std::move(body)});
    } else {
      add(replay::SendFrame{.frame_class = std::to_underlying(header.frame_class),
                            .type = std::to_underlying(header.type),
                            .reqno = header.request_number,
                            .field = header.field,
                            .body = std::move(body),
                            .length = {}});
    }
    add(replay::AwaitFrame{});
  }
  if (!stream.empty()) {
    add(replay::SendBytes{std::string(stream)});
    add(replay::Idle{});
  }
  raw.steps.resize(std::min(raw.steps.size(), fuzz::kMaxSteps / 2));
  return raw;
}

Seed captured(const fs::path& folder, std::string name, std::span<const std::string> streams) {
  Seed seed{.name = "captured-" + std::move(name), .input = {}};
  for (const std::string& stream : streams) {
    replay::Raw raw = steps_of(read_file(folder / (stream + ".c2s.bin")));
    if (!seed.input.scenario.actors.empty()) {
      // One connection after the other, as when they were captured.
      raw.steps.insert(raw.steps.begin(),
                       {.line = {}, .what = replay::Sleep{16'000ULL * seed.input.scenario.actors.size()}});
    }
    seed.input.scenario.actors.push_back({.name = {}, .line = {}, .what = std::move(raw)});
  }
  return seed;
}

void add_captured(const fs::path& folder, std::vector<Seed>& seeds) {
  for (const char* session :
       {"abrupt", "dup", "errors", "exec", "file", "getpid", "kevent", "midsyscall", "pipe", "socketpair", "sysctl"}) {
    seeds.push_back(captured(folder, session, std::array{std::string(session) + ".0"}));
  }
  seeds.push_back(captured(folder, "fork", std::array<std::string, 2>{"fork.0", "fork.1"}));
  // Thirty-three short streams, legal and illegal, three at a time.
  for (int first = 0; first < 33; first += 3) {
    std::vector<std::string> streams;
    for (int i = first; i < first + 3; ++i) {
      streams.push_back(fmt::format("rawproto.{}", i));
    }
    seeds.push_back(captured(folder, fmt::format("rawproto-{:02}-{:02}", first, first + 2), streams));
  }
}

// ---- made by hand --------------------------------------------------------------------------------------------------

struct Script {
  const char* name;
  const char* scenario;
  const char* decisions = "0";  ///< A schedule string.
};

// In these, `GUEST` stands for a connection with its handshake, `CALL(number, words)` for the frame of a system call,
// `WORD(n)` for eight bytes in hex and `COOKIE` for what the first prefork of a run gives.
constexpr std::array kScripts{
    Script{"calls-without-arguments", R"~(
      raw a { GUEST; CALL(20, ); await frame; CALL(39, ); await frame; CALL(24, ); await frame; shut })~"},
    Script{"write-to-console", R"~(
      raw a { GUEST; CALL(4, 1 4096 64); await frame; answer asked; await frame; shut })~"},
    Script{"writev-two-pieces", R"~(
      raw a { GUEST; CALL(121, 1 4096 2); await frame; answer hex "WORD(8192) WORD(5) WORD(8448) WORD(7)"; await frame
              answer asked; await frame; answer asked; await frame; shut })~"},
    Script{"pipe-and-back", R"~(
      raw a { GUEST; CALL(42, ); await frame; CALL(4, 4 4096 16); await frame; answer asked; await frame
              CALL(3, 3 4096 16); await frame; await frame; CALL(6, 3); await frame; CALL(6, 4); await frame; shut })~"},
    Script{"pipe-reader-sleeps-until-the-writer-comes", R"~(
      raw a { GUEST; CALL(42, ); await frame; CALL(3, 3 4096 16); idle; CALL(4, 4 4096 16); await frame; answer asked
              await frame; await frame; await frame; shut })~",
           "2:1,1,3:1"},
    Script{"open-read-close-dev-zero", R"~(
      raw a { GUEST; CALL(5, 4096 0 0); await frame; answer "/dev/zero\x00"; await frame; CALL(3, 3 8192 100)
              await frame; await frame; CALL(6, 3); await frame; shut })~"},
    Script{"nanosleep-short", R"~(
      raw a { GUEST; CALL(430, 4096 0); await frame; answer hex "WORD(0) WORD(1000000)"; await frame; shut })~"},
    Script{"leaves-while-a-call-sleeps", R"~(
      raw a { GUEST; CALL(430, 4096 0); await frame; answer hex "WORD(1000) WORD(0)"; idle; shut })~"},
    Script{"leaves-without-an-answer", R"~(
      raw a { GUEST; CALL(4, 1 4096 64); await frame; shut })~",
           "1:1,1"},
    Script{"handshake-in-pieces", R"~(
      raw a { connect; send hex "1a000000 00000000 01000000"; idle; send hex "00000000 00000000 00000000"
              sleep 1024ns; send hex "6700"; await frame; CALL(20, ); await frame; shut })~"},
    Script{"more-calls-than-may-wait", R"~(
      raw a { GUEST; CALL(42, ); await frame; CALL(3, 3 4096 1); CALL(3, 3 4096 1); CALL(3, 3 4096 1)
              CALL(3, 3 4096 1); CALL(20, ); await frame; idle; shut })~"},
    Script{"more-clients-than-may-be", R"~(
      raw a { GUEST; idle; CALL(20, ); await frame; shut }
      raw b { GUEST; idle; CALL(20, ); await frame; shut }
      raw c { GUEST; idle; CALL(20, ); await frame; shut }
      raw d { GUEST; idle; CALL(20, ); await frame; shut })~",
           "3:2,1:1,2"},
    Script{"exec-while-a-call-sleeps", R"~(
      raw a { GUEST; CALL(42, ); await frame; CALL(3, 3 4096 1); idle
              send frame(class=REQ, type=HANDSHAKE, reqno=3, field=EXEC, body="ls\x00"); await frame; await frame
              CALL(20, ); await frame; shut })~"},
    Script{"prefork-nobody-comes", R"~(
      raw a { GUEST; send frame(class=REQ, type=PREFORK, reqno=2); await frame; shut })~"},
    Script{"fork-child-and-parent", R"~(
      raw a { GUEST; CALL(42, ); await frame; send frame(class=REQ, type=PREFORK, reqno=2); await frame
              CALL(4, 4 4096 4); await frame; answer asked; await frame; sleep 1024ns; shut }
      raw b { sleep 131072ns; connect
              send frame(class=REQ, type=HANDSHAKE, reqno=1, field=FORK, body=hex "COOKIE 00000000"); await frame
              CALL(3, 3 4096 4); await frame; await frame; shut })~"},
    Script{"two-clients-interleaved", R"~(
      raw a { GUEST; CALL(42, ); CALL(4, 4 4096 8); await frame; await frame; answer asked; await frame; shut }
      raw b { GUEST; CALL(20, ); CALL(5, 4096 514 420); await frame; await frame; answer "/f\x00"; await frame; shut })~",
           "1:1,1:1,2:1,1,4:1"},
};

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

std::string hex_of(std::span<const std::byte> bytes) {
  std::string text;
  for (const std::byte one : bytes) {
    text += fmt::format("{:02x}", std::to_integer<unsigned>(one));
  }
  return text;
}

std::string hex_of_word(const std::string& digits) {
  const std::uint64_t value = std::stoull(digits);
  return hex_of(std::as_bytes(std::span(&value, 1)));
}

// The abbreviations of kScripts in the language of scenarios.
std::string expand(std::string text, const std::string& cookie) {
  replace_all(text, "GUEST;",
              "connect; send frame(class=REQ, type=HANDSHAKE, reqno=1, field=GUEST, body=hex \"6700\"); await frame;");
  replace_all(text, "COOKIE", cookie);
  for (std::size_t at = text.find("WORD("); at != std::string::npos; at = text.find("WORD(")) {
    const std::size_t end = text.find(')', at);
    text.replace(at, end - at + 1, hex_of_word(text.substr(at + 5, end - at - 5)));
  }
  unsigned reqno = 2;
  for (std::size_t at = text.find("CALL("); at != std::string::npos; at = text.find("CALL(")) {
    const std::size_t comma = text.find(',', at);
    const std::size_t end = text.find(')', at);
    std::string body;
    std::string digits;
    for (const char c : text.substr(comma + 1, end - comma - 1) + " ") {
      if (c != ' ') {
        digits.push_back(c);
      } else if (!digits.empty()) {
        body += hex_of_word(std::exchange(digits, {}));
      }
    }
    text.replace(at, end - at + 1,
                 fmt::format("send frame(class=REQ, type=SYSCALL, reqno={}, field={}, body=hex \"{}\")", reqno++,
                             text.substr(at + 5, comma - at - 5), body));
  }
  return text;
}

fuzz::WireInput input_of(const Script& script, const std::string& cookie) {
  const auto scenario = replay::parse_scenario(expand(script.scenario, cookie), script.name, replay::kernel_calls());
  if (!scenario) {
    give_up(scenario.error().to_string());
  }
  const auto tape = replay::parse_tape(script.decisions);
  if (!tape) {
    give_up(tape.error());
  }
  fuzz::WireInput input{.scenario = *scenario, .decisions = fuzz::to_decision_bytes(*tape)};
  if (const auto exact = fuzz::encoding_loss(input); !exact) {
    give_up(fmt::format("{}: {}", script.name, exact.error()));
  }
  return input;
}

/// Hears the cookie that the server gives for a prefork.
class CookieListener final : public sim::Observer {
 public:
  void on_event(const sim::Event& event) override {
    if (event.kind == kern::event(kern::KernelEvent::frame_out) && event.data.size() == kHeaderSize + 16) {
      cookie_ = hex_of(event.data.subspan(kHeaderSize));
    }
  }
  [[nodiscard]] const std::string& cookie() const { return cookie_; }

 private:
  std::string cookie_;
};

// Cookies come from the seed of the machine, so the first of a run is the same each time.
std::string first_cookie() {
  auto world = replay::World::boot(fuzz::wire_config());
  if (!world) {
    give_up(world.error());
  }
  CookieListener listener;
  world->machine->attach(listener);
  const auto* script = std::ranges::find(kScripts, std::string_view("prefork-nobody-comes"), &Script::name);
  const fuzz::WireInput input = input_of(*script, {});
  const auto workload = replay::Workload::start(*world, input.scenario);
  if (!workload) {
    give_up(workload.error());
  }
  static_cast<void>(replay::run_workload(*world, **workload, fuzz::wire_config().steps));
  world->machine->detach(listener);
  return listener.cookie();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    fmt::print(stderr,
               "usage: make_seed_corpus FOLDER CAPTURES, as in: make_seed_corpus corpus/wire "
               "corpus/conformance/wire\n");
    return 2;
  }
  std::vector<Seed> seeds;
  add_captured(argv[2], seeds);
  const std::string cookie = first_cookie();
  for (const Script& script : kScripts) {
    seeds.push_back({.name = script.name, .input = input_of(script, cookie)});
  }
  const fs::path folder = argv[1];
  std::error_code error;
  fs::create_directories(folder, error);
  for (const Seed& seed : seeds) {
    const std::vector<std::uint8_t> bytes = fuzz::encode(seed.input);
    std::ofstream stream(folder / seed.name, std::ios::binary);
    stream.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    stream.close();
    if (!stream) {
      give_up((folder / seed.name).string() + " cannot be written");
    }
  }
  fmt::print("{} seeds in {}\n", seeds.size(), folder.string());
  return 0;
}
