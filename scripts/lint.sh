#!/usr/bin/env bash
# lint.sh [changed|all]: layout (clang-format), mistakes (clang-tidy), the scripts (shellcheck) and the rules of this
# project (tests/lint). `changed` looks with clang-tidy only at sources that differ from the last commit.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export PYTHONDONTWRITEBYTECODE=1
scope=${1:-all}
failed=()

# Runs a step; a failure is remembered, so that one call shows all that is wrong.
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
  if [ "$scope" = all ]; then
    git ls-files '*.cc'
  else
    { git diff --name-only HEAD -- '*.cc'; git ls-files --others --exclude-standard '*.cc'; } | sort -u
  fi
}

# tidy product|tests [OPTION...]
tidy() {
  local files select=(grep -E)
  [ "$1" = tests ] || select=(grep -v -E)
  shift
  # run-clang-tidy takes regular expressions of absolute paths.
  mapfile -t files < <(tidy_files | "${select[@]}" '_test\.cc$|^tests/' | sed 's|.*|/&$|')
  [ ${#files[@]} -gt 0 ] || return 0
  # Flushed line by line: the lines tell how far it is.
  PYTHONUNBUFFERED=1 run-clang-tidy-19 -quiet -j "$(nproc)" -p build/clang "$@" "${files[@]}" 2>/dev/null |
    grep --line-buffered -v -E '^$|^Running|warnings (generated|treated)' | progress
  return "${PIPESTATUS[0]}"
}

# Of clang-tidy's line for each file, "[ 12/376][4.1s] clang-tidy-19 …", shows the number: on one line of a terminal, else
# every 20th. Other lines pass.
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

# In tests without the analyzer, which follows every path through every assertion: minutes, for nothing. What a test's
# coroutine captures outlives it, or `./dev test asan` says so; and no test is the better for a reserve().
mistakes() {
  local status=0
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
  all | changed) ;;
  *) echo "dev: lint takes 'all' or 'changed', not '$scope'" >&2; exit 2 ;;
esac
# clang-tidy needs to know how each source is compiled, by clang; nothing is built.
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
