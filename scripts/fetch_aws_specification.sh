#!/usr/bin/env bash
# fetch_aws_specification.sh: AWS's specification of CloudFormation resources for the tests, into build/aws-specification. A
# second call does nothing. npm is used because it knows the registry that this machine is set to; the file is a part of a
# package there (Apache-2.0).
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
package=@aws-cdk/cfnspec@2.72.1
sha512=a85eb34175c93e9470237b92e7ec211ad25d405c311fb812c16e976bcc5d5d658451acc312028e2edf62b30f00b3cbc7f1b091031ba43a4a201aad7ec4c1b7d3
target=$root/build/aws-specification
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
tar -xzf "$archive" package/spec/specification.json
echo "$sha512" >package/spec/sha512
rm -rf "$target"
mv package/spec "$target"
