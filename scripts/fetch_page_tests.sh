#!/usr/bin/env bash
# fetch_page_tests.sh: fetches what the tests of swarm's page need, as lock files and checksums pin it: a driver of Chromium
# and a bundler into build/page-tests, Locust's own front-end into build/locust-ui, and what checks the page's code into
# build/page-check. A second call does nothing. Installs npm if it is missing.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
"$root/scripts/fetch_page_packages.sh" --all "$root/build/page-check"
"$root/scripts/fetch_npm_package.sh" locust-ui@2.43.4 \
  695855049de1576a22eed01bfd69585243e6bf6cf230e44f29721aede211606a8b028d31cccb3e153cd3cb60e756ada853288fb8d5a6b8fa4914c7dd9824d57e \
  lib "$root/build/locust-ui"
wanted=$root/tests/page
target=$root/build/page-tests
cmp --silent "$wanted/package-lock.json" "$target/installed.json" && exit 0
echo "dev: fetching the driver of Chromium"
mkdir -p "$target"
cp "$wanted/package.json" "$wanted/package-lock.json" "$wanted/.npmrc" "$target"
cd "$target"
rm -f installed.json
npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
cp package-lock.json installed.json
