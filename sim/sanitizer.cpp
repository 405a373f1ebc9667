#include "sim/sanitizer.hpp"

#include <cstdint>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) && !defined(__SANITIZE_ADDRESS__)
#define __SANITIZE_ADDRESS__ 1
#endif
#if __has_feature(thread_sanitizer) && !defined(__SANITIZE_THREAD__)
#define __SANITIZE_THREAD__ 1
#endif
#endif

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
extern "C" void __asan_get_shadow_mapping(std::size_t* shadow_scale, std::size_t* shadow_offset);

// Use-after-return detection moves frames to a heap of its own, out of the arena, where a snapshot would miss them.
extern "C" const char* __asan_default_options() {
  return "detect_stack_use_after_return=0";
}
#endif
#if defined(__SANITIZE_THREAD__)
#include <sanitizer/tsan_interface.h>
#endif

namespace sim::sanitizer {

// The instruction rather than memcpy: the sanitizer intercepts memcpy and would refuse poisoned bytes.
#if defined(__clang__)
__attribute__((no_sanitize("address", "thread", "undefined")))
#else
__attribute__((no_sanitize_address, no_sanitize_thread, no_sanitize_undefined))
#endif
void copy_unchecked(void* to, const void* from, std::size_t size) noexcept {
  asm volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(size) : : "memory");
}

#if defined(__SANITIZE_ADDRESS__)

namespace {

// Address of the shadow byte that describes `memory`, by AddressSanitizer's own mapping.
void* shadow_of(const void* memory) noexcept {
  std::size_t scale = 0;
  std::size_t offset = 0;
  __asan_get_shadow_mapping(&scale, &offset);
  const auto address =
      reinterpret_cast<std::uintptr_t>(memory);  // lint: address stays inside: it selects a shadow byte
  return reinterpret_cast<void*>((address >> scale) + offset);
}

}  // namespace

void poison(const void* begin, std::size_t size) noexcept {
  __asan_poison_memory_region(begin, size);
}
void unpoison(const void* begin, std::size_t size) noexcept {
  __asan_unpoison_memory_region(begin, size);
}
std::size_t shadow_size(std::size_t size) noexcept {
  return size / 8;
}
void save_shadow(void* to, const void* begin, std::size_t size) noexcept {
  copy_unchecked(to, shadow_of(begin), shadow_size(size));
}
void restore_shadow(const void* begin, const void* from, std::size_t size) noexcept {
  copy_unchecked(shadow_of(begin), from, shadow_size(size));
}
void start_switch(void** fake_stack, const void* bottom, std::size_t size) noexcept {
  __sanitizer_start_switch_fiber(fake_stack, bottom, size);
}
void finish_switch(void* fake_stack, const void** old_bottom, std::size_t* old_size) noexcept {
  __sanitizer_finish_switch_fiber(fake_stack, old_bottom, old_size);
}

#else

void poison(const void*, std::size_t) noexcept {}
void unpoison(const void*, std::size_t) noexcept {}
std::size_t shadow_size(std::size_t) noexcept {
  return 0;
}
void save_shadow(void*, const void*, std::size_t) noexcept {}
void restore_shadow(const void*, const void*, std::size_t) noexcept {}
void start_switch(void**, const void*, std::size_t) noexcept {}
void finish_switch(void*, const void**, std::size_t*) noexcept {}

#endif

#if defined(__SANITIZE_THREAD__)

void* create_thread(const char* name) noexcept {
  void* thread = __tsan_create_fiber(0);
  __tsan_set_fiber_name(thread, name);
  return thread;
}
void* current_thread() noexcept {
  return __tsan_get_current_fiber();
}
void destroy_thread(void* thread) noexcept {
  __tsan_destroy_fiber(thread);
}
// Switches synchronise for now: fibers are seen as one thread that moves, and the machine's own bookkeeping is silent.
#if defined(__clang__)
// Entered as one fiber and left as another: its own entry and exit must not be put on their call stacks.
__attribute__((disable_sanitizer_instrumentation))
#endif
void switch_thread(void* thread) noexcept {
  __tsan_switch_to_fiber(thread, 0);
}

#else

void* create_thread(const char*) noexcept {
  return nullptr;
}
void* current_thread() noexcept {
  return nullptr;
}
void destroy_thread(void*) noexcept {}
void switch_thread(void*) noexcept {}

#endif

}  // namespace sim::sanitizer
