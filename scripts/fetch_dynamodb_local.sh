#!/usr/bin/env bash
# fetch_dynamodb_local.sh: AWS's DynamoDB Local for the tests, into build/dynamodb-local. A second call does nothing. npm
# is used because it knows the registry that this machine is set to; the program is a part of a package there.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
package=amplify-dynamodb-simulator@2.9.30
sha512=c5379e44bbf311fab2779961ddb1f8734907bd21c79a6843e590ec1c5280439836665e89aa515dbad6908422c7cf1129e91cb5a3b4c1ea7888a17b9002749ec1
target=$root/build/dynamodb-local
command -v java >/dev/null || "$root/scripts/install_packages.sh" dynamodb
[ "$(cat "$target/sha512" 2>/dev/null)" != "$sha512" ] || exit 0

command -v npm >/dev/null || "$root/scripts/install_packages.sh" npm
echo "dev: fetching $package"
mkdir -p "$root/build"
download=$(mktemp -d "$root/build/download.XXXXXX")
trap 'rm -rf "$download"' EXIT
cd "$download"
npm pack "$package" --silent >/dev/null
archive=$(echo ./*.tgz)
echo "$sha512  $archive" | sha512sum --check --quiet
tar -xzf "$archive" package/emulator
echo "$sha512" >package/emulator/sha512
rm -rf "$target"
mv package/emulator "$target"
