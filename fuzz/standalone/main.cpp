// Runs a fuzz target over files without libFuzzer: each file, and each file below each folder, given on the command
// line goes through the target once. A finding ends the process the way the target ends it (abort, sanitizer report);
// otherwise the exit code is 0, or 2 when a path cannot be read.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <system_error>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
extern "C" __attribute__((weak)) int LLVMFuzzerInitialize(int* argc, char*** argv);

namespace {

namespace fs = std::filesystem;

/// The files that `path` names, sorted so that two runs take them in the same order; nothing when it names none.
std::optional<std::vector<fs::path>> files_of(const fs::path& path) {
  std::error_code error;
  if (fs::is_regular_file(path, error)) {
    return std::vector<fs::path>{path};
  }
  if (!fs::is_directory(path, error)) {
    return std::nullopt;
  }
  std::vector<fs::path> files;
  for (fs::recursive_directory_iterator it(path, error), end; it != end; it.increment(error)) {
    if (it->is_regular_file(error)) {
      files.push_back(it->path());
    }
  }
  std::ranges::sort(files);
  return files;
}

/// Returns false when the file cannot be read.
bool run_file(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream) {
    return false;
  }
  const std::vector<char> bytes{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  // An exact copy of its own on the heap, so that a read past the end is one past the allocation.
  const std::vector<std::uint8_t> input(bytes.begin(), bytes.end());
  LLVMFuzzerTestOneInput(input.data(), input.size());
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  if (LLVMFuzzerInitialize != nullptr) {
    LLVMFuzzerInitialize(&argc, &argv);
  }
  if (argc < 2) {
    std::fprintf(stderr, "usage: %s FILE|FOLDER...\n", argv[0]);
    return 2;
  }
  std::size_t count = 0;
  for (int i = 1; i < argc; ++i) {
    const std::optional<std::vector<fs::path>> files = files_of(argv[i]);
    if (!files) {
      std::fprintf(stderr, "%s: %s: no such file or folder\n", argv[0], argv[i]);
      return 2;
    }
    for (const fs::path& file : *files) {
      if (!run_file(file)) {
        std::fprintf(stderr, "%s: %s: cannot be read\n", argv[0], file.c_str());
        return 2;
      }
      ++count;
    }
  }
  std::printf("%zu inputs run\n", count);
  return 0;
}
