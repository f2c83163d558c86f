#!/usr/bin/env bash
# test.sh PRESET RUNNER...: runs ctest, lint or e2e on build/PRESET, and ends with one line, "N passed, N failed".
# It counts the tests in each runner's JUnit summary. A runner that runs nothing has failed, and so has a run that leaves
# files in the project's folder.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
preset=$1
shift
build=$root/build/$preset
results=$build/test-results
mkdir -p "$results"
cd "$root"
export PYTHONDONTWRITEBYTECODE=1

sanitizers=$root/tests/sanitizer
export ASAN_OPTIONS="detect_stack_use_after_return=1:strict_string_checks=1:${ASAN_OPTIONS:-}"
export UBSAN_OPTIONS="print_stacktrace=1:${UBSAN_OPTIONS:-}"
export LSAN_OPTIONS="suppressions=\"$sanitizers/lsan.supp\":print_suppressions=0:${LSAN_OPTIONS:-}"
export TSAN_OPTIONS="suppressions=\"$sanitizers/tsan.supp\":second_deadlock_stack=1:${TSAN_OPTIONS:-}"

# These tests open hundreds of stores that are damaged, half converted or mixed from several copies, and take half of the
# time of all C++ tests. ThreadSanitizer looks for races, but each of them is of one thread. AddressSanitizer sees the
# code that reads such stores in the first two. dynamo.inbox and dynamo.visits repeat operations with a failure at each
# call, for minutes; contract.dynamo and dynamo.engine run the same code. contract.dynamo takes minutes of DynamoDB Local's
# time, and is left to AddressSanitizer: dynamo.engine has the tests of the engine's threads. ThreadSanitizer delivers a
# signal only when the program calls a function that it knows: so a script that loops without end is never found (Sandbox).
# A benchmark under a sanitizer finds nothing that the tests do not. The release runs them all.
declare -A left_out=(
  [tsan]='StoreDamage|EveryEarlierVersion|StoreMix|contract.dynamo|dynamo.inbox|dynamo.visits|Sandbox|benchmarks_run'
  [asan]='StoreMix|dynamo.inbox|dynamo.visits|benchmarks_run')

run_ctest() {
  local without=()
  if [[ -n ${left_out[$preset]:-} ]]; then without=(--exclude-regex "${left_out[$preset]}"); fi
  ctest --test-dir "$build" --parallel "$(nproc)" --output-on-failure --progress --timeout 300 \
    --output-junit "$results/ctest.xml" "${without[@]}"
}

# run_pytest RUNNER OPTION...: runs the tests of tests/RUNNER. A test that hangs fails after 240 s and shows where each
# thread waits.
run_pytest() {
  /usr/bin/python3 -m pytest "tests/$1" "${@:2}" -q -p no:cacheprovider \
    --timeout=240 --timeout-method=signal -o faulthandler_timeout=300 --durations=10 --durations-min=5 \
    --junitxml="$results/$1.xml"
}

run_lint() {
  TRIGGERS_BUILD_DIR=$build run_pytest lint
}

# Files run side by side: the tests mostly wait, so there is one process more than processors. The tests of one file share
# servers and run in order. Each process may start a DynamoDB of its own, so there are no more than four.
run_e2e() {
  local processes
  processes=$(($(nproc) + 1))
  TRIGGERS_BINARY=$build/triggers SWARM_BINARY=$build/swarm \
    run_pytest e2e --numprocesses="$((processes < 4 ? processes : 4))" --dist=loadfile
}

# count_of ATTRIBUTE RUNNER: prints a number from the runner's summary; 0 if there is no summary.
count_of() {
  [ -e "$results/$2.xml" ] || { echo 0; return; }
  tr '\n\t' '  ' <"$results/$2.xml" | grep -o '<testsuite [^>]*>' | head -n 1 | grep -o " $1=\"[0-9]*\"" | tr -dc 0-9 |
    grep . || echo 0
}

# Lists the project's folder, except what is built, fetched or served.
files_of_project() {
  find . \( -path ./.git -o -path ./build -o -path ./data -o -path ./node_modules \) -prune -o -type f -print | sort
}
files_before=$(files_of_project)

passed=0
failed=0
for runner in "$@"; do
  printf '\ndev: %s, from %(%T)T\n' "$runner" -1
  rm -f "$results/$runner.xml"
  status=0
  "run_$runner" || status=$?
  tests=$(count_of tests "$runner")
  skipped=$(($(count_of skipped "$runner") + $(count_of disabled "$runner")))
  bad=$(($(count_of failures "$runner") + $(count_of errors "$runner")))
  [ "$skipped" -eq 0 ] || echo "dev: $skipped tests of $runner were skipped"
  if [ $((tests - skipped)) -eq 0 ]; then
    echo "dev: $runner ran no test (exit status $status)"
    bad=1 tests=1 skipped=0
  elif [ "$status" -ne 0 ] && [ "$bad" -eq 0 ]; then
    echo "dev: $runner ended with status $status although no test failed"
    bad=1 tests=$((tests + 1))
  fi
  failed=$((failed + bad))
  passed=$((passed + tests - skipped - bad))
done

left=$(comm -13 <(printf '%s\n' "$files_before") <(files_of_project))
if [ -n "$left" ]; then
  printf "\ndev: the tests left files in the project's folder:\n%s\n" "$left"
  failed=$((failed + 1))
fi
printf '\n%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]
