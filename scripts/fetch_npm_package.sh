#!/usr/bin/env bash
# fetch_npm_package.sh PACKAGE@VERSION SHA512 FOLDER TARGET: unpacks the FOLDER of an npm package into TARGET, unless it is
# already there. SHA512 is the checksum of the package's archive. npm downloads it, because npm knows which registry this
# machine uses. Installs npm if it is missing.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
package=$1 sha512=$2 folder=$3 target=$4
[ "$(cat "$target/sha512" 2>/dev/null)" != "$sha512" ] || exit 0

command -v npm >/dev/null || "$root/scripts/install_packages.sh" npm
echo "dev: fetching $package"
mkdir -p "$(dirname "$target")"
download=$(mktemp -d "$(dirname "$target")/download.XXXXXX")
trap 'rm -rf "$download"' EXIT
cd "$download"
npm pack "$package" --silent >/dev/null
archive=$(echo ./*.tgz)
echo "$sha512  $archive" | sha512sum --check --quiet
tar -xzf "$archive" "package/$folder"
echo "$sha512" >"package/$folder/sha512"
rm -rf "$target"
mv "package/$folder" "$target"
