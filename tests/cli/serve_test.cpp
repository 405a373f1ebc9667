// Real clients over real sockets, and the traces that they leave.
#include <algorithm>
#include <arpa/inet.h>
#include <chrono>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>

#include "tests/cli/simkern.hpp"

namespace test {
namespace {

constexpr std::size_t kHeader = 24;
constexpr int kTimeoutMs = 10'000;

std::uint64_t frame_length(std::string_view frame) {
  std::uint64_t length = 0;
  std::memcpy(&length, frame.data(), sizeof length);
  return length;
}

std::uint32_t class_and_type(std::string_view frame) {
  std::uint32_t word = 0;
  std::memcpy(&word, frame.data() + 16, sizeof word);
  return word;
}

// The captured stream of a real client, frame by frame.
std::vector<std::string> captured_frames() {
  std::string bytes = read_file(source_path("corpus/conformance/wire/getpid.0.c2s.bin"));
  std::vector<std::string> frames;
  while (bytes.size() >= kHeader) {
    frames.push_back(bytes.substr(0, frame_length(bytes)));
    bytes.erase(0, frames.back().size());
  }
  return frames;
}

/// One connection to the server.
class Client {
 public:
  explicit Client(const std::string& url) {
    if (url.starts_with("unix://")) {
      sockaddr_un address{};
      address.sun_family = AF_UNIX;
      url.copy(address.sun_path, sizeof address.sun_path - 1, 7);
      connect_to(AF_UNIX, address);
    } else {
      sockaddr_in address{};
      address.sin_family = AF_INET;
      address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
      address.sin_port = htons(static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1))));
      connect_to(AF_INET, address);
    }
  }
  ~Client() { leave(); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  void leave() {
    if (socket_ >= 0) {
      ::close(std::exchange(socket_, -1));
    }
  }
  void send(std::string_view bytes) const {
    EXPECT_EQ(::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
  }
  /// Sends without waiting; gives how much was taken, or -1.
  ssize_t try_send(std::string_view bytes) const {
    return ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  }
  /// Up to and with the newline.
  std::string banner() const {
    std::string line;
    while (!line.ends_with('\n')) {
      const std::string byte = take(1);
      if (byte.empty()) {
        break;
      }
      line += byte;
    }
    return line;
  }
  /// The next frame; empty at the end of the stream or after a long silence.
  std::string frame() const {
    const std::string header = take(kHeader);
    return header.size() < kHeader ? std::string() : header + take(frame_length(header) - kHeader);
  }
  bool is_ended() const { return take(1).empty(); }

 private:
  template <class Address>
  void connect_to(int family, const Address& address) {
    socket_ = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    EXPECT_EQ(::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0)
        << std::strerror(errno);
  }
  std::string take(std::size_t size) const {
    std::string bytes;
    while (bytes.size() < size) {
      pollfd waiting{.fd = socket_, .events = POLLIN, .revents = 0};
      char part[4096];
      if (::poll(&waiting, 1, kTimeoutMs) <= 0) {
        ADD_FAILURE() << "nothing came for " << kTimeoutMs << " ms";
        break;
      }
      const ssize_t count = ::recv(socket_, part, std::min(sizeof part, size - bytes.size()), 0);
      if (count <= 0) {
        break;
      }
      bytes.append(part, static_cast<std::size_t>(count));
    }
    return bytes;
  }

  int socket_ = -1;
};

// A handshake and calls, each answered as it should be. Gives the process's number.
std::int64_t talk(const Client& client) {
  EXPECT_EQ(client.banner(), "RUMPSP-0.4-NetBSD-7.99.34/amd64\n");
  std::int64_t pid = 0;
  bool is_first_call = true;
  for (const std::string& request : captured_frames()) {
    client.send(request);
    const std::string answer = client.frame();
    EXPECT_GE(answer.size(), kHeader);
    if (answer.size() < kHeader) {
      return -1;
    }
    EXPECT_EQ(answer.substr(8, 8), request.substr(8, 8)) << "the number of the request";
    EXPECT_EQ(class_and_type(answer), class_and_type(request) + 1) << "RESP of the same type";
    if (answer.size() == 48 && is_first_call) {
      std::memcpy(&pid, answer.data() + 32, sizeof pid);
      is_first_call = false;
    }
  }
  return pid;
}

/// A server on one URL, which ends when told to, or with the test.
struct Server {
  explicit Server(const TemporaryFolder& folder, std::vector<std::string> more = {})
      : Server(folder, "unix://" + (folder / "socket"), std::move(more)) {}
  Server(const TemporaryFolder& folder, const std::string& where, std::vector<std::string> more)
      : trace(folder / "t.trace"), process(folder, arguments(where, trace, std::move(more))) {
    const std::vector<std::string> lines = process.wait_for_lines(1);
    EXPECT_EQ(lines.size(), 1u);
    url = lines.empty() ? std::string() : lines[0].substr(std::string("serving ").size());
  }
  static std::vector<std::string> arguments(const std::string& where, const std::string& trace,
                                            std::vector<std::string> more) {
    more.insert(more.begin(), {"serve", where, "-o", trace});
    return more;
  }
  Finished stop(int number = SIGTERM) {
    process.signal(number);
    return process.finish();
  }

  std::string trace;
  Simkern process;
  std::string url;
};

// The trace replays to what the server said at its end, without sockets.
void expect_replays(const TemporaryFolder& folder, const Server& server, const Finished& served) {
  EXPECT_EQ(served.exit_code, 0) << served.out << served.err;
  const Finished replay = simkern(folder, {"replay", server.trace, "--verify"});
  EXPECT_EQ(replay.exit_code, 0) << replay.out << replay.err;
  EXPECT_NE(digest_of(replay.out), "");
  EXPECT_EQ(digest_of(replay.out), digest_of(served.out));
}

TEST(CommandServe, AnswersCapturedFramesOverAUnixSocketAndReplays) {
  const TemporaryFolder folder;
  Server server(folder);
  EXPECT_GT(talk(Client(server.url)), 1);
  const Finished served = server.stop();
  EXPECT_TRUE(served.out.ends_with(" connections 1\n")) << served.out;
  EXPECT_FALSE(std::filesystem::exists(folder / "socket")) << "the socket file is removed";
  expect_replays(folder, server, served);
  const std::string log = simkern(folder, {"show", server.trace}).out;
  EXPECT_TRUE(log.contains("getpid() = ")) << log;
}

TEST(CommandServe, AnswersCapturedFramesOverTcpAndReplays) {
  const TemporaryFolder folder;
  Server server(folder, "tcp://127.0.0.1:0", {"--cpus", "2", "--seed", "5"});
  EXPECT_TRUE(server.url.starts_with("tcp://127.0.0.1:")) << server.url;
  EXPECT_GT(talk(Client(server.url)), 1);
  expect_replays(folder, server, server.stop(SIGINT));
}

TEST(CommandServe, ServesTwoClientsAtOnceAndReplays) {
  const TemporaryFolder folder;
  Server server(folder, {"--cpus", "2"});
  std::int64_t pids[2] = {};
  {
    const Client first(server.url);
    const Client second(server.url);
    std::thread other([&] { pids[1] = talk(second); });
    pids[0] = talk(first);
    other.join();
  }
  EXPECT_GT(pids[0], 1);
  EXPECT_GT(pids[1], 1);
  EXPECT_NE(pids[0], pids[1]);
  expect_replays(folder, server, server.stop());
}

TEST(CommandServe, GoesOnWhenAClientIsKilledInTheMiddleOfAFrame) {
  const TemporaryFolder folder;
  Server server(folder);
  {
    Client client(server.url);
    EXPECT_FALSE(client.banner().empty());
    client.send(captured_frames()[0]);
    EXPECT_FALSE(client.frame().empty());
    client.send(captured_frames()[1].substr(0, 11));
    client.leave();
  }
  EXPECT_GT(talk(Client(server.url)), 1);
  expect_replays(folder, server, server.stop());
}

TEST(CommandServe, HangsUpOnAClientThatBreaksTheProtocolAndServesOthers) {
  const TemporaryFolder folder;
  Server server(folder);
  const Client hostile(server.url);
  EXPECT_FALSE(hostile.banner().empty());
  hostile.send(std::string(64, '\xff'));
  while (!hostile.frame().empty()) {  // an ERROR, perhaps
  }
  EXPECT_GT(talk(Client(server.url)), 1);
  expect_replays(folder, server, server.stop());
}

TEST(CommandServe, DisconnectsAClientThatNeverReadsWhileOthersAreServed) {
  const TemporaryFolder folder;
  Server server(folder);
  const Client deaf(server.url);
  const std::vector<std::string> frames = captured_frames();
  deaf.send(frames[0]);
  // Requests without end, whose answers nobody takes.
  std::string requests;
  for (int count = 0; count < 64; ++count) {
    requests += frames[1];
  }
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  bool is_cut_off = false;
  std::size_t at = 0;
  while (!is_cut_off && std::chrono::steady_clock::now() < deadline) {
    const ssize_t sent = deaf.try_send(std::string_view(requests).substr(at));
    if (sent >= 0) {
      at = (at + static_cast<std::size_t>(sent)) % requests.size();
    } else if (errno == EAGAIN) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    } else {
      is_cut_off = true;
    }
  }
  EXPECT_TRUE(is_cut_off);
  EXPECT_GT(talk(Client(server.url)), 1);
  expect_replays(folder, server, server.stop());
}

TEST(CommandServe, RefusesMoreClientsThanItMayHave) {
  const TemporaryFolder folder;
  Server server(folder, {"--max-clients", "1"});
  {
    const Client first(server.url);
    EXPECT_GT(talk(first), 1);
  }
  EXPECT_GT(talk(Client(server.url)), 1) << "its place is free again";
  expect_replays(folder, server, server.stop());
}

TEST(CommandServe, ReplacesAStaleSocketFileAndNoOther) {
  const TemporaryFolder folder;
  {
    Server killed(folder);
    const Finished ended = killed.stop(SIGKILL);
    EXPECT_EQ(ended.exit_code, -SIGKILL);
  }
  EXPECT_TRUE(std::filesystem::exists(folder / "socket"));
  Server server(folder);
  EXPECT_GT(talk(Client(server.url)), 1);
  EXPECT_TRUE(refused(simkern(folder, {"serve", server.url}), "somebody listens there already"));
  EXPECT_EQ(server.stop().exit_code, 0);
  write_file(folder / "precious", "text");
  EXPECT_TRUE(refused(simkern(folder, {"serve", "unix://" + (folder / "precious")}), "not a socket"));
  EXPECT_EQ(read_file(folder / "precious"), "text");
}

TEST(CommandServe, LeavesATraceThatCanBeSalvagedWhenItIsKilled) {
  const TemporaryFolder folder;
  Server server(folder);
  EXPECT_GT(talk(Client(server.url)), 1);
  // What was recorded is on disk soon after the clients fall silent.
  std::this_thread::sleep_for(std::chrono::milliseconds(600));
  EXPECT_EQ(server.stop(SIGKILL).exit_code, -SIGKILL);
  const Finished replay = simkern(folder, {"replay", server.trace, "--salvage", "--verify"});
  EXPECT_EQ(replay.exit_code, 0) << replay.out << replay.err;
  EXPECT_TRUE(simkern(folder, {"show", server.trace, "--salvage"}).out.contains("getpid() = "));
}

}  // namespace
}  // namespace test
