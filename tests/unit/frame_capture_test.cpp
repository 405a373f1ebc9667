// Streams captured between a real client and a real rump kernel parse into the frames that their logs list.
#include <algorithm>
#include <cctype>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "kern/sysproxy/frame_parser.hpp"
#include "kern/sysproxy/frame_text.hpp"
#include "tests/support/heap_memory.hpp"

namespace kern::sysproxy {
namespace {

/// A frame as a log lists it.
struct LoggedFrame {
  /// All of the line behind the direction, as `len=48 reqno=2 class=1(RESP) type=1(SYSCALL) ...`.
  std::string words;
  /// Header and body in hex; the body's beginning when `whole` is false, nothing when the log says MALFORMED.
  std::string header;
  std::string body;
  bool whole = true;
  bool malformed = false;
};

/// "0.c2s": connection and direction, as in the names of the .bin files.
using Streams = std::map<std::string, std::vector<LoggedFrame>>;

std::filesystem::path wire_directory() {
  return std::filesystem::path(SIMKERN_SOURCE_DIR) / "corpus" / "conformance" / "wire";
}

std::string read_all(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file) << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

/// The two lines of a frame are `[0] c2s len=...` and `      hdr=HEX payload=HEX`.
Streams read_log(const std::filesystem::path& path) {
  Streams streams;
  std::ifstream file(path);
  std::vector<LoggedFrame>* current = nullptr;
  for (std::string line; std::getline(file, line);) {
    if (const auto header = line.find(" hdr="); header != std::string::npos) {
      const auto body = line.find(" payload=");
      auto& frame = current->back();
      frame.header = line.substr(header + 5, body - header - 5);
      frame.body = line.substr(body + 9);
      if (const auto cut = frame.body.find("..."); cut != std::string::npos) {
        frame.body.resize(cut);
        frame.whole = false;
      }
      continue;
    }
    const auto bracket = line.find("] ");
    const std::string connection = line.substr(1, bracket - 1);
    const std::string direction = line.substr(bracket + 2, 3);
    const std::string words = line.substr(std::min(line.size(), bracket + 6));
    if (direction == "===") {
      streams[connection + ".c2s"];
      streams[connection + ".s2c"];
    } else if (words.starts_with("len=") || words.starts_with("MALFORMED")) {
      current = &streams[connection + "." + direction];
      current->push_back({.words = words, .header = {}, .body = {}, .malformed = words.starts_with("MALFORMED")});
    }
  }
  return streams;
}

std::string hex(std::span<const std::byte> bytes) {
  std::string text;
  for (const std::byte byte : bytes) {
    text += fmt::format("{:02x}", static_cast<unsigned>(byte));
  }
  return text;
}

/// The name in brackets behind `key=NUMBER`; empty for `?`, `-` and no such key.
std::string name_of(const std::string& words, std::string_view key) {
  const auto begin = words.find(fmt::format("{}=", key));
  if (begin == std::string::npos) {
    return {};
  }
  const auto open = words.find('(', begin);
  const auto space = words.find(' ', begin);
  if (open == std::string::npos || (space != std::string::npos && space < open)) {
    return {};
  }
  const std::string name = words.substr(open + 1, words.find(')', open) - open - 1);
  return name == "?" || name == "-" ? std::string{} : name;
}

/// Parses one captured stream in pieces of `piece` bytes and compares it with the log. Returns the number of frames.
std::size_t check_stream(const std::string& stream, const std::vector<LoggedFrame>& logged, std::size_t piece) {
  test::HeapMemory memory;
  std::size_t count = 0;
  {
    FrameParser parser(memory, 1U << 20U);
    std::span<const std::byte> input = std::as_bytes(std::span(stream));
    while (!input.empty()) {
      input = input.subspan(parser.feed(input.first(std::min(piece, input.size()))));
      if (parser.status() == FrameParser::Status::bad_length) {
        EXPECT_TRUE(count + 1 == logged.size() && logged[count].malformed);
        return count;
      }
      if (parser.status() != FrameParser::Status::frame) {
        continue;
      }
      if (count == logged.size()) {
        ADD_FAILURE() << "a frame that is not in the log: " << describe(parser.header(), parser.body());
        return count;
      }
      const LoggedFrame& expected = logged[count];
      SCOPED_TRACE(fmt::format("frame {}: {}", count, expected.words));
      EXPECT_EQ(hex(encode(parser.header())), expected.header);
      const std::string body = hex(parser.body());
      EXPECT_EQ(expected.whole ? body : body.substr(0, expected.body.size()), expected.body);
      const std::string line = describe(parser.header(), parser.body());
      EXPECT_TRUE(expected.words.starts_with(
          fmt::format("len={} reqno={} ", parser.header().length, parser.header().request_number)));
      EXPECT_TRUE(std::ranges::all_of(line, [](unsigned char c) { return std::isprint(c) != 0; })) << line;
      for (const std::string_view key : {"class", "type", "handshake", "sysnum"}) {
        // The log names three numbers after what they are not: constants of <sys/syscall.h>, not calls.
        static const std::set<std::string> kNoCalls = {"NSYSENT", "MAXSYSARGS", "MAXSYSCALL"};
        const std::string name = name_of(expected.words, key);
        EXPECT_TRUE(kNoCalls.contains(name) || line.find(name) != std::string::npos) << line;
      }
      ++count;
      parser.next();
    }
    EXPECT_FALSE(parser.in_frame());
  }
  EXPECT_EQ(count, logged.size());
  EXPECT_EQ(memory.bytes_out, 0U);
  return count;
}

TEST(FrameCapture, EveryCapturedStreamParsesIntoTheFramesOfItsLog) {
  std::size_t streams = 0;
  std::size_t frames = 0;
  for (const auto& entry : std::filesystem::directory_iterator(wire_directory())) {
    if (entry.path().extension() != ".log") {
      continue;
    }
    for (const auto& [name, logged] : read_log(entry.path())) {
      const std::string file = fmt::format("{}.{}.bin", entry.path().stem().string(), name);
      SCOPED_TRACE(file);
      std::string stream = read_all(wire_directory() / file);
      if (name.ends_with("s2c")) {
        ASSERT_TRUE(stream.starts_with(banner()));
        stream.erase(0, banner().size());
      }
      frames += check_stream(stream, logged, stream.size());
      check_stream(stream, logged, 1);
      ++streams;
    }
  }
  EXPECT_EQ(streams, 96U) << "48 connections, two directions each";
  EXPECT_EQ(frames, 484U);
}

}  // namespace
}  // namespace kern::sysproxy
