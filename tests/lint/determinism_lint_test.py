#!/usr/bin/env python3
"""Plants each thing that scripts/determinism-lint forbids in a tree of its own and expects it to be found; a clean sample and the real tree stay green."""

import pathlib
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
LINT = ROOT / "scripts" / "determinism-lint"

FORBIDDEN = {
    "host clock": [
        "auto now() { return std::chrono::steady_clock::now(); }",
        "auto now() { return std::chrono::system_clock::now(); }",
        "void f() { timespec t; clock_gettime(CLOCK_REALTIME, &t); }",
        "void f() { timeval t; ::gettimeofday(&t, nullptr); }",
        "auto f() { return time(nullptr); }",
        "auto f() { return std::time(nullptr); }",
        "bool f() { return a && time(nullptr) > 4; }",
    ],
    "rdtsc": [
        "auto f() { return __rdtsc(); }",
        'void f() { asm volatile("rdtsc" : "=a"(low)); }',
    ],
    "random": [
        "int f() { return rand(); }",
        "int f() { return std::rand() % 4; }",
        "std::uint32_t f() { return std::random_device{}(); }",
        "void f() { std::mt19937 engine(4); }",
        "#include <random>",
        "void f() { getrandom(p, 4, 0); }",
        "auto f() { return arc4random(); }",
    ],
    "thread": [
        "void f() { std::thread t(g); }",
        "void f() { std::jthread t(g); }",
        "void f() { auto x = std::async(g); }",
        "void f() { pthread_create(&t, nullptr, g, nullptr); }",
    ],
    "lock": [
        "struct S { std::mutex m; };",
        "struct S { std::condition_variable c; };",
    ],
    "atomic": ["struct S { std::atomic<int> n; };"],
    "thread_local": ["thread_local int depth = 0;"],
    "mutable static": [
        "int f() { static int count = 0; return ++count; }",
        "static std::vector<int> all;",
        "struct S { static int instances; };",
        "static const char* name = nullptr;",
    ],
    "mutable variable": [
        "int counter = 0;",
        "namespace sim {\nnamespace {\nMachine* current = nullptr;\n}\n}",
        "inline std::vector<int> list;",
        "namespace sim {\nint values[4];\n}",
        "namespace sim {\nbool armed{false};\n}",
        "extern int shared;",
    ],
    "environment": [
        'auto f() { return std::getenv("X"); }',
        'auto f() { return secure_getenv("X"); }',
        "char** f() { return environ; }",
    ],
    "unordered": ["struct S { std::unordered_map<int, int> m; };", "#include <unordered_set>"],
    "order by pointer": [
        "struct S { std::set<Lwp*> s; };",
        "struct S { std::map<const Lwp*, int> m; };",
        "struct S { std::pmr::map<Lwp *, int> m; };",
        "struct S { std::map<int, int, std::less<Lwp*>> m; };",
        "auto f(Lwp* l) { return std::hash<Lwp*>{}(l); }",
    ],
    "address as an integer": [
        "auto f(void* p) { return reinterpret_cast<std::uintptr_t>(p); }",
        "auto f(void* p) { return std::bit_cast<std::uintptr_t>(p); }",
        "auto f(void* p) { return (uintptr_t)p; }",
        "auto f(void* p) { return reinterpret_cast<uintptr_t>(p); }  // lint: address stays inside:",
    ],
    "printed address": ['auto f(void* p) { return fmt::format("{}", fmt::ptr(p)); }'],
    "build time": ["constexpr auto kBuilt = __DATE__;"],
}

CLEAN = r"""
// std::thread, rand() and getenv("X") in a comment are no matter; nor is /* static int x; */ this.
#include <atomic>
#include <map>
#include "sim/clock.hpp"
namespace sim {
namespace {
constexpr int kLimit = 4;
const std::string_view kName = "std::mutex rand() time(";
static constexpr int kTable[] = {1, 2};
constexpr char kQuote = '"';
constexpr int kBig = 1'000'000;
static int helper(int value) { return value; }
}  // namespace
struct S {
  static constexpr int kSize = 3;
  static S make(int a);
  static std::string_view name(const S& s) { return s.name_; }
  int count = 0;
  Nanoseconds time() const { return now_; }
  std::map<int, Lwp*> by_number;
  std::pmr::set<std::pair<int, int>> pairs;
};
template <class T>
inline constexpr bool kIs = false;
int clock_gettime(Lwp& lwp, int clock);
Result<int> gettimeofday(Lwp& lwp);
void f(Machine& machine, Machine* other) {
  auto a = machine.time() + other->time() + Clock::time(4) + runtime(3) + boot_time(2) + sys_clock_gettime(4);
  const auto b = reinterpret_cast<std::uintptr_t>(p);  // lint: address stays inside: only its alignment is used
  // lint: address stays inside: an offset into the arena
  const auto c = reinterpret_cast<std::uintptr_t>(q);
  static_assert(sizeof(a) == 8);
  const char* raw = R"(static int x; rand())";
}
bool operator==(const S& a, const S& b);
S::S() : count{0} {}
enum class Kind { kA = 0, kB };
}  // namespace sim
"""


def lint(root):
    return subprocess.run([LINT, root], capture_output=True, text=True)


class DeterminismLint(unittest.TestCase):
    def plant(self, path, text):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        file = pathlib.Path(folder.name) / path
        file.parent.mkdir(parents=True)
        file.write_text(text)
        return lint(folder.name)

    def test_each_forbidden_thing_is_found_in_each_deterministic_folder(self):
        for what, samples in FORBIDDEN.items():
            for sample in samples:
                for path in ("sim/a.cpp", "kern/core/a.hpp"):
                    with self.subTest(what=what, sample=sample, path=path):
                        result = self.plant(path, "// first line\n" + sample + "\n")
                        self.assertEqual(result.returncode, 1)
                        self.assertRegex(result.stdout, rf"^{path}:\d+: forbidden in a deterministic folder: .+: .+")
                        self.assertIn(what, result.stdout)

    def test_the_line_is_named(self):
        result = self.plant("sim/a.cpp", '/* two\nlines */ constexpr auto k = R"(\n)";\nint f() { return rand(); }\n')
        self.assertTrue(result.stdout.startswith("sim/a.cpp:4: "), result.stdout)

    def test_edges_to_the_real_world_are_exempt(self):
        for path in ("sim/host/a.cpp", "kern/rump/a.cpp", "replay/a.cpp", "sim/a.txt"):
            with self.subTest(path=path):
                result = self.plant(path, "int f() { return rand(); }\n")
                self.assertEqual((result.returncode, result.stdout), (0, ""))

    def test_a_constant_of_netbsd_needs_its_own_header(self):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            (root / "kern/abi").mkdir(parents=True)
            (root / "kern/abi/errno.hpp").write_text("#undef EAGAIN\ninline constexpr int EAGAIN = 35;\n")
            file = root / "kern/a.cpp"
            file.write_text("// EAGAIN\nint f() { return EAGAIN; }\n")
            result = lint(root)
            self.assertEqual(result.returncode, 1)
            self.assertTrue(result.stdout.startswith("kern/a.cpp:2: forbidden in a deterministic folder: host constant `EAGAIN`"), result.stdout)
            file.write_text('#include "kern/abi/errno.hpp"\nint f() { return EAGAIN; }\n')
            self.assertEqual(lint(root).returncode, 0)
            file.write_text("int f() { return EAGAIN; }\n")
            (root / "kern/a.hpp").write_text('#include "kern/abi/errno.hpp"\n')
            self.assertEqual(lint(root).returncode, 0)

    def test_a_clean_sample_stays_green(self):
        result = self.plant("kern/core/a.cpp", CLEAN)
        self.assertEqual((result.returncode, result.stdout), (0, ""))

    def test_the_real_tree_is_green(self):
        result = lint(ROOT)
        self.assertEqual((result.returncode, result.stdout), (0, ""))


if __name__ == "__main__":
    unittest.main()
