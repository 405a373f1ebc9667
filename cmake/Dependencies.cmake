# Libraries from Debian 12. They are built with libstdc++, so Clang uses libstdc++ too (its default there).

find_package(Threads REQUIRED)
find_package(Boost REQUIRED COMPONENTS context)
# CapnProto's configuration asks for libatomic by declaring the builtin __atomic_load_8 itself, which GCC refuses in a C++-only project. libatomic comes with GCC.
set(FOUND_LIBATOMIC TRUE)
find_package(CapnProto REQUIRED)
add_library(simkern_capnp INTERFACE)
target_link_libraries(simkern_capnp INTERFACE CapnProto::capnp CapnProto::kj)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  target_compile_options(simkern_capnp INTERFACE "SHELL:-include ${PROJECT_SOURCE_DIR}/cmake/compat/kj_string.hpp")
endif()
find_package(fmt REQUIRED)
find_package(CLI11 REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(GTest REQUIRED)
find_package(rapidcheck REQUIRED)
find_package(benchmark REQUIRED)

find_package(PkgConfig REQUIRED)
pkg_check_modules(xxhash REQUIRED IMPORTED_TARGET libxxhash)
