# Warnings for our own sources; generated and installed headers are system headers.

add_library(simkern_warnings INTERFACE)
target_compile_options(simkern_warnings INTERFACE
  -Wall
  -Wextra
  -Wpedantic
  -Wshadow
  -Wconversion
  -Wnon-virtual-dtor
  -Woverloaded-virtual
  -Wcast-align
  -Wformat=2
  -Wextra-semi
  -Wnull-dereference
  -Wimplicit-fallthrough)

if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  target_compile_options(simkern_warnings INTERFACE
    -Wno-sign-conversion  # -Wconversion brings it along in C++; indices are unsigned here by habit of the standard library
    -Wthread-safety
    -Wunreachable-code-aggressive
    -Wno-missing-designated-field-initializers)
else()
  target_compile_options(simkern_warnings INTERFACE
    -Wduplicated-cond
    -Wlogical-op
    -Wno-missing-field-initializers  # designated initialisers with defaults are wanted
    -Wno-null-dereference            # GCC 12 sees null paths through inlined library code that cannot happen
    -Wno-restrict                    # GCC 12, bug 105651: false alarm for std::string operator+
    -Wno-array-bounds
    -Wno-stringop-overflow)
endif()

if(SIMKERN_WERROR)
  target_compile_options(simkern_warnings INTERFACE -Werror)
endif()
