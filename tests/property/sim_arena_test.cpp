// The allocator against a model that knows what lives and what each byte of it holds.
#include <algorithm>
#include <cstdint>
#include <map>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <rapidcheck/state.h>

#include "sim/arena.hpp"

namespace sim {
namespace {

struct Live {
  std::size_t size = 0;
  std::uint8_t pattern = 0;
};

// Blocks by the order in which they were taken.
struct Model {
  std::map<std::uint32_t, Live> live;
  std::uint32_t taken = 0;
};

class Subject {
 public:
  Subject() {
    std::expected<Arena*, std::string> mapped =
        Arena::map({.heap_bytes = std::size_t{2} << 20, .stacks = 1, .fill = 0x5c});
    RC_ASSERT(mapped.has_value());
    arena = *mapped;
  }
  ~Subject() { Arena::unmap(arena); }
  Subject(const Subject&) = delete;
  Subject& operator=(const Subject&) = delete;

  void agrees_with(const Model& model) const {
    std::size_t bytes = 0;
    for (const auto& [number, block] : model.live) {
      const std::uint8_t* memory = blocks.at(number);
      bytes += std::max<std::size_t>(block.size, 1);
      // A block that overlaps another one, or a header written over it, breaks the pattern.
      RC_ASSERT(std::all_of(memory, memory + block.size, [&](std::uint8_t byte) { return byte == block.pattern; }));
    }
    RC_ASSERT(arena->live_blocks() == model.live.size());
    RC_ASSERT(arena->live_bytes() == bytes);
  }

  Arena* arena = nullptr;
  std::map<std::uint32_t, std::uint8_t*> blocks;
};

using Command = rc::state::Command<Model, Subject>;

struct Allocate final : Command {
  std::size_t size = *rc::gen::oneOf(rc::gen::inRange<std::size_t>(0, 100), rc::gen::inRange<std::size_t>(0, 5000));
  std::uint8_t pattern = *rc::gen::arbitrary<std::uint8_t>();

  void apply(Model& model) const override { model.live[model.taken++] = {size, pattern}; }
  void run(const Model& model, Subject& subject) const override {
    auto* memory = static_cast<std::uint8_t*>(subject.arena->allocate(size));
    RC_ASSERT(memory != nullptr);
    RC_ASSERT(reinterpret_cast<std::uintptr_t>(memory) % 16 == 0u);
    RC_ASSERT(std::all_of(memory, memory + size, [](std::uint8_t byte) { return byte == 0x5c; }));
    std::fill_n(memory, size, pattern);
    subject.blocks[model.taken] = memory;
    subject.agrees_with(nextState(model));
  }
  void show(std::ostream& out) const override { out << "allocate(" << size << ")"; }
};

struct Deallocate final : Command {
  explicit Deallocate(const Model& model) {
    RC_PRE(!model.live.empty());
    auto at = model.live.begin();
    std::advance(at, *rc::gen::inRange<std::size_t>(0, model.live.size()));
    number = at->first;
  }
  void checkPreconditions(const Model& model) const override { RC_PRE(model.live.contains(number)); }
  void apply(Model& model) const override { model.live.erase(number); }
  void run(const Model& model, Subject& subject) const override {
    subject.arena->deallocate(subject.blocks.at(number), model.live.at(number).size);
    subject.blocks.erase(number);
    subject.agrees_with(nextState(model));
  }
  void show(std::ostream& out) const override { out << "deallocate(number " << number << ")"; }

  std::uint32_t number = 0;
};

RC_GTEST_PROP(ArenaProperty, EqualsAModelOfWhatLives, ()) {
  Subject subject;
  rc::state::check(Model{}, subject, rc::state::gen::execOneOfWithArgs<Allocate, Allocate, Deallocate>());
}

RC_GTEST_PROP(ArenaProperty, AllThatIsFreedComesBack, ()) {
  const auto sizes = *rc::gen::container<std::vector<std::size_t>>(rc::gen::inRange<std::size_t>(1, 3000));
  Subject subject;
  const auto fill_up = [&] {
    std::vector<void*> taken;
    for (;;) {
      const std::size_t size = sizes.empty() ? 500 : sizes[taken.size() % sizes.size()];
      void* memory = subject.arena->allocate(size);
      if (memory == nullptr) {
        return taken;
      }
      taken.push_back(memory);
    }
  };
  const std::vector<void*> first = fill_up();
  for (std::size_t index = 0; index < first.size(); ++index) {
    subject.arena->deallocate(first[index], sizes.empty() ? 500 : sizes[index % sizes.size()]);
  }
  RC_ASSERT(subject.arena->live_bytes() == 0u);
  RC_ASSERT(fill_up().size() >= first.size());
}

}  // namespace
}  // namespace sim
