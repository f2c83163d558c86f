#!/usr/bin/env bash
# fetch_client_tools.sh: fetches the tools that check openapi.json and generate clients from it, for the tests, into
# build/client-tools. A second call does nothing until tests/clients/package-lock.json changes. It does not run the
# packages' install scripts. Installs npm if it is missing.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
wanted=$root/tests/clients
target=$root/build/client-tools
cmp --silent "$wanted/package-lock.json" "$target/installed.json" && exit 0

command -v npm >/dev/null || "$root/scripts/install_packages.sh" npm
echo "dev: fetching the client generators"
mkdir -p "$target"
cp "$wanted/package.json" "$wanted/package-lock.json" "$wanted/.npmrc" "$target"
cd "$target"
rm -f installed.json
npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
cp package-lock.json installed.json
