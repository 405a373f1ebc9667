# What a preset or a person may choose. Everything else follows from these.

set(SIMKERN_SANITIZE none CACHE STRING "Sanitizers: none, address (with undefined), thread")
set_property(CACHE SIMKERN_SANITIZE PROPERTY STRINGS none address thread)
option(SIMKERN_FUZZERS "Link the fuzz targets with libFuzzer (needs Clang) rather than with the stand-alone driver" OFF)
option(SIMKERN_COVERAGE "Source-based coverage (needs Clang)" OFF)
option(SIMKERN_WERROR "Warnings are errors" OFF)

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo)
endif()
# CMake's own value for this build type would add -DNDEBUG; assertions are part of what is tested here. Presets set the flags; this serves a bare `cmake -B`.
if(CMAKE_CXX_FLAGS_RELWITHDEBINFO MATCHES "NDEBUG")
  set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g")
endif()

if((SIMKERN_FUZZERS OR SIMKERN_COVERAGE) AND NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  message(FATAL_ERROR "SIMKERN_FUZZERS and SIMKERN_COVERAGE need Clang; the compiler is ${CMAKE_CXX_COMPILER_ID}. Use the presets `fuzz` and `coverage`.")
endif()
