#!/usr/bin/env bash
# package.sh: makes build/package/triggers_VERSION_ARCHITECTURE.deb of the release program and lists it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
"$PWD/scripts/install_packages.sh" build package

cmake --preset package --log-level=NOTICE
NINJA_STATUS='[%f/%t %es] ' cmake --build --preset package
rm -f build/package/*.deb
(umask 022 && cd build/package && cpack --config CPackConfig.cmake) >build/package/cpack.log || {
  cat build/package/cpack.log >&2
  exit 1
}

for package in build/package/*.deb; do
  dpkg-deb --info "$package" | sed -n '/^ Package:/,$p'
  dpkg-deb --contents "$package" | awk '{ print $1, $2, $6 }'
  printf '\ninstall it with: apt-get install ./%s\n' "$package"
done
