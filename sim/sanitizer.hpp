// The seams to AddressSanitizer and ThreadSanitizer: everything that differs between a plain and a sanitized build
// stands here, and each function does nothing in a build without that sanitizer. Sizes are bytes.
#pragma once

#include <cstddef>

namespace sim::sanitizer {

#if defined(__SANITIZE_ADDRESS__)
inline constexpr bool kAddress = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
inline constexpr bool kAddress = true;
#else
inline constexpr bool kAddress = false;
#endif
#else
inline constexpr bool kAddress = false;
#endif

#if defined(__SANITIZE_THREAD__)
inline constexpr bool kThread = true;
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
inline constexpr bool kThread = true;
#else
inline constexpr bool kThread = false;
#endif
#else
inline constexpr bool kThread = false;
#endif

/// Marks `[begin, begin + size)` as not to be touched. A report on it reads "use-after-poison".
void poison(const void* begin, std::size_t size) noexcept;
/// Takes the mark away. The bytes may be touched again.
void unpoison(const void* begin, std::size_t size) noexcept;

/// Copies bytes without the sanitizer's checks: snapshots must copy poisoned bytes too. Regions must not overlap.
void copy_unchecked(void* to, const void* from, std::size_t size) noexcept;

/// Bytes of shadow that describe `size` bytes of memory; 0 without AddressSanitizer. `size` is a multiple of 8.
[[nodiscard]] std::size_t shadow_size(std::size_t size) noexcept;
/// Copies the shadow of `[begin, begin + size)` to `to`, which holds `shadow_size(size)` bytes. `begin` is 8-aligned.
void save_shadow(void* to, const void* begin, std::size_t size) noexcept;
/// Puts a saved shadow back.
void restore_shadow(const void* begin, const void* from, std::size_t size) noexcept;

/// Announces a switch to the stack `[bottom, bottom + size)`. `fake_stack` receives what the other side of the pair
/// needs; null when the leaving fiber ends.
void start_switch(void** fake_stack, const void* bottom, std::size_t size) noexcept;
/// Completes a switch on the stack just entered. Gives the stack that was left when the pointers are not null.
void finish_switch(void* fake_stack, const void** old_bottom, std::size_t* old_size) noexcept;

/// A ThreadSanitizer fiber handle; null without it. Owned by the caller, given back with `destroy_thread`.
[[nodiscard]] void* create_thread(const char* name) noexcept;
[[nodiscard]] void* current_thread() noexcept;
void destroy_thread(void* thread) noexcept;
void switch_thread(void* thread) noexcept;

}  // namespace sim::sanitizer
