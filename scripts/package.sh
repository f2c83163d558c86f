#!/usr/bin/env bash
# package.sh: makes build/package/triggers_VERSION_ARCHITECTURE.deb from the release program and lists its contents.
# Builds that program, and installs what it needs for both.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
"$PWD/scripts/install_packages.sh" build package npm

# As in Debian's own tools: DEBFULLNAME and DEBEMAIL, otherwise the last commit's author, otherwise this user on this machine.
maintainer() {
  local name=${DEBFULLNAME:-} email=${DEBEMAIL:-}
  [ -n "$name" ] || name=$(git log -1 --format=%an 2>/dev/null) || name=$(id -un)
  [ -n "$email" ] || email=$(git log -1 --format=%ae 2>/dev/null) || email=$(id -un)@$(uname -n)
  printf '%s <%s>' "$name" "$email"
}

cmake --preset package --log-level=NOTICE -D TRIGGERS_MAINTAINER="$(maintainer)"
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
