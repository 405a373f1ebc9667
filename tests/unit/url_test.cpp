// URLs of servers.
#include "sim/host/url.hpp"

#include <filesystem>

#include <gtest/gtest.h>

namespace sim::host {
namespace {

TEST(Url, TcpHasAnAddressAndAPort) {
  EXPECT_EQ(parse_url("tcp://127.0.0.1:12345"), (Url{TcpAddress{0x7f000001, 12345}}));
  EXPECT_EQ(parse_url("tcp://10.0.200.3:0"), (Url{TcpAddress{0x0a00c803, 0}}));
}

TEST(Url, AStarOrZeroIsAnyAddress) {
  EXPECT_EQ(parse_url("tcp://*:1"), (Url{TcpAddress{0, 1}}));
  EXPECT_EQ(parse_url("tcp://0:1"), (Url{TcpAddress{0, 1}}));
  EXPECT_EQ(parse_url("tcp://0.0.0.0:1"), (Url{TcpAddress{0, 1}}));
}

TEST(Url, UnixPathsBecomeAbsolute) {
  EXPECT_EQ(parse_url("unix:///tmp/x"), (Url{UnixAddress{"/tmp/x"}}));
  EXPECT_EQ(parse_url("unix://x"), (Url{UnixAddress{(std::filesystem::current_path() / "x").string()}}));
}

TEST(Url, IsPrintedAsItIsRead) {
  for (const std::string text : {"tcp://127.0.0.1:12345", "tcp://*:80", "unix:///tmp/a b"}) {
    const auto url = parse_url(text);
    ASSERT_TRUE(url.has_value()) << url.error();
    EXPECT_EQ(to_string(*url), text);
  }
}

TEST(Url, EachErrorSaysWhatIsWrongAndWhatWouldBeRight) {
  const auto error = [](std::string_view text) {
    const auto url = parse_url(text);
    return url ? "accepted" : url.error();
  };
  EXPECT_EQ(error(""), "the URL `` has no scheme; write tcp://ADDRESS:PORT or unix://PATH");
  EXPECT_EQ(error("127.0.0.1:1"), "the URL `127.0.0.1:1` has no scheme; write tcp://ADDRESS:PORT or unix://PATH");
  EXPECT_EQ(error("http://x:1"),
            "the URL `http://x:1` has the scheme `http`; there are tcp://ADDRESS:PORT and unix://PATH");
  EXPECT_EQ(error("tcp://127.0.0.1"),
            "the URL `tcp://127.0.0.1` has no port; write tcp://ADDRESS:PORT, for example tcp://127.0.0.1:12345");
  for (const char* port : {"", "x", "65536", "-1", "1x", " 1"}) {
    EXPECT_TRUE(
        error("tcp://127.0.0.1:" + std::string(port)).contains("a port is a number from 0 (any free one) to 65535"))
        << port;
  }
  for (const char* address : {"", "localhost", "1.2.3", "1.2.3.256", "::1", "**"}) {
    EXPECT_TRUE(error("tcp://" + std::string(address) + ":1").contains("it must be an IPv4 address")) << address;
  }
  EXPECT_TRUE(error("tcp6://[::1]:1").contains("asks for IPv6, which is not served yet"));
  EXPECT_TRUE(error("unix://").contains("has no path"));
  EXPECT_TRUE(error("unix:///" + std::string(107, 'x')).contains("a socket's path has at most 107"));
  EXPECT_TRUE(parse_url("unix:///" + std::string(106, 'x')).has_value());
  EXPECT_EQ(error("a\033b"), "the URL `a?b` has no scheme; write tcp://ADDRESS:PORT or unix://PATH");
}

}  // namespace
}  // namespace sim::host
