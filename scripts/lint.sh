#!/usr/bin/env bash
# lint.sh [changed|recent|all]: checks layout (clang-format), mistakes (clang-tidy), scripts (shellcheck) and the rules of
# this project (tests/lint). clang-tidy is slow, so `changed` runs it only on sources that differ from the last commit, and
# `recent` only on the sources that changed last (scripts/recent_sources.py). A failed step does not stop the others.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export PYTHONDONTWRITEBYTECODE=1
scope=${1:-all}
# With this many, `recent` takes some five minutes on two cores.
recent_max=40
failed=()

# Runs a step and remembers a failure, so that one call shows all problems.
step() {
  local name=$1
  shift
  printf '\ndev: %s\n' "$name"
  "$@" || failed+=("$name")
}

layout() {
  git ls-files -z --cached --others --exclude-standard '*.cc' '*.h' | xargs -0 clang-format-19 --dry-run -Werror
}

tidy_files() {
  case $scope in
    all) git ls-files '*.cc' ;;
    changed) { git diff --name-only --diff-filter=d HEAD -- '*.cc'; git ls-files --others --exclude-standard '*.cc'; } | sort -u ;;
    recent) scripts/recent_sources.py "$recent_max" ;;
  esac
}

# tidy product|tests [OPTION...]
tidy() {
  local files select=(grep -E)
  [ "$1" = tests ] || select=(grep -v -E)
  shift
  # run-clang-tidy expects regular expressions for absolute paths.
  mapfile -t files < <(printf '%s' "$tidied" | "${select[@]}" '_test\.cc$|^tests/' | sed 's|.*|/&$|')
  [ ${#files[@]} -gt 0 ] || return 0
  # Flushed line by line, because the lines show progress.
  PYTHONUNBUFFERED=1 run-clang-tidy-19 -quiet -j "$(nproc)" -p build/clang "$@" "${files[@]}" 2>/dev/null |
    grep --line-buffered -v -E '^$|^Running|warnings (generated|treated)' | progress
  return "${PIPESTATUS[0]}"
}

# clang-tidy prints a line for each file: "[ 12/376][4.1s] clang-tidy-19 …". This shows its number: on one line of a
# terminal, otherwise every 20th. It passes other lines through.
progress() {
  local terminal=0
  [ ! -t 1 ] || terminal=1
  awk -v terminal="$terminal" '
    match($0, /^\[ *[0-9]+\/[0-9]+\]/) {
      shown = substr($0, RSTART, RLENGTH)
      if (terminal) printf "\r%s", shown
      else if (++count % 20 == 0) print shown
      fflush()
      next
    }
    { if (terminal && shown) printf "\r\033[K"; print; fflush() }
    END { if (terminal && shown) printf "\r\033[K" }'
}

# Tests are checked without the analyzer, which spends minutes following every path through every assertion and finds
# nothing. `./dev test asan` reports a capture that a test's coroutine outlives. And no test needs a reserve().
mistakes() {
  local status=0 tidied
  tidied=$(tidy_files)
  tidy product || status=1
  local off='-clang-analyzer-*,-cppcoreguidelines-avoid-capturing-lambda-coroutines'
  tidy tests -checks="$off,-performance-inefficient-vector-operation" || status=1
  return "$status"
}

scripts() {
  git grep -l -z -E '^#!/(usr/bin/env bash|bin/sh)' | xargs -0 shellcheck
}

rules() {
  TRIGGERS_BUILD_DIR=$PWD/build/clang /usr/bin/python3 -m pytest tests/lint -q -p no:cacheprovider
}

case $scope in
  all | changed | recent) ;;
  *) echo "dev: lint accepts 'all', 'changed' or 'recent', not '$scope'" >&2; exit 2 ;;
esac
# clang-tidy needs clang's compile command for each source; this configures only, and builds nothing.
mkdir -p build
cmake --preset clang --log-level=NOTICE >build/clang.log || { cat build/clang.log >&2; exit 1; }
step "layout" layout
step "scripts" scripts
step "rules" rules
step "mistakes" mistakes

if [ ${#failed[@]} -gt 0 ]; then
  printf '\nlint: failed: %s\n' "${failed[*]}"
  exit 1
fi
printf '\nlint: clean\n'
