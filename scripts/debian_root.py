"""Makes a minimal Debian in a folder, for checks that need a clean machine, and runs shell scripts in it. Needs root and
debootstrap."""

import os
import pathlib
import re
import shutil
import subprocess
import sys

SEARCH_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def need_root():
    if os.geteuid() != 0 or not shutil.which("debootstrap"):
        sys.exit("dev: this needs root and debootstrap")


def make(release, root, packages=()):
    """A minimal Debian that uses the same package sources as this machine."""
    apt = pathlib.Path("/etc/apt")
    # A stanza of *.sources, or a line of *.list, that names the release.
    stanza = re.compile(rf"^URIs: *(\S+)(?=(?:\n.+)*\nSuites:.* ?{release}\b)|^deb (?:\[[^]]*\] )?(\S+) {release} ", re.MULTILINE)
    file, found = next((file, found) for file in [*apt.glob("sources.list"), *apt.glob("sources.list.d/*")]
                       if (found := stanza.search(file.read_text(encoding="utf-8"))))
    mirror = found[1] or found[2]
    include = ",".join(["ca-certificates", *packages])
    subprocess.run(["debootstrap", "--variant=minbase", f"--include={include}", release, str(root), mirror], check=True,
                   stdout=subprocess.DEVNULL)
    # An image does not contain these files, which debootstrap leaves behind.
    for left in [*(root / "var/cache/apt/archives").glob("*.deb"), *(root / "var/lib/apt/lists").glob("*_*")]:
        left.unlink()
    (root / "etc/apt/sources.list").unlink(missing_ok=True)
    shutil.copy2(file, root / file.relative_to("/"))
    shutil.copytree(apt / "apt.conf.d", root / "etc/apt/apt.conf.d", dirs_exist_ok=True)
    for name in ("etc/resolv.conf", "etc/hosts", "etc/ssl/certs/ca-certificates.crt"):
        shutil.copy2(f"/{name}", root / name)


def run(root, script):
    """Runs a shell script in the root, which is not booted. Exits this program if the script fails."""
    inside = ["unshare", "--mount", "sh", "-euc",
              'mount -t proc proc "$0/proc"; mount --rbind /dev "$0/dev"; exec chroot "$0" /bin/sh -euc "$1"', str(root), script]
    status = subprocess.run(inside, env={"PATH": SEARCH_PATH, "DEBIAN_FRONTEND": "noninteractive"}, check=False).returncode
    if status != 0:
        sys.exit(f"dev: {script}: status {status}")
