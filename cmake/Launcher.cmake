# Faster builds where the tools are there: ccache in front of the compiler, lld behind Clang.

find_program(SIMKERN_CCACHE ccache)
if(SIMKERN_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${SIMKERN_CCACHE})
endif()

if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  find_program(SIMKERN_LLD NAMES ld.lld-19 ld.lld)
  if(SIMKERN_LLD)
    add_link_options(--ld-path=${SIMKERN_LLD})
  endif()
  add_compile_options(-fcolor-diagnostics)
else()
  add_compile_options(-fdiagnostics-color=always)
endif()
