# Shared by the scripts: sourced, not run. Puts the working directory at the root of the tree.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

JOBS=${SIMKERN_JOBS:-$(nproc)}

say() { printf '%s\n' "$*"; }
fail() { printf '%s: %s\n' "$(basename "$0")" "$1" >&2; exit "${2:-1}"; }

# heading TEXT: what starts now; bold on a terminal.
heading() {
  if [ -t 1 ]; then printf '\033[1m==> %s\033[0m\n' "$*"; else printf '==> %s\n' "$*"; fi
}

# quietly LOG COMMAND...: the output goes to LOG and is shown only when the command fails.
quietly() {
  local log=$1
  shift
  mkdir -p "$(dirname "$log")"
  "$@" >"$log" 2>&1 && return
  local status=$?
  tail -n 60 "$log" >&2
  printf '%s failed (%s); the full log is in %s\n' "$1" "$status" "$log" >&2
  return "$status"
}

# configure PRESET [ARGUMENT...]
configure() {
  quietly "build/log/configure-$1.log" cmake --preset "$1" "${@:2}"
}

# build PRESET [TARGET...]: with ninja's own progress, which is one line on a terminal.
build() {
  local targets=()
  [ $# -lt 2 ] || targets=(--target "${@:2}")
  if [ -t 1 ]; then
    cmake --build --preset "$1" -j "$JOBS" "${targets[@]}"
  else
    quietly "build/log/build-$1.log" cmake --build --preset "$1" -j "$JOBS" "${targets[@]}"
  fi
}

# usage_of SCRIPT: the comment at its head, which is its help.
usage_of() { sed -n '2,/^[^#]/{/^#/{s/^# \{0,1\}//;p}}' "$1"; }

# Sanitizer reports name functions and lines only when they find the symbolizer, which Debian keeps out of PATH.
if [ -x /usr/lib/llvm-19/bin/llvm-symbolizer ]; then
  export ASAN_SYMBOLIZER_PATH=/usr/lib/llvm-19/bin/llvm-symbolizer
  export TSAN_OPTIONS="external_symbolizer_path=$ASAN_SYMBOLIZER_PATH ${TSAN_OPTIONS:-}"
fi
export UBSAN_OPTIONS="print_stacktrace=1 ${UBSAN_OPTIONS:-}"
