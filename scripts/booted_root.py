"""A booted Debian root: systemd is process 1, with its own process, mount, network and control group namespaces."""

import os
import pathlib
import subprocess
import sys
import time

BOOT_SECONDS_MAX = 60

# Becomes process 1. It mounts the file systems that the kernel provides, and makes the folder its real root; otherwise
# systemctl would detect a chroot.
BOOT = r"""
mount --make-rprivate /
mount --bind "$0" "$0"
cd "$0"
mount -t proc proc proc
mount -t sysfs sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs dev
for node in null zero full random urandom tty; do
  touch "dev/$node"
  mount --bind "/dev/$node" "dev/$node"
done
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts dev/pts
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
mount -t tmpfs tmpfs dev/shm
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs tmpfs tmp
mkdir -p old
pivot_root . old
umount -l /old
exec env -i container=check PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd
"""


def cgroup2():
    """The mount point of the unified control group hierarchy."""
    for line in pathlib.Path("/proc/mounts").read_text(encoding="utf-8").splitlines():
        _, place, kind, *_ = line.split()
        if kind == "cgroup2":
            return pathlib.Path(place)
    sys.exit("dev: systemd needs cgroup2, which is not mounted on this machine")


class BootedRoot:
    """`with BootedRoot(folder) as machine: machine.run("systemctl", "status")`."""

    def __init__(self, root):
        self.root, self.group, self.unshared, self.pid = root, cgroup2() / f"triggers-check-{os.getpid()}", None, None

    def __enter__(self):
        self.group.mkdir()
        enter = f'echo $$ >"{self.group}/cgroup.procs"; exec "$@"'
        spaces = ["--pid", "--mount", "--uts", "--ipc", "--net", "--cgroup", "--fork", "--kill-child"]
        log = open(f"{self.root}.boot.log", "wb")
        self.unshared = subprocess.Popen(["sh", "-euc", enter, "enter", "unshare", *spaces, "sh", "-euc", BOOT, str(self.root)],
                                         stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            self._wait_until_booted()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _wait_until_booted(self):
        deadline = time.monotonic() + BOOT_SECONDS_MAX
        children = pathlib.Path(f"/proc/{self.unshared.pid}/task/{self.unshared.pid}/children")
        while time.monotonic() < deadline:
            if self.unshared.poll() is not None:
                break
            found = children.read_text(encoding="utf-8").split()
            if found:
                self.pid = found[0]
                if self.run("systemctl", "is-system-running").stdout.strip() in ("running", "degraded"):
                    return
            time.sleep(0.1)
        log = pathlib.Path(f"{self.root}.boot.log").read_text(encoding="utf-8", errors="replace")
        sys.exit(f"dev: systemd did not boot within {BOOT_SECONDS_MAX} s\n{log[-2000:]}")

    def __exit__(self, *_):
        self.unshared.kill()
        self.unshared.wait()
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            # Inner groups first: a group cannot be removed before its last process has ended.
            for group in sorted((path for path in self.group.rglob("*") if path.is_dir()), reverse=True):
                try:
                    group.rmdir()
                except OSError:
                    pass
            try:
                return self.group.rmdir()
            except OSError:
                time.sleep(0.05)
        return None

    def command(self, *arguments):
        """The command prefix that runs a program inside the machine."""
        return ["nsenter", "-t", self.pid, "-m", "-u", "-i", "-n", "-p", "-C", "-r", "-w", "env", "-i",
                "PATH=/usr/sbin:/usr/bin:/sbin:/bin", *arguments]

    def run(self, *arguments):
        return subprocess.run(self.command(*arguments), capture_output=True, text=True, check=False, timeout=120)

    def in_its_network(self, *arguments):
        """The command prefix that runs a program of this machine in the network of the other."""
        return ["nsenter", "-t", self.pid, "-n", *arguments]
