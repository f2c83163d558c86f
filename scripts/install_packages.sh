#!/usr/bin/env bash
# install_packages.sh LIST...: installs the missing packages of scripts/packages/LIST.txt (build, run, test, lint, …).
# Takes some milliseconds if nothing is missing. Never starts a package's service, now or at the next boot.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

fail() {
  printf 'dev: %s\n' "$*" >&2
  exit 1
}

# Prints the "package why" lines whose package is not installed.
missing_of() {
  local installed
  installed=$(dpkg-query --show --showformat='${db:Status-Status} ${Package}\n' | sed -n 's/^installed //p')
  for list in "$@"; do
    sed '/^#/d; /^$/d' "$here/packages/$list.txt"
  done | sort -u -k1,1 | awk 'NR == FNR { have[$1] = 1; next } !($1 in have)' <(printf '%s\n' "$installed") -
}

as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  else
    sudo "$@"
  fi
}

# Debian runs this file before it starts the service of a new package; 101 means no.
policy=/usr/sbin/policy-rc.d
policy_is_ours=
services=(nginx redis-server webdis haproxy docker rabbitmq-server)
forbid_services() {
  [ ! -e "$policy" ] || return 0
  policy_is_ours=yes
  printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
  as_root chmod 755 "$policy"
}
# Disables only services that were installed here: a server that was there before stays as it was.
settle_services() {
  [ -z "$policy_is_ours" ] || as_root rm -f "$policy"
  if [ -d /run/systemd/system ]; then
    for service in "${services[@]}"; do
      [[ " ${packages[*]} " != *" $service"* ]] || as_root systemctl disable --quiet "$service" || true
    done
    # The port mapper of Erlang, which comes with rabbitmq-server.
    [[ " ${packages[*]} " != *" rabbitmq-server "* ]] || as_root systemctl disable --quiet epmd.service epmd.socket || true
  fi
}

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
  echo "dev: this is not Debian; install the packages in scripts/packages/*.txt with your own package manager" >&2
  exit 0
fi

missing=$(missing_of "$@")
[ -n "$missing" ] || exit 0

printf 'dev: packages to install with apt for %s:\n' "$*"
printf '%s\n' "$missing" | awk '{ name = $1; $1 = ""; printf "  %-22s%s\n", name, $0 }'
mapfile -t packages < <(printf '%s\n' "$missing" | awk '{ print $1 }')
if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null; then
  fail "needs root or sudo. As root: apt-get install --no-install-recommends ${packages[*]}"
fi

if [[ " $* " == *" bench "* || " $* " == *" test "* ]]; then
  trap settle_services EXIT
  trap 'exit 130' INT TERM
  forbid_services
fi
# Waits for another apt to finish, as on a machine that has just started.
apt=(apt-get -q -o Dpkg::Use-Pty=0 -o APT::Color=0 -o DPkg::Lock::Timeout=120)
echo "dev: [1/2] updating apt's package lists"
as_root "${apt[@]}" update >/dev/null || fail "apt-get update failed (see above); is the network there?"
echo "dev: [2/2] installing ${#packages[@]} packages and their dependencies"
# Prints an occasional line instead of the thousands from apt and dpkg.
as_root env LC_ALL=C DEBIAN_FRONTEND=noninteractive "${apt[@]}" install -y --no-install-recommends "${packages[@]}" |
  awk '/newly installed/ { for (i = 2; i <= NF; i++) if ($i == "newly") total += $(i - 1) + $1 }
       /^Need to get/ { print "  " total " packages, " $4 " " $5 " to download"; fflush() }
       /^Unpacking / && ++unpacked % 20 == 0 { print "  " unpacked " of " total " unpacked"; fflush() }
       /^Setting up / && ++setup % 20 == 0 { print "  " setup " of " total " set up"; fflush() }' ||
  fail "apt-get install failed (see above)"
