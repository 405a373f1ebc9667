# Source-based coverage, read by scripts/coverage with llvm-cov.

if(SIMKERN_COVERAGE)
  add_compile_options(-fprofile-instr-generate -fcoverage-mapping)
  add_link_options(-fprofile-instr-generate -fcoverage-mapping)
endif()
