// Feeds each captured client stream to the server in the machine and compares what it sends with what a real rump
// kernel sent, frame by frame. Bytes come from the .bin files of corpus/conformance/wire, their order from the .log.
//
// A step is what a client sends until the server has something to say to it: a request (several, when they were sent
// at once), its answers to the server's copy requests, the end of the stream. Within a step all frames must be equal
// and in order; but for requests sent at once, which workers may answer in any order.
#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "kern/abi/syscall_numbers.hpp"
#include "tests/support/proxy_world.hpp"

namespace kern::sysproxy {
namespace {

// --- what may differ

/// Data that a system call copies out and that is not the same in every run, by offset.
struct VaryingData {
  std::uint32_t sysnum;
  std::size_t begin;
  std::size_t end;
  const char* reason;
};
constexpr std::array kVaryingData{
    VaryingData{SYS___clock_gettime50, 0, 16, "the time of that run"},
    VaryingData{SYS___stat50, 0, 8, "st_dev: the number of the root file system's device"},
    VaryingData{SYS___fstat50, 0, 8, "st_dev: the number of the root file system's device"},
    VaryingData{SYS___stat50, 16, 24, "st_ino: counted by the kernel over all files it made"},
    VaryingData{SYS___fstat50, 16, 24, "st_ino: counted by the kernel over all files it made"},
    VaryingData{SYS___getdents30, 0, 8, "d_fileno: as st_ino"},
    VaryingData{SYS___stat50, 48, 112, "the times of that run"},
    VaryingData{SYS___fstat50, 48, 112, "the times of that run"},
};

// What else is not compared, with its reason, stands in `differ()`:
//   the answer of getpid    process ids count all processes since boot; each captured one must stand for one of ours
//   fork cookies            random; each captured one stands for one of ours
//   padding of answers      uninitialised in the original, zero here
//   number of a RAISE       uninitialised in the original, 0 here

/// Steps that this kernel does not do like the original yet, each by the beginning of its first request's text. The
/// list shrinks: a step that is in it and passes fails the test.
struct KnownDifference {
  std::string_view session;
  std::uint32_t connection;
  std::string_view request;
  std::string_view reason;
};
constexpr std::string_view kNoSockets = "no sockets yet";
constexpr std::string_view kNoKqueue = "no kqueue, poll and select yet";
constexpr std::string_view kNoSysctl = "no sysctl, groups and resource limits yet";
constexpr std::array kKnownDifferences{
    KnownDifference{"socketpair", 0, "REQ SYSCALL #2 socketpair", kNoSockets},
    KnownDifference{"socketpair", 0, "REQ SYSCALL #3 write", kNoSockets},
    KnownDifference{"socketpair", 0, "REQ SYSCALL #4 read", kNoSockets},
    KnownDifference{"socketpair", 0, "REQ SYSCALL #5 sendto", kNoSockets},
    KnownDifference{"socketpair", 0, "REQ SYSCALL #6 recvfrom", kNoSockets},
    KnownDifference{"socketpair", 0, "REQ SYSCALL #7 close", kNoSockets},
    KnownDifference{"socketpair", 0, "REQ SYSCALL #8 close", kNoSockets},
    KnownDifference{"socketpair", 0, "REQ SYSCALL #9 __socket30", kNoSockets},
    KnownDifference{"socketpair", 0, "REQ SYSCALL #10 close", kNoSockets},
    KnownDifference{"kevent", 0, "REQ SYSCALL #2 kqueue", kNoKqueue},
    KnownDifference{"kevent", 0, "REQ SYSCALL #3 pipe", "its descriptors are one less: no kqueue was opened before"},
    KnownDifference{"kevent", 0, "REQ SYSCALL #4 __kevent50", kNoKqueue},
    KnownDifference{"kevent", 0, "REQ SYSCALL #5 __kevent50", kNoKqueue},
    KnownDifference{"kevent", 0, "REQ SYSCALL #6 __kevent50", kNoKqueue},
    KnownDifference{"kevent", 0, "REQ SYSCALL #7 poll", kNoKqueue},
    KnownDifference{"sysctl", 0, "REQ SYSCALL #2 __sysctl", kNoSysctl},
    KnownDifference{"sysctl", 0, "REQ SYSCALL #3 __sysctl", kNoSysctl},
    KnownDifference{"sysctl", 0, "REQ SYSCALL #4 getgroups", kNoSysctl},
    KnownDifference{"sysctl", 0, "REQ SYSCALL #5 getrlimit", kNoSysctl},
};

// --- the captures

struct Step {
  std::uint32_t connection = 0;
  std::uint32_t sysnum = 0;  ///< Of the first request; 0: it is no system call.
  bool opens = false;
  bool ends = false;            ///< The client ends the stream behind its frames.
  std::vector<Frame> requests;  ///< REQ, and what is neither REQ nor the answer to a request of the server's.
  std::vector<Frame> answers;   ///< RESP to the server's requests, in order.
  Bytes garbage;                ///< Behind the last frame that is one.
  std::vector<Frame> expected;
  bool hangs_up = false;
  bool is_last = false;  ///< Nothing but the client's end follows: if the server hung up, the capture need not show it.
};

struct Session {
  std::string name;
  std::vector<Step> steps;
};

std::filesystem::path wire_directory() {
  return std::filesystem::path(SIMKERN_SOURCE_DIR) / "corpus" / "conformance" / "wire";
}

Bytes read_bytes(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file) << path;
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  return bytes_of(text);
}

/// One direction of one connection, frame by frame.
class Stream {
 public:
  explicit Stream(const std::filesystem::path& path, std::size_t skip) : bytes_(read_bytes(path)) {
    bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(std::min(skip, bytes_.size())));
    frames_ = split_frames(bytes_);
    for (const Frame& frame : frames_) {
      framed_ += frame.header.length;
    }
  }
  [[nodiscard]] Frame next() {
    EXPECT_LT(next_, frames_.size()) << "the log has more frames than the stream";
    return next_ < frames_.size() ? frames_[next_++] : Frame{};
  }
  [[nodiscard]] Bytes rest() const { return {bytes_.begin() + static_cast<std::ptrdiff_t>(framed_), bytes_.end()}; }

 private:
  Bytes bytes_;
  std::vector<Frame> frames_;
  std::size_t framed_ = 0;
  std::size_t next_ = 0;
};

bool asks_for_an_answer(const Frame& frame) {
  return frame.header.frame_class == FrameClass::REQ &&
         (frame.header.type == FrameType::COPYIN || frame.header.type == FrameType::COPYINSTR);
}

Session read_session(const std::string& name) {
  Session session{.name = name, .steps = {}};
  std::map<std::uint32_t, Stream> to_server;
  std::map<std::uint32_t, Stream> to_client;
  std::map<std::uint32_t, std::size_t> current;  // the step that a connection is in
  std::set<std::uint32_t> ended;
  std::ifstream log(wire_directory() / (name + ".log"));
  EXPECT_TRUE(log) << name;
  const auto begin_step = [&](std::uint32_t connection) -> Step& {
    current[connection] = session.steps.size();
    session.steps.emplace_back().connection = connection;
    return session.steps.back();
  };
  for (std::string line; std::getline(log, line);) {
    if (!line.starts_with('[')) {
      continue;  // a frame's bytes; the .bin files have them whole
    }
    std::uint32_t connection = 0;
    const auto number_end = std::from_chars(line.data() + 1, line.data() + line.size(), connection).ptr;
    const std::string_view words =
        std::string_view(line).substr(static_cast<std::size_t>(number_end - line.data()) + 2);
    if (words.starts_with("===")) {
      begin_step(connection).opens = true;
      to_server.emplace(connection, Stream(wire_directory() / fmt::format("{}.{}.c2s.bin", name, connection), 0));
      to_client.emplace(connection,
                        Stream(wire_directory() / fmt::format("{}.{}.s2c.bin", name, connection), banner().size()));
      continue;
    }
    if (words.starts_with("s2c BANNER")) {
      continue;
    }
    Step* step = &session.steps[current.at(connection)];
    if (words.starts_with("s2c EOF")) {
      step->hangs_up = !ended.contains(connection);
    } else if (words.starts_with("s2c")) {
      step->expected.push_back(to_client.at(connection).next());
    } else if (words.starts_with("c2s EOF")) {
      ended.insert(connection);
      // The server ends a stream and the client then does too, or the client goes of its own: a step with what the
      // server still has to say.
      (step->expected.empty() && !step->requests.empty() ? *step : begin_step(connection)).ends = true;
    } else if (words.starts_with("c2s MALFORMED")) {
      begin_step(connection).garbage = to_server.at(connection).rest();
    } else {
      Frame frame = to_server.at(connection).next();
      const auto asked = static_cast<std::size_t>(std::ranges::count_if(step->expected, asks_for_an_answer));
      if (frame.header.frame_class == FrameClass::RESP && step->answers.size() < asked) {
        step->answers.push_back(std::move(frame));
        continue;
      }
      if (step->opens || !step->expected.empty() || step->ends) {
        step = &begin_step(connection);
      }
      if (step->requests.empty()) {
        step->sysnum = frame.header.type == FrameType::SYSCALL ? frame.header.sysnum() : 0;
      }
      step->requests.push_back(std::move(frame));
    }
  }
  for (Step& step : session.steps) {
    step.is_last = std::ranges::none_of(
        std::span(session.steps).subspan(&step - session.steps.data() + 1),
        [&](const Step& later) { return later.connection == step.connection && !later.requests.empty(); });
  }
  return session;
}

// --- the run

/// Frames as the kernel reports them, by port: also those that go to a client that does not listen any more.
class FramesOut final : public sim::Observer {
 public:
  void on_event(const sim::Event& event) override {
    if (event.kind == kern::event(KernelEvent::client_new)) {
      port_of_[event.a] = static_cast<std::uint32_t>(event.b);
    } else if (event.kind == kern::event(KernelEvent::frame_out)) {
      for (Frame& frame : split_frames(event.data)) {
        frames_[port_of_.at(event.a)].push_back(std::move(frame));
      }
    }
  }
  [[nodiscard]] std::vector<Frame> take(std::uint32_t port) { return std::exchange(frames_[port], {}); }
  [[nodiscard]] const std::vector<Frame>& peek(std::uint32_t port) { return frames_[port]; }

 private:
  std::map<std::uint64_t, std::uint32_t> port_of_;
  std::map<std::uint32_t, std::vector<Frame>> frames_;
};

class Replay {
 public:
  explicit Replay(const Session& session) : session_(session) { world_.machine().attach(frames_out_); }
  ~Replay() { world_.machine().detach(frames_out_); }

  /// Runs the session. What differs, by step; empty text for a step without difference.
  std::vector<std::string> run() {
    std::vector<std::string> differences;
    for (const Step& step : session_.steps) {
      differences.push_back(run_step(step));
    }
    return differences;
  }

 private:
  struct Client {
    std::unique_ptr<Connection> connection;
    std::uint32_t port = 0;
    bool renumbered = false;  ///< A step before differed: the server's own requests may count from elsewhere.
  };

  /// Until nothing happens within the next seconds.
  void rest() {
    sim::Machine& machine = world_.machine();
    machine.run({.until_time = machine.now() + 5'000'000'000});
    EXPECT_EQ(machine.outcome(), sim::Outcome::running) << machine.outcome_text();
  }

  std::string run_step(const Step& step) {
    Client& client = clients_[step.connection];
    if (step.opens) {
      client.connection = std::make_unique<Connection>(world_.machine());
      client.port = client.connection->port().value;
      rest();
      return client.connection->greeted() ? "" : "no banner";
    }
    for (const Frame& frame : step.requests) {
      client.connection->send(make_frame(frame.header, with_our_cookie(frame)));
    }
    client.connection->send(step.garbage);
    if (step.ends) {
      rest();
      client.connection->close();
    }
    rest();
    // The answers that the client gave, each as soon as it is asked for.
    for (std::size_t given = 0; given < step.answers.size(); ++given) {
      std::vector<Frame> asked;
      std::ranges::copy_if(frames_out_.peek(client.port), std::back_inserter(asked), asks_for_an_answer);
      if (given >= asked.size()) {
        break;
      }
      Frame answer = step.answers[given];
      answer.header.request_number = asked[given].header.request_number;
      client.connection->send(make_frame(answer.header, answer.body));
      rest();
    }
    std::string difference = compare(step, frames_out_.take(client.port), client);
    const bool hung_up = client.connection->hung_up();
    if (difference.empty() && !step.ends && step.hangs_up && !hung_up) {
      difference = "the connection goes on";
    } else if (difference.empty() && !step.hangs_up && !step.is_last && hung_up) {
      difference = "the connection is ended";
    }
    client.renumbered |= !difference.empty();
    return difference;
  }

  Bytes with_our_cookie(const Frame& frame) {
    Bytes body = frame.body;
    if (frame.header.type == FrameType::HANDSHAKE && frame.header.handshake() == Handshake::FORK && body.size() >= 16) {
      const auto found = cookies_.find(Bytes(body.begin(), body.begin() + 16));
      if (found != cookies_.end()) {
        std::ranges::copy(found->second, body.begin());
      }
    }
    return body;
  }

  std::string compare(const Step& step, std::vector<Frame> ours, const Client& client) {
    std::vector<Frame> expected = step.expected;
    if (step.requests.size() > 1) {
      const auto by_number = [](const Frame& frame) {
        return std::pair(frame.header.frame_class, frame.header.request_number);
      };
      std::ranges::sort(expected, {}, by_number);
      std::ranges::sort(ours, {}, by_number);
    }
    for (std::size_t index = 0; index < std::max(expected.size(), ours.size()); ++index) {
      if (index >= ours.size()) {
        return "missing: " + expected[index].text();
      }
      if (index >= expected.size()) {
        return "not in the capture: " + ours[index].text();
      }
      const std::string difference = differ(step, expected[index], ours[index], client);
      if (!difference.empty()) {
        return fmt::format("{}\n    captured {}\n    ours     {}", difference, expected[index].text(),
                           ours[index].text());
      }
    }
    return "";
  }

  std::string differ(const Step& step, const Frame& expected, const Frame& ours, const Client& client) {
    FrameHeader header = ours.header;
    const bool is_raise = header.frame_class == FrameClass::REQ && header.type == FrameType::RAISE;
    if (is_raise) {
      if (header.request_number != 0) {
        return "the number of a raise is not 0";
      }
      header.request_number = expected.header.request_number;
    }
    if (client.renumbered && header.frame_class == FrameClass::REQ) {
      header.request_number = expected.header.request_number;
    }
    if (header != expected.header) {
      return "the headers differ";
    }
    if (header.frame_class == FrameClass::RESP && header.type == FrameType::PREFORK) {
      const auto [place, fresh] = cookies_.emplace(expected.body, ours.body);
      return fresh && place->second.size() == PreforkCookie::kSize ? "" : "a cookie that was given before";
    }
    if (header.frame_class == FrameClass::RESP && header.type == FrameType::SYSCALL) {
      return differ_in_result(step, expected, ours);
    }
    if (header.frame_class == FrameClass::REQ && header.type == FrameType::COPYOUT) {
      Bytes masked = ours.body;
      for (const VaryingData& varying : kVaryingData) {
        const std::size_t begin = CopyData::kSize + varying.begin;
        const std::size_t end = CopyData::kSize + varying.end;
        if (varying.sysnum == step.sysnum && end <= masked.size()) {
          std::copy(expected.body.begin() + static_cast<std::ptrdiff_t>(begin),
                    expected.body.begin() + static_cast<std::ptrdiff_t>(end),
                    masked.begin() + static_cast<std::ptrdiff_t>(begin));
        }
      }
      const auto [at, _] = std::ranges::mismatch(masked, expected.body);
      return masked == expected.body ? ""
                                     : fmt::format("the data differs at byte {}",
                                                   at - masked.begin() - static_cast<std::ptrdiff_t>(CopyData::kSize));
    }
    return ours.body == expected.body ? "" : "the bodies differ";
  }

  std::string differ_in_result(const Step& step, const Frame& expected, const Frame& ours) {
    auto theirs = *parse_system_call_answer(expected.body);
    const auto answer = *parse_system_call_answer(ours.body);
    const bool is_getpid = std::ranges::any_of(step.requests, [&](const Frame& request) {
      return request.header.sysnum() == SYS_getpid && request.header.request_number == expected.header.request_number;
    });
    if (is_getpid) {
      const std::int64_t ours_then = pids_.emplace(theirs.retval[0], answer.retval[0]).first->second;
      theirs.retval[0] = ours_then;
    }
    if (!std::ranges::all_of(std::span(ours.body).subspan(4, 4), [](std::byte byte) { return byte == std::byte{}; })) {
      return "the padding is not zero";
    }
    return theirs == answer ? "" : "the results differ";
  }

  static ServerLimits limits() { return {.prefork_grace_ns = 3'600'000'000'000}; }

  const Session& session_;
  FramesOut frames_out_;
  ProxyWorld world_{{.limits = limits()}};
  std::map<std::uint32_t, Client> clients_;
  std::map<Bytes, Bytes> cookies_;
  std::map<std::int64_t, std::int64_t> pids_;
};

std::vector<std::string> session_names() {
  return {"guest",      "getpid", "file",   "pipe",   "dup",        "errors",      "fork",    "exec",
          "socketpair", "kevent", "sysctl", "abrupt", "midsyscall", "preforkonly", "rawproto"};
}

class Wire : public testing::TestWithParam<std::string> {};

TEST_P(Wire, TheServerAnswersAsTheRealOne) {
  const Session session = read_session(GetParam());
  std::size_t compared = 0;
  const std::vector<std::string> differences = Replay(session).run();
  for (std::size_t index = 0; index < session.steps.size(); ++index) {
    const Step& step = session.steps[index];
    compared += step.expected.size();
    const KnownDifference* known = nullptr;
    for (const KnownDifference& candidate : kKnownDifferences) {
      if (candidate.session == session.name && candidate.connection == step.connection && !step.requests.empty() &&
          step.requests[0].text().starts_with(candidate.request)) {
        known = &candidate;
      }
    }
    const std::string place = fmt::format("{} connection {} {}", session.name, step.connection,
                                          step.requests.empty() ? "" : step.requests[0].text());
    if (known == nullptr) {
      EXPECT_EQ(differences[index], "") << place;
    } else {
      EXPECT_NE(differences[index], "") << place << "\n  passes now: take it off the list (" << known->reason << ")";
    }
  }
  EXPECT_GT(compared, 0U);
}

INSTANTIATE_TEST_SUITE_P(Captured, Wire, testing::ValuesIn(session_names()),
                         [](const auto& session) { return session.param; });

TEST(WireCaptures, AreAllReplayed) {
  std::set<std::string> found;
  for (const auto& entry : std::filesystem::directory_iterator(wire_directory())) {
    if (entry.path().extension() == ".log") {
      found.insert(entry.path().stem().string());
    }
  }
  const std::vector<std::string> names = session_names();
  EXPECT_EQ(found, std::set<std::string>(names.begin(), names.end()));
}

}  // namespace
}  // namespace kern::sysproxy
