# Sanitizers apply to every target alike, so that no uninstrumented part of ours hides an error from an instrumented one.

if(SIMKERN_SANITIZE STREQUAL "address")
  set(sanitizers address,undefined)
elseif(SIMKERN_SANITIZE STREQUAL "thread")
  set(sanitizers thread)
elseif(NOT SIMKERN_SANITIZE STREQUAL "none")
  message(FATAL_ERROR "SIMKERN_SANITIZE is `${SIMKERN_SANITIZE}`; it must be none, address or thread")
endif()

if(sanitizers)
  add_compile_options(-fsanitize=${sanitizers} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${sanitizers})
endif()

# fuzzer-no-link gives every library the coverage counters; only the fuzz targets link libFuzzer's main.
if(SIMKERN_FUZZERS)
  add_compile_options(-fsanitize=fuzzer-no-link)
  add_link_options(-fsanitize=fuzzer-no-link)
endif()
