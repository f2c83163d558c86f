#!/usr/bin/env bash
# fetch_page_packages.sh TARGET: fetches the npm packages of swarm's page into TARGET/node_modules, as
# web/swarm/package-lock.json pins them with their checksums; with --all, also those that only check the page. Does nothing if
# they are there. npm downloads them, because npm knows which registry this machine uses. Installs npm if it is missing.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
wanted=(--omit=dev)
if [ "$1" = --all ]; then
  wanted=() && shift
fi
target=$1
checksum=$(sha512sum <"$root/web/swarm/package-lock.json")
if [ "$(cat "$target/fetched" 2>/dev/null)" = "$checksum" ]; then
  touch "$target/fetched"
  exit 0
fi

command -v npm >/dev/null || "$root/scripts/install_packages.sh" npm
echo "dev: fetching the packages of swarm's page"
mkdir -p "$(dirname "$target")"
download=$(mktemp -d "$(dirname "$target")/download.XXXXXX")
trap 'rm -rf "$download"' EXIT
cp "$root/web/swarm/package.json" "$root/web/swarm/package-lock.json" "$download"
(cd "$download" && npm ci "${wanted[@]}" --ignore-scripts --no-audit --no-fund --silent)
echo "$checksum" >"$download/fetched"
chmod 755 "$download"
rm -rf "$target"
mv "$download" "$target"
