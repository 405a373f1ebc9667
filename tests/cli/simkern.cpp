#include "tests/cli/simkern.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <regex>
#include <sstream>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace test {

TemporaryFolder::TemporaryFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "simkern-test-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) {
    std::abort();
  }
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

Simkern::Simkern(const TemporaryFolder& folder, const std::vector<std::string>& arguments) {
  static int count = 0;
  out_ = folder / ("out." + std::to_string(count));
  err_ = folder / ("err." + std::to_string(count++));
  std::string binary = std::string(SIMKERN_BIN_DIR) + "/simkern";
  std::vector<std::string> words = arguments;
  std::vector<char*> pointers{binary.data()};
  for (std::string& word : words) {
    pointers.push_back(word.data());
  }
  pointers.push_back(nullptr);
  pid_ = ::fork();
  if (pid_ == 0) {
    const int out = ::open(out_.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    const int err = ::open(err_.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ::dup2(out, STDOUT_FILENO);
    ::dup2(err, STDERR_FILENO);
    ::execv(binary.c_str(), pointers.data());
    ::_exit(127);
  }
}

Simkern::~Simkern() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
}

std::vector<std::string> Simkern::wait_for_lines(std::size_t lines) const {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  std::vector<std::string> found;
  while (std::chrono::steady_clock::now() < deadline) {
    const std::string text = read_file(out_);
    const std::string whole = text.substr(0, text.rfind('\n') == std::string::npos ? 0 : text.rfind('\n'));
    found.clear();
    std::istringstream stream(whole);
    for (std::string line; std::getline(stream, line);) {
      found.push_back(line);
    }
    siginfo_t info{};
    const bool ended =
        ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid != 0;
    if (found.size() >= lines || ended) {
      break;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return found;
}

void Simkern::signal(int number) const {
  ::kill(pid_, number);
}

Finished Simkern::finish() {
  int status = 0;
  ::waitpid(pid_, &status, 0);
  pid_ = -1;
  return {.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status),
          .out = read_file(out_),
          .err = read_file(err_)};
}

Finished simkern(const TemporaryFolder& folder, const std::vector<std::string>& arguments) {
  return Simkern(folder, arguments).finish();
}

std::string digest_of(const std::string& out) {
  static const std::regex kPattern("steps [0-9]+ digest [0-9a-f]{32}");
  std::smatch match;
  return std::regex_search(out, match, kPattern) ? match.str() : std::string();
}

std::string read_file(const std::string& path) {
  const std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void write_file(const std::string& path, const std::string& content) {
  std::ofstream(path, std::ios::binary) << content;
}

std::string source_path(const std::string& path) {
  return std::string(SIMKERN_SOURCE_DIR) + "/" + path;
}

testing::AssertionResult refused(const Finished& finished, const std::string& text) {
  const bool is_one_line = std::ranges::count(finished.err, '\n') == 1 && finished.err.starts_with("simkern: ");
  if (finished.exit_code == 2 && is_one_line && finished.out.empty() && finished.err.contains(text)) {
    return testing::AssertionSuccess();
  }
  return testing::AssertionFailure() << "exit code " << finished.exit_code << "\nout: " << finished.out
                                     << "\nerr: " << finished.err << "\nwanted in the error: " << text;
}

}  // namespace test
