// Runs the built command as a user does, in a folder of its own.
#pragma once

#include <filesystem>
#include <string>
#include <sys/types.h>
#include <vector>

#include <gtest/gtest.h>

namespace test {

/// A folder that goes with the test.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  [[nodiscard]] std::string operator/(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

struct Finished {
  int exit_code = -1;  ///< -N: ended by signal N.
  std::string out;
  std::string err;
};

/// `simkern` in the background.
class Simkern {
 public:
  Simkern(const TemporaryFolder& folder, const std::vector<std::string>& arguments);
  ~Simkern();
  Simkern(const Simkern&) = delete;
  Simkern& operator=(const Simkern&) = delete;

  /// Waits until it has printed `lines` lines, and gives them; fewer if it ends or ten seconds pass.
  [[nodiscard]] std::vector<std::string> wait_for_lines(std::size_t lines) const;
  void signal(int number) const;
  /// Waits for its end.
  [[nodiscard]] Finished finish();

 private:
  pid_t pid_ = -1;
  std::string out_;
  std::string err_;
};

/// Runs the command to its end.
[[nodiscard]] Finished simkern(const TemporaryFolder& folder, const std::vector<std::string>& arguments);

/// `steps N digest HEX` in a summary; empty if there is none.
[[nodiscard]] std::string digest_of(const std::string& out);
[[nodiscard]] std::string read_file(const std::string& path);
void write_file(const std::string& path, const std::string& content);
[[nodiscard]] std::string source_path(const std::string& path);

/// It ended with 2, said one line on standard error that holds `text`, and nothing on standard output.
testing::AssertionResult refused(const Finished& finished, const std::string& text);

}  // namespace test
