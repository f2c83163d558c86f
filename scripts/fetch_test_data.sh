#!/usr/bin/env bash
# fetch_test_data.sh: GitHub's webhook payloads (MIT) for the end-to-end tests, into build/test-data. A second call does
# nothing. npm is used because it knows the registry that this machine is set to.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
package=@octokit/webhooks-examples@7.6.1
sha512=0dee94dd707a3b70ed09aedb2a008ccd31dd7a8a6aa99e92362bcc6099caeb989eaca2f5027348034b644580914bb970193efdd9df8fb3559b7c796ca3a3329d
target=$root/build/test-data/webhooks-examples
[ "$(cat "$target/sha512" 2>/dev/null)" != "$sha512" ] || exit 0

command -v npm >/dev/null || "$root/scripts/install_packages.sh" npm
echo "dev: fetching $package"
mkdir -p "$root/build/test-data"
download=$(mktemp -d "$root/build/test-data/download.XXXXXX")
trap 'rm -rf "$download"' EXIT
cd "$download"
npm pack "$package" --silent >/dev/null
archive=$(echo ./*.tgz)
echo "$sha512  $archive" | sha512sum --check --quiet
tar -xzf "$archive" package/api.github.com
rm -rf "$target"
mv package "$target"
echo "$sha512" >"$target/sha512"
