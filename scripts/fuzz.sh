#!/usr/bin/env bash
# fuzz.sh [TARGET] [SECONDS]: builds the fuzz targets and runs one, or each in turn, for SECONDS (60). New inputs that
# libFuzzer finds go to build/fuzz/corpus. It keeps a failing input in build/fuzz/failures and names it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
target=${1:-all}
seconds=${2:-60}
mapfile -t targets < <(cd tests/fuzz/corpus && printf '%s\n' * | sort)
if [[ $target != all ]]; then
  [[ " ${targets[*]} " == *" $target "* ]] || {
    echo "dev: there is no fuzz target '$target'; choose one of: ${targets[*]}" >&2
    exit 2
  }
  targets=("$target")
fi

cmake --preset fuzz --log-level=NOTICE >/dev/null
NINJA_STATUS='[%f/%t %es] ' cmake --build build/fuzz --target "${targets[@]}"
mkdir -p build/fuzz/failures
failed=0
for name in "${targets[@]}"; do
  printf '\ndev: %s for %s s\n' "$name" "$seconds"
  mkdir -p "build/fuzz/corpus/$name"
  "build/fuzz/tests/fuzz/$name" -max_total_time="$seconds" -print_final_stats=1 -artifact_prefix="build/fuzz/failures/$name-" \
    "build/fuzz/corpus/$name" "tests/fuzz/corpus/$name" 2>&1 | grep -v -E '^#[0-9]+[[:space:]]+(NEW|REDUCE|RELOAD)|NEW_FUNC' ||
    failed=$((failed + 1))
done
printf '\n%d fuzz targets ran, %d failed\n' "${#targets[@]}" "$failed"
[ "$failed" -eq 0 ]
