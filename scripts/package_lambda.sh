#!/usr/bin/env bash
# package_lambda.sh: makes build/lambda.zip for AWS Lambda (provided.al2023, x86-64) from the release program. It contains a
# launcher, the program, the dynamic loader, and every library that the program needs. From the system that it runs on, it
# uses only the list of certificate authorities. Builds the programs, and installs what it needs for both.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
"$PWD/scripts/install_packages.sh" build package

[ -e build/release/build.ninja ] || cmake --preset release --log-level=NOTICE
NINJA_STATUS='[%f/%t %es] ' cmake --build build/release --target bootstrap triggers-lambda

folder=$(mktemp -d build/lambda.XXXXXX)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/lib"
strip -o "$folder/bootstrap" build/release/bootstrap
strip -o "$folder/lib/triggers-lambda" build/release/triggers-lambda
# ldd prints `name => /path (address)`, and the loader itself as `/path (address)`.
mapfile -t libraries < <(ldd build/release/triggers-lambda | awk '/ \(0x/ && $(NF - 1) ~ "^/" { print $(NF - 1) }')
[ "${#libraries[@]}" -gt 3 ] || {
  echo "dev: ldd found no libraries" >&2
  exit 1
}
for library in "${libraries[@]}"; do
  strip --strip-unneeded -o "$folder/lib/$(basename "$library")" "$library"
done
chmod 755 "$folder"/bootstrap "$folder"/lib/*
# The same programs give the same archive: without times or owners, and in a fixed order.
find "$folder" -exec touch --date=2000-01-01T00:00:00Z {} +
rm -f build/lambda.zip
(cd "$folder" && find . -type f | LC_ALL=C sort | TZ=UTC zip -9 -X -q "../lambda.zip" -@)
(cd "$folder" && find . -type f -printf '%10s %P\n' | LC_ALL=C sort -k2)
printf '\nbuild/lambda.zip: %s bytes\n' "$(stat -c %s build/lambda.zip)"
